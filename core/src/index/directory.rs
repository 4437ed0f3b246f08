//! Where Tantivy keeps its files: its own memory-mapped directory, without the waiting.
//!
//! Tantivy syncs every file of every commit to disk, a dozen times for a single mail. The
//! index is derived, so a loss of power may cost it its last commits, or all: opening
//! compares every file with its checksum. A killed process loses nothing, since what is
//! written is the system's.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tantivy::Directory;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, DirectoryLock, FileHandle, Lock, MmapDirectory, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
};

/// Counts the files written to be renamed.
static ATOMIC_WRITES: AtomicU64 = AtomicU64::new(0);

/// A memory-mapped directory that leaves it to the system when to write to disk.
#[derive(Clone, Debug)]
pub(crate) struct UnsyncedDirectory {
    mapped: MmapDirectory,
    path: PathBuf,
}

impl UnsyncedDirectory {
    /// The directory at `path`, which exists.
    pub(crate) fn open(path: &Path) -> tantivy::Result<Self> {
        Ok(Self { mapped: MmapDirectory::open(path)?, path: path.to_owned() })
    }
}

impl Directory for UnsyncedDirectory {
    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let file = OpenOptions::new().write(true).create_new(true).open(self.path.join(path));
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => OpenWriteError::FileAlreadyExists(path.to_owned()),
            _ => OpenWriteError::wrap_io_error(error, path.to_owned()),
        })?;
        Ok(BufWriter::new(Box::new(UnsyncedFile(file))))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        // A merge that outlives its writer may write the same file at the same time, so each
        // writes to a name of its own before it takes the place of what was there.
        let number = ATOMIC_WRITES.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(path);
        let mut new_path = path.clone().into_os_string();
        new_path.push(format!(".{number}.new"));
        fs::write(&new_path, data)?;
        fs::rename(new_path, path)
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.mapped.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.mapped.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.mapped.exists(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.mapped.atomic_read(path)
    }

    /// The lease of the index is the lock: Tantivy's own would keep a writer that is only
    /// kept for later from letting another process write.
    fn acquire_lock(&self, _: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, watch_callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.mapped.watch(watch_callback)
    }
}

struct UnsyncedFile(File);

impl Write for UnsyncedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl TerminatingWrite for UnsyncedFile {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.0.flush()
    }
}
