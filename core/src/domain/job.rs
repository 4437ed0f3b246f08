//! Jobs: work that is stored before it is done.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::document::text_enum;
use crate::base::{BatchId, Error, ErrorKind, JobId, Result, TenantId, Timestamp};

/// The longest payload, in bytes of its JSON. What is larger belongs into the store as a
/// document, and its id into the payload.
pub const MAX_PAYLOAD: usize = 16 << 20;
/// The deepest payload: how many lists and objects may lie within each other. What is deeper
/// could be stored, but would not be read back.
pub const MAX_PAYLOAD_DEPTH: usize = 100;
/// The longest kind, key or name, in bytes.
const MAX_NAME: usize = 200;
/// The longest message of a failure, in characters.
const MAX_MESSAGE: usize = 4000;

text_enum! {
    /// Where a job stands.
    JobState, "job state" {
        /// Waits for its time.
        Scheduled = "scheduled",
        /// Due; waits for a worker.
        Ready = "ready",
        /// A worker is at it.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Failed, and will be tried again at its time.
        Failed = "failed",
        /// Failed for good: its attempts are used up, or a retry cannot help.
        Dead = "dead",
        /// Somebody called it off.
        Cancelled = "cancelled",
    }
}

impl JobState {
    /// Whether nothing more happens to the job by itself.
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Succeeded | Self::Dead | Self::Cancelled)
    }
}

/// A job to enqueue. Start from [`NewJob::new`] and set what matters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewJob {
    /// What to do: the name that its handler is registered under.
    pub kind: String,
    /// With what; the handler knows its form.
    #[serde(default)]
    pub payload: serde_json::Value,
    /// Jobs of higher priority go first.
    #[serde(default)]
    pub priority: i32,
    /// Not before this instant; at once when it is `None`.
    #[serde(default)]
    pub run_at: Option<Timestamp>,
    /// Not before this time has passed after `run_at`, or after the moment it is enqueued
    /// where that is `None`; in seconds in JSON.
    #[serde(default, with = "seconds")]
    pub delay: Option<Duration>,
    /// While an unfinished job of the same owner and kind has the same key, enqueueing does
    /// nothing and gives that job.
    #[serde(default)]
    pub unique_key: Option<String>,
    /// How often it is tried at most.
    #[serde(default = "default_attempts")]
    pub max_attempts: u32,
    /// How long one attempt may take, in seconds in JSON; for ever when it is `None`.
    #[serde(default, with = "seconds")]
    pub timeout: Option<Duration>,
    /// Of the owner's jobs of this kind with the same key, at most `concurrency_limit` run
    /// at once.
    #[serde(default)]
    pub concurrency_key: Option<String>,
    /// See `concurrency_key`.
    #[serde(default = "default_limit")]
    pub concurrency_limit: u32,
}

const fn default_attempts() -> u32 {
    10
}

const fn default_limit() -> u32 {
    1
}

impl NewJob {
    /// A job that runs at once, is tried ten times, and may take as long as it needs.
    #[must_use]
    pub fn new(kind: impl Into<String>, payload: serde_json::Value) -> Self {
        Self {
            kind: kind.into(),
            payload,
            priority: 0,
            run_at: None,
            delay: None,
            unique_key: None,
            max_attempts: default_attempts(),
            timeout: None,
            concurrency_key: None,
            concurrency_limit: default_limit(),
        }
    }

    /// Puts the job together as it is stored.
    ///
    /// # Errors
    /// `invalid_input` for an unfit kind, key or number, `limit_exceeded` for a payload of
    /// more than [`MAX_PAYLOAD`] bytes or deeper than [`MAX_PAYLOAD_DEPTH`].
    pub fn into_job(self, id: JobId, tenant: TenantId, now: Timestamp) -> Result<Job> {
        self.check()?;
        Ok(self.into_stored(id, tenant, now))
    }

    fn check(&self) -> Result<()> {
        let operation = "jobs.enqueue";
        check_kind(operation, &self.kind)?;
        for key in [&self.unique_key, &self.concurrency_key].into_iter().flatten() {
            check_name(operation, "a key has 1 to 200 bytes", key)?;
        }
        let invalid = |message: &str| Error::new(ErrorKind::InvalidInput, operation, message);
        if self.max_attempts == 0 || self.max_attempts > i32::MAX as u32 {
            return Err(invalid("a job is tried at least once").with("max_attempts", self.max_attempts));
        }
        if self.concurrency_limit == 0 || self.concurrency_limit > i32::MAX as u32 {
            return Err(invalid("a concurrency limit is at least 1"));
        }
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(invalid("a timeout is longer than nothing"));
        }
        if is_deeper_than(&self.payload, MAX_PAYLOAD_DEPTH) {
            let message = "the payload is too deep; store it as a document and enqueue its id";
            return Err(
                Error::new(ErrorKind::LimitExceeded, operation, message).with("limit", MAX_PAYLOAD_DEPTH)
            );
        }
        // The length of its JSON is what is stored; a value always has one.
        let size = self.payload.to_string().len();
        if size > MAX_PAYLOAD {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                operation,
                "the payload is too long; store it as a document and enqueue its id",
            )
            .with("bytes", size)
            .with("limit", MAX_PAYLOAD));
        }
        Ok(())
    }

    /// Puts together a job that a store has, and that was checked on its way in.
    pub(crate) fn into_stored(self, id: JobId, tenant: TenantId, now: Timestamp) -> Job {
        let run_at = self.run_at.unwrap_or(now).after(self.delay.unwrap_or_default());
        Job {
            id,
            tenant,
            state: if run_at > now { JobState::Scheduled } else { JobState::Ready },
            kind: self.kind,
            payload: self.payload,
            priority: self.priority,
            run_at,
            unique_key: self.unique_key,
            attempt: 0,
            max_attempts: self.max_attempts,
            timeout: self.timeout,
            concurrency_key: self.concurrency_key,
            concurrency_limit: self.concurrency_limit,
            batch: None,
            cancel_requested: false,
            progress: None,
            failure: None,
            created_at: now,
            started_at: None,
            finished_at: None,
        }
    }
}

/// Goes down no further than it has to, however deep the value is.
fn is_deeper_than(value: &serde_json::Value, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else { return value.is_array() || value.is_object() };
    match value {
        serde_json::Value::Array(items) => items.iter().any(|item| is_deeper_than(item, below)),
        serde_json::Value::Object(fields) => fields.values().any(|field| is_deeper_than(field, below)),
        _ => false,
    }
}

/// A duration as a number of seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        value.map(|duration| duration.as_secs_f64()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(from)?;
        seconds
            .map(|seconds| Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom))
            .transpose()
    }
}

/// Whether a text can be the kind of a job: 1 to 200 bytes.
///
/// # Errors
/// `invalid_input`.
pub fn check_kind(operation: &'static str, kind: &str) -> Result<()> {
    check_name(operation, "a kind of job is a name of 1 to 200 bytes", kind)
}

pub(super) fn check_name(operation: &'static str, message: &str, name: &str) -> Result<()> {
    // NUL cannot be stored as text in every database.
    if name.is_empty() || name.len() > MAX_NAME || name.contains('\0') {
        return Err(Error::new(ErrorKind::InvalidInput, operation, message)
            .with("value", name.chars().take(64).collect::<String>()));
    }
    Ok(())
}

/// A job as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Job {
    /// Names the job.
    pub id: JobId,
    /// Who enqueued it and owns what it works on; the workspace itself is an owner too.
    pub tenant: TenantId,
    /// Where it stands.
    pub state: JobState,
    /// What to do.
    pub kind: String,
    /// With what.
    pub payload: serde_json::Value,
    /// Higher goes first.
    pub priority: i32,
    /// Not before this instant.
    pub run_at: Timestamp,
    /// See [`NewJob::unique_key`].
    pub unique_key: Option<String>,
    /// How often it was tried; while it runs, the number of this attempt, from 1.
    pub attempt: u32,
    /// How often it is tried at most.
    pub max_attempts: u32,
    /// How long one attempt may take.
    #[serde(default, with = "seconds")]
    pub timeout: Option<Duration>,
    /// See [`NewJob::concurrency_key`].
    pub concurrency_key: Option<String>,
    /// See [`NewJob::concurrency_key`].
    pub concurrency_limit: u32,
    /// The batch it belongs to.
    pub batch: Option<BatchId>,
    /// Somebody asked to call it off while it ran.
    pub cancel_requested: bool,
    /// How far its handler says it is.
    pub progress: Option<JobProgress>,
    /// Why the last attempt failed.
    pub failure: Option<JobFailure>,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When its last attempt began.
    pub started_at: Option<Timestamp>,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
}

/// How far a running job is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobProgress {
    /// From 0 to 1.
    pub fraction: f64,
    /// In words.
    pub message: Option<String>,
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailure {
    /// The code of an error kind, or `handler` for a handler's own error, `panic`, `timeout`,
    /// `cancelled`, `worker_lost`.
    pub code: String,
    /// In words.
    pub message: String,
}

impl JobFailure {
    /// Puts a failure together; an overlong message is cut.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        let mut message: String = message.into();
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
            message.truncate(end);
        }
        // NUL cannot be stored as text in every database.
        Self { code: code.to_owned(), message: message.replace('\0', " ") }
    }
}

/// What enqueueing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enqueued {
    /// The job: an earlier one where the unique key was taken.
    pub id: JobId,
    /// Whether it is new.
    pub is_new: bool,
}

/// Jobs that are waited for together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Batch {
    /// Names the batch.
    pub id: BatchId,
    /// Its owner.
    pub tenant: TenantId,
    /// How many jobs it has.
    pub total: u64,
    /// How many of them are not finished.
    pub pending: u64,
    /// How many of them died.
    pub dead: u64,
    /// How many of them were cancelled.
    pub cancelled: u64,
    /// The job that is enqueued when all of them are finished, however they ended.
    pub on_complete: Option<NewJob>,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When the last of its jobs was finished.
    pub completed_at: Option<Timestamp>,
}

impl Batch {
    /// A batch of `total` jobs, none of which is finished.
    #[must_use]
    pub fn new(
        id: BatchId,
        tenant: TenantId,
        total: u64,
        on_complete: Option<NewJob>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            tenant,
            total,
            pending: total,
            dead: 0,
            cancelled: 0,
            on_complete,
            created_at: now,
            completed_at: None,
        }
    }
}

/// Which jobs a list shows. What is `None` is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobFilter {
    /// Of this kind.
    pub kind: Option<String>,
    /// In this state.
    pub state: Option<JobState>,
    /// In this batch.
    pub batch: Option<BatchId>,
}

/// How many jobs of one kind are in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KindStats {
    /// The kind.
    pub kind: String,
    /// Wait for their time.
    pub scheduled: u64,
    /// Are due.
    pub ready: u64,
    /// Run.
    pub running: u64,
    /// Are done.
    pub succeeded: u64,
    /// Will be tried again.
    pub failed: u64,
    /// Failed for good.
    pub dead: u64,
    /// Were called off.
    pub cancelled: u64,
    /// Since when the one that has been due longest is due.
    pub oldest_ready: Option<Timestamp>,
}

impl KindStats {
    /// The count of a state.
    pub fn of(&mut self, state: JobState) -> &mut u64 {
        match state {
            JobState::Scheduled => &mut self.scheduled,
            JobState::Ready => &mut self.ready,
            JobState::Running => &mut self.running,
            JobState::Succeeded => &mut self.succeeded,
            JobState::Failed => &mut self.failed,
            JobState::Dead => &mut self.dead,
            JobState::Cancelled => &mut self.cancelled,
        }
    }
}

/// What waits, runs and is done, by kind, in order of their names.
pub type JobStats = Vec<KindStats>;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_770_000_000);

    fn made(new: NewJob) -> Result<Job> {
        new.into_job(JobId::from_bytes([1; 16]), TenantId::SYSTEM, NOW)
    }

    #[test]
    fn what_is_due_is_ready_and_what_is_not_is_scheduled() {
        let mut new = NewJob::new("report", serde_json::json!({}));
        assert_eq!(made(new.clone()).map(|job| (job.state, job.run_at)).ok(), Some((JobState::Ready, NOW)));
        new.run_at = Some(NOW.after(Duration::from_secs(1)));
        assert_eq!(made(new.clone()).map(|job| job.state).ok(), Some(JobState::Scheduled));
        new.delay = Some(Duration::from_secs(2));
        assert_eq!(made(new.clone()).map(|job| job.run_at).ok(), Some(NOW.after(Duration::from_secs(3))));
        new.run_at = None;
        assert_eq!(made(new).map(|job| job.run_at).ok(), Some(NOW.after(Duration::from_secs(2))));
    }

    #[test]
    fn unfit_jobs_are_refused() {
        let good = || NewJob::new("report", serde_json::Value::Null);
        let cases = [
            NewJob { kind: String::new(), ..good() },
            NewJob { kind: "x".repeat(201), ..good() },
            NewJob { unique_key: Some("a\0b".into()), ..good() },
            NewJob { max_attempts: 0, ..good() },
            NewJob { concurrency_limit: 0, ..good() },
            NewJob { timeout: Some(Duration::ZERO), ..good() },
        ];
        for case in cases {
            assert_eq!(made(case).map_err(|error| error.kind()), Err(ErrorKind::InvalidInput));
        }
        let nested = |depth| {
            let payload = (0..depth).fold(serde_json::Value::Null, |inner, _| serde_json::json!([inner]));
            NewJob { payload, ..good() }
        };
        assert!(made(nested(MAX_PAYLOAD_DEPTH)).is_ok());
        let large = NewJob { payload: "x".repeat(MAX_PAYLOAD).into(), ..good() };
        for case in [large, nested(MAX_PAYLOAD_DEPTH + 1)] {
            assert_eq!(made(case).map_err(|error| error.kind()), Err(ErrorKind::LimitExceeded));
        }
    }

    #[test]
    fn a_job_in_json_needs_its_kind_only() {
        let read: NewJob = serde_json::from_str(r#"{"kind": "report"}"#).expect("reads");
        assert_eq!(read, NewJob::new("report", serde_json::Value::Null));
        assert!(serde_json::from_str::<NewJob>(r#"{"kind": "report", "priorty": 1}"#).is_err());
    }
}
