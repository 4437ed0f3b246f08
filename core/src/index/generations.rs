//! The generations of a tenant's index: numbered folders, of which the newest counts.
//!
//! Whoever finds a generation damaged, or its lease in the hands of a process that gives
//! no sign of life, begins the next one, empty. A stalled process that wakes up finishes
//! in a folder that nobody reads, finds the newer one, and moves over.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::lease::{Lease, Stamp};
use crate::base::Result;

/// The pauses between two looks at a lease that somebody has.
const SHORTEST_PAUSE: Duration = Duration::from_micros(500);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// The folder of a generation.
pub(crate) fn folder(root: &Path, generation: u64) -> PathBuf {
    root.join(generation.to_string())
}

/// The newest generation in `root`, if there is any.
pub(crate) fn newest(root: &Path) -> Result<Option<u64>, Failure> {
    Ok(all(root)?.into_iter().max())
}

/// Takes the lease of the newest generation. A holder without a sign of life for longer
/// than `patience` is passed over; `None` waits for nobody and answers `None` instead.
pub(crate) fn take(root: &Path, patience: Option<Duration>) -> Result<Option<(u64, Lease)>, Failure> {
    let mut last_sign: Option<((u64, Stamp), Instant)> = None;
    let mut pause = SHORTEST_PAUSE;
    loop {
        let generation = match newest(root)? {
            Some(generation) => generation,
            None => begin_after(root, 0)?,
        };
        let folder = folder(root, generation);
        let taken = match Lease::try_take(&folder) {
            // Somebody has begun a newer one and removed this one.
            Err(_) if !folder.exists() => continue,
            other => other?,
        };
        if let Some(lease) = taken {
            if newest(root)? == Some(generation) {
                remove_older(root, generation)?;
                return Ok(Some((generation, lease)));
            }
            continue;
        }
        let Some(patience) = patience else { return Ok(None) };
        let sign = (generation, Stamp::of(&folder).unwrap_or_default());
        match &last_sign {
            Some((seen, since)) if *seen == sign => {
                if since.elapsed() >= patience {
                    tracing::warn!(folder = %folder.display(), "the writer of a search index has stalled; it begins anew");
                    begin_after(root, generation)?;
                    continue;
                }
            }
            _ => last_sign = Some((sign, Instant::now())),
        }
        sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Begins the generation after this one; or finds that somebody has.
pub(crate) fn begin_after(root: &Path, generation: u64) -> Result<u64, Failure> {
    fs::create_dir_all(root)?;
    let next = generation.saturating_add(1);
    match fs::create_dir(folder(root, next)) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(next),
    }
}

/// Removes older generations that nobody writes to. Whoever reads one has its files open
/// and keeps them until it moves over.
fn remove_older(root: &Path, generation: u64) -> Result<(), Failure> {
    for older in all(root)?.into_iter().filter(|&older| older < generation) {
        let folder = folder(root, older);
        if let Ok(Some(_lease)) = Lease::try_take(&folder) {
            fs::remove_dir_all(&folder)?;
        }
    }
    Ok(())
}

/// Removes what versions before the generations left in a tenant's folder: it is derived.
pub(crate) fn remove_old_layout(root: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(root)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match name.as_str() {
            "postings" => fs::remove_dir_all(path)?,
            "rows.log" | "rows.log.new" | "index.lock" => fs::remove_file(path)?,
            _ if name.starts_with("vectors.") => fs::remove_file(path)?,
            _ => {}
        }
    }
    Ok(())
}

fn all(root: &Path) -> Result<Vec<u64>, Failure> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut numbers = Vec::new();
    for entry in entries {
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    Ok(numbers)
}
