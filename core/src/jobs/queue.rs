//! What a process knows about its jobs: where they are stored, who handles them, and which
//! of them run here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;

use super::attempt::{Attempt, Handler};
use crate::base::{
    BatchId, CancelToken, Clock, Error, ErrorKind, IdGenerator, JobId, LeaseId, Result, Scope, Timestamp,
};
use crate::domain::{Access, Batch, Enqueued, Job, JobState, NewJob, Store, Transaction, check_kind};

/// The jobs of a workspace, in one process.
pub(crate) struct JobQueue {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    handlers: RwLock<BTreeMap<String, Arc<dyn Handler>>>,
    /// Grows when there may be work; workers of this process wake up.
    wake: watch::Sender<u64>,
    /// The tokens of the jobs that run in this process.
    running: Mutex<HashMap<JobId, CancelToken>>,
    pub(super) closing: CancelToken,
    /// Held for reading by each worker while it works.
    pub(super) at_work: tokio::sync::RwLock<()>,
}

impl JobQueue {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, ids: Arc<dyn IdGenerator>) -> Self {
        Self {
            store,
            clock,
            ids,
            handlers: RwLock::default(),
            wake: watch::Sender::new(0),
            running: Mutex::default(),
            closing: CancelToken::new(),
            at_work: tokio::sync::RwLock::new(()),
        }
    }

    /// Says who does jobs of a kind; who did so before does no more.
    pub(crate) fn register(&self, kind: &str, handler: Arc<dyn Handler>) -> Result<()> {
        check_kind("jobs.handler", kind)?;
        self.handlers.write().unwrap_or_else(PoisonError::into_inner).insert(kind.to_owned(), handler);
        self.wake();
        Ok(())
    }

    /// The kinds that somebody here does.
    pub(super) fn kinds(&self) -> Vec<String> {
        self.handlers.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(super) fn handler(&self, kind: &str) -> Option<Arc<dyn Handler>> {
        self.handlers.read().unwrap_or_else(PoisonError::into_inner).get(kind).map(Arc::clone)
    }

    /// Asks all workers to end, waits until they have, and forgets the handlers.
    pub(crate) async fn close(&self) {
        self.closing.cancel();
        self.wake();
        let _all_ended = self.at_work.write().await;
        self.handlers.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Wakes the workers of this process.
    pub(crate) fn wake(&self) {
        self.wake.send_modify(|count| *count += 1);
    }

    pub(super) fn awake(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    pub(super) fn id(&self, now: Timestamp) -> [u8; 16] {
        self.ids.next(now)
    }

    pub(super) fn lease(&self, now: Timestamp) -> LeaseId {
        LeaseId::from_bytes(self.id(now))
    }

    /// Uniform over its range: the last bytes of a fresh id are random.
    pub(super) fn random(&self, now: Timestamp) -> u64 {
        let [.., a, b, c, d, e, f, g] = self.id(now);
        u64::from_be_bytes([a, b, c, d, e, f, g, 0])
    }

    pub(super) fn started(&self, attempt: &Attempt) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(attempt.job.id, attempt.cancel.clone());
    }

    pub(super) fn stopped(&self, job: JobId) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
    }

    fn job(&self, new: NewJob, scope: &Scope, now: Timestamp) -> Result<Job> {
        new.into_job(JobId::from_bytes(self.id(now)), scope.tenant(), now)
    }

    /// Enqueues jobs for the transaction's tenant, in the transaction: they exist when it is
    /// committed, and not otherwise.
    pub(crate) async fn enqueue_in(
        &self,
        transaction: &mut dyn Transaction,
        new: Vec<NewJob>,
    ) -> Result<Vec<Enqueued>> {
        let (now, scope) = (self.clock.now(), transaction.scope().clone());
        let jobs = new.into_iter().map(|new| self.job(new, &scope, now)).collect::<Result<Vec<_>>>()?;
        transaction.enqueue(&jobs).await
    }

    /// Enqueues jobs, all or none of them.
    pub(crate) async fn enqueue(&self, scope: &Scope, new: Vec<NewJob>) -> Result<Vec<Enqueued>> {
        let mut write = self.store.begin(scope, Access::Work).await?;
        let enqueued = self.enqueue_in(&mut *write, new).await?;
        write.commit().await?;
        self.wake();
        Ok(enqueued)
    }

    /// Enqueues jobs as a batch; `on_complete` is enqueued when all of them are finished.
    pub(crate) async fn enqueue_batch(
        &self,
        scope: &Scope,
        new: Vec<NewJob>,
        on_complete: Option<NewJob>,
    ) -> Result<Batch> {
        let now = self.clock.now();
        let id = BatchId::from_bytes(self.id(now));
        let mut jobs = new.into_iter().map(|new| self.job(new, scope, now)).collect::<Result<Vec<_>>>()?;
        jobs.iter_mut().for_each(|job| job.batch = Some(id));
        if let Some(last) = &on_complete {
            // Refused now, while somebody listens.
            self.job(last.clone(), scope, now)?;
        }
        let mut write = self.store.begin(scope, Access::Work).await?;
        let enqueued = write.enqueue(&jobs).await?;
        // A job that was there before is another's, and not waited for.
        let total = enqueued.iter().filter(|enqueued| enqueued.is_new).count() as u64;
        let mut batch = Batch::new(id, scope.tenant(), total, on_complete, now);
        batch.completed_at = (total == 0).then_some(now);
        write.insert_batch(&batch).await?;
        if total == 0 {
            self.complete(&mut *write, vec![batch.clone()], now).await?;
        }
        write.commit().await?;
        self.wake();
        Ok(batch)
    }

    /// Enqueues the completion jobs of batches that have just ended.
    pub(super) async fn complete(
        &self,
        transaction: &mut dyn Transaction,
        batches: Vec<Batch>,
        now: Timestamp,
    ) -> Result<()> {
        let mut jobs = Vec::new();
        for batch in batches {
            if let Some(new) = batch.on_complete {
                jobs.push(new.into_job(JobId::from_bytes(self.id(now)), batch.tenant, now)?);
            }
        }
        if !jobs.is_empty() {
            transaction.enqueue(&jobs).await?;
        }
        Ok(())
    }

    /// Calls a job off; the state it was in.
    pub(crate) async fn cancel(&self, scope: &Scope, id: JobId) -> Result<JobState> {
        let now = self.clock.now();
        let mut write = self.store.begin(scope, Access::Work).await?;
        let (state, batches) = write.cancel_job(id, now).await?;
        let state = state.ok_or_else(|| missing("jobs.cancel", id))?;
        self.complete(&mut *write, batches, now).await?;
        write.commit().await?;
        self.raise(id);
        self.wake();
        Ok(state)
    }

    /// Tells the handler of a job, if it runs in this process; its worker sees the request
    /// in the store.
    fn raise(&self, id: JobId) {
        if let Some(token) = self.running.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            token.cancel();
        }
    }

    /// Makes a dead or cancelled job due again.
    pub(crate) async fn requeue(&self, scope: &Scope, id: JobId) -> Result<()> {
        let operation = "jobs.requeue";
        let mut write = self.store.begin(scope, Access::Work).await?;
        match write.requeue_job(id, self.clock.now()).await? {
            None => return Err(missing(operation, id)),
            Some(JobState::Dead | JobState::Cancelled) => {}
            Some(state) => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    operation,
                    "only a dead or cancelled job is requeued",
                )
                .with("job", id)
                .with("state", state));
            }
        }
        write.commit().await?;
        self.wake();
        Ok(())
    }
}

pub(crate) fn missing(operation: &'static str, id: JobId) -> Error {
    Error::new(ErrorKind::NotFound, operation, "no such job").with("job", id)
}
