//! Jobs, and what becomes of them.

use besunny::{
    Batch, Enqueued, Job, JobFailure, JobProgress, JobState, KindStats, NewJob, Schedule, WorkReport,
};
use pyo3::prelude::*;

use super::{ToPython, record};

impl ToPython for NewJob {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "NewJob",
            "kind" => self.kind,
            "payload" => self.payload,
            "priority" => self.priority,
            "run_at" => self.run_at,
            "delay" => self.delay,
            "unique_key" => self.unique_key,
            "max_attempts" => self.max_attempts,
            "timeout" => self.timeout,
            "concurrency_key" => self.concurrency_key,
            "concurrency_limit" => self.concurrency_limit,
        )
    }
}

impl ToPython for Enqueued {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Enqueued", "id" => self.id, "is_new" => self.is_new)
    }
}

impl ToPython for Job {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Job",
            "id" => self.id,
            "tenant" => self.tenant,
            "state" => self.state,
            "kind" => self.kind,
            "payload" => self.payload,
            "priority" => self.priority,
            "run_at" => self.run_at,
            "unique_key" => self.unique_key,
            "attempt" => self.attempt,
            "max_attempts" => self.max_attempts,
            "timeout" => self.timeout,
            "concurrency_key" => self.concurrency_key,
            "concurrency_limit" => self.concurrency_limit,
            "batch" => self.batch,
            "cancel_requested" => self.cancel_requested,
            "progress" => self.progress,
            "failure" => self.failure,
            "created_at" => self.created_at,
            "started_at" => self.started_at,
            "finished_at" => self.finished_at,
        )
    }
}

impl ToPython for JobState {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.as_str().to_python(py)
    }
}

impl ToPython for JobProgress {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "JobProgress", "fraction" => self.fraction, "message" => self.message)
    }
}

impl ToPython for JobFailure {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "AttemptFailure", "code" => self.code, "message" => self.message)
    }
}

impl ToPython for Batch {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Batch",
            "id" => self.id,
            "tenant" => self.tenant,
            "total" => self.total,
            "pending" => self.pending,
            "dead" => self.dead,
            "cancelled" => self.cancelled,
            "on_complete" => self.on_complete,
            "created_at" => self.created_at,
            "completed_at" => self.completed_at,
        )
    }
}

impl ToPython for KindStats {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "KindStats",
            "kind" => self.kind,
            "scheduled" => self.scheduled,
            "ready" => self.ready,
            "running" => self.running,
            "succeeded" => self.succeeded,
            "failed" => self.failed,
            "dead" => self.dead,
            "cancelled" => self.cancelled,
            "oldest_ready" => self.oldest_ready,
        )
    }
}

impl ToPython for Schedule {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Schedule",
            "tenant" => self.tenant,
            "name" => self.name,
            "cron" => self.cron,
            "zone" => self.zone,
            "job" => self.job,
            "next_at" => self.next_at,
            "last_at" => self.last_at,
            "created_at" => self.created_at,
        )
    }
}

impl ToPython for WorkReport {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "WorkReport",
            "succeeded" => self.succeeded,
            "failed" => self.failed,
            "dead" => self.dead,
            "cancelled" => self.cancelled,
            "handed_back" => self.handed_back,
        )
    }
}
