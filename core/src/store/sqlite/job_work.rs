//! Jobs, as workers see them.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use super::codec::{Columns, failed, hex, json as json_text};
use super::job_ends::{ENDED, EndedJob};
use super::jobs::{COLUMNS, read_job};
use super::transaction::SqliteTransaction;
use crate::base::{JobId, LeaseId, Result, Timestamp};
use crate::domain::{
    Batch, Claim, FinishedJob, Job, JobEnd, JobLease, JobOutlook, JobProgress, JobState, JobWork, LeaseState,
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
type ConcurrencyKey = (Vec<u8>, String, String);

impl Candidate {
    fn read(row: &SqliteRow, kind: &str) -> Result<Self> {
        let row = Columns(row);
        let sequence = row.integer("sequence")?;
        let limited = match row.optional_text("concurrency_key")? {
            Some(key) => Some((
                (row.bytes::<16>("tenant_id")?.to_vec(), kind.to_owned(), key),
                row.integer("concurrency_limit")?,
            )),
            None => None,
        };
        Ok(Self { sequence, rank: (-row.integer("priority")?, row.integer("run_at")?, sequence), limited })
    }
}

/// Leases as the JSON list that statements here take.
fn lease_rows(leases: impl Iterator<Item = JobLease>) -> Result<String> {
    json_text(&leases.map(|it| [hex(it.job.as_bytes()), hex(it.lease.as_bytes())]).collect::<Vec<_>>())
}

impl SqliteTransaction {
    /// Makes jobs ready whose time has come.
    async fn promote(&mut self, kind: &str, now: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE jobs SET state = 'ready' WHERE sequence IN (SELECT sequence FROM jobs
             WHERE state IN ('scheduled', 'failed') AND kind = ? AND run_at <= ? ORDER BY run_at LIMIT ?)",
        )
        .bind(kind)
        .bind(now.as_micros())
        .bind(PROMOTED)
        .execute(self.connection())
        .await
        .map_err(failed("jobs.claim"))?;
        Ok(())
    }

    async fn candidates(&mut self, kinds: &[String], limit: usize) -> Result<Vec<Candidate>> {
        let mut candidates = Vec::new();
        for kind in kinds {
            let rows = sqlx::query(
                "SELECT sequence, tenant_id, priority, run_at, concurrency_key, concurrency_limit FROM jobs
                 WHERE state = 'ready' AND parked = 0 AND kind = ?
                 ORDER BY priority DESC, run_at, sequence LIMIT ?",
            )
            .bind(kind)
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
        sqlx::query_scalar(
            "SELECT COUNT(*) FROM jobs WHERE state = 'running' AND concurrency_key IS NOT NULL
             AND tenant_id = ? AND kind = ? AND concurrency_key = ?",
        )
        .bind(tenant)
        .bind(kind)
        .bind(key)
        .fetch_one(self.connection())
        .await
        .map_err(failed("jobs.claim"))
    }

    async fn park(&mut self, sequences: &[i64]) -> Result<()> {
        sqlx::query("UPDATE jobs SET parked = 1 WHERE sequence IN (SELECT value FROM json_each(?))")
            .bind(json_text(&sequences)?)
            .execute(self.connection())
            .await
            .map_err(failed("jobs.claim"))?;
        Ok(())
    }

    async fn start(&mut self, sequences: &[i64], claim: &Claim<'_>) -> Result<Vec<Job>> {
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_id = ?, lease_until = ?,
             started_at = ?, progress = NULL
             WHERE sequence IN (SELECT value FROM json_each(?)) RETURNING {COLUMNS}"
        )))
        .bind(claim.lease.as_bytes().as_slice())
        .bind(claim.until.as_micros())
        .bind(claim.now.as_micros())
        .bind(json_text(&sequences)?)
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
impl JobWork for SqliteTransaction {
    async fn job_outlook(&mut self, kinds: &[String], now: Timestamp) -> Result<JobOutlook> {
        self.require_service("jobs.outlook")?;
        let mut outlook = JobOutlook::default();
        let mut next: Option<i64> =
            sqlx::query_scalar("SELECT MIN(next_at) FROM job_schedules WHERE next_at IS NOT NULL")
                .fetch_one(self.connection())
                .await
                .map_err(failed("jobs.outlook"))?;
        for kind in kinds {
            let (is_ready, waiting): (bool, Option<i64>) = sqlx::query_as(
                "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'ready' AND parked = 0 AND kind = ?1),
                 (SELECT MIN(run_at) FROM jobs WHERE state IN ('scheduled', 'failed') AND kind = ?1)",
            )
            .bind(kind)
            .fetch_one(self.connection())
            .await
            .map_err(failed("jobs.outlook"))?;
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
        let rows = sqlx::query(
            "UPDATE jobs SET lease_until = ?
             FROM (SELECT unhex(value->>0) AS job, unhex(value->>1) AS lease FROM json_each(?)) AS held
             WHERE jobs.id = held.job AND jobs.lease_id = held.lease AND jobs.state = 'running'
             RETURNING id, lease_id, cancel_requested",
        )
        .bind(until.as_micros())
        .bind(lease_rows(leases.iter().copied())?)
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.extend"))?;
        let mut held = HashMap::new();
        for row in &rows {
            let row = Columns(row);
            let lease = JobLease {
                job: JobId::from_bytes(row.bytes("id")?),
                lease: LeaseId::from_bytes(row.bytes("lease_id")?),
            };
            held.insert(lease, row.integer("cancel_requested")? != 0);
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
        let rows = sqlx::query(
            "SELECT jobs.id FROM json_each(?) AS held CROSS JOIN jobs ON jobs.id = unhex(held.value->>0)
             WHERE jobs.lease_id = unhex(held.value->>1) AND jobs.cancel_requested = 1",
        )
        .bind(lease_rows(leases.iter().copied())?)
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.cancel_requests"))?;
        rows.iter().map(|row| Ok(JobId::from_bytes(Columns(row).bytes("id")?))).collect()
    }

    async fn finish_jobs(&mut self, finished: &[FinishedJob], now: Timestamp) -> Result<Vec<Batch>> {
        self.require_service("jobs.finish")?;
        let rows: Vec<serde_json::Value> = finished.iter().map(row_of).collect();
        // A job that was called off and did not succeed is not tried again.
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "UPDATE jobs SET state = {STATE_AFTER}, finished_at = CASE WHEN {STATE_AFTER}
                 IN ('succeeded', 'dead', 'cancelled') THEN ? END,
             run_at = COALESCE(ended.run_at, jobs.run_at), attempt = attempt - ended.handed_back,
             error_code = CASE WHEN ended.handed_back THEN error_code ELSE ended.code END,
             error_message = CASE WHEN ended.handed_back THEN error_message ELSE ended.message END,
             lease_id = NULL, lease_until = NULL
             FROM (SELECT unhex(value->>0) AS job, unhex(value->>1) AS lease, value->>2 AS state,
                 value->>3 AS run_at, value->>4 AS handed_back, value->>5 AS code, value->>6 AS message
                 FROM json_each(?)) AS ended
             WHERE jobs.id = ended.job AND jobs.lease_id = ended.lease AND jobs.state = 'running'
             RETURNING {ENDED}"
        )))
        .bind(now.as_micros())
        .bind(json_text(&rows)?)
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.finish"))?;
        let ended = rows.iter().map(EndedJob::read).collect::<Result<Vec<_>>>()?;
        self.after_end(ended, now).await
    }

    async fn put_progress(&mut self, progress: &[(JobLease, JobProgress)]) -> Result<()> {
        self.require_service("jobs.progress")?;
        for (lease, progress) in progress {
            sqlx::query("UPDATE jobs SET progress = ? WHERE id = ? AND lease_id = ?")
                .bind(json_text(progress)?)
                .bind(lease.job.as_bytes().as_slice())
                .bind(lease.lease.as_bytes().as_slice())
                .execute(self.connection())
                .await
                .map_err(failed("jobs.progress"))?;
        }
        Ok(())
    }

    async fn rescue_jobs(&mut self, now: Timestamp, limit: u32) -> Result<(u64, Vec<Batch>)> {
        self.require_service("jobs.rescue")?;
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "UPDATE jobs SET
             state = CASE WHEN cancel_requested = 1 THEN 'cancelled' WHEN attempt >= max_attempts THEN 'dead'
                 ELSE 'ready' END,
             finished_at = CASE WHEN cancel_requested = 1 OR attempt >= max_attempts THEN ?1 END,
             error_code = 'worker_lost', error_message = 'the worker that had it is gone',
             lease_id = NULL, lease_until = NULL
             WHERE sequence IN (SELECT sequence FROM jobs WHERE state = 'running' AND lease_until < ?1
                 ORDER BY lease_until LIMIT ?2)
             RETURNING {ENDED}"
        )))
        .bind(now.as_micros())
        .bind(limit)
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.rescue"))?;
        let ended = rows.iter().map(EndedJob::read).collect::<Result<Vec<_>>>()?;
        Ok((ended.len() as u64, self.after_end(ended, now).await?))
    }
}

/// The state a job has after an attempt.
const STATE_AFTER: &str = "CASE WHEN jobs.cancel_requested = 1 AND ended.state IN ('ready', 'failed') THEN 'cancelled' ELSE ended.state END";

/// An attempt as an element of the JSON list that finishing takes.
fn row_of(finished: &FinishedJob) -> serde_json::Value {
    let (state, run_at, failure) = match &finished.end {
        JobEnd::Succeeded => (JobState::Succeeded, None, None),
        JobEnd::Retry(at, failure) => (JobState::Failed, Some(at.as_micros()), Some(failure)),
        JobEnd::Dead(failure) => (JobState::Dead, None, Some(failure)),
        JobEnd::Cancelled => (JobState::Cancelled, None, None),
        JobEnd::HandedBack => (JobState::Ready, None, None),
    };
    json!([
        hex(finished.lease.job.as_bytes()),
        hex(finished.lease.lease.as_bytes()),
        state.as_str(),
        run_at,
        i64::from(state == JobState::Ready),
        failure.map(|failure| &failure.code),
        failure.map(|failure| &failure.message),
    ])
}
