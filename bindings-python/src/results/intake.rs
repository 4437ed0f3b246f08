//! What handing something in gives back.

use besunny::{Delivery, Ingested, IntakeEntry, IntakeReport, Progress, Refusal};
use pyo3::prelude::*;

use super::{ToPython, record};

impl ToPython for Ingested {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Ingested",
            "status" => self.status.as_str(),
            "document" => self.document,
            "attachments" => self.attachments[..],
        )
    }
}

impl ToPython for Delivery {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Delivery",
            "address" => self.address,
            "username" => self.username,
            "status" => self.status.as_str(),
            "document" => self.document,
            "attachments" => self.attachments[..],
            "error_code" => self.error_code,
            "error_message" => self.error_message,
        )
    }
}

impl ToPython for IntakeReport {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "IntakeReport",
            "total" => self.total,
            "stored" => self.stored,
            "updated" => self.updated,
            "unchanged" => self.unchanged,
            "refused" => self.refused,
            "user_not_found" => self.user_not_found,
            "no_recipient" => self.no_recipient,
            "refusals" => self.refusals[..],
        )
    }
}

impl ToPython for Refusal {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Refusal", "item" => self.item, "code" => self.code, "message" => self.message)
    }
}

impl ToPython for Progress {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Progress",
            "done" => self.done,
            "bytes_done" => self.bytes_done,
            "bytes_total" => self.bytes_total,
            "item" => self.item,
            "deliveries" => self.deliveries[..],
        )
    }
}

impl ToPython for IntakeEntry {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "IntakeEntry",
            "at" => self.at,
            "source" => self.source,
            "source_id" => self.source_id,
            "address" => self.address,
            "status" => self.status.as_str(),
            "error_code" => self.error_code,
            "error_message" => self.error_message,
            "document_id" => self.document_id,
        )
    }
}
