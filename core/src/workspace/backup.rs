//! Copies of a workspace, and workspaces from copies.

use std::fs;
use std::path::Path;

use super::Workspace;
use super::folder_lock::{FolderLock, LOCK_FILE};
use super::location::{Location, Place};
use super::opening::DATABASE_FILE;
use crate::base::{Error, ErrorKind, Result};
use crate::offload::offload;
use crate::store::sqlite;

const RESTORE: &str = "workspace.restore";

impl Workspace {
    /// Writes a copy of everything that is not derived, as of one moment, to the file
    /// `path`. Writers go on meanwhile; the file has its name only once it is complete.
    ///
    /// # Errors
    /// `already_exists` when there is a file of this name, `storage` or `io` when the copy
    /// cannot be written, `unsupported` on databases that have their own programs for that.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        self.check_open("workspace.backup")?;
        self.inner.store.backup(path.as_ref()).await
    }

    /// Makes a workspace in the folder `location`, which is empty or not there, from a
    /// file that [`Workspace::backup`] wrote. The file is checked first. What is derived is
    /// made by the first searches.
    ///
    /// # Errors
    /// `unsupported` for the URL of a database, `not_found` without such a file, `malformed`
    /// when it is something else, `storage` when it is damaged, `newer_version`,
    /// `already_exists` when the folder is not empty, `locked` when somebody else has it, `io`.
    pub async fn restore(backup: impl AsRef<Path>, location: impl AsRef<Path>) -> Result<()> {
        let (backup, location) = (backup.as_ref().to_owned(), location.as_ref().to_owned());
        if !backup.is_file() {
            return Err(Error::new(ErrorKind::NotFound, RESTORE, "there is no such backup")
                .with("path", backup.display()));
        }
        if matches!(Location::from(&location).0, Place::Postgres(_)) {
            let message = "a database is restored by its own program, pg_restore";
            return Err(Error::new(ErrorKind::Unsupported, RESTORE, message));
        }
        let is_new = !location.exists();
        if !is_new {
            refuse_filled(&location)?;
        }
        sqlite::inspect(&backup).await?;
        fs::create_dir_all(&location).map_err(unusable(&location))?;
        let lock = FolderLock::alone(RESTORE, &location)?;
        // Somebody may have been faster.
        refuse_filled(&location)?;
        let partial = location.join(format!("{DATABASE_FILE}.partial"));
        let (from, copied, folder) = (backup, partial.clone(), location.clone());
        let placed =
            offload(RESTORE, move || fs::copy(&from, &copied).map(drop).map_err(unusable(&folder))).await;
        // The copy is what will be used, so it is what must be sound.
        let sound = match placed {
            Ok(()) => sqlite::inspect(&partial).await,
            Err(error) => Err(error),
        };
        let placed = match sound {
            Ok(()) => {
                let (finished, folder) = (partial.clone(), location.clone());
                let target = location.join(DATABASE_FILE);
                offload(RESTORE, move || sqlite::replace(&target, &finished).map_err(unusable(&folder))).await
            }
            Err(error) => Err(error),
        };
        if placed.is_err() {
            // Leaves the folder as it was; the error says why.
            let _ = fs::remove_file(&partial);
            let _ = fs::remove_file(location.join(LOCK_FILE));
            if is_new {
                let _ = fs::remove_dir(&location);
            }
        }
        lock.release();
        placed
    }
}

/// Only a lock file may be in the folder.
fn refuse_filled(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(unusable(folder))? {
        if entry.map_err(unusable(folder))?.file_name() != LOCK_FILE {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                RESTORE,
                "the folder is not empty; restore into a new one",
            )
            .with("path", folder.display()));
        }
    }
    Ok(())
}

fn unusable(folder: &Path) -> impl Fn(std::io::Error) -> Error {
    move |error| {
        Error::new(ErrorKind::Io, RESTORE, "the workspace cannot be written")
            .with("path", folder.display())
            .caused_by(error)
    }
}
