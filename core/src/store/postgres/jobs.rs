//! Jobs and batches, as their owners see them.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use super::codec::{Columns, duplicate, failed, json, uuid};
use super::job_ends::{EndedJob, read_batch};
use super::statement::{build, built, statement};
use super::transaction::PostgresTransaction;
use crate::base::{BatchId, Error, ErrorKind, JobId, Result, TenantId, Timestamp};
use crate::domain::{
    Batch, Enqueued, Job, JobFailure, JobFilter, JobState, JobStats, JobStore, KindStats, NewJob, Page,
    PageRequest, Transaction,
};
use crate::store::paging::{before, page_size};

/// Jobs with the columns that [`read_job`] needs: while a job is in the queue, that says how
/// it stands.
const JOBS: &str = "SELECT jobs.sequence, jobs.id, jobs.tenant_id, jobs.kind, jobs.payload, jobs.priority, \
    jobs.max_attempts, jobs.timeout, jobs.unique_key, jobs.concurrency_key, jobs.concurrency_limit, \
    jobs.batch_id, jobs.error_code, jobs.error_message, jobs.created_at, jobs.finished_at, \
    coalesce(queue.state, jobs.state) AS state, coalesce(queue.run_at, jobs.run_at) AS run_at, \
    coalesce(queue.attempt, jobs.attempt) AS attempt, \
    coalesce(queue.cancel_requested, jobs.cancel_requested) AS cancel_requested, \
    CASE WHEN queue.id IS NULL THEN jobs.progress ELSE queue.progress END AS progress, \
    CASE WHEN queue.id IS NULL THEN jobs.started_at ELSE queue.started_at END AS started_at \
    FROM besunny.jobs AS jobs LEFT JOIN besunny.job_queue AS queue ON queue.id = jobs.id";
/// One statement adds at most so many jobs, or so many bytes of payload and one job.
const ROWS: usize = 500;
const BYTES: usize = 4 << 20;
/// How often a unique key may turn out to be free and taken again.
const TRIES: usize = 5;

pub(super) fn read_job(row: &PgRow) -> Result<Job> {
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
        run_at: Some(row.instant("run_at")?),
        delay: None,
        unique_key: row.optional_text("unique_key")?,
        max_attempts: row.small("max_attempts")?,
        timeout: row.optional_long("timeout")?.map(|micros| Duration::from_micros(micros.unsigned_abs())),
        concurrency_key: row.optional_text("concurrency_key")?,
        concurrency_limit: row.small("concurrency_limit")?,
    };
    let mut job = new.into_stored(
        JobId::from_bytes(row.id("id")?),
        TenantId::from_bytes(row.id("tenant_id")?),
        row.instant("created_at")?,
    );
    job.state = row.parsed("state")?;
    job.attempt = row.small("attempt")?;
    job.batch = row.optional_id("batch_id")?.map(BatchId::from_bytes);
    job.cancel_requested = row.flag("cancel_requested")?;
    job.progress = row.optional_json("progress")?;
    job.failure = failure;
    job.started_at = row.optional_instant("started_at")?;
    job.finished_at = row.optional_instant("finished_at")?;
    Ok(job)
}

/// The queue first: it is there that a unique key is taken. In order, for the order of the
/// sequence is that of the jobs.
const INSERT_JOBS: &str = "WITH given AS (
        SELECT nextval('besunny.jobs_sequence_seq') AS sequence, listed.* FROM (
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[],
                $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::bigint[], $13::uuid[],
                $14::bigint[])
            WITH ORDINALITY AS listed (id, tenant_id, kind, payload, state, priority, run_at, max_attempts,
                timeout, unique_key, concurrency_key, concurrency_limit, batch_id, created_at, place)
            ORDER BY place) AS listed),
    queued AS (
        INSERT INTO besunny.job_queue (id, sequence, tenant_id, kind, state, priority, run_at, max_attempts,
            unique_key, concurrency_key, concurrency_limit)
        SELECT id, sequence, tenant_id, kind, state, priority, run_at, max_attempts, unique_key, concurrency_key,
            concurrency_limit
        FROM given ORDER BY place ON CONFLICT DO NOTHING RETURNING id)
    INSERT INTO besunny.jobs (sequence, id, tenant_id, kind, payload, priority, run_at, max_attempts, timeout,
        unique_key, concurrency_key, concurrency_limit, batch_id, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT sequence, id, tenant_id, kind, payload, priority, run_at, max_attempts, timeout, unique_key,
        concurrency_key, concurrency_limit, batch_id, created_at
    FROM given WHERE id IN (SELECT id FROM queued) ORDER BY place RETURNING id";

/// A list of one field of each job.
fn each<'a, T>(jobs: &'a [Job], field: impl Fn(&'a Job) -> T) -> Vec<T> {
    jobs.iter().map(field).collect()
}

impl PostgresTransaction {
    async fn insert_jobs(&mut self, jobs: &[Job]) -> Result<HashSet<JobId>> {
        let micros = |timeout: Duration| i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX);
        let payloads = jobs.iter().map(|job| json(&job.payload)).collect::<Result<Vec<_>>>()?;
        let inserted = statement(INSERT_JOBS)
            .bind(each(jobs, |job| uuid(job.id.as_bytes())))
            .bind(each(jobs, |job| uuid(job.tenant.as_bytes())))
            .bind(each(jobs, |job| job.kind.clone()))
            .bind(payloads)
            .bind(each(jobs, |job| job.state.as_str()))
            .bind(each(jobs, |job| i64::from(job.priority)))
            .bind(each(jobs, |job| job.run_at.as_micros()))
            .bind(each(jobs, |job| i64::from(job.max_attempts)))
            .bind(each(jobs, |job| job.timeout.map(micros)))
            .bind(each(jobs, |job| job.unique_key.clone()))
            .bind(each(jobs, |job| job.concurrency_key.clone()))
            .bind(each(jobs, |job| i64::from(job.concurrency_limit)))
            .bind(each(jobs, |job| job.batch.map(|batch| uuid(batch.as_bytes()))))
            .bind(each(jobs, |job| job.created_at.as_micros()))
            .fetch_all(self.connection())
            .await
            .map_err(|error| match duplicate(&error) {
                Some(_) => {
                    Error::new(ErrorKind::AlreadyExists, "jobs.enqueue", "there is a job with such an id")
                }
                None => failed("jobs.enqueue")(error),
            })?;
        inserted.iter().map(|row| Ok(JobId::from_bytes(Columns(row).id("id")?))).collect()
    }

    /// The unfinished job that has the key of `job`.
    async fn holder(&mut self, job: &Job) -> Result<Option<JobId>> {
        let row = statement(
            "SELECT id FROM besunny.job_queue
             WHERE tenant_id = $1 AND kind = $2 AND unique_key = $3 AND unique_key IS NOT NULL",
        )
        .bind(uuid(job.tenant.as_bytes()))
        .bind(job.kind.clone())
        .bind(job.unique_key.clone())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("jobs.enqueue"))?;
        row.map(|row| Ok(JobId::from_bytes(Columns(&row).id("id")?))).transpose()
    }

    /// A job that was not added: its key is taken, or was until just now, by a job that a
    /// worker has finished meanwhile.
    async fn enqueue_again(&mut self, job: &Job) -> Result<Enqueued> {
        for _ in 0..TRIES {
            if let Some(id) = self.holder(job).await? {
                return Ok(Enqueued { id, is_new: false });
            }
            if self.insert_jobs(std::slice::from_ref(job)).await?.contains(&job.id) {
                return Ok(Enqueued { id: job.id, is_new: true });
            }
        }
        Err(Error::new(ErrorKind::AlreadyExists, "jobs.enqueue", "there is a job with this id")
            .with("job", job.id))
    }

    /// Where a job stands in the queue, and nobody else changes that until the end of the
    /// transaction; `None` when it is finished. Of a job with a concurrency key, the turn of
    /// the key comes first.
    async fn locked_state(&mut self, job: &Job) -> Result<Option<JobState>> {
        if job.concurrency_key.is_some() {
            statement("SELECT pg_advisory_xact_lock(besunny.concurrency_turn($1, $2, $3))")
                .bind(uuid(job.tenant.as_bytes()))
                .bind(job.kind.clone())
                .bind(job.concurrency_key.clone())
                .execute(self.connection())
                .await
                .map_err(failed("jobs.cancel"))?;
        }
        let row = statement("SELECT state FROM besunny.job_queue WHERE id = $1 FOR UPDATE")
            .bind(uuid(job.id.as_bytes()))
            .fetch_optional(self.connection())
            .await
            .map_err(failed("jobs.cancel"))?;
        row.map(|row| Columns(&row).parsed("state")).transpose()
    }

    async fn job_row(&mut self, id: JobId) -> Result<Option<PgRow>> {
        statement(AssertSqlSafe(format!("{JOBS} WHERE jobs.id = $1 AND ($2 OR jobs.tenant_id = $3)")))
            .bind(uuid(id.as_bytes()))
            .bind(self.sees_all())
            .bind(self.tenant())
            .fetch_optional(self.connection())
            .await
            .map_err(failed("jobs.get"))
    }
}

#[async_trait]
impl JobStore for PostgresTransaction {
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
        let mut rest = jobs;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(ROWS).take_while(|job| {
                let fits = bytes <= BYTES;
                bytes += job.payload.to_string().len();
                fits
            });
            let (some, others) = rest.split_at(fits.count());
            inserted.extend(self.insert_jobs(some).await?);
            rest = others;
        }
        let mut enqueued = Vec::with_capacity(jobs.len());
        for job in jobs {
            enqueued.push(match inserted.contains(&job.id) {
                true => Enqueued { id: job.id, is_new: true },
                false => self.enqueue_again(job).await?,
            });
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
        let on_complete = batch.on_complete.as_ref().map(json).transpose()?;
        statement(
            "INSERT INTO besunny.job_batches (id, tenant_id, total, pending, dead, cancelled, on_complete, created_at, completed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(uuid(batch.id.as_bytes()))
        .bind(uuid(batch.tenant.as_bytes()))
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
        let row = statement("SELECT * FROM besunny.job_batches WHERE id = $1 AND ($2 OR tenant_id = $3)")
            .bind(uuid(id.as_bytes()))
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
        let mut query = build(format!("{JOBS} WHERE jobs.sequence < "));
        query.push_bind(before(page.after.as_ref())?);
        if !self.sees_all() {
            query.push(" AND jobs.tenant_id = ").push_bind(self.tenant());
        }
        if let Some(kind) = &filter.kind {
            query.push(" AND jobs.kind = ").push_bind(kind.clone());
        }
        if let Some(state) = filter.state {
            query.push(" AND coalesce(queue.state, jobs.state) = ").push_bind(state.as_str());
        }
        if let Some(batch) = filter.batch {
            query.push(" AND jobs.batch_id = ").push_bind(uuid(batch.as_bytes()));
        }
        query.push(" ORDER BY jobs.sequence DESC LIMIT ").push_bind(i64::from(size) + 1);
        let rows = built(&mut query).fetch_all(self.connection()).await.map_err(failed("jobs.list"))?;
        let kept = &rows[..rows.len().min(size as usize)];
        let next = match kept.last() {
            Some(last) if rows.len() > kept.len() => Some(Columns(last).integer("sequence")?.to_string()),
            _ => None,
        };
        Ok(Page { items: kept.iter().map(read_job).collect::<Result<_>>()?, next })
    }

    async fn job_stats(&mut self) -> Result<JobStats> {
        let rows = statement(
            "SELECT kind, state, count(*) AS jobs, min(run_at) AS oldest FROM (
                 SELECT tenant_id, kind, state, run_at FROM besunny.job_queue
                 UNION ALL SELECT tenant_id, kind, state, run_at FROM besunny.jobs WHERE state IS NOT NULL) AS jobs
             WHERE ($1 OR tenant_id = $2) GROUP BY kind, state ORDER BY kind",
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
                    last.oldest_ready = row.optional_instant("oldest")?;
                }
            }
        }
        Ok(stats)
    }

    async fn cancel_job(&mut self, id: JobId, now: Timestamp) -> Result<(Option<JobState>, Vec<Batch>)> {
        let Some(job) = self.job(id).await? else { return Ok((None, Vec::new())) };
        let earlier = match self.locked_state(&job).await? {
            Some(state) => state,
            None => return Ok((self.job(id).await?.map(|job| job.state), Vec::new())),
        };
        if earlier == JobState::Running {
            statement("UPDATE besunny.job_queue SET cancel_requested = true WHERE id = $1")
                .bind(uuid(id.as_bytes()))
                .execute(self.connection())
                .await
                .map_err(failed("jobs.cancel"))?;
            return Ok((Some(earlier), Vec::new()));
        }
        statement(
            "WITH gone AS (DELETE FROM besunny.job_queue WHERE id = $1 RETURNING *)
             UPDATE besunny.jobs SET state = 'cancelled', finished_at = $2, run_at = gone.run_at,
             attempt = gone.attempt, started_at = gone.started_at, progress = gone.progress
             FROM gone WHERE jobs.sequence = gone.sequence",
        )
        .bind(uuid(id.as_bytes()))
        .bind(now.as_micros())
        .execute(self.connection())
        .await
        .map_err(failed("jobs.cancel"))?;
        let ended = EndedJob { state: JobState::Cancelled, ..EndedJob::of(job) };
        Ok((Some(earlier), self.after_end(vec![ended], now).await?))
    }

    async fn requeue_job(&mut self, id: JobId, now: Timestamp) -> Result<Option<JobState>> {
        let finished = statement(
            "SELECT state, batch_id FROM besunny.jobs WHERE id = $1 AND ($2 OR tenant_id = $3) AND state IS NOT NULL
             FOR UPDATE",
        )
        .bind(uuid(id.as_bytes()))
        .bind(self.sees_all())
        .bind(self.tenant())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("jobs.requeue"))?;
        let Some(row) = finished else { return Ok(self.job(id).await?.map(|job| job.state)) };
        let state: JobState = Columns(&row).parsed("state")?;
        if !matches!(state, JobState::Dead | JobState::Cancelled) {
            return Ok(Some(state));
        }
        let queued = statement(
            "WITH again AS (UPDATE besunny.jobs SET state = NULL, finished_at = NULL WHERE id = $1 RETURNING *)
             INSERT INTO besunny.job_queue (id, sequence, tenant_id, kind, state, priority, run_at, max_attempts,
                 unique_key, concurrency_key, concurrency_limit, progress, started_at)
             SELECT id, sequence, tenant_id, kind, 'ready', priority, $2, max_attempts, unique_key, concurrency_key,
                 concurrency_limit, progress, started_at FROM again",
        )
        .bind(uuid(id.as_bytes()))
        .bind(now.as_micros())
        .execute(self.connection())
        .await;
        match queued {
            Ok(_) => {}
            Err(error) if duplicate(&error).is_some() => {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    "jobs.requeue",
                    "another job has its unique key by now",
                )
                .with("job", id));
            }
            Err(error) => return Err(failed("jobs.requeue")(error)),
        }
        if let Some(batch) = Columns(&row).optional_id("batch_id")? {
            self.back_into_batch(BatchId::from_bytes(batch), state).await?;
        }
        Ok(Some(state))
    }

    async fn prune_jobs(&mut self, before: Timestamp, limit: u32) -> Result<u64> {
        let owner = (!self.sees_all()).then(|| self.tenant());
        let row = statement("SELECT besunny.prune_jobs($1, $2, $3) AS pruned")
            .bind(before.as_micros())
            .bind(i64::from(limit))
            .bind(owner)
            .fetch_one(self.connection())
            .await
            .map_err(failed("jobs.prune"))?;
        self.prune_batches(before, limit).await?;
        Columns(&row).unsigned("pruned")
    }
}
