//! Jobs in the caller's hands: run what is due now, or what falls due while a virtual clock
//! moves on. No waiting, no polling, one job after the other.

use std::time::Duration;

use super::attempt::{Attempt, Retry, Stop};
use super::queue::JobQueue;
use crate::base::{Result, Scope, VirtualClock};
use crate::domain::{Access, Backoff, Claim, FinishedJob, JobLease};

/// How long an inline claim holds: as long as the clock stands, for ever.
const LEASE: Duration = Duration::from_secs(3600);

impl JobQueue {
    /// Runs what is due, until nothing is; how many attempts that were.
    pub(crate) async fn run_due(&self) -> Result<u64> {
        let mut attempts = 0;
        self.rescue().await?;
        loop {
            while self.tick().await? {}
            let now = self.clock.now();
            let (lease, kinds) = (self.lease(now), self.kinds());
            let mut read = self.store.begin(&Scope::service(), Access::Read).await?;
            let outlook = read.job_outlook(&kinds, now).await?;
            drop(read);
            if !outlook.is_due {
                return Ok(attempts);
            }
            let claim = Claim { kinds: &kinds, limit: 1, lease, until: now.after(LEASE), now };
            let mut write = self.store.begin(&Scope::service(), Access::Claim).await?;
            let claimed = write.claim_jobs(&claim).await?;
            write.commit().await?;
            let Some(job) = claimed.into_iter().next() else { return Ok(attempts) };
            attempts += 1;
            let lease = JobLease { job: job.id, lease };
            let Some(handler) = self.handler(&job.kind) else { continue };
            let attempt = Attempt::new(job);
            self.started(&attempt);
            let given = attempt.clone();
            let ended = tokio::spawn(async move { handler.run(given).await }).await;
            self.stopped(lease.job);
            let now = self.clock.now();
            let backoff = Backoff::default();
            let retry = Retry { backoff: &backoff, random: &|| self.random(now), now };
            let stop = attempt.cancel.is_cancelled().then_some(Stop::Cancelled);
            let end = retry.end_of(&attempt.job, ended, stop);
            let mut write = self.store.begin(&Scope::service(), Access::Work).await?;
            if let Some(progress) = attempt.progress.take() {
                write.put_progress(&[(lease, progress)]).await?;
            }
            let batches = write.finish_jobs(&[FinishedJob { lease, end }], now).await?;
            self.complete(&mut *write, batches, now).await?;
            write.commit().await?;
        }
    }

    /// Moves the clock on by `by`, stopping at each instant at which something falls due, and
    /// runs that; how many attempts that were.
    pub(crate) async fn advance(&self, clock: &VirtualClock, by: Duration) -> Result<u64> {
        let end = self.clock.now().after(by);
        let mut attempts = self.run_due().await?;
        loop {
            let now = self.clock.now();
            let mut read = self.store.begin(&Scope::service(), Access::Read).await?;
            let next = read.job_outlook(&self.kinds(), now).await?.next_at;
            drop(read);
            match next.filter(|&at| at > now && at <= end) {
                Some(at) => clock.set(at),
                None if now < end => clock.set(end),
                None => return Ok(attempts),
            }
            attempts += self.run_due().await?;
        }
    }
}
