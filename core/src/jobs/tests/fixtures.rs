//! Queues, handlers and clocks to test with.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::base::{Clock, IdGenerator, JobId, Scope, Timestamp, VirtualClock, uuid_v7};
use crate::domain::{Access, Job, NewJob, Store};
use crate::jobs::{Attempt, Handler, JobError, JobQueue};
use crate::store::sqlite::SqliteStore;

pub(super) const START: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// Ids in order, with well-mixed last bytes.
#[derive(Default)]
pub(super) struct CountedIds(AtomicU64);

impl IdGenerator for CountedIds {
    fn next(&self, now: Timestamp) -> [u8; 16] {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        let mixed =
            count.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let mut random = [0; 10];
        random[..2].copy_from_slice(&count.to_be_bytes()[6..]);
        random[2..].copy_from_slice(&mixed.to_be_bytes());
        uuid_v7(now, random)
    }
}

pub(super) struct Fixture {
    pub(super) clock: VirtualClock,
    pub(super) store: Arc<dyn Store>,
    ids: Arc<CountedIds>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = SqliteStore::open(&folder.path().join("jobs.sqlite")).await.expect("opens");
        Self { clock: VirtualClock::new(START), store: Arc::new(store), ids: Arc::default(), _folder: folder }
    }

    /// What another process would have.
    pub(super) fn queue(&self) -> Arc<JobQueue> {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        Arc::new(JobQueue::new(Arc::clone(&self.store), clock, Arc::clone(&self.ids) as Arc<dyn IdGenerator>))
    }

    pub(super) async fn job(&self, id: JobId) -> Job {
        let mut read = self.store.begin(&Scope::service(), Access::Read).await.expect("begins");
        read.job(id).await.expect("reads").expect("is there")
    }
}

pub(super) async fn enqueue(queue: &JobQueue, new: NewJob) -> JobId {
    queue.enqueue(&Scope::service(), vec![new]).await.expect("enqueues")[0].id
}

/// A handler from a function.
pub(super) struct Does<F>(pub(super) F);

#[async_trait]
impl<F, R> Handler for Does<F>
where
    F: Fn(Attempt) -> R + Send + Sync,
    R: Future<Output = Result<(), JobError>> + Send,
{
    async fn run(&self, attempt: Attempt) -> Result<(), JobError> {
        (self.0)(attempt).await
    }
}

/// Which jobs ran, and how often.
#[derive(Clone, Default)]
pub(super) struct Effects(Arc<Mutex<BTreeMap<JobId, u32>>>);

impl Effects {
    pub(super) fn add(&self, job: &Job) {
        *self.0.lock().expect("unpoisoned").entry(job.id).or_default() += 1;
    }

    pub(super) fn counts(&self) -> Vec<u32> {
        self.0.lock().expect("unpoisoned").values().copied().collect()
    }
}
