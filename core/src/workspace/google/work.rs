//! When streams are brought level: by jobs, at once after a notification, and when they are due.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::GoogleParts;
use crate::base::{Error, ErrorKind, Result, Scope, TenantId};
use crate::domain::{Access, NewJob, NewSchedule, Stream, StreamKey};
use crate::jobs::JobError;
use crate::sync::{Notes, RunOptions, RunReport, Trigger};
use crate::workspace::Workspace;
use crate::workspace::job_handler::JobContext;

/// Brings one stream level.
pub(super) const SYNC: &str = "google.sync";
/// Enqueues a job for each stream that is due.
pub(super) const TICK: &str = "google.tick";
/// The name of the schedule that ticks.
const SCHEDULE: &str = "google";
/// How many due streams a tick looks at.
const DUE_AT_ONCE: u32 = 1_000;
/// The most bytes of a job's unique key; a longer one names the stream by less.
const MAX_KEY: usize = 180;

/// What a job that brings a stream level is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SyncPayload {
    #[serde(flatten)]
    key: StreamKey,
    /// How many hints had been heard when it was enqueued; `None` for a poll.
    hints: Option<u64>,
}

pub(in crate::workspace) fn register(workspace: &Workspace) -> Result<()> {
    workspace.jobs().handler(SYNC, sync)?;
    workspace.jobs().handler(TICK, tick)
}

/// The schedule that keeps polling going: each minute, what is due.
pub(super) fn schedule() -> NewSchedule {
    let mut job = NewJob::new(TICK, serde_json::Value::Null);
    job.max_attempts = 1;
    NewSchedule::new(SCHEDULE, "* * * * *", "UTC", job)
}

fn job(key: &StreamKey, hints: Option<u64>) -> Result<NewJob> {
    let payload = serde_json::to_value(SyncPayload { key: key.clone(), hints }).map_err(|error| {
        Error::new(ErrorKind::Internal, "google.sync", "a job has no JSON form").caused_by(error)
    })?;
    let mut name = key.to_string();
    name.truncate(name.floor_char_boundary(MAX_KEY));
    let mut job = NewJob::new(SYNC, payload);
    // A run that has begun may have missed what is enqueued now, so each hint has its own key.
    job.unique_key = Some(match hints {
        Some(hints) => format!("{name}#{hints}"),
        None => name,
    });
    job.concurrency_key = Some(key.account.to_string());
    // Somebody waits for what was announced.
    job.priority = if hints.is_some() { 10 } else { 0 };
    Ok(job)
}

async fn sync(context: JobContext) -> Result<(), JobError> {
    let SyncPayload { key, hints } = context.payload()?;
    let workspace = context.workspace().clone();
    let parts = workspace.google_parts("google.sync")?;
    let scope = Scope::of(context.job().tenant);
    if let Some(hints) = hints {
        // Coalesced: the run of an earlier job has seen this hint.
        let stream = parts.store.begin(&scope, Access::Read).await?.stream(&key).await?;
        let Some(stream) = stream else { return Ok(()) };
        if Notes::read(&stream.state).hints_seen >= hints {
            return Ok(());
        }
    }
    let reported = context.clone();
    let options = RunOptions {
        trigger: if hints.is_some() { Trigger::Hint } else { Trigger::Poll },
        cancel: context.cancel().clone(),
        progress: Some(Arc::new(move |done, waiting| {
            let part = done as f64 / (done + waiting).max(1) as f64;
            reported.progress(part, Some(&format!("{done} done, {waiting} wait")));
        })),
    };
    match parts.run(&scope, &key, &options).await {
        Ok(_) => Ok(()),
        // Disconnected meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn tick(context: JobContext) -> Result<(), JobError> {
    context.workspace().google_parts("google.tick")?.tick().await?;
    Ok(())
}

impl GoogleParts {
    /// Brings a stream level; in this process, one stream of an account after the other.
    pub(super) async fn run(
        &self,
        scope: &Scope,
        key: &StreamKey,
        options: &RunOptions,
    ) -> Result<RunReport> {
        let turn = self.turn(key.account);
        let _turn = turn.lock().await;
        self.engine.run(scope, key, options).await
    }

    /// Enqueues a job for each stream that is due; how many.
    pub(super) async fn tick(&self) -> Result<usize> {
        let now = self.clock.now();
        let due =
            self.store.begin(&Scope::service(), Access::Read).await?.due_streams(now, DUE_AT_ONCE).await?;
        let mut by_tenant: BTreeMap<TenantId, Vec<Stream>> = BTreeMap::new();
        let count = due.len();
        for stream in due {
            by_tenant.entry(stream.tenant).or_default().push(stream);
        }
        for (tenant, streams) in by_tenant {
            let jobs = streams.iter().map(|stream| job(&stream.key, None)).collect::<Result<Vec<_>>>()?;
            self.jobs.enqueue(&Scope::of(tenant), jobs).await?;
        }
        Ok(count)
    }

    /// Writes down that something was heard about streams, and enqueues their jobs, in one
    /// transaction for each owner: when this returns, nothing is forgotten.
    pub(super) async fn hint(&self, tenant: TenantId, keys: &[StreamKey]) -> Result<()> {
        let scope = Scope::of(tenant);
        let now = self.clock.now();
        let mut write = self.store.begin(&scope, Access::Work).await?;
        let mut heard = Vec::new();
        let mut jobs = Vec::new();
        for key in keys {
            let Some(stream) = write.stream(key).await? else { continue };
            heard.push(key.clone());
            // Due already: a job for that is enqueued, and has not begun.
            let is_due = stream.next_at.is_none_or(|at| at <= now)
                && stream.hints > Notes::read(&stream.state).hints_seen;
            if stream.next_at.is_some() && !is_due {
                jobs.push(job(key, Some(stream.hints + 1))?);
            }
        }
        write.hint(&heard, now).await?;
        self.jobs.enqueue_in(&mut *write, jobs).await?;
        write.commit().await?;
        self.jobs.wake();
        Ok(())
    }
}
