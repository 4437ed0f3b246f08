//! A user's own view: their collections, classification, search and intake log.

use besunny::{Classify, UserHandle as Inner};
use pyo3::prelude::*;

use crate::arguments::Count;
use crate::at_work::AtWork;
use crate::call::Call;
use crate::documents::Documents;
use crate::errors::OrRaise;
use crate::events::Events;
use crate::google::UserGoogle;
use crate::jobs::Jobs;
use crate::mail::UserMail;
use crate::meetings::Meetings;
use crate::options::{Filter, page, search};
use crate::process::Owned;
use crate::projects::Projects;
use crate::results::ToPython;

/// Acts for one user.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct UserHandle(pub(crate) Owned<Inner>);

#[pymethods]
impl UserHandle {
    fn user<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.get("user").or_raise(py)?.user().to_python(py)
    }

    fn virtual_address(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.0.get("user.virtual_address").or_raise(py)?.virtual_address())
    }

    fn mail(&self, py: Python<'_>) -> PyResult<UserMail> {
        Ok(UserMail(Owned::new(self.0.get("user.mail").or_raise(py)?.mail())))
    }

    fn projects(&self, py: Python<'_>) -> PyResult<Projects> {
        Ok(Projects(Owned::new(self.0.get("user.projects").or_raise(py)?.projects())))
    }

    fn documents(&self, py: Python<'_>) -> PyResult<Documents> {
        Ok(Documents(Owned::new(self.0.get("user.documents").or_raise(py)?.documents())))
    }

    fn events(&self, py: Python<'_>) -> PyResult<Events> {
        Ok(Events(Owned::new(self.0.get("user.events").or_raise(py)?.events())))
    }

    fn jobs(&self, py: Python<'_>) -> PyResult<Jobs> {
        // Handlers of a user's own jobs run where the workspace's run.
        Ok(Jobs::new(self.0.get("user.jobs").or_raise(py)?.jobs(), AtWork::default()))
    }

    fn google(&self, py: Python<'_>) -> PyResult<UserGoogle> {
        Ok(UserGoogle(Owned::new(self.0.get("user.google").or_raise(py)?.google())))
    }

    fn meetings(&self, py: Python<'_>) -> PyResult<Meetings> {
        Ok(Meetings(Owned::new(self.0.get("user.meetings").or_raise(py)?.meetings())))
    }

    fn classify(
        &self,
        py: Python<'_>,
        text: String,
        subject: Option<String>,
        sender: Option<String>,
    ) -> PyResult<Call> {
        let item = Classify { text, subject, sender };
        Call::on(py, &self.0, "classify", |me| async move { me.classify(item).await })
    }

    fn search(
        &self,
        py: Python<'_>,
        query: String,
        limit: Count,
        mode: &str,
        filter: Filter,
    ) -> PyResult<Call> {
        let request = search(query, limit, mode, filter).or_raise(py)?;
        Call::on(py, &self.0, "search", |me| async move { me.search(request).await })
    }

    fn intake_log(&self, py: Python<'_>, size: Count, after: Option<String>) -> PyResult<Call> {
        Call::on(py, &self.0, "intake_log", move |me| async move { me.intake_log(page(size, after)).await })
    }
}
