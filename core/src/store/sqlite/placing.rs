//! Giving finished files their names, so that a power cut leaves all or nothing.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Gives a file another name, in the place of whatever has it.
pub(crate) fn replace(target: &Path, finished: &Path) -> io::Result<()> {
    File::open(finished)?.sync_all()?;
    fs::rename(finished, target)?;
    sync_folder_of(target)
}

/// Gives a file another name; `AlreadyExists` when something has it.
pub(super) fn add(target: &Path, finished: &Path) -> io::Result<()> {
    File::open(finished)?.sync_all()?;
    // A link, unlike a renaming, never replaces what is there.
    fs::hard_link(finished, target)?;
    fs::remove_file(finished)?;
    sync_folder_of(target)
}

/// Removes a file, if it is there.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Names are kept by the folder, which can be opened, and need be, on Unix only.
fn sync_folder_of(file: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
