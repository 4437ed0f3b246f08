//! Blocking work, kept off the async threads.
//!
//! Invariant: a panic in the work is an `internal` error of the caller, not a panic.

use crate::base::{Error, ErrorKind, Result};

/// Runs `work`, which computes or waits for files, on a thread for such work.
pub(crate) async fn offload<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::Internal, operation, "the work ended early; please report it")
            .caused_by(error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let error = offload("test.run", || -> Result<()> { panic!("on purpose") }).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Internal, "test.run"));
    }
}
