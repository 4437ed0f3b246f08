//! What the tests of the binding need to prove that nothing is left unmapped.

use std::collections::BTreeMap;

use besunny::{
    AccountKind, AccountStatus, ChangeKind, DecidedBy, DocumentType, Error, ErrorKind, EventStatus, Health,
    IntakeStatus, JobState, Precision, QuotaTable, Result, SearchMode, Service, Signal, Start, StoreStatus,
    WebhookVerdict,
};
use pyo3::prelude::*;

use crate::call::Call;

/// The codes of all kinds of error.
#[pyfunction]
pub(crate) fn _error_codes() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.code()).collect()
}

/// The values of every closed vocabulary, by the name of its type.
#[pyfunction]
pub(crate) fn _vocabulary() -> BTreeMap<&'static str, Vec<&'static str>> {
    let stored = [StoreStatus::Stored, StoreStatus::Updated, StoreStatus::Unchanged];
    BTreeMap::from([
        ("AccountKind", AccountKind::ALL.iter().map(|value| value.as_str()).collect()),
        ("AccountStatus", AccountStatus::ALL.iter().map(|value| value.as_str()).collect()),
        ("ChangeKind", ChangeKind::ALL.iter().map(|value| value.as_str()).collect()),
        ("DecidedBy", DecidedBy::ALL.iter().map(|value| value.as_str()).collect()),
        ("DocumentType", DocumentType::ALL.iter().map(|value| value.as_str()).collect()),
        ("EventStatus", EventStatus::ALL.iter().map(|value| value.as_str()).collect()),
        ("Health", Health::ALL.iter().map(|value| value.as_str()).collect()),
        ("IntakeStatus", IntakeStatus::ALL.iter().map(|value| value.as_str()).collect()),
        ("JobState", JobState::ALL.iter().map(|value| value.as_str()).collect()),
        ("Precision", vec![Precision::Fp32.name(), Precision::Int8.name()]),
        ("QuotaTable", QuotaTable::ALL.iter().map(|value| value.as_str()).collect()),
        ("SearchMode", SearchMode::ALL.iter().map(|value| value.as_str()).collect()),
        ("Service", Service::ALL.iter().map(|value| value.as_str()).collect()),
        ("Signal", Signal::ALL.iter().map(|value| value.as_str()).collect()),
        ("Start", Start::ALL.iter().map(|value| value.as_str()).collect()),
        ("StoreStatus", stored.iter().map(|value| value.as_str()).collect()),
        ("WebhookVerdict", WebhookVerdict::ALL.iter().map(|value| value.as_str()).collect()),
    ])
}

/// A call that fails with an error of this code.
#[pyfunction]
pub(crate) fn _fail(code: String) -> Call {
    Call::plain(async move {
        let kind = ErrorKind::ALL.iter().copied().find(|kind| kind.code() == code);
        let kind = kind.unwrap_or(ErrorKind::Internal);
        let below =
            Error::new(ErrorKind::Io, "probe.below", "the error below").caused_by("the one at the bottom");
        Result::<()>::Err(Error::new(kind, "probe.fail", "asked to fail").with("code", code).caused_by(below))
    })
}

/// A call that panics.
#[pyfunction]
#[expect(clippy::panic, reason = "a test proves that this does not cross into Python")]
pub(crate) fn _panic() -> Call {
    Call::plain(async { if true { panic!("asked to panic") } else { Ok(()) } })
}
