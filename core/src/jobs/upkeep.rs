//! What a worker does beside working: it keeps its leases, stops what is called off or takes
//! too long, takes over from workers that are gone, keeps schedules going, and removes what
//! is long done.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::attempt::Stop;
use super::queue::JobQueue;
use super::worker::Worker;
use crate::base::{JobId, Result, Scope};
use crate::domain::{Access, JobLease, LeaseState};

/// How often a worker looks after what it runs.
const PULSE: Duration = Duration::from_millis(50);
/// How often it asks whether somebody called one of its jobs off, and writes down how far
/// they are.
const ASK: Duration = Duration::from_millis(500);
/// How often it does what any worker could do for all.
const ROUND: Duration = Duration::from_secs(1);
const PRUNE: Duration = Duration::from_secs(60);
/// How long a handler may take to notice that its job was called off.
const TIME_TO_STOP: Duration = Duration::from_secs(5);
/// How many jobs one transaction rescues or removes.
const ROWS: u32 = 1000;

/// When what is due.
pub(super) struct Upkeep {
    pulse: Instant,
    ask: Instant,
    beat: Instant,
    round: Instant,
    prune: Instant,
    lease: Duration,
    /// When to stop waiting for handlers that were asked to stop.
    overdue: Vec<(JobId, Instant)>,
}

impl Upkeep {
    pub(super) fn new(lease: Duration) -> Self {
        let now = Instant::now();
        Self {
            pulse: now,
            ask: now + ASK,
            beat: now + lease / 3,
            // Orphans of an earlier run wait for nobody else.
            round: now,
            prune: now + ROUND,
            lease,
            overdue: Vec::new(),
        }
    }

    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.pulse
    }

    pub(super) fn next(&self) -> Instant {
        self.pulse
    }

    /// Does what is due.
    pub(super) async fn keep(&mut self, worker: &mut Worker) {
        let now = Instant::now();
        self.pulse = now + PULSE.min(self.lease / 6);
        self.stop_the_overdue(worker, now);
        if let Err(error) = self.reach_the_store(worker, now).await {
            tracing::warn!(%error, "a worker could not reach the store; it tries again");
        }
    }

    fn stop_the_overdue(&mut self, worker: &mut Worker, now: Instant) {
        for running in worker.running.values_mut() {
            if running.stop.is_none() && running.deadline.is_some_and(|deadline| deadline <= now) {
                let limit = running.attempt.job.timeout.unwrap_or_default();
                running.stop = Some(Stop::TimedOut(limit));
                running.deadline = None;
                running.attempt.cancel.cancel();
                running.task.abort();
            }
            // Called off in this process.
            if running.stop.is_none() && running.attempt.cancel.is_cancelled() {
                running.stop = Some(Stop::Cancelled);
                self.overdue.push((running.lease.job, now + TIME_TO_STOP));
            }
            let job = running.lease.job;
            if self.overdue.iter().any(|&(overdue, at)| overdue == job && at <= now) {
                running.task.abort();
            }
        }
        self.overdue.retain(|&(_, at)| at > now);
    }

    async fn reach_the_store(&mut self, worker: &mut Worker, now: Instant) -> Result<()> {
        let queue = Arc::clone(&worker.queue);
        if now >= self.ask {
            self.ask = now + ASK;
            queue.keep_progress(worker).await?;
            let leases: Vec<JobLease> = worker.running.values().map(|running| running.lease).collect();
            if !leases.is_empty() {
                let mut read = queue.store.begin(&Scope::service(), Access::Read).await?;
                for job in read.cancel_requests(&leases).await? {
                    call_off(worker, job);
                }
            }
        }
        if now >= self.beat {
            self.beat = now + self.lease / 3;
            queue.beat(worker, self.lease).await?;
        }
        if now >= self.round {
            self.round = now + ROUND.min(self.lease / 2);
            queue.tick().await?;
            while queue.rescue().await? == u64::from(ROWS) {}
        }
        if now >= self.prune {
            self.prune = now + PRUNE;
            if let Some(age) = worker.options.keep_finished {
                let before = queue.clock.now().before(age);
                while queue.prune(&Scope::service(), before).await? == u64::from(ROWS) {}
            }
        }
        Ok(())
    }
}

fn call_off(worker: &Worker, job: JobId) {
    for running in worker.running.values().filter(|running| running.lease.job == job) {
        running.attempt.cancel.cancel();
    }
}

impl JobQueue {
    /// Extends a worker's leases, and stops what it has lost.
    async fn beat(&self, worker: &mut Worker, lease: Duration) -> Result<()> {
        let leases = worker.leases();
        if leases.is_empty() {
            return Ok(());
        }
        let mut write = self.store.begin(&Scope::service(), Access::Work).await?;
        let states = write.extend_leases(&leases, self.clock.now().after(lease)).await?;
        write.commit().await?;
        for (held, state) in leases.iter().zip(states) {
            match state {
                LeaseState::Held => {}
                LeaseState::CancelRequested => call_off(worker, held.job),
                LeaseState::Lost => {
                    for running in worker.running.values_mut().filter(|running| running.lease == *held) {
                        running.stop = Some(Stop::Lost);
                        running.attempt.cancel.cancel();
                        running.task.abort();
                    }
                }
            }
        }
        Ok(())
    }

    async fn keep_progress(&self, worker: &Worker) -> Result<()> {
        let new = worker
            .running
            .values()
            .filter_map(|running| Some((running.lease, running.attempt.progress.take()?)));
        let new: Vec<_> = new.collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut write = self.store.begin(&Scope::service(), Access::Work).await?;
        write.put_progress(&new).await?;
        write.commit().await
    }

    /// Takes jobs from workers that are gone; how many.
    pub(crate) async fn rescue(&self) -> Result<u64> {
        let now = self.clock.now();
        let mut write = self.store.begin(&Scope::service(), Access::Work).await?;
        let (rescued, batches) = write.rescue_jobs(now, ROWS).await?;
        if rescued == 0 {
            return Ok(0);
        }
        self.complete(&mut *write, batches, now).await?;
        write.commit().await?;
        tracing::warn!(rescued, "took jobs over from workers that are gone");
        self.wake();
        Ok(rescued)
    }

    /// Removes jobs that were finished before an instant; how many, at most a thousand.
    pub(crate) async fn prune(&self, scope: &Scope, before: crate::base::Timestamp) -> Result<u64> {
        let mut write = self.store.begin(scope, Access::Work).await?;
        let pruned = write.prune_jobs(before, ROWS).await?;
        write.commit().await?;
        Ok(pruned)
    }
}
