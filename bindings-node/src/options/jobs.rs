//! Jobs to enqueue, and how they are listed and worked at.

use std::time::Duration;

use besunny::JobFilter;
use napi::Result;
use napi_derive::napi;
use serde_json::Value;

use super::{page, parse_some};
use crate::types::input::{Count, Whole};
use crate::types::json::Json;
use crate::types::time::{KeepFor, Millis, TimeInput};

/// A job to enqueue.
#[napi(object)]
pub struct NewJob {
    /// What to do: the name that its handler is registered under.
    pub kind: String,
    /// With what: anything that JSON can hold; `null` if not said.
    #[napi(ts_type = "unknown")]
    pub payload: Option<Json>,
    /// Jobs of higher priority go first; 0 if not said.
    #[napi(ts_type = "number")]
    pub priority: Option<Whole>,
    /// Not before this instant; at once if not said.
    #[napi(ts_type = "Date | string")]
    pub run_at: Option<TimeInput>,
    /// Not before so many milliseconds have passed after `runAt`, or after the moment it is
    /// enqueued if that is not said.
    #[napi(ts_type = "number")]
    pub delay: Option<Millis>,
    /// While an unfinished job of the same owner and kind has the same key, enqueueing does
    /// nothing and gives that job.
    pub unique_key: Option<String>,
    /// How often it is tried at most; 10 times if not said.
    #[napi(ts_type = "number")]
    pub max_attempts: Option<Count>,
    /// How many milliseconds one attempt may take; any number if not said.
    #[napi(ts_type = "number")]
    pub timeout: Option<Millis>,
    /// Of the owner's jobs of this kind with the same key, at most `concurrencyLimit` run at
    /// once.
    pub concurrency_key: Option<String>,
    /// See `concurrencyKey`; 1 if not said.
    #[napi(ts_type = "number")]
    pub concurrency_limit: Option<Count>,
}

/// Which jobs to list, and which page of them.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct JobListOptions {
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only in this state.
    #[napi(ts_type = "JobState")]
    pub state: Option<String>,
    /// Only in this batch.
    pub batch: Option<String>,
    /// How many items a page has at most, from 1 to 1,000; 100 if not said.
    #[napi(ts_type = "number")]
    pub size: Option<Count>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// How a schedule is kept.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct ScheduleOptions {
    /// The time zone of the cron expression, by its IANA name (`Europe/Lisbon`); `UTC` if not
    /// said.
    pub zone: Option<String>,
}

/// How a worker works.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct WorkOptions {
    /// How many jobs run at once, 1 to 10,000; 4 if not said.
    #[napi(ts_type = "number")]
    pub concurrency: Option<Count>,
    /// Whether it ends by itself when nothing is due and nothing runs; not unless asked for.
    pub until_idle: Option<bool>,
    /// How many milliseconds a claim holds without a sign of life, 100 or more; 30,000 if not
    /// said. A job whose worker was killed runs again after this time at the latest, and a
    /// worker whose process stands still for longer loses its jobs.
    #[napi(ts_type = "number")]
    pub lease: Option<Millis>,
    /// How many milliseconds running jobs may go on after the worker was asked to stop, 20,000
    /// if not said; the rest is handed back, and due again at once.
    #[napi(ts_type = "number")]
    pub grace: Option<Millis>,
    /// How long failed jobs wait.
    pub backoff: Option<Backoff>,
    /// How many milliseconds finished jobs are kept, seven days if not said; `null`: for ever.
    #[napi(ts_type = "number | null")]
    pub keep_finished: Option<KeepFor>,
}

/// How long a failed job waits before it is tried again: anything from nothing to a ceiling
/// that doubles with each attempt.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct Backoff {
    /// The ceiling after the first attempt, in milliseconds; 10,000 if not said.
    #[napi(ts_type = "number")]
    pub first: Option<Millis>,
    /// The ceiling never exceeds this, in milliseconds; an hour if not said.
    #[napi(ts_type = "number")]
    pub longest: Option<Millis>,
}

impl NewJob {
    pub(crate) fn into_core(self) -> besunny::NewJob {
        let new = besunny::NewJob::new(self.kind, self.payload.map_or(Value::Null, |payload| payload.0));
        besunny::NewJob {
            priority: self.priority.map_or(new.priority, |priority| priority.0),
            run_at: self.run_at.map(|time| time.0),
            delay: self.delay.map(|delay| delay.0),
            unique_key: self.unique_key,
            max_attempts: self.max_attempts.map_or(new.max_attempts, |attempts| attempts.0),
            timeout: self.timeout.map(|timeout| timeout.0),
            concurrency_key: self.concurrency_key,
            concurrency_limit: self.concurrency_limit.map_or(new.concurrency_limit, |limit| limit.0),
            ..new
        }
    }
}

impl From<besunny::NewJob> for NewJob {
    fn from(job: besunny::NewJob) -> Self {
        Self {
            kind: job.kind,
            payload: Some(Json(job.payload)),
            priority: Some(Whole(job.priority)),
            run_at: job.run_at.map(TimeInput),
            delay: job.delay.map(Millis),
            unique_key: job.unique_key,
            max_attempts: Some(Count(job.max_attempts)),
            timeout: job.timeout.map(Millis),
            concurrency_key: job.concurrency_key,
            concurrency_limit: Some(Count(job.concurrency_limit)),
        }
    }
}

impl JobListOptions {
    pub(crate) fn into_core(self) -> Result<(JobFilter, besunny::PageRequest)> {
        let filter =
            JobFilter { kind: self.kind, state: parse_some(self.state)?, batch: parse_some(self.batch)? };
        Ok((filter, page(self.size, self.after)))
    }
}

impl WorkOptions {
    pub(crate) fn into_core(self) -> besunny::WorkOptions {
        let mut options = besunny::WorkOptions::default();
        if let Some(Count(concurrency)) = self.concurrency {
            options.concurrency = usize::try_from(concurrency).unwrap_or(usize::MAX);
        }
        options.until_idle = self.until_idle.unwrap_or_default();
        let or = |given: Option<Millis>, else_: Duration| given.map_or(else_, |millis| millis.0);
        options.lease = or(self.lease, options.lease);
        options.grace = or(self.grace, options.grace);
        let backoff = self.backoff.unwrap_or_default();
        options.backoff.first = or(backoff.first, options.backoff.first);
        options.backoff.longest = or(backoff.longest, options.backoff.longest);
        if let Some(KeepFor(age)) = self.keep_finished {
            options.keep_finished = age;
        }
        options
    }
}
