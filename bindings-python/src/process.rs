//! Handles that belong to the process that opened them.

use besunny::{Error, ErrorKind, Result};

use crate::runtime::runtime;

/// A handle of the library. In a forked child it only says that it cannot be used there:
/// its threads, database connections and locks stayed with the parent.
pub(crate) struct Owned<T> {
    process: u32,
    handle: Option<T>,
}

impl<T: Clone> Owned<T> {
    /// Keeps a handle for this process.
    pub(crate) fn new(handle: T) -> Self {
        Self { process: std::process::id(), handle: Some(handle) }
    }

    /// The handle, for one call.
    pub(crate) fn get(&self, operation: &'static str) -> Result<T> {
        match &self.handle {
            Some(handle) if self.process == std::process::id() => Ok(handle.clone()),
            _ => Err(Error::new(
                ErrorKind::Closed,
                operation,
                "the workspace was opened before this process was forked; open it after the fork",
            )
            .with("opened_by_process", self.process)
            .with("this_process", std::process::id())),
        }
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            let _inside = runtime().ok().map(tokio::runtime::Runtime::enter);
            drop(self.handle.take());
        } else {
            // Closing would wait for threads that do not exist here.
            std::mem::forget(self.handle.take());
        }
    }
}
