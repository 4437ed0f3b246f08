//! Whose turn it is to write, among all processes that have the database open.
//!
//! SQLite's own waiting is unfair: who has just written is the likeliest to get the lock
//! again, and others can starve. Here whoever waits holds the gate, and nobody passes it:
//! the next turn is theirs. Both are locks of the system, which end with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::PATIENCE;
use crate::base::{Error, ErrorKind, Result};
use crate::offload::offload;

/// The pauses between two tries.
const SHORTEST_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(2);

/// Hands out turns.
pub(super) struct Turns {
    files: Arc<Mutex<Files>>,
}

struct Files {
    gate: File,
    writer: File,
    path: PathBuf,
}

/// The right to write, until it is dropped.
pub(super) struct Turn {
    files: OwnedMutexGuard<Files>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Failing to unlock leaves the turn to the end of the process: safe, if strict.
        let _ = self.files.writer.unlock();
    }
}

impl Turns {
    /// Turns to write to a database file.
    pub(super) fn open(database: &Path) -> Result<Self> {
        let open = |suffix: &str| {
            let mut path = database.as_os_str().to_owned();
            path.push(suffix);
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
        };
        let opened = open("-gate").and_then(|gate| Ok((gate, open("-writer")?)));
        let (gate, writer) = opened.map_err(|error| failed(database, error))?;
        let files = Files { gate, writer, path: database.to_owned() };
        Ok(Self { files: Arc::new(Mutex::new(files)) })
    }

    /// Waits for a turn: first for the others in this process, then for other processes.
    pub(super) async fn take(&self) -> Result<Turn> {
        let files =
            tokio::time::timeout(PATIENCE, Arc::clone(&self.files).lock_owned()).await.map_err(|_| busy())?;
        if try_lock(&files.gate, &files.path)? {
            let is_free = try_lock(&files.writer, &files.path);
            if !matches!(is_free, Ok(false)) {
                let _ = files.gate.unlock();
            }
            if is_free? {
                return Ok(Turn { files });
            }
        }
        offload("store.begin", move || files.wait().map(|()| Turn { files })).await
    }
}

impl Files {
    /// Waits for the gate, unless it is held already, and behind it for the turn.
    fn wait(&self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        let waited = self.wait_for(&self.gate, end).and_then(|()| self.wait_for(&self.writer, end));
        let _ = self.gate.unlock();
        waited
    }

    fn wait_for(&self, file: &File, end: Instant) -> Result<()> {
        let mut pause = SHORTEST_PAUSE;
        while !try_lock(file, &self.path)? {
            if Instant::now() >= end {
                return Err(busy());
            }
            sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }
}

fn try_lock(file: &File, path: &Path) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(failed(path, error)),
    }
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, "store.begin", "the lock files of the database cannot be used")
        .with("path", path.display())
        .caused_by(error)
}

fn busy() -> Error {
    Error::new(ErrorKind::Locked, "store.begin", "another process has been writing for too long; try again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn turns_alternate_between_two_that_never_rest() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("test.sqlite");
        // Each has files of its own, as another process would.
        let log = Arc::new(std::sync::Mutex::new(Vec::new()));
        let run = |name: u8| {
            let (turns, log) = (Turns::open(&file).expect("opens"), Arc::clone(&log));
            tokio::spawn(async move {
                for _ in 0..100 {
                    let turn = turns.take().await.expect("a turn");
                    log.lock().expect("log").push(name);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    drop(turn);
                }
            })
        };
        let (one, other) = (run(1), run(2));
        one.await.expect("ends");
        other.await.expect("ends");
        let log = log.lock().expect("log");
        let changes = log.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(log.len() == 200 && changes > 20, "{changes} changes of turn");
    }

    #[tokio::test]
    async fn a_turn_is_held_by_one() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("test.sqlite");
        let (one, other) = (Turns::open(&file).expect("opens"), Turns::open(&file).expect("opens"));
        let turn = one.take().await.expect("a turn");
        let waiting = tokio::spawn(async move { other.take().await.map(drop) });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished());
        drop(turn);
        waiting.await.expect("ends").expect("a turn");
    }
}
