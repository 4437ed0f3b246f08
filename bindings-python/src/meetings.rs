//! A user's meetings.

use besunny::{MeetingId, Meetings as Inner, ProjectId};
use pyo3::prelude::*;

use crate::arguments::{Count, Id};
use crate::call::Call;
use crate::errors::OrRaise;
use crate::options::google::MeetingsWanted;
use crate::options::page;
use crate::process::Owned;

/// A user's meetings.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Meetings(pub(crate) Owned<Inner>);

#[pymethods]
impl Meetings {
    fn get(&self, py: Python<'_>, meeting_id: Id<MeetingId>) -> PyResult<Call> {
        let id = meeting_id.parse().or_raise(py)?;
        Call::on(py, &self.0, "meetings.get", move |meetings| async move { meetings.get(id).await })
    }

    fn list(
        &self,
        py: Python<'_>,
        filter: MeetingsWanted,
        size: Count,
        after: Option<String>,
    ) -> PyResult<Call> {
        let filter = filter.parse().or_raise(py)?;
        Call::on(py, &self.0, "meetings.list", move |meetings| async move {
            meetings.list(filter, page(size, after)).await
        })
    }

    fn assign(
        &self,
        py: Python<'_>,
        meeting_id: Id<MeetingId>,
        project_id: Option<Id<ProjectId>>,
    ) -> PyResult<Call> {
        let id = meeting_id.parse().or_raise(py)?;
        let project = project_id.map(|project| project.parse()).transpose().or_raise(py)?;
        Call::on(
            py,
            &self.0,
            "meetings.assign",
            move |meetings| async move { meetings.assign(id, project).await },
        )
    }
}
