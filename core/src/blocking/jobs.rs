//! Jobs for programs without async: handlers are plain functions, on threads of their own.

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::{Runtime, UserHandle, Workspace};
use crate::base::{BatchId, CancelToken, Error, ErrorKind, JobId, Result, VirtualClock};
use crate::domain::{
    Batch, Enqueued, Job, JobFilter, JobState, JobStats, NewJob, NewSchedule, Page, PageRequest, Schedule,
};
use crate::jobs::{JobError, WorkOptions, WorkReport};
use crate::workspace;

/// Jobs of a user or of the workspace; see [`crate::Jobs`].
///
/// ```
/// # fn main() -> besunny::Result<()> {
/// # let folder = tempfile::tempdir().expect("a temporary folder");
/// # let mut options = besunny::OpenOptions::default();
/// # options.model = Some("".into());
/// use besunny::blocking::{JobContext, Workspace};
/// use besunny::{JobError, NewJob, WorkOptions};
///
/// let workspace = Workspace::open(folder.path(), options)?;
/// let jobs = workspace.jobs();
/// jobs.handler("report", |job: JobContext| {
///     let month = job.job().payload["month"].as_str().ok_or(JobError::permanent("no month"))?;
///     println!("the report of {month}");
///     Ok(())
/// })?;
/// jobs.enqueue(NewJob::new("report", serde_json::json!({"month": "March"})))?;
/// let mut options = WorkOptions::default();
/// options.until_idle = true;
/// assert_eq!(jobs.work(options)?.succeeded, 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Jobs {
    inner: workspace::Jobs,
    runtime: Arc<Runtime>,
}

impl Jobs {
    pub(super) fn new(inner: workspace::Jobs, runtime: Arc<Runtime>) -> Self {
        Self { inner, runtime }
    }

    fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    /// Says who does jobs of a kind; see [`crate::Jobs::handler`]. The handler runs on a
    /// thread on which it may block. One that goes on after [`JobContext::cancel`] is raised
    /// is left behind: its end does not count.
    ///
    /// # Errors
    /// As there.
    pub fn handler(
        &self,
        kind: &str,
        handler: impl Fn(JobContext) -> Result<(), JobError> + Send + Sync + 'static,
    ) -> Result<()> {
        let handler = Arc::new(handler);
        // The workspace keeps its handlers, and shall not keep its own threads through them.
        let runtime = Arc::downgrade(&self.runtime);
        self.inner.handler(kind, move |context| {
            let handler = Arc::clone(&handler);
            let context = JobContext { inner: context, runtime: Weak::clone(&runtime) };
            async move {
                match tokio::task::spawn_blocking(move || handler(context)).await {
                    Ok(done) => done,
                    // Ends this task as it ended that one; what becomes of the job is the same.
                    Err(failure) => match failure.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        Err(_) => Err(JobError::retry("the threads are ending")),
                    },
                }
            }
        })
    }

    /// See [`crate::Jobs::enqueue`].
    ///
    /// # Errors
    /// As there.
    pub fn enqueue(&self, job: NewJob) -> Result<Enqueued> {
        self.wait(self.inner.enqueue(job))
    }

    /// See [`crate::Jobs::enqueue_many`].
    ///
    /// # Errors
    /// As there.
    pub fn enqueue_many(&self, jobs: Vec<NewJob>) -> Result<Vec<Enqueued>> {
        self.wait(self.inner.enqueue_many(jobs))
    }

    /// See [`crate::Jobs::enqueue_batch`].
    ///
    /// # Errors
    /// As there.
    pub fn enqueue_batch(&self, jobs: Vec<NewJob>, on_complete: Option<NewJob>) -> Result<Batch> {
        self.wait(self.inner.enqueue_batch(jobs, on_complete))
    }

    /// See [`crate::Jobs::batch`].
    ///
    /// # Errors
    /// As there.
    pub fn batch(&self, id: BatchId) -> Result<Batch> {
        self.wait(self.inner.batch(id))
    }

    /// See [`crate::Jobs::get`].
    ///
    /// # Errors
    /// As there.
    pub fn get(&self, id: JobId) -> Result<Job> {
        self.wait(self.inner.get(id))
    }

    /// See [`crate::Jobs::list`].
    ///
    /// # Errors
    /// As there.
    pub fn list(&self, filter: JobFilter, page: PageRequest) -> Result<Page<Job>> {
        self.wait(self.inner.list(filter, page))
    }

    /// See [`crate::Jobs::stats`].
    ///
    /// # Errors
    /// As there.
    pub fn stats(&self) -> Result<JobStats> {
        self.wait(self.inner.stats())
    }

    /// See [`crate::Jobs::cancel`].
    ///
    /// # Errors
    /// As there.
    pub fn cancel(&self, id: JobId) -> Result<JobState> {
        self.wait(self.inner.cancel(id))
    }

    /// See [`crate::Jobs::requeue`].
    ///
    /// # Errors
    /// As there.
    pub fn requeue(&self, id: JobId) -> Result<()> {
        self.wait(self.inner.requeue(id))
    }

    /// See [`crate::Jobs::prune`].
    ///
    /// # Errors
    /// As there.
    pub fn prune(&self, age: Duration) -> Result<u64> {
        self.wait(self.inner.prune(age))
    }

    /// See [`crate::Jobs::schedule`].
    ///
    /// # Errors
    /// As there.
    pub fn schedule(&self, schedule: NewSchedule) -> Result<Schedule> {
        self.wait(self.inner.schedule(schedule))
    }

    /// See [`crate::Jobs::unschedule`].
    ///
    /// # Errors
    /// As there.
    pub fn unschedule(&self, name: &str) -> Result<()> {
        self.wait(self.inner.unschedule(name))
    }

    /// See [`crate::Jobs::schedules`].
    ///
    /// # Errors
    /// As there.
    pub fn schedules(&self) -> Result<Vec<Schedule>> {
        self.wait(self.inner.schedules())
    }

    /// Works until it is asked to stop; see [`crate::Jobs::work`]. Another thread stops it by
    /// [`WorkOptions::stop`].
    ///
    /// # Errors
    /// As there.
    pub fn work(&self, options: WorkOptions) -> Result<WorkReport> {
        self.wait(self.inner.work(options))
    }

    /// See [`crate::Jobs::run_due`].
    ///
    /// # Errors
    /// As there.
    pub fn run_due(&self) -> Result<u64> {
        self.wait(self.inner.run_due())
    }

    /// See [`crate::Jobs::advance`].
    ///
    /// # Errors
    /// As there.
    pub fn advance(&self, clock: &VirtualClock, by: Duration) -> Result<u64> {
        self.wait(self.inner.advance(clock, by))
    }
}

/// A job that is being done; see [`crate::JobContext`].
#[derive(Clone, Debug)]
pub struct JobContext {
    inner: workspace::JobContext,
    runtime: Weak<Runtime>,
}

impl JobContext {
    fn runtime(&self) -> Result<Arc<Runtime>> {
        self.runtime
            .upgrade()
            .ok_or_else(|| Error::new(ErrorKind::Closed, "jobs.context", "the workspace was dropped"))
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &Job {
        self.inner.job()
    }

    /// See [`crate::JobContext::payload`].
    ///
    /// # Errors
    /// As there.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        self.inner.payload()
    }

    /// See [`crate::JobContext::progress`].
    pub fn progress(&self, fraction: f64, message: Option<&str>) {
        self.inner.progress(fraction, message);
    }

    /// Raised when the job should stop; a handler that takes long looks at it now and then.
    #[must_use]
    pub fn cancel(&self) -> &CancelToken {
        self.inner.cancel()
    }

    /// The workspace.
    ///
    /// # Errors
    /// `closed` when it was dropped meanwhile.
    pub fn workspace(&self) -> Result<Workspace> {
        Ok(Workspace { inner: self.inner.workspace().clone(), runtime: self.runtime()? })
    }

    /// The user whose job it is; see [`crate::JobContext::user`].
    ///
    /// # Errors
    /// As there, and `closed` when the workspace was dropped meanwhile.
    pub fn user(&self) -> Result<Option<UserHandle>> {
        let runtime = self.runtime()?;
        let user = runtime.block_on(self.inner.user())?;
        Ok(user.map(|inner| UserHandle { inner, runtime }))
    }
}
