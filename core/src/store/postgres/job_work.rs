//! Jobs, as workers see them.

use std::collections::HashMap;

use async_trait::async_trait;
use uuid::Uuid;

use super::codec::{Columns, failed, json, uuid};
use super::job_ends::EndedJob;
use super::jobs::read_job;
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{JobId, LeaseId, Result, Timestamp};
use crate::domain::{
    Batch, Claim, FinishedJob, Job, JobEnd, JobFailure, JobLease, JobOutlook, JobProgress, JobState, JobWork,
    LeaseState,
};

/// The jobs and the claims of leases, as lists.
fn lists(leases: impl Iterator<Item = JobLease>) -> (Vec<Uuid>, Vec<Uuid>) {
    leases.map(|it| (uuid(it.job.as_bytes()), uuid(it.lease.as_bytes()))).unzip()
}

/// Attempts that ended, as the lists that the database takes.
#[derive(Default)]
struct Ends {
    jobs: Vec<Uuid>,
    leases: Vec<Uuid>,
    states: Vec<&'static str>,
    times: Vec<Option<i64>>,
    codes: Vec<Option<String>>,
    messages: Vec<Option<String>>,
}

impl Ends {
    fn push(&mut self, lease: JobLease, end: &JobEnd) {
        let (state, time, failure) = match end {
            JobEnd::Succeeded => (JobState::Succeeded, None, None),
            JobEnd::Retry(at, failure) => (JobState::Failed, Some(at.as_micros()), Some(failure)),
            JobEnd::Dead(failure) => (JobState::Dead, None, Some(failure)),
            JobEnd::Cancelled => (JobState::Cancelled, None, None),
            JobEnd::HandedBack => (JobState::Ready, None, None),
        };
        self.push_as(lease, state, time, failure);
    }

    fn push_as(&mut self, lease: JobLease, state: JobState, time: Option<i64>, failure: Option<&JobFailure>) {
        self.jobs.push(uuid(lease.job.as_bytes()));
        self.leases.push(uuid(lease.lease.as_bytes()));
        self.states.push(state.as_str());
        self.times.push(time);
        self.codes.push(failure.map(|failure| failure.code.clone()));
        self.messages.push(failure.map(|failure| failure.message.clone()));
    }
}

impl PostgresTransaction {
    /// Ends attempts; those from which something follows, or, where only what is `overdue`
    /// ends, all that did.
    async fn end(&mut self, ends: Ends, now: Timestamp, overdue: Option<Timestamp>) -> Result<Vec<EndedJob>> {
        statement("SELECT * FROM besunny.finish_jobs($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(ends.jobs)
            .bind(ends.leases)
            .bind(ends.states)
            .bind(ends.times)
            .bind(ends.codes)
            .bind(ends.messages)
            .bind(now.as_micros())
            .bind(overdue.map(Timestamp::as_micros))
            .fetch_all(self.connection())
            .await
            .map_err(failed("jobs.finish"))?
            .iter()
            .map(EndedJob::read)
            .collect()
    }
}

#[async_trait]
impl JobWork for PostgresTransaction {
    async fn job_outlook(&mut self, kinds: &[String], now: Timestamp) -> Result<JobOutlook> {
        self.require_service("jobs.outlook")?;
        let row = statement("SELECT * FROM besunny.job_outlook($1)")
            .bind(kinds.to_vec())
            .fetch_one(self.connection())
            .await
            .map_err(failed("jobs.outlook"))?;
        let row = Columns(&row);
        let waiting = row.optional_instant("waiting")?;
        let next = [waiting, row.optional_instant("scheduled")?].into_iter().flatten().min();
        Ok(JobOutlook {
            is_due: row.flag("is_ready")? || waiting.is_some_and(|at| at <= now),
            next_at: next.map(|at| at.max(now)),
        })
    }

    async fn claim_jobs(&mut self, claim: &Claim<'_>) -> Result<Vec<Job>> {
        self.require_service("jobs.claim")?;
        let mut rows = statement("SELECT * FROM besunny.claim_jobs($1, $2, $3, $4, $5)")
            .bind(claim.kinds.to_vec())
            .bind(i64::from(claim.limit))
            .bind(uuid(claim.lease.as_bytes()))
            .bind(claim.until.as_micros())
            .bind(claim.now.as_micros())
            .fetch_all(self.connection())
            .await
            .map_err(failed("jobs.claim"))?
            .iter()
            .map(|row| Ok((Columns(row).integer("sequence")?, read_job(row)?)))
            .collect::<Result<Vec<_>>>()?;
        rows.sort_unstable_by_key(|(sequence, job)| (-i64::from(job.priority), job.run_at, *sequence));
        Ok(rows.into_iter().map(|(_, job)| job).collect())
    }

    async fn extend_leases(&mut self, leases: &[JobLease], until: Timestamp) -> Result<Vec<LeaseState>> {
        self.require_service("jobs.extend")?;
        let (jobs, claims) = lists(leases.iter().copied());
        let rows = statement(
            "UPDATE besunny.job_queue AS queue SET lease_until = $1
             FROM unnest($2::uuid[], $3::uuid[]) AS held (job, lease)
             WHERE queue.id = held.job AND queue.lease_id = held.lease
             RETURNING queue.id, queue.lease_id, queue.cancel_requested",
        )
        .bind(until.as_micros())
        .bind(jobs)
        .bind(claims)
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.extend"))?;
        let mut held = HashMap::new();
        for row in &rows {
            let row = Columns(row);
            let lease = JobLease {
                job: JobId::from_bytes(row.id("id")?),
                lease: LeaseId::from_bytes(row.id("lease_id")?),
            };
            held.insert(lease, row.flag("cancel_requested")?);
        }
        let state = |lease: &JobLease| match held.get(lease) {
            Some(false) => LeaseState::Held,
            Some(true) => LeaseState::CancelRequested,
            None => LeaseState::Lost,
        };
        Ok(leases.iter().map(state).collect())
    }

    async fn cancel_requests(&mut self, leases: &[JobLease]) -> Result<Vec<JobId>> {
        self.require_service("jobs.cancel_requests")?;
        let (jobs, claims) = lists(leases.iter().copied());
        let rows = statement(
            "SELECT queue.id FROM besunny.job_queue AS queue JOIN unnest($1::uuid[], $2::uuid[]) AS held (job, lease)
             ON queue.id = held.job AND queue.lease_id = held.lease WHERE queue.cancel_requested",
        )
        .bind(jobs)
        .bind(claims)
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.cancel_requests"))?;
        rows.iter().map(|row| Ok(JobId::from_bytes(Columns(row).id("id")?))).collect()
    }

    async fn finish_jobs(&mut self, finished: &[FinishedJob], now: Timestamp) -> Result<Vec<Batch>> {
        self.require_service("jobs.finish")?;
        let mut ends = Ends::default();
        for finished in finished {
            ends.push(finished.lease, &finished.end);
        }
        let ended = self.end(ends, now, None).await?;
        self.after_end(ended, now).await
    }

    async fn put_progress(&mut self, progress: &[(JobLease, JobProgress)]) -> Result<()> {
        self.require_service("jobs.progress")?;
        for (lease, progress) in progress {
            statement("UPDATE besunny.job_queue SET progress = $1 WHERE id = $2 AND lease_id = $3")
                .bind(json(progress)?)
                .bind(uuid(lease.job.as_bytes()))
                .bind(uuid(lease.lease.as_bytes()))
                .execute(self.connection())
                .await
                .map_err(failed("jobs.progress"))?;
        }
        Ok(())
    }

    async fn rescue_jobs(&mut self, now: Timestamp, limit: u32) -> Result<(u64, Vec<Batch>)> {
        self.require_service("jobs.rescue")?;
        let rows = statement(
            "SELECT id, lease_id, cancel_requested, attempt >= max_attempts AS is_last FROM besunny.job_queue
             WHERE lease_until IS NOT NULL AND lease_until < $1 ORDER BY lease_until LIMIT $2",
        )
        .bind(now.as_micros())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.rescue"))?;
        if rows.is_empty() {
            return Ok((0, Vec::new()));
        }
        let failure = JobFailure::new("worker_lost", "the worker that had it is gone");
        let mut ends = Ends::default();
        for row in &rows {
            let row = Columns(row);
            let lease = JobLease {
                job: JobId::from_bytes(row.id("id")?),
                lease: LeaseId::from_bytes(row.id("lease_id")?),
            };
            let state = match (row.flag("cancel_requested")?, row.flag("is_last")?) {
                (true, _) => JobState::Cancelled,
                (false, true) => JobState::Dead,
                (false, false) => JobState::Ready,
            };
            ends.push_as(lease, state, None, Some(&failure));
        }
        let ended = self.end(ends, now, Some(now)).await?;
        Ok((ended.len() as u64, self.after_end(ended, now).await?))
    }
}
