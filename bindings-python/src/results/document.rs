//! Documents and their passages.

use besunny::{Chunk, Document};
use pyo3::prelude::*;

use super::{ToPython, record};

impl ToPython for Document {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Document",
            "id" => self.id,
            "source" => self.source,
            "source_id" => self.source_id,
            "type" => self.kind.as_str(),
            "title" => self.title,
            "author" => self.author,
            "text" => self.text,
            "content_hash" => self.content_hash,
            "revision" => self.revision,
            "parent_id" => self.parent_id,
            "thread_id" => self.thread_id,
            "occurred_at" => self.occurred_at,
            "created_at" => self.created_at,
            "updated_at" => self.updated_at,
            "mail" => self.mail,
            "assignment" => self.assignment,
        )
    }
}

impl ToPython for Chunk {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Chunk",
            "id" => self.id,
            "ordinal" => self.ordinal,
            "text" => self.text,
            "content_hash" => self.content_hash,
        )
    }
}
