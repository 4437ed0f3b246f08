//! Jobs of a user or of the workspace.

use std::sync::Arc;

use besunny::{BatchId, JobFilter, JobId, JobState, Jobs as Inner, NewJob, NewSchedule, Result, WorkOptions};
use pyo3::prelude::*;

use crate::arguments::{Content, Count, Id, Input, Instant, Priority, RawMail, Span};
use crate::at_work::AtWork;
use crate::call::Call;
use crate::control::{CancelToken, VirtualClock};
use crate::errors::OrRaise;
use crate::job_handler::PythonHandler;
use crate::json::Json;
use crate::options::{DocumentFacts, keywords, page};
use crate::process::Owned;

keywords! {
    /// A job to enqueue.
    JobFields {
        kind: String = "kind",
        payload: Json = "payload",
        priority: Priority = "priority",
        run_at: Option<Instant> = "run_at",
        delay: Option<Span> = "delay",
        unique_key: Option<String> = "unique_key",
        max_attempts: Count = "max_attempts",
        timeout: Option<Span> = "timeout",
        concurrency_key: Option<String> = "concurrency_key",
        concurrency_limit: Count = "concurrency_limit",
    }
}

impl From<JobFields> for NewJob {
    fn from(fields: JobFields) -> Self {
        Self {
            kind: fields.kind,
            payload: fields.payload.0,
            priority: fields.priority.0,
            run_at: fields.run_at.map(|instant| instant.0),
            delay: fields.delay.map(|span| span.0),
            unique_key: fields.unique_key,
            max_attempts: fields.max_attempts.0,
            timeout: fields.timeout.map(|span| span.0),
            concurrency_key: fields.concurrency_key,
            concurrency_limit: fields.concurrency_limit.0,
        }
    }
}

keywords! {
    /// Which jobs a list shows.
    Wanted {
        kind: Option<String> = "kind",
        state: Option<String> = "state",
        batch: Option<Id<BatchId>> = "batch",
    }
}

impl Wanted {
    fn parse(self) -> Result<JobFilter> {
        Ok(JobFilter {
            kind: self.kind,
            state: self.state.as_deref().map(str::parse::<JobState>).transpose()?,
            batch: self.batch.map(|batch| batch.parse()).transpose()?,
        })
    }
}

keywords! {
    /// How a worker works.
    Working {
        concurrency: Count = "concurrency",
        until_idle: bool = "until_idle",
        lease: Span = "lease",
        grace: Span = "grace",
        keep_finished: Option<Span> = "keep_finished",
    }
}

impl Working {
    fn options(self, stop: besunny::CancelToken) -> WorkOptions {
        let mut options = WorkOptions::default();
        options.concurrency = self.concurrency.0 as usize;
        options.until_idle = self.until_idle;
        options.lease = self.lease.0;
        options.grace = self.grace.0;
        options.keep_finished = self.keep_finished.map(|span| span.0);
        options.stop = stop;
        options
    }
}

/// Jobs of a user or of the workspace.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Jobs {
    jobs: Owned<Inner>,
    at_work: AtWork,
}

impl Jobs {
    pub(crate) fn new(jobs: Inner, at_work: AtWork) -> Self {
        Self { jobs: Owned::new(jobs), at_work }
    }
}

#[pymethods]
impl Jobs {
    fn handler(&self, py: Python<'_>, kind: &str, handler: Py<PyAny>) -> PyResult<()> {
        let jobs = self.jobs.get("jobs.handler").or_raise(py)?;
        let handler = PythonHandler { handler: Arc::new(handler), at_work: self.at_work.clone() };
        jobs.handler(kind, handler).or_raise(py)
    }

    fn enqueue(&self, py: Python<'_>, job: JobFields) -> PyResult<Call> {
        Call::on(py, &self.jobs, "jobs.enqueue", |jobs| async move { jobs.enqueue(job.into()).await })
    }

    fn enqueue_many(&self, py: Python<'_>, jobs: Vec<JobFields>) -> PyResult<Call> {
        let new = jobs.into_iter().map(NewJob::from).collect();
        Call::on(py, &self.jobs, "jobs.enqueue_many", |jobs| async move { jobs.enqueue_many(new).await })
    }

    fn enqueue_batch(
        &self,
        py: Python<'_>,
        jobs: Vec<JobFields>,
        on_complete: Option<JobFields>,
    ) -> PyResult<Call> {
        let new = jobs.into_iter().map(NewJob::from).collect();
        let on_complete = on_complete.map(NewJob::from);
        Call::on(py, &self.jobs, "jobs.enqueue_batch", |jobs| async move {
            jobs.enqueue_batch(new, on_complete).await
        })
    }

    fn batch(&self, py: Python<'_>, batch_id: Id<BatchId>) -> PyResult<Call> {
        let id = batch_id.parse().or_raise(py)?;
        Call::on(py, &self.jobs, "jobs.batch", move |jobs| async move { jobs.batch(id).await })
    }

    fn get(&self, py: Python<'_>, job_id: Id<JobId>) -> PyResult<Call> {
        let id = job_id.parse().or_raise(py)?;
        Call::on(py, &self.jobs, "jobs.get", move |jobs| async move { jobs.get(id).await })
    }

    fn list(&self, py: Python<'_>, filter: Wanted, size: Count, after: Option<String>) -> PyResult<Call> {
        let filter = filter.parse().or_raise(py)?;
        Call::on(py, &self.jobs, "jobs.list", move |jobs| async move {
            jobs.list(filter, page(size, after)).await
        })
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.jobs, "jobs.stats", |jobs| async move { jobs.stats().await })
    }

    fn cancel(&self, py: Python<'_>, job_id: Id<JobId>) -> PyResult<Call> {
        let id = job_id.parse().or_raise(py)?;
        Call::on(py, &self.jobs, "jobs.cancel", move |jobs| async move { jobs.cancel(id).await })
    }

    fn requeue(&self, py: Python<'_>, job_id: Id<JobId>) -> PyResult<Call> {
        let id = job_id.parse().or_raise(py)?;
        Call::on(py, &self.jobs, "jobs.requeue", move |jobs| async move { jobs.requeue(id).await })
    }

    fn prune(&self, py: Python<'_>, age: Span) -> PyResult<Call> {
        Call::on(py, &self.jobs, "jobs.prune", move |jobs| async move { jobs.prune(age.0).await })
    }

    fn schedule(
        &self,
        py: Python<'_>,
        name: String,
        cron: String,
        zone: String,
        job: JobFields,
    ) -> PyResult<Call> {
        let schedule = NewSchedule::new(name, cron, zone, job.into());
        Call::on(py, &self.jobs, "jobs.schedule", |jobs| async move { jobs.schedule(schedule).await })
    }

    fn unschedule(&self, py: Python<'_>, name: String) -> PyResult<Call> {
        Call::on(py, &self.jobs, "jobs.unschedule", |jobs| async move { jobs.unschedule(&name).await })
    }

    fn schedules(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.jobs, "jobs.schedules", |jobs| async move { jobs.schedules().await })
    }

    fn work(
        &self,
        py: Python<'_>,
        host: Py<PyAny>,
        options: Working,
        stop: Bound<'_, CancelToken>,
    ) -> PyResult<Call> {
        let token = stop.get().0.clone();
        let (at_work, options) = (self.at_work.clone(), options.options(token.clone()));
        Call::stoppable(py, &self.jobs, "jobs.work", token, |jobs| async move {
            let _present = at_work.enter(Arc::new(host));
            jobs.work(options).await
        })
    }

    fn run_due(&self, py: Python<'_>, host: Py<PyAny>) -> PyResult<Call> {
        let at_work = self.at_work.clone();
        Call::on(py, &self.jobs, "jobs.run_due", |jobs| async move {
            let _present = at_work.enter(Arc::new(host));
            jobs.run_due().await
        })
    }

    fn advance(
        &self,
        py: Python<'_>,
        host: Py<PyAny>,
        clock: Bound<'_, VirtualClock>,
        by: Span,
    ) -> PyResult<Call> {
        let (at_work, clock) = (self.at_work.clone(), clock.get().0.clone());
        Call::on(py, &self.jobs, "jobs.advance", move |jobs| async move {
            let _present = at_work.enter(Arc::new(host));
            jobs.advance(&clock, by.0).await
        })
    }
}

/// A job that takes a raw mail in.
#[pyfunction]
pub(crate) fn new_job_for_mail(raw: RawMail) -> Call {
    Call::plain(async move { Ok(NewJob::ingest_mail(&raw.0.read("jobs.ingest_mail").await?)) })
}

/// A job that stores a document.
#[pyfunction]
pub(crate) fn new_job_for_document(
    py: Python<'_>,
    content: Content,
    mut facts: DocumentFacts,
) -> PyResult<Call> {
    if let (None, Input::File(path)) = (&facts.file_name, &content.0) {
        facts.file_name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    }
    let mut document = facts.parse().or_raise(py)?;
    Ok(Call::plain(async move {
        document.content = content.0.read("jobs.ingest_document").await?;
        NewJob::ingest_document(document)
    }))
}

/// A job that embeds what lacks a vector.
#[pyfunction]
pub(crate) fn new_job_to_re_embed() -> Call {
    Call::plain(async { Ok(NewJob::re_embed()) })
}

/// A job that learns anew.
#[pyfunction]
pub(crate) fn new_job_to_train() -> Call {
    Call::plain(async { Ok(NewJob::train()) })
}

/// A job that makes the index anew.
#[pyfunction]
pub(crate) fn new_job_to_rebuild() -> Call {
    Call::plain(async { Ok(NewJob::rebuild()) })
}
