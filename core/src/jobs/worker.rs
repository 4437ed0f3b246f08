//! The loop that claims jobs, runs them, and writes down how they ended.
//!
//! Claims and ends go through one transaction for many jobs, so that a flush to the disk is
//! shared by as many of them as are short; and jobs are claimed before the last ones have
//! ended, so that there is always something to run. Where transactions can write at the same
//! time, claims and ends have one each: a claim then waits for no flush.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::attempt::{Attempt, Retry, Stop};
use super::calls::Calls;
use super::error::JobError;
use super::options::{WorkOptions, WorkReport};
use super::queue::JobQueue;
use super::turn::{Turn, Turned};
use super::upkeep::Upkeep;
use crate::base::{Error, ErrorKind, LeaseId, Result};
use crate::domain::{FinishedJob, Job, JobEnd, JobLease, JobProgress};

/// How long the store is left alone between two looks for work, when there was none.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// The same, while word comes from those who enqueue.
const LISTENING_PAUSE: Duration = Duration::from_millis(500);
/// How long an end waits at most to be written down with others.
const LATEST_END: Duration = Duration::from_millis(30);
/// A worker claims what it would do in this time beyond what it has room for, ...
const AHEAD: Duration = Duration::from_millis(100);
/// ... so many at most, ...
const MOST_AHEAD: usize = 1000;
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
    waiting: VecDeque<(Job, LeaseId, Instant)>,
    /// Ended, but not written down.
    finished: Vec<FinishedJob>,
    /// The last that jobs among them said of how far they were.
    progress: Vec<(JobLease, JobProgress)>,
    /// The transactions that are under way; they end with the worker.
    turns: JoinSet<Turned>,
    is_claiming: bool,
    is_ending: bool,
    report: WorkReport,
    /// Jobs that ended since the last turn, and how many that makes a second.
    ended: usize,
    rate: f64,
    last_turn: Instant,
    /// When to look for work again, and how long to wait after that.
    next_look: Instant,
    pause: Duration,
    /// Somebody said that there may be work, and no turn has begun since; and whether it was
    /// in this process, so that there probably is.
    was_called: bool,
    was_called_here: bool,
    calls: Calls,
    is_idle: bool,
    /// After a failure, when to try the store again.
    next_try: Instant,
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
            finished: Vec::new(),
            progress: Vec::new(),
            turns: JoinSet::new(),
            is_claiming: false,
            is_ending: false,
            report: WorkReport::default(),
            ended: 0,
            rate: 0.0,
            last_turn: now,
            next_look: now,
            pause: SHORTEST_PAUSE,
            was_called: false,
            was_called_here: false,
            calls: Calls::of(&*self.store),
            is_idle: false,
            next_try: now,
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
            self.begin_turns();
            if upkeep.is_due() {
                self.give_back_what_waits();
                upkeep.keep(&mut self).await;
            }
            if self.is_done() {
                break;
            }
            let next = self.next_event(&upkeep);
            tokio::select! {
                biased;
                Some(ended) = self.tasks.join_next_with_id() => self.note(ended),
                Some(turned) = self.turns.join_next() => self.end_turn(turned),
                changed = awake.changed() => {
                    if changed.is_ok() {
                        (self.was_called, self.was_called_here) = (true, true);
                        self.look_now();
                    }
                }
                () = self.calls.next() => {
                    self.was_called = true;
                    self.look_now();
                }
                () = tokio::time::sleep_until(next) => {}
            }
            while let Some(ended) = self.tasks.try_join_next_with_id() {
                self.note(ended);
            }
            while let Some(turned) = self.turns.try_join_next() {
                self.end_turn(turned);
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

    /// Whether a worker that is to end by itself has nothing more to do.
    fn is_done(&self) -> bool {
        self.options.until_idle
            && self.is_idle
            && self.running.is_empty()
            && self.waiting.is_empty()
            && self.finished.is_empty()
            && self.turns.is_empty()
    }

    /// Whether it would run more than it has.
    fn wants_work(&self) -> bool {
        if self.waiting.is_empty() { self.free() > 0 } else { self.waiting.len() <= self.ahead() / 2 }
    }

    /// Whether it may claim, and write down what ended, now: one of each is under way at a
    /// time, and where they cannot run side by side, one of both.
    fn may_begin(&self) -> (bool, bool) {
        let is_apart = self.queue.store.writes_side_by_side();
        let is_free = is_apart || self.turns.is_empty();
        (is_free && !self.is_claiming, is_free && !self.is_ending)
    }

    fn next_event(&self, upkeep: &Upkeep) -> Instant {
        let mut next = upkeep.next();
        let (may_claim, may_end) = self.may_begin();
        if may_claim && self.wants_work() {
            next = next.min(self.next_look.max(self.next_try));
        }
        if may_end && !self.finished.is_empty() {
            next = next.min((self.last_turn + LATEST_END).max(self.next_try));
        }
        self.running.values().filter_map(|running| running.deadline).fold(next, Instant::min)
    }

    /// Begins to write down what ended and to claim what is next, if it is time.
    fn begin_turns(&mut self) {
        let now = Instant::now();
        if now < self.next_try {
            return;
        }
        let ((may_claim, may_end), has_ends) = (self.may_begin(), !self.finished.is_empty());
        let claims = may_claim && self.wants_work() && (has_ends || now >= self.next_look);
        let ends = may_end && has_ends && (self.wants_work() || now >= self.last_turn + LATEST_END);
        if claims && ends && self.queue.store.writes_side_by_side() {
            self.begin_turn(false, true);
            self.begin_turn(true, false);
        } else if claims || ends {
            self.begin_turn(claims, ends);
        }
    }

    fn begin_turn(&mut self, claims: bool, ends: bool) {
        let room = (self.free() + self.ahead()).saturating_sub(self.waiting.len());
        let turn = Turn {
            finished: if ends { std::mem::take(&mut self.finished) } else { Vec::new() },
            progress: if ends { std::mem::take(&mut self.progress) } else { Vec::new() },
            wanted: if claims { room } else { 0 },
            lease: self.options.lease,
            looks_first: !self.was_called_here,
        };
        if claims {
            (self.was_called, self.was_called_here, self.is_claiming) = (false, false, true);
        }
        if ends {
            let elapsed = self.last_turn.elapsed().as_secs_f64().max(1e-6);
            // Halfway to what was just seen: one slow job does not end the haste of many.
            self.rate = (self.rate + self.ended as f64 / elapsed) / 2.0;
            (self.ended, self.last_turn, self.is_ending) = (0, Instant::now(), true);
        }
        let queue = Arc::clone(&self.queue);
        self.turns.spawn(async move { queue.take_turn(turn).await });
    }

    fn end_turn(&mut self, turned: Result<Turned, JoinError>) {
        let Turned { turn, claimed } = match turned {
            Ok(turned) => turned,
            // Its jobs run again after their leases. Which it was is not known; where the
            // other still goes on, no harm is done if it gets company.
            Err(error) => {
                (self.is_claiming, self.is_ending) = (false, false);
                return tracing::error!(%error, "a transaction of a worker ended early; please report it");
            }
        };
        self.is_claiming &= turn.wanted == 0;
        self.is_ending &= turn.finished.is_empty();
        let claimed = match claimed {
            Ok(claimed) => claimed,
            Err(error) => {
                // The store may be out of reach for a while: what ended is kept.
                tracing::warn!(%error, "a worker could not reach the store; it tries again");
                self.finished.splice(0..0, turn.finished);
                self.progress.splice(0..0, turn.progress);
                self.next_try = Instant::now() + LONGEST_PAUSE;
                return;
            }
        };
        if turn.wanted > 0 {
            if claimed.jobs.is_empty() && !self.was_called {
                self.rest(claimed.next);
            } else {
                self.look_now();
            }
        } else if !turn.finished.is_empty() {
            // What ended may have held others back.
            self.look_now();
        }
        let now = Instant::now();
        self.waiting.extend(claimed.jobs.into_iter().map(|job| (job, claimed.lease, now)));
    }

    /// How many jobs to claim beyond those there is room for now.
    fn ahead(&self) -> usize {
        ((self.rate * AHEAD.as_secs_f64()) as usize).min(MOST_AHEAD)
    }

    /// Leaves the store alone for a while, or until something is known to fall due.
    fn rest(&mut self, next: Option<Duration>) {
        self.is_idle = true;
        let pause = next.map_or(self.pause, |wait| wait.max(SHORTEST_PAUSE).min(self.pause));
        self.next_look = Instant::now() + pause;
        let longest = if self.calls.are_heard() { LISTENING_PAUSE } else { LONGEST_PAUSE };
        self.pause = (self.pause * 2).min(longest);
    }

    /// Begins what was claimed, as far as there is room.
    fn begin_waiting(&mut self) {
        while self.free() > 0 {
            let Some((job, lease, _)) = self.waiting.pop_front() else { return };
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
        let random = || self.queue.random(now);
        let retry = Retry { backoff: &self.options.backoff, random: &random, now };
        let end = retry.end_of(job, ended, stop);
        self.ended += 1;
        let progress = running.attempt.progress.take();
        self.progress.extend(progress.map(|progress| (running.lease, progress)));
        self.finish(FinishedJob { lease: running.lease, end });
    }

    fn finish(&mut self, finished: FinishedJob) {
        self.report.count(&finished.end);
        self.finished.push(finished);
    }

    /// Other workers may be free while this one's hands are full.
    fn give_back_what_waits(&mut self) {
        if self.waiting.front().is_some_and(|(_, _, since)| since.elapsed() >= LONGEST_WAIT) {
            self.rate = 0.0;
            self.give_back_all_that_waits();
        }
    }

    fn give_back_all_that_waits(&mut self) {
        for (job, lease, _) in std::mem::take(&mut self.waiting) {
            self.finish(FinishedJob { lease: JobLease { job: job.id, lease }, end: JobEnd::HandedBack });
        }
    }

    /// The leases of all jobs that are this worker's.
    pub(super) fn leases(&self) -> Vec<JobLease> {
        let waiting = self.waiting.iter().map(|(job, lease, _)| JobLease { job: job.id, lease: *lease });
        self.running.values().map(|running| running.lease).chain(waiting).collect()
    }

    /// Lets what runs finish for a while, and hands back the rest.
    async fn end(mut self, mut upkeep: Upkeep) -> Result<WorkReport> {
        // What it still claims is given back.
        while let Some(turned) = self.turns.join_next().await {
            self.end_turn(turned);
        }
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
            let finished = std::mem::take(&mut self.finished);
            let progress = std::mem::take(&mut self.progress);
            let turn = Turn { finished, progress, wanted: 0, lease: self.options.lease, looks_first: false };
            self.queue.take_turn(turn).await.claimed?;
            self.queue.wake();
        }
        Ok(self.report)
    }
}
