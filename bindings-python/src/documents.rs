//! A user's documents.

use besunny::{DocumentId, Documents as Inner, ProjectId};
use pyo3::prelude::*;

use crate::arguments::{Content, Count, Id, Input};
use crate::call::Call;
use crate::errors::OrRaise;
use crate::options::{DocumentFacts, Filter, page};
use crate::process::Owned;

/// A user's documents.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Documents(pub(crate) Owned<Inner>);

#[pymethods]
impl Documents {
    fn ingest(&self, py: Python<'_>, content: Content, mut facts: DocumentFacts) -> PyResult<Call> {
        if let (None, Input::File(path)) = (&facts.file_name, &content.0) {
            facts.file_name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        }
        let mut document = facts.parse().or_raise(py)?;
        Call::on(py, &self.0, "documents.ingest", |documents| async move {
            document.content = content.0.read("documents.ingest").await?;
            documents.ingest(document).await
        })
    }

    fn get(&self, py: Python<'_>, document_id: Id<DocumentId>) -> PyResult<Call> {
        let id = document_id.parse().or_raise(py)?;
        Call::on(py, &self.0, "documents.get", move |documents| async move { documents.get(id).await })
    }

    fn list(&self, py: Python<'_>, filter: Filter, size: Count, after: Option<String>) -> PyResult<Call> {
        let filter = filter.parse().or_raise(py)?;
        Call::on(py, &self.0, "documents.list", move |documents| async move {
            documents.list(filter, page(size, after)).await
        })
    }

    fn attachments(&self, py: Python<'_>, document_id: Id<DocumentId>) -> PyResult<Call> {
        let id = document_id.parse().or_raise(py)?;
        Call::on(py, &self.0, "documents.attachments", move |documents| async move {
            documents.attachments(id).await
        })
    }

    fn delete(&self, py: Python<'_>, document_id: Id<DocumentId>) -> PyResult<Call> {
        let id = document_id.parse().or_raise(py)?;
        Call::on(py, &self.0, "documents.delete", move |documents| async move { documents.delete(id).await })
    }

    fn assign(
        &self,
        py: Python<'_>,
        document_id: Id<DocumentId>,
        project_id: Option<Id<ProjectId>>,
    ) -> PyResult<Call> {
        let id = document_id.parse().or_raise(py)?;
        let project = project_id.map(|project| project.parse()).transpose().or_raise(py)?;
        Call::on(py, &self.0, "documents.assign", move |documents| async move {
            documents.assign(id, project).await
        })
    }
}
