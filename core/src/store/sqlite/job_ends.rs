//! What follows from the end of a job: its batch counts down, the next job of its
//! concurrency key is let through, and its failure goes into the change log.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteRow;

use super::codec::{Columns, failed};
use super::transaction::SqliteTransaction;
use crate::base::{BatchId, JobId, Result, TenantId, Timestamp};
use crate::domain::{Batch, ChangeKind, Job, JobState};

/// A job that left a worker, or was called off before one had it.
pub(super) struct EndedJob {
    pub(super) id: JobId,
    pub(super) tenant: TenantId,
    pub(super) kind: String,
    pub(super) state: JobState,
    pub(super) batch: Option<BatchId>,
    pub(super) concurrency_key: Option<String>,
}

/// The columns that [`EndedJob::read`] needs.
pub(super) const ENDED: &str = "id, tenant_id, kind, state, batch_id, concurrency_key";

impl EndedJob {
    pub(super) fn of(job: Job) -> Self {
        Self {
            id: job.id,
            tenant: job.tenant,
            kind: job.kind,
            state: job.state,
            batch: job.batch,
            concurrency_key: job.concurrency_key,
        }
    }

    pub(super) fn read(row: &SqliteRow) -> Result<Self> {
        let row = Columns(row);
        Ok(Self {
            id: JobId::from_bytes(row.bytes("id")?),
            tenant: TenantId::from_bytes(row.bytes("tenant_id")?),
            kind: row.text("kind")?,
            state: row.parsed("state")?,
            batch: row.optional_bytes("batch_id")?.map(BatchId::from_bytes),
            concurrency_key: row.optional_text("concurrency_key")?,
        })
    }
}

pub(super) fn read_batch(row: &SqliteRow) -> Result<Batch> {
    let row = Columns(row);
    let mut batch = Batch::new(
        BatchId::from_bytes(row.bytes("id")?),
        TenantId::from_bytes(row.bytes("tenant_id")?),
        row.unsigned("total")?,
        row.optional_json("on_complete")?,
        row.time("created_at")?,
    );
    batch.pending = row.unsigned("pending")?;
    batch.dead = row.unsigned("dead")?;
    batch.cancelled = row.unsigned("cancelled")?;
    batch.completed_at = row.optional_time("completed_at")?;
    Ok(batch)
}

/// How many jobs of a batch ended, and how many of these died or were cancelled.
#[derive(Default)]
struct Counted {
    all: i64,
    dead: i64,
    cancelled: i64,
}

impl SqliteTransaction {
    /// Does all that follows; the batches that are complete now.
    pub(super) async fn after_end(&mut self, ended: Vec<EndedJob>, now: Timestamp) -> Result<Vec<Batch>> {
        let mut batches: BTreeMap<BatchId, Counted> = BTreeMap::new();
        for job in &ended {
            if let Some(key) = &job.concurrency_key {
                self.unpark(job.tenant, &job.kind, key).await?;
            }
            if job.state == JobState::Dead {
                self.record_subject(job.tenant, ChangeKind::JobFailed, job.id.into(), now).await?;
            }
            if let Some(batch) = job.batch.filter(|_| job.state.is_finished()) {
                let counted = batches.entry(batch).or_default();
                counted.all += 1;
                counted.dead += i64::from(job.state == JobState::Dead);
                counted.cancelled += i64::from(job.state == JobState::Cancelled);
            }
        }
        let mut complete = Vec::new();
        for (batch, counted) in batches {
            complete.extend(self.count_down(batch, &counted, now).await?);
        }
        Ok(complete)
    }

    async fn count_down(&mut self, id: BatchId, counted: &Counted, now: Timestamp) -> Result<Option<Batch>> {
        sqlx::query(
            "UPDATE job_batches SET pending = pending - ?, dead = dead + ?, cancelled = cancelled + ? WHERE id = ?",
        )
        .bind(counted.all)
        .bind(counted.dead)
        .bind(counted.cancelled)
        .bind(id.as_bytes().as_slice())
        .execute(self.connection())
        .await
        .map_err(failed("jobs.batch"))?;
        let complete = sqlx::query(
            "UPDATE job_batches SET completed_at = ? WHERE id = ? AND pending = 0 AND completed_at IS NULL RETURNING *",
        )
        .bind(now.as_micros())
        .bind(id.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("jobs.batch"))?;
        complete.as_ref().map(read_batch).transpose()
    }

    /// A job that had ended as `state` runs again. A batch completes once all the same.
    pub(super) async fn back_into_batch(&mut self, id: BatchId, state: JobState) -> Result<()> {
        sqlx::query(
            "UPDATE job_batches SET pending = pending + 1, dead = dead - ?, cancelled = cancelled - ? WHERE id = ?",
        )
        .bind(i64::from(state == JobState::Dead))
        .bind(i64::from(state == JobState::Cancelled))
        .bind(id.as_bytes().as_slice())
        .execute(self.connection())
        .await
        .map_err(failed("jobs.batch"))?;
        Ok(())
    }

    /// Lets the next job of a concurrency key compete again.
    async fn unpark(&mut self, tenant: TenantId, kind: &str, key: &str) -> Result<()> {
        sqlx::query(
            "UPDATE jobs SET parked = 0 WHERE sequence = (SELECT sequence FROM jobs
             WHERE state = 'ready' AND parked = 1 AND tenant_id = ? AND kind = ? AND concurrency_key = ?
             ORDER BY priority DESC, run_at, sequence LIMIT 1)",
        )
        .bind(tenant.as_bytes().as_slice())
        .bind(kind)
        .bind(key)
        .execute(self.connection())
        .await
        .map_err(failed("jobs.finish"))?;
        Ok(())
    }

    pub(super) async fn prune_batches(&mut self, before: Timestamp, limit: u32) -> Result<()> {
        sqlx::query(
            "DELETE FROM job_batches WHERE id IN (SELECT id FROM job_batches
             WHERE completed_at IS NOT NULL AND completed_at < ? AND pending = 0 AND (? OR tenant_id = ?) LIMIT ?)",
        )
        .bind(before.as_micros())
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(limit)
        .execute(self.connection())
        .await
        .map_err(failed("jobs.prune"))?;
        Ok(())
    }
}
