//! Jobs and batches, as their owners see them.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::codec::{Columns, failed, hex, is_duplicate, json as json_text};
use super::job_ends::{EndedJob, read_batch};
use super::transaction::SqliteTransaction;
use crate::base::{BatchId, Error, ErrorKind, JobId, Result, TenantId, Timestamp};
use crate::domain::{
    Batch, Enqueued, Job, JobFailure, JobFilter, JobState, JobStats, JobStore, KindStats, NewJob, Page,
    PageRequest, Transaction,
};
use crate::store::paging::{before, page_size};

/// The columns that [`read_job`] needs.
pub(super) const COLUMNS: &str = "sequence, id, tenant_id, kind, payload, state, priority, run_at, attempt, \
    max_attempts, timeout, unique_key, concurrency_key, concurrency_limit, batch_id, cancel_requested, \
    progress, error_code, error_message, created_at, started_at, finished_at";
/// One statement adds at most so many jobs, or so many bytes of payload and one job.
const ROWS: usize = 500;
const BYTES: usize = 4 << 20;

pub(super) fn read_job(row: &SqliteRow) -> Result<Job> {
    let row = Columns(row);
    // What a new job says, and then what happened since.
    let failure = match row.optional_text("error_code")? {
        Some(code) => {
            Some(JobFailure { code, message: row.optional_text("error_message")?.unwrap_or_default() })
        }
        None => None,
    };
    let new = NewJob {
        kind: row.text("kind")?,
        payload: row.json("payload")?,
        priority: row.integer("priority")?.clamp(i32::MIN.into(), i32::MAX.into()) as i32,
        run_at: Some(row.time("run_at")?),
        delay: None,
        unique_key: row.optional_text("unique_key")?,
        max_attempts: row.small("max_attempts")?,
        timeout: row.optional_integer("timeout")?.map(|micros| Duration::from_micros(micros.unsigned_abs())),
        concurrency_key: row.optional_text("concurrency_key")?,
        concurrency_limit: row.small("concurrency_limit")?,
    };
    let mut job = new.into_stored(
        JobId::from_bytes(row.bytes("id")?),
        TenantId::from_bytes(row.bytes("tenant_id")?),
        row.time("created_at")?,
    );
    job.state = row.parsed("state")?;
    job.attempt = row.small("attempt")?;
    job.batch = row.optional_bytes("batch_id")?.map(BatchId::from_bytes);
    job.cancel_requested = row.integer("cancel_requested")? != 0;
    job.progress = row.optional_json("progress")?;
    job.failure = failure;
    job.started_at = row.optional_time("started_at")?;
    job.finished_at = row.optional_time("finished_at")?;
    Ok(job)
}

/// A job as an element of the JSON list that `INSERT_JOBS` takes.
fn row_of(job: &Job) -> Result<serde_json::Value> {
    let timeout = job.timeout.map(|timeout| i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX));
    Ok(json!([
        hex(job.id.as_bytes()),
        hex(job.tenant.as_bytes()),
        job.kind,
        json_text(&job.payload)?,
        job.state.as_str(),
        job.priority,
        job.run_at.as_micros(),
        job.max_attempts,
        timeout,
        job.unique_key,
        job.concurrency_key,
        job.concurrency_limit,
        job.batch.map(|batch| hex(batch.as_bytes())),
        job.created_at.as_micros(),
    ]))
}

const INSERT_JOBS: &str = "INSERT INTO jobs (id, tenant_id, kind, payload, state, priority, run_at, attempt, \
    max_attempts, timeout, unique_key, concurrency_key, concurrency_limit, batch_id, created_at) \
    SELECT unhex(value->>0), unhex(value->>1), value->>2, value->>3, value->>4, value->>5, value->>6, 0, \
    value->>7, value->>8, value->>9, value->>10, value->>11, unhex(value->>12), value->>13 \
    FROM json_each(?) WHERE true ORDER BY key ON CONFLICT DO NOTHING RETURNING id";

impl SqliteTransaction {
    async fn insert_jobs(&mut self, rows: &[serde_json::Value]) -> Result<HashSet<JobId>> {
        let inserted = sqlx::query(INSERT_JOBS)
            .bind(json_text(&rows)?)
            .fetch_all(self.connection())
            .await
            .map_err(failed("jobs.enqueue"))?;
        inserted.iter().map(|row| Ok(JobId::from_bytes(Columns(row).bytes("id")?))).collect()
    }

    /// The unfinished job that has the key of `job`.
    async fn holder(&mut self, job: &Job) -> Result<JobId> {
        let row = sqlx::query(
            "SELECT id FROM jobs WHERE tenant_id = ? AND kind = ? AND unique_key = ?
             AND unique_key IS NOT NULL AND state IN ('scheduled', 'ready', 'running', 'failed')",
        )
        .bind(job.tenant.as_bytes().as_slice())
        .bind(&job.kind)
        .bind(job.unique_key.as_deref())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("jobs.enqueue"))?;
        match row {
            Some(row) => Ok(JobId::from_bytes(Columns(&row).bytes("id")?)),
            None => Err(Error::new(ErrorKind::AlreadyExists, "jobs.enqueue", "there is a job with this id")
                .with("job", job.id)),
        }
    }

    async fn job_row(&mut self, id: JobId) -> Result<Option<SqliteRow>> {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM jobs WHERE id = ? AND (? OR tenant_id = ?)"
        )))
        .bind(id.as_bytes().as_slice())
        .bind(self.sees_all())
        .bind(self.tenant())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("jobs.get"))
    }
}

#[async_trait]
impl JobStore for SqliteTransaction {
    async fn enqueue(&mut self, jobs: &[Job]) -> Result<Vec<Enqueued>> {
        let own = self.scope().tenant();
        if !self.sees_all() && jobs.iter().any(|job| job.tenant != own) {
            return Err(Error::new(
                ErrorKind::Forbidden,
                "jobs.enqueue",
                "a user enqueues their own jobs only",
            ));
        }
        let mut inserted = HashSet::new();
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for job in jobs {
            let row = row_of(job)?;
            bytes += row[3].as_str().map_or(0, str::len);
            rows.push(row);
            if rows.len() == ROWS || bytes > BYTES {
                inserted.extend(self.insert_jobs(&rows).await?);
                (rows, bytes) = (Vec::new(), 0);
            }
        }
        if !rows.is_empty() {
            inserted.extend(self.insert_jobs(&rows).await?);
        }
        let mut enqueued = Vec::with_capacity(jobs.len());
        for job in jobs {
            let is_new = inserted.contains(&job.id);
            let id = if is_new { job.id } else { self.holder(job).await? };
            enqueued.push(Enqueued { id, is_new });
        }
        Ok(enqueued)
    }

    async fn insert_batch(&mut self, batch: &Batch) -> Result<()> {
        if !self.sees_all() && batch.tenant != self.scope().tenant() {
            return Err(Error::new(
                ErrorKind::Forbidden,
                "jobs.batch",
                "a user enqueues their own jobs only",
            ));
        }
        let on_complete = batch.on_complete.as_ref().map(json_text).transpose()?;
        sqlx::query(
            "INSERT INTO job_batches (id, tenant_id, total, pending, dead, cancelled, on_complete, created_at, completed_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(batch.id.as_bytes().as_slice())
        .bind(batch.tenant.as_bytes().as_slice())
        .bind(batch.total.cast_signed())
        .bind(batch.pending.cast_signed())
        .bind(batch.dead.cast_signed())
        .bind(batch.cancelled.cast_signed())
        .bind(on_complete)
        .bind(batch.created_at.as_micros())
        .bind(batch.completed_at.map(Timestamp::as_micros))
        .execute(self.connection())
        .await
        .map_err(failed("jobs.batch"))?;
        Ok(())
    }

    async fn batch(&mut self, id: BatchId) -> Result<Option<Batch>> {
        let row = sqlx::query("SELECT * FROM job_batches WHERE id = ? AND (? OR tenant_id = ?)")
            .bind(id.as_bytes().as_slice())
            .bind(self.sees_all())
            .bind(self.tenant())
            .fetch_optional(self.connection())
            .await
            .map_err(failed("jobs.batch"))?;
        row.as_ref().map(read_batch).transpose()
    }

    async fn job(&mut self, id: JobId) -> Result<Option<Job>> {
        self.job_row(id).await?.as_ref().map(read_job).transpose()
    }

    async fn jobs(&mut self, filter: &JobFilter, page: &PageRequest) -> Result<Page<Job>> {
        let size = page_size(page.size)?;
        let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {COLUMNS} FROM jobs WHERE sequence < "));
        query.push_bind(before(page.after.as_ref())?);
        if !self.sees_all() {
            query.push(" AND tenant_id = ").push_bind(self.tenant());
        }
        if let Some(kind) = &filter.kind {
            query.push(" AND kind = ").push_bind(kind);
        }
        if let Some(state) = filter.state {
            query.push(" AND state = ").push_bind(state.as_str());
        }
        if let Some(batch) = filter.batch {
            query.push(" AND batch_id = ").push_bind(batch.as_bytes().to_vec());
        }
        query.push(" ORDER BY sequence DESC LIMIT ").push_bind(i64::from(size) + 1);
        let rows = query.build().fetch_all(self.connection()).await.map_err(failed("jobs.list"))?;
        let kept = &rows[..rows.len().min(size as usize)];
        let next = match kept.last() {
            Some(last) if rows.len() > kept.len() => Some(Columns(last).integer("sequence")?.to_string()),
            _ => None,
        };
        Ok(Page { items: kept.iter().map(read_job).collect::<Result<_>>()?, next })
    }

    async fn job_stats(&mut self) -> Result<JobStats> {
        let rows = sqlx::query(
            "SELECT kind, state, COUNT(*) AS jobs, MIN(run_at) AS oldest FROM jobs
             WHERE ? OR tenant_id = ? GROUP BY kind, state ORDER BY kind",
        )
        .bind(self.sees_all())
        .bind(self.tenant())
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.stats"))?;
        let mut stats = JobStats::new();
        for row in &rows {
            let row = Columns(row);
            let (kind, state) = (row.text("kind")?, row.parsed::<JobState>("state")?);
            if stats.last().is_none_or(|last| last.kind != kind) {
                stats.push(KindStats { kind, ..KindStats::default() });
            }
            if let Some(last) = stats.last_mut() {
                *last.of(state) = row.unsigned("jobs")?;
                if state == JobState::Ready {
                    last.oldest_ready = row.optional_time("oldest")?;
                }
            }
        }
        Ok(stats)
    }

    async fn cancel_job(&mut self, id: JobId, now: Timestamp) -> Result<(Option<JobState>, Vec<Batch>)> {
        let Some(job) = self.job(id).await? else { return Ok((None, Vec::new())) };
        if job.state == JobState::Running {
            sqlx::query("UPDATE jobs SET cancel_requested = 1 WHERE id = ?")
                .bind(id.as_bytes().as_slice())
                .execute(self.connection())
                .await
                .map_err(failed("jobs.cancel"))?;
        }
        if job.state == JobState::Running || job.state.is_finished() {
            return Ok((Some(job.state), Vec::new()));
        }
        sqlx::query("UPDATE jobs SET state = 'cancelled', parked = 0, finished_at = ? WHERE id = ?")
            .bind(now.as_micros())
            .bind(id.as_bytes().as_slice())
            .execute(self.connection())
            .await
            .map_err(failed("jobs.cancel"))?;
        let earlier = job.state;
        let ended = EndedJob { state: JobState::Cancelled, ..EndedJob::of(job) };
        Ok((Some(earlier), self.after_end(vec![ended], now).await?))
    }

    async fn requeue_job(&mut self, id: JobId, now: Timestamp) -> Result<Option<JobState>> {
        let Some(job) = self.job(id).await? else { return Ok(None) };
        if !matches!(job.state, JobState::Dead | JobState::Cancelled) {
            return Ok(Some(job.state));
        }
        let updated = sqlx::query(
            "UPDATE jobs SET state = 'ready', run_at = ?, attempt = 0, cancel_requested = 0, finished_at = NULL
             WHERE id = ?",
        )
        .bind(now.as_micros())
        .bind(id.as_bytes().as_slice())
        .execute(self.connection())
        .await;
        match updated {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    "jobs.requeue",
                    "another job has its unique key by now",
                )
                .with("job", id));
            }
            Err(error) => return Err(failed("jobs.requeue")(error)),
        }
        if let Some(batch) = job.batch {
            self.back_into_batch(batch, job.state).await?;
        }
        Ok(Some(job.state))
    }

    async fn prune_jobs(&mut self, before: Timestamp, limit: u32) -> Result<u64> {
        let pruned = sqlx::query(
            "DELETE FROM jobs WHERE sequence IN (SELECT sequence FROM jobs
             WHERE finished_at IS NOT NULL AND finished_at < ? AND (? OR tenant_id = ?) ORDER BY finished_at LIMIT ?)",
        )
        .bind(before.as_micros())
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(limit)
        .execute(self.connection())
        .await
        .map_err(failed("jobs.prune"))?;
        self.prune_batches(before, limit).await?;
        Ok(pruned.rows_affected())
    }
}
