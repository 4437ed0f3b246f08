//! The threads that a workspace's calls and handlers run on.

use std::future::Future;

use tokio::runtime::{Builder, Handle};

use crate::base::{Error, ErrorKind, Result};

/// A runtime that can be dropped anywhere. Tokio's own waits for its threads when it is
/// dropped, which must not happen on one of them; handlers of jobs run there.
#[derive(Debug)]
pub(super) struct Runtime {
    handle: Handle,
    /// There until it is dropped.
    threads: Option<tokio::runtime::Runtime>,
}

impl Runtime {
    pub(super) fn start(operation: &'static str) -> Result<Self> {
        let threads =
            Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| {
                Error::new(ErrorKind::Io, operation, "no threads can be started").caused_by(error)
            })?;
        Ok(Self { handle: threads.handle().clone(), threads: Some(threads) })
    }

    /// Waits for a call, on this thread.
    pub(super) fn block_on<T>(&self, call: impl Future<Output = T>) -> T {
        self.handle.block_on(call)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let Some(threads) = self.threads.take() else { return };
        if Handle::try_current().is_ok() {
            threads.shutdown_background();
        }
    }
}
