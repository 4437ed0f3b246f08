//! Jobs, as workers see them.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::codec::{Columns, failed, json, uuid};
use super::job_ends::{ENDED, EndedJob};
use super::jobs::{COLUMNS, read_job};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{JobId, LeaseId, Result, Timestamp};
use crate::domain::{
    Batch, Claim, FinishedJob, Job, JobEnd, JobFailure, JobLease, JobOutlook, JobProgress, JobState, JobWork,
    LeaseState,
};

/// How many jobs of a kind one claim makes due at most.
const PROMOTED: u32 = 1000;
/// How often one claim looks again for others, where concurrency limits held jobs back.
const ROUNDS: usize = 8;

/// A job that could be claimed.
struct Candidate {
    sequence: i64,
    /// Sorts by priority, then by time, then by order.
    rank: (i64, i64, i64),
    /// Where its concurrency is limited: by which key, and to how many.
    limited: Option<(ConcurrencyKey, i64)>,
}

/// Tenant, kind and key.
type ConcurrencyKey = (Uuid, String, String);

impl Candidate {
    fn read(row: &PgRow, kind: &str) -> Result<Self> {
        let row = Columns(row);
        let sequence = row.integer("sequence")?;
        let limited = match row.optional_text("concurrency_key")? {
            Some(key) => {
                Some(((uuid(&row.id("tenant_id")?), kind.to_owned(), key), row.integer("concurrency_limit")?))
            }
            None => None,
        };
        Ok(Self { sequence, rank: (-row.integer("priority")?, row.integer("run_at")?, sequence), limited })
    }
}

/// The jobs and the claims of leases, as lists.
fn lists(leases: impl Iterator<Item = JobLease>) -> (Vec<Uuid>, Vec<Uuid>) {
    leases.map(|it| (uuid(it.job.as_bytes()), uuid(it.lease.as_bytes()))).unzip()
}

impl PostgresTransaction {
    /// Makes jobs ready whose time has come.
    async fn promote(&mut self, kind: &str, now: Timestamp) -> Result<()> {
        statement(
            "UPDATE besunny.jobs SET state = 'ready' WHERE sequence IN (SELECT sequence FROM besunny.jobs
             WHERE state IN ('scheduled', 'failed') AND kind = $1 AND run_at <= $2 ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED)",
        )
        .bind(kind.to_owned())
        .bind(now.as_micros())
        .bind(i64::from(PROMOTED))
        .execute(self.connection())
        .await
        .map_err(failed("jobs.claim"))?;
        Ok(())
    }

    async fn candidates(&mut self, kinds: &[String], limit: usize) -> Result<Vec<Candidate>> {
        let mut candidates = Vec::new();
        for kind in kinds {
            let rows = statement(
                "SELECT sequence, tenant_id, priority, run_at, concurrency_key, concurrency_limit FROM besunny.jobs
                 WHERE state = 'ready' AND NOT parked AND kind = $1
                 ORDER BY priority DESC, run_at, sequence LIMIT $2 FOR UPDATE SKIP LOCKED",
            )
            .bind(kind.clone())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.connection())
            .await
            .map_err(failed("jobs.claim"))?;
            for row in &rows {
                candidates.push(Candidate::read(row, kind)?);
            }
        }
        candidates.sort_unstable_by_key(|candidate| candidate.rank);
        candidates.truncate(limit);
        Ok(candidates)
    }

    async fn running(&mut self, (tenant, kind, key): &ConcurrencyKey) -> Result<i64> {
        let row = statement(
            "SELECT count(*) AS running FROM besunny.jobs WHERE state = 'running' AND concurrency_key IS NOT NULL
             AND tenant_id = $1 AND kind = $2 AND concurrency_key = $3",
        )
        .bind(*tenant)
        .bind(kind.clone())
        .bind(key.clone())
        .fetch_one(self.connection())
        .await
        .map_err(failed("jobs.claim"))?;
        Columns(&row).integer("running")
    }

    async fn park(&mut self, sequences: &[i64]) -> Result<()> {
        statement("UPDATE besunny.jobs SET parked = true WHERE sequence = ANY ($1)")
            .bind(sequences.to_vec())
            .execute(self.connection())
            .await
            .map_err(failed("jobs.claim"))?;
        Ok(())
    }

    async fn start(&mut self, sequences: &[i64], claim: &Claim<'_>) -> Result<Vec<Job>> {
        let mut rows = statement(AssertSqlSafe(format!(
            "UPDATE besunny.jobs SET state = 'running', attempt = attempt + 1, lease_id = $1, lease_until = $2,
             started_at = $3, progress = NULL
             WHERE sequence = ANY ($4) RETURNING {COLUMNS}"
        )))
        .bind(uuid(claim.lease.as_bytes()))
        .bind(claim.until.as_micros())
        .bind(claim.now.as_micros())
        .bind(sequences.to_vec())
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.claim"))?
        .iter()
        .map(|row| Ok((Candidate::read(row, "")?.rank, read_job(row)?)))
        .collect::<Result<Vec<_>>>()?;
        rows.sort_unstable_by_key(|(rank, _)| *rank);
        Ok(rows.into_iter().map(|(_, job)| job).collect())
    }
}

#[async_trait]
impl JobWork for PostgresTransaction {
    async fn job_outlook(&mut self, kinds: &[String], now: Timestamp) -> Result<JobOutlook> {
        self.require_service("jobs.outlook")?;
        let mut outlook = JobOutlook::default();
        let row =
            statement("SELECT min(next_at) AS next FROM besunny.job_schedules WHERE next_at IS NOT NULL")
                .fetch_one(self.connection())
                .await
                .map_err(failed("jobs.outlook"))?;
        let mut next = Columns(&row).optional_long("next")?;
        for kind in kinds {
            let row = statement(
                "SELECT EXISTS (SELECT 1 FROM besunny.jobs WHERE state = 'ready' AND NOT parked AND kind = $1)
                 AS is_ready,
                 (SELECT min(run_at) FROM besunny.jobs WHERE state IN ('scheduled', 'failed') AND kind = $1)
                 AS waiting",
            )
            .bind(kind.clone())
            .fetch_one(self.connection())
            .await
            .map_err(failed("jobs.outlook"))?;
            let (is_ready, waiting) =
                (Columns(&row).flag("is_ready")?, Columns(&row).optional_long("waiting")?);
            outlook.is_due |= is_ready || waiting.is_some_and(|at| at <= now.as_micros());
            next = [next, waiting].into_iter().flatten().min();
        }
        outlook.next_at = next.map(|at| Timestamp::from_micros(at).max(now));
        Ok(outlook)
    }

    async fn claim_jobs(&mut self, claim: &Claim<'_>) -> Result<Vec<Job>> {
        self.require_service("jobs.claim")?;
        for kind in claim.kinds {
            self.promote(kind, claim.now).await?;
        }
        let mut claimed = Vec::new();
        for _ in 0..ROUNDS {
            let free = (claim.limit as usize).saturating_sub(claimed.len());
            let mut running: HashMap<ConcurrencyKey, i64> = HashMap::new();
            let (mut started, mut parked) = (Vec::new(), Vec::new());
            for candidate in self.candidates(claim.kinds, free).await? {
                if let Some((key, limit)) = candidate.limited {
                    let count = match running.get(&key) {
                        Some(&count) => count,
                        None => self.running(&key).await?,
                    };
                    let is_free = count < limit;
                    running.insert(key, count + i64::from(is_free));
                    if !is_free {
                        parked.push(candidate.sequence);
                        continue;
                    }
                }
                started.push(candidate.sequence);
            }
            if !started.is_empty() {
                claimed.extend(self.start(&started, claim).await?);
            }
            if parked.is_empty() {
                break;
            }
            self.park(&parked).await?;
        }
        Ok(claimed)
    }

    async fn extend_leases(&mut self, leases: &[JobLease], until: Timestamp) -> Result<Vec<LeaseState>> {
        self.require_service("jobs.extend")?;
        let (jobs, claims) = lists(leases.iter().copied());
        let rows = statement(
            "UPDATE besunny.jobs SET lease_until = $1
             FROM unnest($2::uuid[], $3::uuid[]) AS held (job, lease)
             WHERE jobs.id = held.job AND jobs.lease_id = held.lease AND jobs.state = 'running'
             RETURNING id, lease_id, cancel_requested",
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
            "SELECT jobs.id FROM besunny.jobs JOIN unnest($1::uuid[], $2::uuid[]) AS held (job, lease)
             ON jobs.id = held.job AND jobs.lease_id = held.lease WHERE jobs.cancel_requested",
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
        let dead = finished.iter().filter(|it| matches!(it.end, JobEnd::Dead(_))).map(|it| it.lease.job);
        self.lock_owners(&dead.collect::<Vec<_>>()).await?;
        let (jobs, claims) = lists(finished.iter().map(|it| it.lease));
        let ends: Vec<End<'_>> = finished.iter().map(End::of).collect();
        // A job that was called off and did not succeed is not tried again.
        let rows = statement(AssertSqlSafe(format!(
            "UPDATE besunny.jobs SET state = {STATE_AFTER}, finished_at = CASE WHEN {STATE_AFTER}
                 IN ('succeeded', 'dead', 'cancelled') THEN $1 END,
             run_at = COALESCE(ended.run_at, jobs.run_at), attempt = attempt - ended.handed_back::int,
             error_code = CASE WHEN ended.handed_back THEN error_code ELSE ended.code END,
             error_message = CASE WHEN ended.handed_back THEN error_message ELSE ended.message END,
             lease_id = NULL, lease_until = NULL
             FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::boolean[], $7::text[], $8::text[])
                 AS ended (job, lease, state, run_at, handed_back, code, message)
             WHERE jobs.id = ended.job AND jobs.lease_id = ended.lease AND jobs.state = 'running'
             RETURNING {ENDED}"
        )))
        .bind(now.as_micros())
        .bind(jobs)
        .bind(claims)
        .bind(ends.iter().map(|end| end.state.as_str()).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.run_at).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.state == JobState::Ready).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.failure.map(|it| it.code.clone())).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.failure.map(|it| it.message.clone())).collect::<Vec<_>>())
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.finish"))?;
        let ended = rows.iter().map(EndedJob::read).collect::<Result<Vec<_>>>()?;
        self.after_end(ended, now).await
    }

    async fn put_progress(&mut self, progress: &[(JobLease, JobProgress)]) -> Result<()> {
        self.require_service("jobs.progress")?;
        for (lease, progress) in progress {
            statement("UPDATE besunny.jobs SET progress = $1 WHERE id = $2 AND lease_id = $3")
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
        let dying = statement(
            "SELECT id FROM besunny.jobs WHERE state = 'running' AND lease_until < $1 AND attempt >= max_attempts",
        )
        .bind(now.as_micros())
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.rescue"))?;
        let dying = dying.iter().map(|row| Ok(JobId::from_bytes(Columns(row).id("id")?)));
        self.lock_owners(&dying.collect::<Result<Vec<_>>>()?).await?;
        let rows = statement(AssertSqlSafe(format!(
            "UPDATE besunny.jobs SET
             state = CASE WHEN cancel_requested THEN 'cancelled' WHEN attempt >= max_attempts THEN 'dead'
                 ELSE 'ready' END,
             finished_at = CASE WHEN cancel_requested OR attempt >= max_attempts THEN $1 END,
             error_code = 'worker_lost', error_message = 'the worker that had it is gone',
             lease_id = NULL, lease_until = NULL
             WHERE sequence IN (SELECT sequence FROM besunny.jobs WHERE state = 'running' AND lease_until < $1
                 ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED)
             RETURNING {ENDED}"
        )))
        .bind(now.as_micros())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.rescue"))?;
        let ended = rows.iter().map(EndedJob::read).collect::<Result<Vec<_>>>()?;
        Ok((ended.len() as u64, self.after_end(ended, now).await?))
    }
}

/// The state a job has after an attempt.
const STATE_AFTER: &str = "CASE WHEN jobs.cancel_requested AND ended.state IN ('ready', 'failed') THEN 'cancelled' ELSE ended.state END";

/// The columns that an end sets.
struct End<'a> {
    state: JobState,
    run_at: Option<i64>,
    failure: Option<&'a JobFailure>,
}

impl<'a> End<'a> {
    fn of(finished: &'a FinishedJob) -> Self {
        let (state, run_at, failure) = match &finished.end {
            JobEnd::Succeeded => (JobState::Succeeded, None, None),
            JobEnd::Retry(at, failure) => (JobState::Failed, Some(at.as_micros()), Some(failure)),
            JobEnd::Dead(failure) => (JobState::Dead, None, Some(failure)),
            JobEnd::Cancelled => (JobState::Cancelled, None, None),
            JobEnd::HandedBack => (JobState::Ready, None, None),
        };
        Self { state, run_at, failure }
    }
}
