//! Jobs, as programs see them.

use std::sync::Arc;
use std::time::Duration;

use super::Workspace;
use super::job_handler::{JobHandler, Registered};
use crate::base::{BatchId, Error, ErrorKind, JobId, Result, Role, Scope, VirtualClock};
use crate::domain::{
    Access, Batch, Enqueued, Job, JobFilter, JobState, JobStats, NewJob, NewSchedule, Page, PageRequest,
    Schedule,
};
use crate::jobs::{WorkOptions, WorkReport};

/// Jobs of a user, or, from [`Workspace::jobs`], of the workspace itself, which sees those of
/// all users too and runs them.
///
/// ```no_run
/// # async fn example(workspace: besunny::Workspace) -> besunny::Result<()> {
/// use besunny::{JobContext, JobError, NewJob, WorkOptions};
///
/// let jobs = workspace.jobs();
/// jobs.handler("report", |job: JobContext| async move {
///     let month = job.job().payload["month"].as_str().ok_or(JobError::permanent("no month"))?;
///     println!("the report of {month}");
///     Ok(())
/// })?;
/// jobs.enqueue(NewJob::new("report", serde_json::json!({"month": "March"}))).await?;
/// jobs.work(WorkOptions::default()).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Jobs {
    workspace: Workspace,
    scope: Scope,
}

impl Jobs {
    pub(super) fn new(workspace: Workspace, scope: Scope) -> Self {
        Self { workspace, scope }
    }

    fn check(&self, operation: &'static str) -> Result<()> {
        self.workspace.check_open(operation)
    }

    /// What only the workspace itself may do.
    fn check_service(&self, operation: &'static str) -> Result<()> {
        self.check(operation)?;
        if self.scope.role() == Role::Service {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Forbidden, operation, "jobs are run by the workspace; take `jobs` from it"))
    }

    /// Says who does jobs of a kind, in this process, from now on. Who did so before does no
    /// more.
    ///
    /// # Errors
    /// `invalid_input` for an unfit kind.
    pub fn handler(&self, kind: &str, handler: impl JobHandler + 'static) -> Result<()> {
        self.check_service("jobs.handler")?;
        let registered = Registered::new(&self.workspace, Arc::new(handler));
        self.workspace.inner.jobs.register(kind, Arc::new(registered))
    }

    /// Enqueues a job.
    ///
    /// # Errors
    /// `invalid_input` or `limit_exceeded` for an unfit job.
    pub async fn enqueue(&self, job: NewJob) -> Result<Enqueued> {
        let enqueued = self.enqueue_many(vec![job]).await?;
        enqueued.into_iter().next().ok_or_else(|| {
            Error::new(ErrorKind::Internal, "jobs.enqueue", "a job was lost; please report it")
        })
    }

    /// Enqueues jobs in one transaction, all or none of them.
    ///
    /// # Errors
    /// As [`Jobs::enqueue`].
    pub async fn enqueue_many(&self, jobs: Vec<NewJob>) -> Result<Vec<Enqueued>> {
        self.check("jobs.enqueue")?;
        self.workspace.inner.jobs.enqueue(&self.scope, jobs).await
    }

    /// Enqueues jobs that belong together; when all of them are finished, however they ended,
    /// `on_complete` is enqueued, once.
    ///
    /// # Errors
    /// As [`Jobs::enqueue`].
    pub async fn enqueue_batch(&self, jobs: Vec<NewJob>, on_complete: Option<NewJob>) -> Result<Batch> {
        self.check("jobs.enqueue_batch")?;
        self.workspace.inner.jobs.enqueue_batch(&self.scope, jobs, on_complete).await
    }

    /// One batch.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn batch(&self, id: BatchId) -> Result<Batch> {
        let mut read = self.workspace.begin("jobs.batch", &self.scope, Access::Read).await?;
        read.batch(id)
            .await?
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "jobs.batch", "no such batch").with("batch", id))
    }

    /// One job.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: JobId) -> Result<Job> {
        let mut read = self.workspace.begin("jobs.get", &self.scope, Access::Read).await?;
        read.job(id).await?.ok_or_else(|| crate::jobs::missing("jobs.get", id))
    }

    /// Jobs that pass the filter, latest enqueued first.
    ///
    /// # Errors
    /// `invalid_input` for a bad page request.
    pub async fn list(&self, filter: JobFilter, page: PageRequest) -> Result<Page<Job>> {
        self.workspace.begin("jobs.list", &self.scope, Access::Read).await?.jobs(&filter, &page).await
    }

    /// How many jobs of each kind are in each state.
    ///
    /// # Errors
    /// `storage`.
    pub async fn stats(&self) -> Result<JobStats> {
        self.workspace.begin("jobs.stats", &self.scope, Access::Read).await?.job_stats().await
    }

    /// Calls a job off. One that waits is cancelled at once; the handler of one that runs is
    /// asked to stop, and what it did stays. The state the job was in.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn cancel(&self, id: JobId) -> Result<JobState> {
        self.check("jobs.cancel")?;
        self.workspace.inner.jobs.cancel(&self.scope, id).await
    }

    /// Makes a dead or cancelled job due again, with all its attempts.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` in another state, `already_exists` when another job has
    /// its unique key by now.
    pub async fn requeue(&self, id: JobId) -> Result<()> {
        self.check("jobs.requeue")?;
        self.workspace.inner.jobs.requeue(&self.scope, id).await
    }

    /// Removes jobs that were finished more than `age` ago; how many.
    ///
    /// # Errors
    /// `storage`.
    pub async fn prune(&self, age: Duration) -> Result<u64> {
        self.check("jobs.prune")?;
        let before = self.workspace.inner.clock.now().before(age);
        let mut pruned = 0;
        loop {
            match self.workspace.inner.jobs.prune(&self.scope, before).await? {
                0 => return Ok(pruned),
                some => pruned += some,
            }
        }
    }

    /// Keeps a schedule; the same name again replaces it, and with the same times it stays at
    /// its next occurrence.
    ///
    /// # Errors
    /// `invalid_input` for an unfit name, expression, zone or job.
    pub async fn schedule(&self, schedule: NewSchedule) -> Result<Schedule> {
        let now = self.workspace.inner.clock.now();
        let schedule = schedule.into_schedule(self.scope.tenant(), now)?;
        let mut write = self.workspace.begin("jobs.schedule", &self.scope, Access::Write).await?;
        write.put_schedule(&schedule).await?;
        let kept = write.schedules().await?;
        write.commit().await?;
        let is_it = |kept: &Schedule| kept.name == schedule.name && kept.tenant == schedule.tenant;
        Ok(kept.into_iter().find(is_it).unwrap_or(schedule))
    }

    /// Drops a schedule; what it has enqueued stays.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn unschedule(&self, name: &str) -> Result<()> {
        let operation = "jobs.unschedule";
        let mut write = self.workspace.begin(operation, &self.scope, Access::Write).await?;
        if !write.delete_schedule(self.scope.tenant(), name).await? {
            let name: String = name.chars().take(64).collect();
            return Err(Error::new(ErrorKind::NotFound, operation, "no such schedule").with("name", name));
        }
        write.commit().await
    }

    /// All schedules, by name.
    ///
    /// # Errors
    /// `storage`.
    pub async fn schedules(&self) -> Result<Vec<Schedule>> {
        self.workspace.begin("jobs.schedules", &self.scope, Access::Read).await?.schedules().await
    }

    /// Runs jobs of the kinds that have handlers here, and keeps schedules going, until it is
    /// asked to stop: by [`WorkOptions::stop`], or because the workspace closes. Then it lets
    /// what runs finish for a while and hands back the rest.
    ///
    /// # Errors
    /// `invalid_input` for unfit options; `storage` when the last ends cannot be written down,
    /// in which case these jobs run again after their leases.
    pub async fn work(&self, options: WorkOptions) -> Result<WorkReport> {
        self.check_service("jobs.work")?;
        Arc::clone(&self.workspace.inner.jobs).work(options).await
    }

    /// For tests: runs what is due, here and now, one job after the other, until nothing is;
    /// how many attempts that were.
    ///
    /// # Errors
    /// `storage`.
    pub async fn run_due(&self) -> Result<u64> {
        self.check_service("jobs.run_due")?;
        self.workspace.inner.jobs.run_due().await
    }

    /// For tests, with a workspace that was opened with `clock`: moves the clock on by `by`
    /// and runs everything that falls due on the way, at its time; how many attempts that
    /// were.
    ///
    /// # Errors
    /// `storage`.
    pub async fn advance(&self, clock: &VirtualClock, by: Duration) -> Result<u64> {
        self.check_service("jobs.advance")?;
        self.workspace.inner.jobs.advance(clock, by).await
    }
}
