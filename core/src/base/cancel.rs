//! Stopping long work early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Error, ErrorKind, Result};

/// A flag that any holder can raise to stop long work between two items.
/// Clones share the flag. What was acknowledged before the stop stays.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that is not raised yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop; returns at once.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody asked the work to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// `Err` of kind [`ErrorKind::Cancelled`] once the token is raised.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`].
    pub fn check(&self, operation: &'static str) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, operation, "cancelled by the caller"));
        }
        Ok(())
    }
}
