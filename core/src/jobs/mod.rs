//! Durable jobs: the workers that claim them, run their handlers and write down how it
//! ended, the scheduler that enqueues what recurs, and what keeps both healthy.
//!
//! `queue` is what a process knows about its jobs: handlers, and which of them run here;
//! `worker` is the loop, `turn` its transactions,
//! `calls` what wakes it, `attempt` one run of one handler, `upkeep` heartbeats, rescue and
//! pruning, `scheduler` turns occurrences into jobs, `inline` does all of it in the caller's
//! hands, for tests.
//!
//! Invariant: a job is enqueued, and its end written down, in a transaction; killed at any
//! instant, a job runs again rather than never. A handler must bear being run twice.
//! Invariant: an attempt counts only for who holds the job's lease; a worker that was
//! stalled beyond it is ignored.
//! Invariant: an occurrence of a schedule is enqueued once, however many schedulers run.
//! Invariant: a handler that panics, hangs or fails harms no other job.

mod attempt;
mod calls;
mod error;
mod inline;
mod options;
mod queue;
mod scheduler;
#[cfg(test)]
mod tests;
mod turn;
mod upkeep;
mod worker;

pub(crate) use attempt::{Attempt, Handler};
pub use error::JobError;
pub use options::{WorkOptions, WorkReport};
pub(crate) use queue::{JobQueue, missing};
