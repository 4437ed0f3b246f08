//! A user's projects.

use besunny::{ProjectId, Projects as Inner};
use pyo3::prelude::*;

use crate::arguments::Id;
use crate::call::Call;
use crate::errors::OrRaise;
use crate::options::{NewProject, Patch};
use crate::process::Owned;

/// A user's projects.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Projects(pub(crate) Owned<Inner>);

#[pymethods]
impl Projects {
    fn create(&self, py: Python<'_>, fields: NewProject) -> PyResult<Call> {
        Call::on(
            py,
            &self.0,
            "projects.create",
            |projects| async move { projects.create(fields.into()).await },
        )
    }

    fn get(&self, py: Python<'_>, project_id: Id<ProjectId>) -> PyResult<Call> {
        let id = project_id.parse().or_raise(py)?;
        Call::on(py, &self.0, "projects.get", move |projects| async move { projects.get(id).await })
    }

    fn list(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "projects.list", |projects| async move { projects.list().await })
    }

    fn update(&self, py: Python<'_>, project_id: Id<ProjectId>, fields: Patch) -> PyResult<Call> {
        let id = project_id.parse().or_raise(py)?;
        Call::on(py, &self.0, "projects.update", move |projects| async move {
            projects.update(id, fields.into()).await
        })
    }

    fn delete(&self, py: Python<'_>, project_id: Id<ProjectId>) -> PyResult<Call> {
        let id = project_id.parse().or_raise(py)?;
        Call::on(py, &self.0, "projects.delete", move |projects| async move { projects.delete(id).await })
    }
}
