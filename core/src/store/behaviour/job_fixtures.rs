//! Jobs to test with.

use std::time::Duration;

use serde_json::json;

use super::fixtures::{NOW, read};
use crate::base::{JobId, LeaseId, Scope, Timestamp};
use crate::domain::{Access, Batch, Claim, Enqueued, FinishedJob, Job, JobEnd, JobLease, NewJob, Store};

/// A job of kind `work` that is ready, changed by `change`.
pub(in crate::store) fn job(number: u8, scope: &Scope, change: impl FnOnce(&mut NewJob)) -> Job {
    let mut new = NewJob::new("work", json!({ "number": number }));
    change(&mut new);
    new.into_job(JobId::from_bytes([number; 16]), scope.tenant(), NOW).expect("a job")
}

/// Enqueues jobs in a transaction of their own.
pub(in crate::store) async fn enqueue(store: &dyn Store, scope: &Scope, jobs: &[Job]) -> Vec<Enqueued> {
    let mut write = store.begin(scope, Access::Work).await.expect("begins");
    let enqueued = write.enqueue(jobs).await.expect("enqueues");
    write.commit().await.expect("commits");
    enqueued
}

/// Claims jobs of kind `work` for a minute.
pub(in crate::store) async fn claim(store: &dyn Store, number: u8, limit: u32, now: Timestamp) -> Vec<Job> {
    let mut write = store.begin(&Scope::service(), Access::Claim).await.expect("begins");
    let until = now.after(Duration::from_secs(60));
    let lease = LeaseId::from_bytes([number; 16]);
    let claim = Claim { kinds: &["work".to_owned()], limit, lease, until, now };
    let claimed = write.claim_jobs(&claim).await.expect("claims");
    write.commit().await.expect("commits");
    claimed
}

pub(in crate::store) fn lease(number: u8, job: &Job) -> JobLease {
    JobLease { job: job.id, lease: LeaseId::from_bytes([number; 16]) }
}

/// Ends jobs that claim `number` took, all in the same way.
pub(in crate::store) async fn finish(
    store: &dyn Store,
    number: u8,
    jobs: &[Job],
    end: JobEnd,
    now: Timestamp,
) -> Vec<Batch> {
    let finished: Vec<FinishedJob> =
        jobs.iter().map(|job| FinishedJob { lease: lease(number, job), end: end.clone() }).collect();
    let mut write = store.begin(&Scope::service(), Access::Work).await.expect("begins");
    let complete = write.finish_jobs(&finished, now).await.expect("finishes");
    write.commit().await.expect("commits");
    complete
}

/// A job as it is stored now.
pub(in crate::store) async fn stored(store: &dyn Store, number: u8) -> Job {
    let mut read = read(store, &Scope::service()).await;
    read.job(JobId::from_bytes([number; 16])).await.expect("reads").expect("is there")
}

pub(in crate::store) fn seconds(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

/// The number in the payload of each job.
pub(in crate::store) fn numbers(jobs: &[Job]) -> Vec<u64> {
    jobs.iter().map(|job| job.payload["number"].as_u64().expect("a number")).collect()
}
