//! What a workspace holds and runs on.

use besunny::{CheckReport, ModelInfo, Status, UserCheck, Versions, Workspace};
use pyo3::prelude::*;

use super::{ToPython, record};
use crate::at_work::AtWork;

impl ToPython for Workspace {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let handle = crate::workspace::Workspace::new(self.clone(), AtWork::default());
        Ok(Bound::new(py, handle)?.into_any())
    }
}

impl ToPython for Status {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Status",
            "users" => self.users,
            "documents" => self.documents,
            "chunks" => self.chunks,
            "log_position" => self.log_position,
            "index_position" => self.index_position,
            "model" => self.model,
            "versions" => self.versions,
        )
    }
}

impl ToPython for ModelInfo {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "ModelInfo",
            "name" => self.name,
            "dimension" => self.dimension,
            "max_tokens" => self.max_tokens,
            "precision" => self.precision.name(),
            "fingerprint" => self.fingerprint,
        )
    }
}

impl ToPython for CheckReport {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "CheckReport", "database" => self.database[..], "users" => self.users[..])
    }
}

impl ToPython for UserCheck {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "UserCheck",
            "username" => self.username,
            "documents" => self.documents,
            "chunks" => self.chunks,
            "missing" => self.missing,
            "stray" => self.stray,
            "misplaced" => self.misplaced,
            "incomplete" => self.incomplete,
            "altered" => self.altered,
            "repaired" => self.repaired,
        )
    }
}

impl ToPython for Versions {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Versions",
            "besunny" => self.besunny,
            "schema" => self.schema,
            "assignment" => self.assignment,
        )
    }
}
