//! One transaction of a worker with the store: it writes down what ended and claims what is
//! next, while jobs run on. So neither the worker nor the database waits for the other.

use std::time::Duration;

use super::queue::JobQueue;
use crate::base::{LeaseId, Result, Scope};
use crate::domain::{Access, Claim, FinishedJob, Job, JobLease, JobProgress};

/// What a turn is to do.
pub(super) struct Turn {
    /// What to write down.
    pub(super) finished: Vec<FinishedJob>,
    /// How far they said they were, since that was written down last.
    pub(super) progress: Vec<(JobLease, JobProgress)>,
    /// How many jobs to claim at most.
    pub(super) wanted: usize,
    /// For how long.
    pub(super) lease: Duration,
    /// Looks for work before it claims, because there is probably none: looking keeps nobody
    /// from writing.
    pub(super) looks_first: bool,
}

/// What a turn has done.
pub(super) struct Turned {
    /// What was to be done. After a failure it is still to be done.
    pub(super) turn: Turn,
    /// What was claimed.
    pub(super) claimed: Result<Claimed>,
}

/// Jobs that are the worker's.
pub(super) struct Claimed {
    /// In the order in which they are to run.
    pub(super) jobs: Vec<Job>,
    /// By which claim.
    pub(super) lease: LeaseId,
    /// How long until something falls due, if that is known.
    pub(super) next: Option<Duration>,
}

impl JobQueue {
    /// Takes a turn.
    pub(super) async fn take_turn(&self, turn: Turn) -> Turned {
        let claimed = self.try_turn(&turn).await;
        Turned { turn, claimed }
    }

    async fn try_turn(&self, turn: &Turn) -> Result<Claimed> {
        let (now, service) = (self.clock.now(), Scope::service());
        let (lease, kinds) = (self.lease(now), self.kinds());
        if turn.finished.is_empty() && turn.looks_first {
            let mut read = self.store.begin(&service, Access::Read).await?;
            let outlook = read.job_outlook(&kinds, now).await?;
            drop(read);
            if !outlook.is_due {
                let next = outlook.next_at.map(|at| at.since(now));
                if next.is_none_or(|wait| !wait.is_zero()) || !self.tick().await? {
                    return Ok(Claimed { jobs: Vec::new(), lease, next });
                }
            }
        }
        let access = if turn.finished.is_empty() { Access::Claim } else { Access::Work };
        let mut write = self.store.begin(&service, access).await?;
        if !turn.finished.is_empty() {
            // Before the ends: with them the leases are gone.
            write.put_progress(&turn.progress).await?;
            let batches = write.finish_jobs(&turn.finished, now).await?;
            self.complete(&mut *write, batches, now).await?;
        }
        let mut jobs = Vec::new();
        if turn.wanted > 0 {
            let limit = u32::try_from(turn.wanted).unwrap_or(u32::MAX);
            let claim = Claim { kinds: &kinds, limit, lease, until: now.after(turn.lease), now };
            jobs = write.claim_jobs(&claim).await?;
        }
        write.commit().await?;
        Ok(Claimed { jobs, lease, next: None })
    }
}
