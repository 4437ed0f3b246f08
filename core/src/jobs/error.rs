//! How a handler says that it failed.

use crate::base::Error;
use crate::domain::JobFailure;

/// Why an attempt failed, and whether another can help.
///
/// `?` turns an [`Error`] into one: it is tried again where the error's kind says that a
/// retry can help.
#[derive(Debug)]
pub struct JobError {
    failure: JobFailure,
    is_retryable: bool,
}

impl JobError {
    /// What is kept with the job, and whether another attempt can help.
    #[must_use]
    pub fn new(failure: JobFailure, is_retryable: bool) -> Self {
        Self { failure, is_retryable }
    }

    /// A failure after which the job is tried again, as long as it has attempts left.
    #[must_use]
    pub fn retry(message: impl Into<String>) -> Self {
        Self::new(JobFailure::new("handler", message), true)
    }

    /// A failure for good.
    #[must_use]
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(JobFailure::new("handler", message), false)
    }

    /// What is kept with the job.
    #[must_use]
    pub fn failure(&self) -> &JobFailure {
        &self.failure
    }

    /// Whether another attempt can help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.is_retryable
    }

    pub(super) fn into_parts(self) -> (JobFailure, bool) {
        (self.failure, self.is_retryable)
    }
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        Self::new(JobFailure::new(error.kind().code(), error.to_string()), error.is_retryable())
    }
}
