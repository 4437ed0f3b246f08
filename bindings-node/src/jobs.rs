//! Jobs: work that is stored before it is done.

use besunny::{CancelToken, Error, ErrorKind, NewSchedule};
use napi::bindgen_prelude::{External, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use crate::clock::ClockInput;
use crate::errors::rejection;
use crate::event_loop;
use crate::job_handler::{self, HandlerFunction};
use crate::options::DocumentOptions;
use crate::options::jobs::{JobListOptions, NewJob, ScheduleOptions, WorkOptions};
use crate::options::parse;
use crate::types::input::{Bytes, Content};
use crate::types::job::{Batch, Enqueued, Job, JobPage, KindStats, Schedule, WorkReport};
use crate::types::time::Millis;
use crate::types::{list, number};
use crate::user::LazyUser;

/// Jobs of a user, or, from `ws.jobs`, of the workspace itself, which sees those of all users
/// too and runs them.
///
/// ```js
/// ws.jobs.handler('report', async (job) => {
///   console.log('the report of', job.payload.month)
/// })
/// await ws.jobs.enqueue('report', { month: 'March' })
/// await ws.jobs.work({ signal }) // until it is aborted
/// ```
#[napi]
pub struct Jobs {
    owner: Owner,
}

#[derive(Clone)]
enum Owner {
    Workspace(besunny::Jobs),
    User(LazyUser),
}

impl Owner {
    async fn jobs(&self) -> Result<besunny::Jobs> {
        match self {
            Self::Workspace(jobs) => Ok(jobs.clone()),
            Self::User(me) => Ok(me.get().await?.jobs()),
        }
    }
}

impl Jobs {
    pub(crate) fn of_workspace(jobs: besunny::Jobs) -> Self {
        Self { owner: Owner::Workspace(jobs) }
    }

    pub(crate) fn of_user(me: LazyUser) -> Self {
        Self { owner: Owner::User(me) }
    }
}

#[napi]
impl Jobs {
    /// Says who does jobs of a kind, in this process, from now on. Who did so before does no
    /// more.
    ///
    /// A job may have been done before, in part or in full, by a process that was killed before
    /// it could say so: do it so that twice is the same as once, by `job.id`.
    ///
    /// A handler that throws or rejects has failed, and is tried again; throw a `JobFailure` to
    /// say that it must not be.
    ///
    /// Throws `invalid_input` for an unfit kind, `forbidden` on a user's jobs.
    #[napi(
        strict,
        catch_unwind,
        ts_generic_types = "P = unknown",
        ts_args_type = "kind: string, handler: JobHandler<P>"
    )]
    pub fn handler(&self, kind: String, handler: HandlerFunction) -> Result<()> {
        match &self.owner {
            Owner::Workspace(jobs) => jobs.handler(&kind, job_handler::handler(handler)).map_err(rejection),
            Owner::User(_) => Err(rejection(Error::new(
                ErrorKind::Forbidden,
                "jobs.handler",
                "jobs are run by the workspace; take `jobs` from it",
            ))),
        }
    }

    /// Enqueues jobs in one transaction, all or none of them.
    ///
    /// Rejects with `invalid_input` or `limit_exceeded` for an unfit job.
    #[napi(strict)]
    pub async fn enqueue_many(&self, jobs: Vec<NewJob>) -> Result<Vec<Enqueued>> {
        let jobs = jobs.into_iter().map(NewJob::into_core).collect();
        Ok(list(self.owner.jobs().await?.enqueue_many(jobs).await.map_err(rejection)?))
    }

    /// Enqueues jobs that belong together; when all of them are finished, however they ended,
    /// `onComplete` is enqueued, once.
    ///
    /// Rejects as `enqueueMany`.
    #[napi(strict)]
    pub async fn enqueue_batch(&self, jobs: Vec<NewJob>, on_complete: Option<NewJob>) -> Result<Batch> {
        let jobs = jobs.into_iter().map(NewJob::into_core).collect();
        let on_complete = on_complete.map(NewJob::into_core);
        Ok(self.owner.jobs().await?.enqueue_batch(jobs, on_complete).await.map_err(rejection)?.into())
    }

    /// One batch; rejects with `not_found`.
    #[napi(strict)]
    pub async fn batch(&self, batch_id: String) -> Result<Batch> {
        let id = parse(batch_id)?;
        Ok(self.owner.jobs().await?.batch(id).await.map_err(rejection)?.into())
    }

    /// One job; rejects with `not_found`.
    #[napi(strict)]
    pub async fn get(&self, job_id: String) -> Result<Job> {
        let id = parse(job_id)?;
        Ok(self.owner.jobs().await?.get(id).await.map_err(rejection)?.into())
    }

    /// Jobs that pass the filter, latest enqueued first, a page at a time.
    #[napi(strict)]
    pub async fn list(&self, options: Option<JobListOptions>) -> Result<JobPage> {
        let (filter, page) = options.unwrap_or_default().into_core()?;
        Ok(self.owner.jobs().await?.list(filter, page).await.map_err(rejection)?.into())
    }

    /// How many jobs of each kind are in each state, in order of kinds.
    #[napi]
    pub async fn stats(&self) -> Result<Vec<KindStats>> {
        Ok(list(self.owner.jobs().await?.stats().await.map_err(rejection)?))
    }

    /// Calls a job off. One that waits is cancelled at once; the handler of one that runs is
    /// asked to stop, by `job.signal`, and what it did stays. The state the job was in.
    ///
    /// Rejects with `not_found`.
    #[napi(strict, ts_return_type = "Promise<JobState>")]
    pub async fn cancel(&self, job_id: String) -> Result<String> {
        let id = parse(job_id)?;
        Ok(self.owner.jobs().await?.cancel(id).await.map_err(rejection)?.to_string())
    }

    /// Makes a dead or cancelled job due again, with all its attempts.
    ///
    /// Rejects with `not_found`, `invalid_input` in another state, `already_exists` when another
    /// job has its unique key by now.
    #[napi(strict)]
    pub async fn requeue(&self, job_id: String) -> Result<()> {
        let id = parse(job_id)?;
        self.owner.jobs().await?.requeue(id).await.map_err(rejection)
    }

    /// Removes jobs that were finished more than `age` milliseconds ago; how many.
    #[napi(strict)]
    pub async fn prune(&self, #[napi(ts_arg_type = "number")] age: Millis) -> Result<i64> {
        Ok(number(self.owner.jobs().await?.prune(age.0).await.map_err(rejection)?))
    }

    /// Keeps a schedule: at each time that the cron expression names (minute, hour, day of
    /// month, month, day of week, or `@daily` and the like), the job is enqueued once, however
    /// many processes run. A time that the clock on the wall skips in the spring happens when
    /// it has skipped; one that it shows twice in the autumn happens the first time.
    ///
    /// The same name again replaces it; with the same times it stays at its next occurrence.
    ///
    /// Rejects with `invalid_input` for an unfit name, expression, zone or job.
    #[napi(strict)]
    pub async fn schedule(
        &self,
        name: String,
        cron: String,
        job: NewJob,
        options: Option<ScheduleOptions>,
    ) -> Result<Schedule> {
        let zone = options.and_then(|options| options.zone).unwrap_or_else(|| "UTC".to_owned());
        let schedule = NewSchedule::new(name, cron, zone, job.into_core());
        Ok(self.owner.jobs().await?.schedule(schedule).await.map_err(rejection)?.into())
    }

    /// Drops a schedule; what it has enqueued stays. Rejects with `not_found`.
    #[napi(strict)]
    pub async fn unschedule(&self, name: String) -> Result<()> {
        self.owner.jobs().await?.unschedule(&name).await.map_err(rejection)
    }

    /// All schedules, by name.
    #[napi]
    pub async fn schedules(&self) -> Result<Vec<Schedule>> {
        Ok(list(self.owner.jobs().await?.schedules().await.map_err(rejection)?))
    }

    /// Runs jobs of the kinds that have handlers here, and keeps schedules going, until it is
    /// asked to stop: by the signal, or because the workspace closes. Then it lets what runs
    /// finish for a while and hands back the rest.
    ///
    /// Rejects with `invalid_input` for unfit options, `forbidden` on a user's jobs, `storage`
    /// when the last ends cannot be written down, in which case these jobs run again.
    #[napi(strict, catch_unwind, ts_args_type = "options?: WorkOptions | undefined | null")]
    pub fn work<'env>(
        &self,
        env: &'env Env,
        options: Option<WorkOptions>,
        stop: &External<CancelToken>,
    ) -> Result<PromiseRaw<'env, WorkReport>> {
        let (owner, end) = (self.owner.clone(), event_loop::end(env)?);
        let mut options = options.unwrap_or_default().into_core();
        options.stop = CancelToken::clone(stop);
        env.spawn_future(async move {
            let jobs = owner.jobs().await?;
            let report = event_loop::stopped_by(end, options.stop.clone(), jobs.work(options)).await;
            Ok(report.map_err(rejection)?.into())
        })
    }

    /// For tests: runs what is due, here and now, one job after the other, until nothing is;
    /// how many attempts that were.
    ///
    /// Rejects with `forbidden` on a user's jobs.
    #[napi]
    pub async fn run_due(&self) -> Result<i64> {
        Ok(number(self.owner.jobs().await?.run_due().await.map_err(rejection)?))
    }

    /// For tests, with a workspace that was opened with `clock`: moves the clock on by so many
    /// milliseconds and runs everything that falls due on the way, at its time; how many
    /// attempts that were.
    ///
    /// Rejects with `forbidden` on a user's jobs.
    #[napi(strict)]
    pub async fn advance(
        &self,
        #[napi(ts_arg_type = "VirtualClock")] clock: ClockInput,
        #[napi(ts_arg_type = "number")] by: Millis,
    ) -> Result<i64> {
        Ok(number(self.owner.jobs().await?.advance(&clock.0, by.0).await.map_err(rejection)?))
    }
}

/// Makes `NewJob.ingestMail`.
#[napi(skip_typescript, strict, catch_unwind)]
pub fn new_ingest_mail(raw: Bytes) -> NewJob {
    besunny::NewJob::ingest_mail(&raw.0).into()
}

/// Makes `NewJob.ingestDocument`.
#[napi(skip_typescript, strict, catch_unwind)]
pub fn new_ingest_document(content: Content, options: Option<DocumentOptions>) -> Result<NewJob> {
    let document = options.unwrap_or_default().into_core(content.0)?;
    Ok(besunny::NewJob::ingest_document(document).map_err(rejection)?.into())
}

/// Makes `NewJob.reEmbed`.
#[napi(skip_typescript, catch_unwind)]
#[must_use]
pub fn new_re_embed() -> NewJob {
    besunny::NewJob::re_embed().into()
}

/// Makes `NewJob.train`.
#[napi(skip_typescript, catch_unwind)]
#[must_use]
pub fn new_train() -> NewJob {
    besunny::NewJob::train().into()
}

/// Makes `NewJob.rebuild`.
#[napi(skip_typescript, catch_unwind)]
#[must_use]
pub fn new_rebuild() -> NewJob {
    besunny::NewJob::rebuild().into()
}
