//! What follows from the end of a job: its batch counts down, the next job of its
//! concurrency key is let through, and its failure goes into the change log.

use std::collections::BTreeMap;

use sqlx::postgres::PgRow;

use super::codec::{Columns, failed, uuid};
use super::statement::statement;
use super::transaction::PostgresTransaction;
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

    pub(super) fn read(row: &PgRow) -> Result<Self> {
        let row = Columns(row);
        Ok(Self {
            id: JobId::from_bytes(row.id("id")?),
            tenant: TenantId::from_bytes(row.id("tenant_id")?),
            kind: row.text("kind")?,
            state: row.parsed("state")?,
            batch: row.optional_id("batch_id")?.map(BatchId::from_bytes),
            concurrency_key: row.optional_text("concurrency_key")?,
        })
    }
}

pub(super) fn read_batch(row: &PgRow) -> Result<Batch> {
    let row = Columns(row);
    let mut batch = Batch::new(
        BatchId::from_bytes(row.id("id")?),
        TenantId::from_bytes(row.id("tenant_id")?),
        row.unsigned("total")?,
        row.optional_json("on_complete")?,
        row.instant("created_at")?,
    );
    batch.pending = row.unsigned("pending")?;
    batch.dead = row.unsigned("dead")?;
    batch.cancelled = row.unsigned("cancelled")?;
    batch.completed_at = row.optional_instant("completed_at")?;
    Ok(batch)
}

/// How many jobs of a batch ended, and how many of these died or were cancelled.
#[derive(Default)]
struct Counted {
    all: i64,
    dead: i64,
    cancelled: i64,
}

impl PostgresTransaction {
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
        statement(
            "UPDATE besunny.job_batches SET pending = pending - $1, dead = dead + $2, cancelled = cancelled + $3 WHERE id = $4",
        )
        .bind(counted.all)
        .bind(counted.dead)
        .bind(counted.cancelled)
        .bind(uuid(id.as_bytes()))
        .execute(self.connection())
        .await
        .map_err(failed("jobs.batch"))?;
        let complete = statement(
            "UPDATE besunny.job_batches SET completed_at = $1 WHERE id = $2 AND pending = 0 AND completed_at IS NULL RETURNING *",
        )
        .bind(now.as_micros())
        .bind(uuid(id.as_bytes()))
        .fetch_optional(self.connection())
        .await
        .map_err(failed("jobs.batch"))?;
        complete.as_ref().map(read_batch).transpose()
    }

    /// A job that had ended as `state` runs again. A batch completes once all the same.
    pub(super) async fn back_into_batch(&mut self, id: BatchId, state: JobState) -> Result<()> {
        statement(
            "UPDATE besunny.job_batches SET pending = pending + 1, dead = dead - $1, cancelled = cancelled - $2 WHERE id = $3",
        )
        .bind(i64::from(state == JobState::Dead))
        .bind(i64::from(state == JobState::Cancelled))
        .bind(uuid(id.as_bytes()))
        .execute(self.connection())
        .await
        .map_err(failed("jobs.batch"))?;
        Ok(())
    }

    /// Lets the next job of a concurrency key compete again. The transaction has the turn of
    /// the key: nobody parks another one meanwhile.
    async fn unpark(&mut self, tenant: TenantId, kind: &str, key: &str) -> Result<()> {
        statement(
            "UPDATE besunny.job_queue SET parked = false WHERE id = (SELECT id FROM besunny.job_queue
             WHERE state = 'ready' AND parked AND tenant_id = $1 AND kind = $2 AND concurrency_key = $3
             ORDER BY priority DESC, run_at, sequence LIMIT 1 FOR UPDATE)",
        )
        .bind(uuid(tenant.as_bytes()))
        .bind(kind.to_owned())
        .bind(key.to_owned())
        .execute(self.connection())
        .await
        .map_err(failed("jobs.finish"))?;
        Ok(())
    }

    pub(super) async fn prune_batches(&mut self, before: Timestamp, limit: u32) -> Result<()> {
        statement(
            "DELETE FROM besunny.job_batches WHERE id IN (SELECT id FROM besunny.job_batches
             WHERE completed_at IS NOT NULL AND completed_at < $1 AND pending = 0 AND ($2 OR tenant_id = $3) LIMIT $4)",
        )
        .bind(before.as_micros())
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(i64::from(limit))
        .execute(self.connection())
        .await
        .map_err(failed("jobs.prune"))?;
        Ok(())
    }
}
