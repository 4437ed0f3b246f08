//! Events, and how far their subscribers have got.

use besunny::{Cursor, Event, HandleReport, Skipped};
use pyo3::prelude::*;

use super::{ToPython, record};
use crate::events::{Shared, Subscription};
use crate::process::Owned;

impl ToPython for Event {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Event",
            "version" => self.version,
            "position" => self.position,
            "kind" => self.kind.as_str(),
            "at" => self.at,
            "document_id" => self.document_id,
            "project_id" => self.project_id,
            "subject_id" => self.subject_id.map(|id| id.to_string()),
        )
    }
}

impl ToPython for Cursor {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Cursor",
            "name" => self.name,
            "position" => self.position,
            "lag" => self.lag,
            "updated_at" => self.updated_at,
        )
    }
}

impl ToPython for HandleReport {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "HandleReport",
            "handled" => self.handled,
            "skipped" => self.skipped,
            "failures" => self.failures[..],
        )
    }
}

impl ToPython for Skipped {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "SkippedEvent", "event" => self.event, "error" => self.error.message())
    }
}

impl ToPython for Shared {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(py, Subscription(Owned::new(self.clone())))?.into_any())
    }
}
