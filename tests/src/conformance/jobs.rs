//! Jobs in cases: the calls, and handlers that do what a case says.

use std::sync::{Arc, Mutex, PoisonError};

use besunny::{JobContext, JobError, JobFilter, Jobs, NewDocument, NewJob, NewSchedule, WorkOptions};
use serde_json::{Value, json};

use super::arguments::Arguments;
use super::calls::{fields, id, json, page};
use super::{Failure, Stage};

/// What handlers were given, in order.
pub(super) type Ran = Arc<Mutex<Vec<Value>>>;

/// What handlers were given since this was last asked.
pub(super) fn ran(ran: &Ran) -> Value {
    Value::Array(std::mem::take(&mut *ran.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// Makes a call of `jobs`.
pub(super) async fn call(
    jobs: &Jobs,
    stage: &Stage,
    name: &str,
    args: &mut Arguments,
) -> Result<Value, Failure> {
    match name {
        "handler" => {
            let (kind, does) = (args.required("kind")?, Does::read(args.value("does")?)?);
            args.done()?;
            let ran = Arc::clone(&stage.ran);
            json(jobs.handler(&kind, move |context| handle(context, does.clone(), Arc::clone(&ran)))?)
        }
        "enqueue" => {
            let job: NewJob = fields(args.rest()?)?;
            json(jobs.enqueue(job).await?)
        }
        "enqueue_many" => {
            let new: Vec<NewJob> = fields(args.value("jobs")?)?;
            args.done()?;
            json(jobs.enqueue_many(new).await?)
        }
        "enqueue_batch" => {
            let new: Vec<NewJob> = fields(args.value("jobs")?)?;
            let on_complete: Option<NewJob> = fields(args.value("on_complete").unwrap_or_default())?;
            args.done()?;
            json(jobs.enqueue_batch(new, on_complete).await?)
        }
        "batch" => json(jobs.batch(id(args, "batch_id")?).await?),
        "get" => json(jobs.get(id(args, "job_id")?).await?),
        "list" => {
            let filter = JobFilter {
                kind: args.text("kind")?,
                state: args.parsed("state")?,
                batch: args.parsed("batch")?,
            };
            json(jobs.list(filter, page(args)?).await?)
        }
        "stats" => json(jobs.stats().await?),
        "cancel" => json(jobs.cancel(id(args, "job_id")?).await?),
        "requeue" => json(jobs.requeue(id(args, "job_id")?).await?),
        "prune" => json(jobs.prune(args.seconds("age")?.unwrap_or_default()).await?),
        "schedule" => {
            let schedule: NewSchedule = fields(args.rest()?)?;
            json(jobs.schedule(schedule).await?)
        }
        "unschedule" => json(jobs.unschedule(&args.required("name")?).await?),
        "schedules" => json(jobs.schedules().await?),
        "work" => {
            let options = work_options(args)?;
            let report = jobs.work(options).await?;
            Ok(json!({
                "succeeded": report.succeeded,
                "failed": report.failed,
                "dead": report.dead,
                "cancelled": report.cancelled,
                "handed_back": report.handed_back,
            }))
        }
        "run_due" => json(jobs.run_due().await?),
        "advance" => {
            let clock = stage.clock.as_ref();
            let clock = clock.ok_or_else(|| Failure::Case("the case has no `clock`".to_owned()))?;
            json(jobs.advance(clock, args.seconds("by")?.unwrap_or_default()).await?)
        }
        _ => Err(Failure::Case(format!("there is no `jobs.{name}`"))),
    }
}

fn work_options(args: &mut Arguments) -> Result<WorkOptions, Failure> {
    let mut options = WorkOptions::default();
    if let Some(concurrency) = args.count("concurrency")? {
        options.concurrency = usize::try_from(concurrency).unwrap_or(usize::MAX);
    }
    options.lease = args.seconds("lease")?.unwrap_or(options.lease);
    options.grace = args.seconds("grace")?.unwrap_or(options.grace);
    options.until_idle = args.flag("until_idle")?;
    args.done()?;
    Ok(options)
}

/// What a handler of a case does.
#[derive(Clone)]
enum Does {
    Succeed,
    Fail,
    FailForGood,
    FailTimes(u64),
    LookUpNobody,
    CancelItself,
    Store,
    Progress(f64, String),
    Enqueue(NewJob),
}

impl Does {
    fn read(given: Value) -> Result<Self, Failure> {
        match given.as_str() {
            Some("succeed") => return Ok(Self::Succeed),
            Some("fail") => return Ok(Self::Fail),
            Some("fail_for_good") => return Ok(Self::FailForGood),
            Some("look_up_nobody") => return Ok(Self::LookUpNobody),
            Some("cancel_itself") => return Ok(Self::CancelItself),
            Some("store") => return Ok(Self::Store),
            _ => {}
        }
        if let Some(times) = given["fail_times"].as_u64() {
            return Ok(Self::FailTimes(times));
        }
        if let (Some(fraction), Some(message)) =
            (given["progress"][0].as_f64(), given["progress"][1].as_str())
        {
            return Ok(Self::Progress(fraction, message.to_owned()));
        }
        match given.get("enqueue") {
            Some(job) => Ok(Self::Enqueue(fields(job.clone())?)),
            None => Err(Failure::Case(format!("no handler does {given}"))),
        }
    }
}

async fn handle(context: JobContext, does: Does, ran: Ran) -> Result<(), JobError> {
    let (job, user) = (context.job(), context.user().await?);
    let seen = json!({
        "kind": job.kind,
        "payload": job.payload,
        "attempt": job.attempt,
        "user": user.as_ref().map(|me| me.user().username.to_string()),
    });
    ran.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    let own = user.as_ref().map_or_else(|| context.workspace().jobs(), |me| me.jobs());
    match does {
        Does::Succeed => {}
        Does::Fail => return Err(JobError::retry("no")),
        Does::FailForGood => return Err(JobError::permanent("no")),
        Does::FailTimes(times) if u64::from(job.attempt) <= times => return Err(JobError::retry("not yet")),
        Does::FailTimes(_) => {}
        Does::LookUpNobody => drop(context.workspace().user("nobody").await?),
        Does::CancelItself => {
            own.cancel(job.id).await?;
            return Err(JobError::retry("called off"));
        }
        Does::Store => {
            let me = user.ok_or_else(|| JobError::permanent("nobody to store it for"))?;
            let content = context.payload::<String>()?.into_bytes();
            me.documents().ingest(NewDocument { content, ..NewDocument::default() }).await?;
        }
        Does::Progress(fraction, message) => context.progress(fraction, Some(&message)),
        Does::Enqueue(new) => drop(own.enqueue(new).await?),
    }
    Ok(())
}
