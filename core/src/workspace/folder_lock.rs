//! A workspace folder is shared by all that have it open, and can be had alone by who has
//! to: to restore it.
//!
//! The operating system drops the lock when the process ends, however it ends, so a
//! killed process leaves nothing to clean up.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::base::{Error, ErrorKind, Result};

/// The name of the lock file.
pub(super) const LOCK_FILE: &str = "lock";

/// A held lock.
pub(super) struct FolderLock(File);

impl FolderLock {
    /// Takes a share of a folder, or says that somebody has it alone.
    pub(super) fn share(operation: &'static str, folder: &Path) -> Result<Self> {
        let message = "the workspace is being restored; open it when that is done";
        Self::take(operation, folder, message, File::try_lock_shared)
    }

    /// Takes a folder alone, or says that it is open.
    pub(super) fn alone(operation: &'static str, folder: &Path) -> Result<Self> {
        let message = "the workspace is open elsewhere; close it there first";
        Self::take(operation, folder, message, File::try_lock)
    }

    fn take(
        operation: &'static str,
        folder: &Path,
        message: &str,
        lock: fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Self> {
        let path = folder.join(LOCK_FILE);
        let unusable = |error: std::io::Error| {
            Error::new(ErrorKind::Io, operation, "the lock file cannot be used")
                .with("path", path.display())
                .caused_by(error)
        };
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(unusable)?;
        match lock(&file) {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                Err(Error::new(ErrorKind::Locked, operation, message).with("path", folder.display()))
            }
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Lets others open the folder, before the last handle is dropped.
    pub(super) fn release(&self) {
        // Failing to unlock leaves the lock to the end of the process: safe, if strict.
        let _ = self.0.unlock();
    }
}
