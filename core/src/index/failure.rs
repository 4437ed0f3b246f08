//! Two ways to fail: the folder is damaged, which a rebuild heals, or the machine said no.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tantivy::TantivyError;
use tantivy::directory::error::{OpenDirectoryError, OpenReadError};

use crate::base::{Error, ErrorKind, Result};

/// Why a part of the index did not open or did not do what it should.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The files are not what was written, or are of another version: rebuild.
    Damaged(String),
    /// The disk, its permissions or a limit of the system: wiping would not help.
    Refused(io::Error),
    /// Another process is between two steps of writing, or died there: take the lease.
    Unsettled,
    /// Another process has begun a newer generation of the index.
    PassedOver,
}

impl Failure {
    /// As the error of a call.
    pub(crate) fn into_error(self, operation: &'static str, folder: &Path) -> Error {
        let error = match self {
            Self::Damaged(what) => {
                Error::new(ErrorKind::Index, operation, "the index is damaged; rebuild it").caused_by(what)
            }
            Self::Refused(source) => {
                Error::new(ErrorKind::Io, operation, "cannot read or write the index").caused_by(source)
            }
            Self::Unsettled | Self::PassedOver => {
                Error::new(ErrorKind::Locked, operation, "another process is writing this index; try again")
            }
        };
        error.with("folder", folder.display())
    }
}

impl From<io::Error> for Failure {
    fn from(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
                Self::Damaged(source.to_string())
            }
            _ => Self::Refused(source),
        }
    }
}

impl From<TantivyError> for Failure {
    fn from(error: TantivyError) -> Self {
        let copy = |source: &io::Error| io::Error::new(source.kind(), source.to_string());
        match &error {
            TantivyError::IoError(source) => copy(source).into(),
            TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. })
            | TantivyError::OpenDirectoryError(OpenDirectoryError::IoError { io_error, .. }) => {
                copy(io_error).into()
            }
            _ => Self::Damaged(error.to_string()),
        }
    }
}

/// Runs code that reads files which others may have damaged; should it panic on them,
/// that is damage too.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Failure::Damaged("the reader of the files panicked".to_owned())))
}
