//! How a worker works.

use std::time::Duration;

use crate::base::{CancelToken, Error, ErrorKind, Result};
use crate::domain::Backoff;

/// How a worker works. Start from the default and change what matters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorkOptions {
    /// How many jobs run at once.
    pub concurrency: usize,
    /// How long a claim holds without a sign of life. A job whose worker was killed runs
    /// again after this time at the latest, and a worker that stalls for longer loses its
    /// jobs.
    pub lease: Duration,
    /// How long running jobs may go on after the worker was asked to stop; the rest is handed
    /// back, and due again at once.
    pub grace: Duration,
    /// How long failed jobs wait.
    pub backoff: Backoff,
    /// How long finished jobs are kept; for ever when it is `None`.
    pub keep_finished: Option<Duration>,
    /// Raised to stop the worker. It then ends with what it did.
    pub stop: CancelToken,
    /// Ends by itself when nothing is due and nothing runs.
    pub until_idle: bool,
}

impl Default for WorkOptions {
    fn default() -> Self {
        Self {
            concurrency: 4,
            lease: Duration::from_secs(30),
            grace: Duration::from_secs(20),
            backoff: Backoff::default(),
            keep_finished: Some(Duration::from_secs(7 * 24 * 3600)),
            stop: CancelToken::new(),
            until_idle: false,
        }
    }
}

impl WorkOptions {
    pub(super) fn check(&self) -> Result<()> {
        let invalid = |message: &str| Err(Error::new(ErrorKind::InvalidInput, "jobs.work", message));
        if !(1..=10_000).contains(&self.concurrency) {
            return invalid("concurrency is 1 to 10,000");
        }
        if self.lease < Duration::from_millis(100) {
            return invalid("a lease is at least 0.1 seconds");
        }
        Ok(())
    }
}

/// What a worker did until it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkReport {
    /// Attempts that succeeded.
    pub succeeded: u64,
    /// Attempts that failed, of jobs that will be tried again.
    pub failed: u64,
    /// Jobs that failed for good.
    pub dead: u64,
    /// Jobs that were stopped because somebody called them off.
    pub cancelled: u64,
    /// Jobs that were handed back unfinished.
    pub handed_back: u64,
}
