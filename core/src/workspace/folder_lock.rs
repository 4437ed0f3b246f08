//! One opener at a time: a workspace folder is locked while it is open.
//!
//! The operating system drops the lock when the process ends, however it ends, so a
//! killed process leaves nothing to clean up.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::base::{Error, ErrorKind, Result};

/// A held lock.
pub(super) struct FolderLock(File);

impl FolderLock {
    /// Takes the lock of a folder or says that it is taken.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join("lock");
        let unusable = |error: std::io::Error| {
            Error::new(ErrorKind::Io, "workspace.open", "the lock file cannot be used")
                .with("path", path.display())
                .caused_by(error)
        };
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                ErrorKind::Locked,
                "workspace.open",
                "the workspace is open elsewhere; close it there first",
            )
            .with("path", folder.display())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Lets others open the folder, before the last handle is dropped.
    pub(super) fn release(&self) {
        // Failing to unlock leaves the lock to the end of the process: safe, if strict.
        let _ = self.0.unlock();
    }
}
