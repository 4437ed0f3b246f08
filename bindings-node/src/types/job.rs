//! Jobs, batches and schedules.

use napi_derive::napi;

use super::json::Json;
use super::time::{Instant, Millis};
use super::{list, number};
use crate::options::jobs::NewJob;

/// What enqueueing did.
#[napi(object, object_from_js = false)]
pub struct Enqueued {
    /// The job: an earlier one where the unique key was taken.
    pub id: String,
    /// Whether it is new.
    pub is_new: bool,
}

/// A job as stored.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Job {
    /// Names the job.
    pub id: String,
    /// Who enqueued it and owns what it works on: the id of a user; all zeros for the workspace
    /// itself.
    pub tenant: String,
    /// Where it stands.
    #[napi(ts_type = "JobState")]
    pub state: String,
    /// What to do.
    pub kind: String,
    /// With what.
    #[napi(ts_type = "unknown")]
    pub payload: Json,
    /// Jobs of higher priority go first.
    pub priority: i32,
    /// Not before this instant.
    #[napi(ts_type = "Date")]
    pub run_at: Instant,
    /// While it is not finished, another job of the same owner and kind with this key is this
    /// one.
    pub unique_key: Option<String>,
    /// How often it was tried; while it runs, the number of this attempt, from 1.
    pub attempt: u32,
    /// How often it is tried at most.
    pub max_attempts: u32,
    /// How many milliseconds one attempt may take; `null`: any number.
    #[napi(ts_type = "number")]
    pub timeout: Option<Millis>,
    /// Of the owner's jobs of this kind with this key, at most `concurrencyLimit` run at once.
    pub concurrency_key: Option<String>,
    /// See `concurrencyKey`.
    pub concurrency_limit: u32,
    /// The batch it belongs to.
    pub batch: Option<String>,
    /// Whether somebody asked to call it off while it ran.
    pub cancel_requested: bool,
    /// How far its handler says it is.
    pub progress: Option<JobProgress>,
    /// Why the last attempt failed.
    pub failure: Option<AttemptFailure>,
    /// When it was enqueued.
    #[napi(ts_type = "Date")]
    pub created_at: Instant,
    /// When its last attempt began.
    #[napi(ts_type = "Date")]
    pub started_at: Option<Instant>,
    /// When it was finished.
    #[napi(ts_type = "Date")]
    pub finished_at: Option<Instant>,
}

/// How far a running job is.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct JobProgress {
    /// From 0 to 1.
    pub fraction: f64,
    /// In words.
    pub message: Option<String>,
}

/// Why an attempt failed.
#[napi(object, object_from_js = false)]
pub struct AttemptFailure {
    /// An `ErrorCode`, or `handler` for a handler's own error, `panic`, `timeout`, `cancelled`,
    /// `worker_lost`.
    pub code: String,
    /// In words.
    pub message: String,
}

/// One page of jobs.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct JobPage {
    /// The jobs, latest enqueued first.
    pub items: Vec<Job>,
    /// Hand this to the next call as `after`; `null` on the last page.
    pub next: Option<String>,
}

/// Jobs that are waited for together.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Batch {
    /// Names the batch.
    pub id: String,
    /// Its owner: the id of a user; all zeros for the workspace itself.
    pub tenant: String,
    /// How many jobs it has.
    pub total: i64,
    /// How many of them are not finished.
    pub pending: i64,
    /// How many of them died.
    pub dead: i64,
    /// How many of them were cancelled.
    pub cancelled: i64,
    /// The job that is enqueued when all of them are finished, however they ended.
    pub on_complete: Option<NewJob>,
    /// When it was enqueued.
    #[napi(ts_type = "Date")]
    pub created_at: Instant,
    /// When the last of its jobs was finished.
    #[napi(ts_type = "Date")]
    pub completed_at: Option<Instant>,
}

/// How many jobs of one kind are in each state.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct KindStats {
    /// The kind.
    pub kind: String,
    /// Wait for their time.
    pub scheduled: i64,
    /// Are due.
    pub ready: i64,
    /// Run.
    pub running: i64,
    /// Are done.
    pub succeeded: i64,
    /// Will be tried again.
    pub failed: i64,
    /// Failed for good.
    pub dead: i64,
    /// Were called off.
    pub cancelled: i64,
    /// Since when the one that has been due longest is due.
    #[napi(ts_type = "Date")]
    pub oldest_ready: Option<Instant>,
}

/// When a job is enqueued again and again.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Schedule {
    /// Its owner: the id of a user; all zeros for the workspace itself.
    pub tenant: String,
    /// Names it, uniquely for its owner.
    pub name: String,
    /// When, as a cron expression.
    pub cron: String,
    /// In which time zone, by its IANA name.
    pub zone: String,
    /// What is enqueued.
    pub job: NewJob,
    /// The next occurrence; `null` when there is none in reach of the calendar.
    #[napi(ts_type = "Date")]
    pub next_at: Option<Instant>,
    /// The last occurrence that was enqueued.
    #[napi(ts_type = "Date")]
    pub last_at: Option<Instant>,
    /// When it was first kept.
    #[napi(ts_type = "Date")]
    pub created_at: Instant,
}

/// What a worker did until it ended.
#[napi(object, object_from_js = false)]
pub struct WorkReport {
    /// Attempts that succeeded.
    pub succeeded: i64,
    /// Attempts that failed, of jobs that will be tried again.
    pub failed: i64,
    /// Jobs that failed for good.
    pub dead: i64,
    /// Jobs that were stopped because somebody called them off.
    pub cancelled: i64,
    /// Jobs that were handed back unfinished.
    pub handed_back: i64,
}

impl From<besunny::Enqueued> for Enqueued {
    fn from(enqueued: besunny::Enqueued) -> Self {
        Self { id: enqueued.id.to_string(), is_new: enqueued.is_new }
    }
}

impl From<besunny::Job> for Job {
    fn from(job: besunny::Job) -> Self {
        Self {
            id: job.id.to_string(),
            tenant: job.tenant.to_string(),
            state: job.state.to_string(),
            kind: job.kind,
            payload: Json(job.payload),
            priority: job.priority,
            run_at: job.run_at.into(),
            unique_key: job.unique_key,
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            timeout: job.timeout.map(Millis),
            concurrency_key: job.concurrency_key,
            concurrency_limit: job.concurrency_limit,
            batch: job.batch.map(|id| id.to_string()),
            cancel_requested: job.cancel_requested,
            progress: job.progress.map(JobProgress::from),
            failure: job.failure.map(AttemptFailure::from),
            created_at: job.created_at.into(),
            started_at: job.started_at.map(Instant::from),
            finished_at: job.finished_at.map(Instant::from),
        }
    }
}

impl From<besunny::JobProgress> for JobProgress {
    fn from(progress: besunny::JobProgress) -> Self {
        Self { fraction: progress.fraction, message: progress.message }
    }
}

impl From<besunny::JobFailure> for AttemptFailure {
    fn from(failure: besunny::JobFailure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}

impl From<besunny::Page<besunny::Job>> for JobPage {
    fn from(page: besunny::Page<besunny::Job>) -> Self {
        Self { items: list(page.items), next: page.next }
    }
}

impl From<besunny::Batch> for Batch {
    fn from(batch: besunny::Batch) -> Self {
        Self {
            id: batch.id.to_string(),
            tenant: batch.tenant.to_string(),
            total: number(batch.total),
            pending: number(batch.pending),
            dead: number(batch.dead),
            cancelled: number(batch.cancelled),
            on_complete: batch.on_complete.map(NewJob::from),
            created_at: batch.created_at.into(),
            completed_at: batch.completed_at.map(Instant::from),
        }
    }
}

impl From<besunny::KindStats> for KindStats {
    fn from(stats: besunny::KindStats) -> Self {
        Self {
            kind: stats.kind,
            scheduled: number(stats.scheduled),
            ready: number(stats.ready),
            running: number(stats.running),
            succeeded: number(stats.succeeded),
            failed: number(stats.failed),
            dead: number(stats.dead),
            cancelled: number(stats.cancelled),
            oldest_ready: stats.oldest_ready.map(Instant::from),
        }
    }
}

impl From<besunny::Schedule> for Schedule {
    fn from(schedule: besunny::Schedule) -> Self {
        Self {
            tenant: schedule.tenant.to_string(),
            name: schedule.name,
            cron: schedule.cron,
            zone: schedule.zone,
            job: schedule.job.into(),
            next_at: schedule.next_at.map(Instant::from),
            last_at: schedule.last_at.map(Instant::from),
            created_at: schedule.created_at.into(),
        }
    }
}

impl From<besunny::WorkReport> for WorkReport {
    fn from(report: besunny::WorkReport) -> Self {
        Self {
            succeeded: number(report.succeeded),
            failed: number(report.failed),
            dead: number(report.dead),
            cancelled: number(report.cancelled),
            handed_back: number(report.handed_back),
        }
    }
}
