//! Which project, and why.

use besunny::{Alternative, Assignment, Evidence};
use pyo3::prelude::*;

use super::{ToPython, record};

impl ToPython for Assignment {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Assignment",
            "project_id" => self.project_id,
            "confidence" => self.confidence,
            "reason" => self.reason,
            "evidence" => self.evidence[..],
            "alternatives" => self.alternatives[..],
            "model" => self.model,
            "decided_by" => self.decided_by.as_str(),
        )
    }
}

impl ToPython for Evidence {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Evidence",
            "signal" => self.signal.as_str(),
            "detail" => self.detail,
            "place" => self.place,
            "weight" => self.weight,
        )
    }
}

impl ToPython for Alternative {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Alternative",
            "project_id" => self.project_id,
            "name" => self.name,
            "probability" => self.probability,
        )
    }
}
