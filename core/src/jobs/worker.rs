//! The loop that claims jobs, runs them, and writes down how they ended.
//!
//! Claims and ends go through one transaction for many jobs, so that a flush to the disk is
//! shared by as many of them as are short.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::attempt::{Attempt, Retry, Stop};
use super::error::JobError;
use super::options::{WorkOptions, WorkReport};
use super::queue::JobQueue;
use super::upkeep::Upkeep;
use crate::base::{Error, ErrorKind, LeaseId, Result, Scope};
use crate::domain::{Access, Claim, FinishedJob, Job, JobEnd, JobLease};

/// How long the store is left alone between two looks for work, when there was none.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// How long an end waits at most to be written down with others.
const LATEST_END: Duration = Duration::from_millis(30);
/// A worker claims what it would do in this time beyond what it has room for, ...
const AHEAD: Duration = Duration::from_millis(100);
/// ... so many at most, ...
const MOST_AHEAD: usize = 500;
/// ... and gives back what it did not get to in this time.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What runs.
pub(super) struct Running {
    pub(super) attempt: Attempt,
    pub(super) lease: JobLease,
    pub(super) task: AbortHandle,
    pub(super) stop: Option<Stop>,
    /// When the attempt has taken too long.
    pub(super) deadline: Option<Instant>,
}

type Ended = Result<(Id, Result<(), JobError>), JoinError>;

pub(super) struct Worker {
    pub(super) queue: Arc<JobQueue>,
    pub(super) options: WorkOptions,
    tasks: JoinSet<Result<(), JobError>>,
    pub(super) running: HashMap<Id, Running>,
    /// Claimed, but not begun; and since when.
    waiting: VecDeque<(Job, LeaseId)>,
    waiting_since: Instant,
    /// Ended, but not written down.
    finished: Vec<FinishedJob>,
    report: WorkReport,
    /// Jobs that ended since the last turn, and how many that makes a second.
    ended: usize,
    rate: f64,
    last_turn: Instant,
    /// When to look for work again, and how long to wait after that.
    next_look: Instant,
    pause: Duration,
    is_idle: bool,
}

impl JobQueue {
    /// Works until it is asked to stop.
    pub(crate) async fn work(self: Arc<Self>, options: WorkOptions) -> Result<WorkReport> {
        options.check()?;
        let _at_work = self.at_work.read().await;
        if self.closing.is_cancelled() {
            return Err(Error::new(ErrorKind::Closed, "jobs.work", "the workspace is closed; open it again"));
        }
        let now = Instant::now();
        let worker = Worker {
            queue: Arc::clone(&self),
            options,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            waiting: VecDeque::new(),
            waiting_since: now,
            finished: Vec::new(),
            report: WorkReport::default(),
            ended: 0,
            rate: 0.0,
            last_turn: now,
            next_look: now,
            pause: SHORTEST_PAUSE,
            is_idle: false,
        };
        worker.run().await
    }
}

impl Worker {
    async fn run(mut self) -> Result<WorkReport> {
        let mut awake = self.queue.awake();
        let mut upkeep = Upkeep::new(self.options.lease);
        while !self.is_stopping() {
            self.begin_waiting();
            if self.has_turn() {
                self.survive("a turn", Self::turn).await;
                self.begin_waiting();
            }
            if upkeep.is_due() {
                self.give_back_what_waits();
                upkeep.keep(&mut self).await;
            }
            if self.is_idle && self.options.until_idle && self.running.is_empty() && self.finished.is_empty()
            {
                break;
            }
            let next = self.next_event(&upkeep);
            tokio::select! {
                biased;
                Some(ended) = self.tasks.join_next_with_id() => self.note(ended),
                changed = awake.changed() => {
                    if changed.is_ok() {
                        self.look_now();
                    }
                }
                () = tokio::time::sleep_until(next) => {}
            }
            while let Some(ended) = self.tasks.try_join_next_with_id() {
                self.note(ended);
            }
        }
        self.end(upkeep).await
    }

    fn is_stopping(&self) -> bool {
        self.options.stop.is_cancelled() || self.queue.closing.is_cancelled()
    }

    fn free(&self) -> usize {
        self.options.concurrency.saturating_sub(self.running.len())
    }

    fn look_now(&mut self) {
        (self.next_look, self.pause, self.is_idle) = (Instant::now(), SHORTEST_PAUSE, false);
    }

    /// Whether it is time to write down what ended and claim what is next.
    fn has_turn(&self) -> bool {
        let now = Instant::now();
        let wants_work = self.waiting.is_empty() && self.free() > 0;
        let has_ends = !self.finished.is_empty();
        (wants_work && (has_ends || now >= self.next_look))
            || (has_ends && now >= self.last_turn + LATEST_END)
    }

    fn next_event(&self, upkeep: &Upkeep) -> Instant {
        let mut next = upkeep.next();
        if self.waiting.is_empty() && self.free() > 0 {
            next = next.min(self.next_look);
        }
        if !self.finished.is_empty() {
            next = next.min(self.last_turn + LATEST_END);
        }
        self.running.values().filter_map(|running| running.deadline).fold(next, Instant::min)
    }

    /// Writes down what ended and claims what is next, in one transaction.
    async fn turn(&mut self) -> Result<()> {
        let queue = Arc::clone(&self.queue);
        let service = Scope::service();
        let elapsed = self.last_turn.elapsed().as_secs_f64().max(1e-6);
        let wanted = if self.waiting.is_empty() && self.free() > 0 { self.free() + self.ahead() } else { 0 };
        let now = queue.clock.now();
        if self.finished.is_empty() && !self.is_worth_claiming().await? {
            return Ok(());
        }
        let mut write = queue.store.begin(&service, Access::Write).await?;
        if !self.finished.is_empty() {
            let batches = write.finish_jobs(&self.finished, now).await?;
            queue.complete(&mut *write, batches, now).await?;
        }
        let lease = queue.lease(now);
        let kinds = queue.kinds();
        let until = now.after(self.options.lease);
        let limit = u32::try_from(wanted).unwrap_or(u32::MAX);
        let claim = Claim { kinds: &kinds, limit, lease, until, now };
        let claimed = if wanted > 0 { write.claim_jobs(&claim).await? } else { Vec::new() };
        write.commit().await?;
        self.finished.clear();
        self.last_turn = Instant::now();
        // Halfway to what was just seen: one slow job does not end the haste of many.
        self.rate = (self.rate + self.ended as f64 / elapsed) / 2.0;
        self.ended = 0;
        if wanted > 0 {
            if claimed.is_empty() {
                self.rest();
            } else {
                self.look_now();
            }
        }
        self.waiting_since = self.last_turn;
        self.waiting.extend(claimed.into_iter().map(|job| (job, lease)));
        Ok(())
    }

    /// How many jobs to claim beyond those there is room for now.
    fn ahead(&self) -> usize {
        ((self.rate * AHEAD.as_secs_f64()) as usize).min(MOST_AHEAD)
    }

    /// Looks without keeping others from writing; enqueues what schedules have due.
    async fn is_worth_claiming(&mut self) -> Result<bool> {
        let queue = Arc::clone(&self.queue);
        let (now, kinds) = (queue.clock.now(), queue.kinds());
        let mut read = queue.store.begin(&Scope::service(), Access::Read).await?;
        let outlook = read.job_outlook(&kinds, now).await?;
        drop(read);
        if outlook.is_due {
            return Ok(true);
        }
        let until_next = outlook.next_at.map(|at| at.since(now));
        if until_next.is_some_and(|wait| wait.is_zero()) && queue.tick().await? {
            return Ok(true);
        }
        self.rest();
        if let Some(wait) = until_next {
            self.next_look = self.next_look.min(Instant::now() + wait.max(SHORTEST_PAUSE));
        }
        Ok(false)
    }

    fn rest(&mut self) {
        self.is_idle = true;
        self.next_look = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// Begins what was claimed, as far as there is room.
    fn begin_waiting(&mut self) {
        while self.free() > 0 {
            let Some((job, lease)) = self.waiting.pop_front() else { return };
            let lease = JobLease { job: job.id, lease };
            let Some(handler) = self.queue.handler(&job.kind) else {
                self.finish(FinishedJob { lease, end: JobEnd::HandedBack });
                continue;
            };
            let deadline = job.timeout.map(|timeout| Instant::now() + timeout);
            let attempt = Attempt::new(job);
            self.queue.started(&attempt);
            let given = attempt.clone();
            let task = self.tasks.spawn(async move { handler.run(given).await });
            let running = Running { attempt, lease, task, stop: None, deadline };
            self.running.insert(running.task.id(), running);
        }
    }

    fn note(&mut self, ended: Ended) {
        let (id, ended) = match ended {
            Ok((id, ended)) => (id, Ok(ended)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(running) = self.running.remove(&id) else { return };
        let job = &running.attempt.job;
        self.queue.stopped(job.id);
        let now = self.queue.clock.now();
        let stop = running.stop.or_else(|| running.attempt.cancel.is_cancelled().then_some(Stop::Cancelled));
        let retry = Retry { backoff: &self.options.backoff, random: self.queue.random(now), now };
        let end = retry.end_of(job, ended, stop);
        self.ended += 1;
        self.finish(FinishedJob { lease: running.lease, end });
    }

    fn finish(&mut self, finished: FinishedJob) {
        self.report.count(&finished.end);
        self.finished.push(finished);
    }

    /// Other workers may be free while this one's hands are full.
    fn give_back_what_waits(&mut self) {
        if self.waiting_since.elapsed() >= LONGEST_WAIT {
            self.rate = 0.0;
            self.give_back_all_that_waits();
        }
    }

    fn give_back_all_that_waits(&mut self) {
        for (job, lease) in std::mem::take(&mut self.waiting) {
            self.finish(FinishedJob { lease: JobLease { job: job.id, lease }, end: JobEnd::HandedBack });
        }
    }

    /// The leases of all jobs that are this worker's.
    pub(super) fn leases(&self) -> Vec<JobLease> {
        let waiting = self.waiting.iter().map(|(job, lease)| JobLease { job: job.id, lease: *lease });
        self.running.values().map(|running| running.lease).chain(waiting).collect()
    }

    /// The store may be out of reach for a while: what ended is kept, and written down later.
    async fn survive<'a>(
        &'a mut self,
        what: &str,
        step: impl AsyncFnOnce(&'a mut Self) -> Result<()>,
    ) -> bool {
        // The borrow ends with the step, so that a failure can be noted after it.
        match step(self).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, what, "a worker could not reach the store; it tries again");
                tokio::time::sleep(LONGEST_PAUSE).await;
                false
            }
        }
    }

    /// Lets what runs finish for a while, and hands back the rest.
    async fn end(mut self, mut upkeep: Upkeep) -> Result<WorkReport> {
        self.give_back_all_that_waits();
        let patience = Instant::now() + self.options.grace;
        while !self.running.is_empty() && Instant::now() < patience {
            tokio::select! {
                biased;
                Some(ended) = self.tasks.join_next_with_id() => self.note(ended),
                () = tokio::time::sleep_until(upkeep.next().min(patience)) => {}
            }
            if upkeep.is_due() {
                upkeep.keep(&mut self).await;
            }
        }
        for running in self.running.values_mut() {
            running.stop = running.stop.or(Some(Stop::Shutdown));
            running.attempt.cancel.cancel();
            running.task.abort();
        }
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.note(ended);
        }
        if !self.finished.is_empty() {
            let (queue, now) = (Arc::clone(&self.queue), self.queue.clock.now());
            let mut write = queue.store.begin(&Scope::service(), Access::Write).await?;
            let batches = write.finish_jobs(&self.finished, now).await?;
            queue.complete(&mut *write, batches, now).await?;
            write.commit().await?;
            queue.wake();
        }
        Ok(self.report)
    }
}
