//! What a store can do with jobs and schedules.
//!
//! Terms: to *claim* a job is to take it for an attempt; who claims it holds its *lease*
//! until an instant, and may extend it; a job whose lease has run out is an *orphan*.
//!
//! A user's scope sees the user's jobs. The service scope sees all of them, for it is the
//! workspace's workers that do everybody's; only it may claim and what follows from that.

use async_trait::async_trait;

use super::{
    Batch, Enqueued, Job, JobFailure, JobFilter, JobProgress, JobState, JobStats, Page, PageRequest, Schedule,
};
use crate::base::{BatchId, JobId, LeaseId, Result, TenantId, Timestamp};

/// Which jobs to claim, and for how long.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// Of these kinds.
    pub kinds: &'a [String],
    /// At most so many.
    pub limit: u32,
    /// Names the claim; never used before.
    pub lease: LeaseId,
    /// When the lease runs out.
    pub until: Timestamp,
    /// The present instant.
    pub now: Timestamp,
}

/// The right to finish a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobLease {
    /// The job.
    pub job: JobId,
    /// The claim.
    pub lease: LeaseId,
}

/// What has become of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// It holds.
    Held,
    /// It holds, and somebody asked to call the job off.
    CancelRequested,
    /// It was lost: the job was rescued, and is somebody else's, or finished.
    Lost,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// Done.
    Succeeded,
    /// To be tried again, not before an instant.
    Retry(Timestamp, JobFailure),
    /// Failed for good.
    Dead(JobFailure),
    /// Stopped because somebody called it off.
    Cancelled,
    /// Not done, through no fault of its own: due again at once, and the attempt does not
    /// count.
    HandedBack,
}

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedJob {
    /// Whose attempt.
    pub lease: JobLease,
    /// How.
    pub end: JobEnd,
}

/// What there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobOutlook {
    /// Whether something can be claimed now.
    pub is_due: bool,
    /// When the next job or the next schedule falls due; not before the present.
    pub next_at: Option<Timestamp>,
}

/// Jobs. Calls that can end jobs give the batches that ended with them, each exactly once:
/// their completion jobs are to be enqueued in the same transaction.
#[async_trait]
pub trait JobStore {
    /// Adds jobs, in this order; a job whose unique key is taken is not added. `Forbidden`
    /// for a job of another tenant than a user's own.
    async fn enqueue(&mut self, jobs: &[Job]) -> Result<Vec<Enqueued>>;
    /// Adds a batch, whose jobs are enqueued in the same transaction.
    async fn insert_batch(&mut self, batch: &Batch) -> Result<()>;
    /// One batch.
    async fn batch(&mut self, id: BatchId) -> Result<Option<Batch>>;
    /// One job.
    async fn job(&mut self, id: JobId) -> Result<Option<Job>>;
    /// Jobs that pass `filter`, latest enqueued first.
    async fn jobs(&mut self, filter: &JobFilter, page: &PageRequest) -> Result<Page<Job>>;
    /// How many jobs of each kind are in each state.
    async fn job_stats(&mut self) -> Result<JobStats>;
    /// Calls a job off: one that waits is cancelled, one that runs is marked so that its
    /// worker stops it. The state it was in (`None` when it is not there), and batches that
    /// ended.
    async fn cancel_job(&mut self, id: JobId, now: Timestamp) -> Result<(Option<JobState>, Vec<Batch>)>;
    /// Makes a dead or cancelled job due again, with all its attempts; the state it was in,
    /// and in any other state nothing happens. `AlreadyExists` when its unique key is taken
    /// by now.
    async fn requeue_job(&mut self, id: JobId, now: Timestamp) -> Result<Option<JobState>>;

    /// Removes at most `limit` jobs that were finished before an instant, and batches that
    /// were completed before it; how many jobs.
    async fn prune_jobs(&mut self, before: Timestamp, limit: u32) -> Result<u64>;
}

/// What workers do with jobs. Calls that can end jobs give the batches that ended with them,
/// as those of [`JobStore`] do.
#[async_trait]
pub trait JobWork {
    /// Whether something can be claimed of these kinds, and if not, when.
    async fn job_outlook(&mut self, kinds: &[String], now: Timestamp) -> Result<JobOutlook>;
    /// Takes due jobs for an attempt each: by priority, then by their time, then in the order
    /// they were enqueued, as far as concurrency limits allow.
    async fn claim_jobs(&mut self, claim: &Claim<'_>) -> Result<Vec<Job>>;
    /// Extends leases, and says what has become of each.
    async fn extend_leases(&mut self, leases: &[JobLease], until: Timestamp) -> Result<Vec<LeaseState>>;
    /// Of these leases' jobs, those that somebody asked to call off.
    async fn cancel_requests(&mut self, leases: &[JobLease]) -> Result<Vec<JobId>>;
    /// Ends attempts. One whose lease was lost does not count; a job that somebody called off
    /// is not tried again.
    async fn finish_jobs(&mut self, finished: &[FinishedJob], now: Timestamp) -> Result<Vec<Batch>>;
    /// Keeps how far jobs are, where the lease holds.
    async fn put_progress(&mut self, progress: &[(JobLease, JobProgress)]) -> Result<()>;
    /// Takes at most `limit` orphans from workers that are gone: due again at once, or dead
    /// when that was the last attempt. How many.
    async fn rescue_jobs(&mut self, now: Timestamp, limit: u32) -> Result<(u64, Vec<Batch>)>;
}

/// Schedules.
#[async_trait]
pub trait ScheduleStore {
    /// Keeps a schedule; one of the same owner and name is replaced.
    async fn put_schedule(&mut self, schedule: &Schedule) -> Result<()>;
    /// All schedules, by name.
    async fn schedules(&mut self) -> Result<Vec<Schedule>>;
    /// Drops a schedule of this tenant; whether it was there.
    async fn delete_schedule(&mut self, tenant: TenantId, name: &str) -> Result<bool>;
    /// Schedules with an occurrence at or before `now`, the earliest first.
    async fn due_schedules(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Schedule>>;
    /// Moves a schedule on from the occurrence it stands at. `false` when it does not stand
    /// there any more: then another scheduler has enqueued that occurrence.
    async fn advance_schedule(
        &mut self,
        schedule: &Schedule,
        next: Option<Timestamp>,
        last: Timestamp,
    ) -> Result<bool>;
}

/// Word of jobs that were enqueued, by whichever process. It only shortens waits: who waits
/// for jobs looks for them, also when no word comes.
#[async_trait]
pub trait JobCalls: Send {
    /// Returns when jobs may have been enqueued since the last time.
    async fn next(&mut self);
    /// Whether words come at all, so that looking may be rarer.
    fn are_heard(&self) -> bool;
}
