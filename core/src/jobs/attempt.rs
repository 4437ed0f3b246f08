//! One run of one handler.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinError;

use super::error::JobError;
use super::options::WorkReport;
use crate::base::{CancelToken, Timestamp};
use crate::domain::{Backoff, Job, JobEnd, JobFailure, JobProgress};

/// Does jobs of one kind.
#[async_trait]
pub(crate) trait Handler: Send + Sync {
    /// Does one; it may have been done before, in part or in full.
    async fn run(&self, attempt: Attempt) -> Result<(), JobError>;
}

/// What a handler is given.
#[derive(Clone)]
pub(crate) struct Attempt {
    /// The job.
    pub(crate) job: Arc<Job>,
    /// Raised when the handler should stop.
    pub(crate) cancel: CancelToken,
    /// How far the handler says it is.
    pub(crate) progress: ProgressCell,
}

impl Attempt {
    pub(super) fn new(job: Job) -> Self {
        Self { job: Arc::new(job), cancel: CancelToken::new(), progress: ProgressCell::default() }
    }
}

/// The latest progress, until the worker has written it down.
#[derive(Clone, Default)]
pub(crate) struct ProgressCell(Arc<Mutex<Option<JobProgress>>>);

impl ProgressCell {
    pub(crate) fn set(&self, progress: JobProgress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    pub(super) fn take(&self) -> Option<JobProgress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Why a worker stopped an attempt before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody called the job off.
    Cancelled,
    /// It took too long.
    TimedOut(Duration),
    /// The worker ends.
    Shutdown,
    /// The job is not this worker's any more.
    Lost,
}

/// What decides on the next attempt.
pub(super) struct Retry<'a> {
    pub(super) backoff: &'a Backoff,
    /// Draws a random number, which not every end needs.
    pub(super) random: &'a (dyn Fn() -> u64 + Sync),
    pub(super) now: Timestamp,
}

impl Retry<'_> {
    /// What becomes of a job, from how its task ended and why it was stopped, if it was.
    pub(super) fn end_of(
        &self,
        job: &Job,
        ended: Result<Result<(), JobError>, JoinError>,
        stop: Option<Stop>,
    ) -> JobEnd {
        match (ended, stop) {
            // Done is done, even if somebody wanted it stopped.
            (Ok(Ok(())), _) => JobEnd::Succeeded,
            (_, Some(Stop::Cancelled)) => JobEnd::Cancelled,
            // Without its lease it does not count; who has it now decides.
            (_, Some(Stop::Shutdown | Stop::Lost)) => JobEnd::HandedBack,
            (_, Some(Stop::TimedOut(limit))) => {
                let message = format!("the attempt took longer than {} seconds", limit.as_secs_f64());
                self.again(job, JobFailure::new("timeout", message))
            }
            (Ok(Err(error)), None) => match error.into_parts() {
                (failure, true) => self.again(job, failure),
                (failure, false) => JobEnd::Dead(failure),
            },
            (Err(error), None) => self.again(job, panic_of(error)),
        }
    }

    fn again(&self, job: &Job, failure: JobFailure) -> JobEnd {
        if job.attempt >= job.max_attempts {
            return JobEnd::Dead(failure);
        }
        JobEnd::Retry(self.now.after(self.backoff.delay(job.attempt, (self.random)())), failure)
    }
}

fn panic_of(error: JoinError) -> JobFailure {
    let message = error.try_into_panic().map_or_else(
        |_| "the handler was stopped".to_owned(),
        |panic| match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(text), _) => (*text).to_owned(),
            (None, Some(text)) => text.clone(),
            (None, None) => "the handler panicked".to_owned(),
        },
    );
    JobFailure::new("panic", message)
}

impl WorkReport {
    pub(super) fn count(&mut self, end: &JobEnd) {
        *match end {
            JobEnd::Succeeded => &mut self.succeeded,
            JobEnd::Retry(..) => &mut self.failed,
            JobEnd::Dead(_) => &mut self.dead,
            JobEnd::Cancelled => &mut self.cancelled,
            JobEnd::HandedBack => &mut self.handed_back,
        } += 1;
    }
}
