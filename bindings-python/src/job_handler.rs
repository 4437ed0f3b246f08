//! Handlers of jobs that are written in Python.

use std::sync::Arc;

use async_trait::async_trait;
use besunny::{Error, ErrorKind, JobContext as Inner, JobError, JobHandler, UserHandle as User};
use pyo3::prelude::*;

use crate::at_work::{AtWork, Shared, call_on};
use crate::errors::OrRaise;
use crate::process::Owned;
use crate::results::ToPython;
use crate::user::UserHandle;
use crate::workspace::Workspace;

/// Does jobs of one kind in Python.
pub(crate) struct PythonHandler {
    pub(crate) handler: Shared,
    pub(crate) at_work: AtWork,
}

#[async_trait]
impl JobHandler for PythonHandler {
    async fn run(&self, context: Inner) -> Result<(), JobError> {
        // Looked up here, so that `job.user` waits for nothing.
        let user = context.user().await?;
        let host = self.at_work.host().ok_or_else(|| {
            Error::new(ErrorKind::Internal, "jobs.handler", "a job runs although nobody is at work")
        })?;
        let cancel = context.cancel().clone();
        let at_work = self.at_work.clone();
        let argument = move |py: Python<'_>| {
            let context = JobContext { context: Owned::new(context), user: user.map(Owned::new), at_work };
            Ok(Py::new(py, context)?.into_any())
        };
        call_on(host, Arc::clone(&self.handler), argument, &cancel).await
    }
}

/// A job that is being done.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct JobContext {
    context: Owned<Inner>,
    user: Option<Owned<User>>,
    at_work: AtWork,
}

#[pymethods]
impl JobContext {
    fn job<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.context.get("jobs.context").or_raise(py)?.job().to_python(py)
    }

    fn user(&self, py: Python<'_>) -> PyResult<Option<UserHandle>> {
        let user = self.user.as_ref().map(|user| user.get("jobs.user").or_raise(py)).transpose()?;
        Ok(user.map(|user| UserHandle(Owned::new(user))))
    }

    fn workspace(&self, py: Python<'_>) -> PyResult<Workspace> {
        let context = self.context.get("jobs.context").or_raise(py)?;
        Ok(Workspace::new(context.workspace().clone(), self.at_work.clone()))
    }

    fn progress(&self, py: Python<'_>, fraction: f64, message: Option<&str>) -> PyResult<()> {
        self.context.get("jobs.progress").or_raise(py)?.progress(fraction, message);
        Ok(())
    }

    fn cancelled(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.context.get("jobs.context").or_raise(py)?.cancel().is_cancelled())
    }
}
