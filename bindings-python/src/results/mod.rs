//! Results become the frozen dataclasses of `besunny._types`.
//!
//! Invariant: a field is named as in the JSON form of the type in `core`, so that the
//! faces of all languages look alike.

mod assignment;
mod document;
mod embeddings;
mod event;
mod google;
mod intake;
mod job;
mod mail;
mod meeting;
mod project;
mod search;
mod status;
mod user;

use std::time::Duration;

use besunny::{DocumentId, Page, ProjectId, Timestamp, UserId};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyList, PyString, PyTuple};

pub(crate) use embeddings::Embeddings;

/// Makes the Python object for a value.
pub(crate) trait ToPython {
    /// The object.
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;
}

/// A class of `besunny._types`, made with its fields by name.
macro_rules! record {
    ($py:expr, $class:literal, $($field:literal => $value:expr),+ $(,)?) => {{
        let py = $py;
        let fields = pyo3::types::PyDict::new(py);
        $(fields.set_item(
            pyo3::intern!(py, $field),
            $crate::results::ToPython::to_python(&$value, py)?,
        )?;)+
        $crate::results::types(py)?.getattr(pyo3::intern!(py, $class))?.call((), Some(&fields))
    }};
}
use record;

fn types(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(pyo3::intern!(py, "besunny._types"))
}

impl<T: ToPython + ?Sized> ToPython for &T {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (**self).to_python(py)
    }
}

impl<T: ToPython> ToPython for Option<T> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Some(value) => value.to_python(py),
            None => Ok(py.None().into_bound(py)),
        }
    }
}

/// A list that is a result of its own.
impl<T: ToPython> ToPython for Vec<T> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let items = self.iter().map(|item| item.to_python(py)).collect::<PyResult<Vec<_>>>()?;
        Ok(PyList::new(py, items)?.into_any())
    }
}

/// A list in a result, which like the result does not change.
impl<T: ToPython> ToPython for [T] {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let items = self.iter().map(|item| item.to_python(py)).collect::<PyResult<Vec<_>>>()?;
        Ok(PyTuple::new(py, items)?.into_any())
    }
}

impl<T: ToPython> ToPython for Page<T> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Page", "items" => self.items[..], "next" => self.next)
    }
}

impl<A: ToPython, B: ToPython> ToPython for (A, B) {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let pair = [self.0.to_python(py)?, self.1.to_python(py)?];
        Ok(PyTuple::new(py, pair)?.into_any())
    }
}

impl ToPython for () {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(py.None().into_bound(py))
    }
}

impl ToPython for str {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyString::new(py, self).into_any())
    }
}

impl ToPython for String {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.as_str().to_python(py)
    }
}

impl ToPython for Timestamp {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        types(py)?.getattr(pyo3::intern!(py, "instant"))?.call1((self.as_micros(),))
    }
}

impl ToPython for Duration {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        types(py)?.getattr(pyo3::intern!(py, "span"))?.call1((self.as_secs_f64(),))
    }
}

impl ToPython for bool {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyBool::new(py, *self).to_owned().into_any())
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl ToPython for $number {
            fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Ok(self.into_pyobject(py)?.into_any())
            }
        }
    )+};
}
numbers!(i32, u16, u32, u64, i64, usize, f64);

macro_rules! shown_as_text {
    ($($name:ty),+) => {$(
        impl ToPython for $name {
            fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                self.to_string().to_python(py)
            }
        }
    )+};
}
shown_as_text!(
    DocumentId,
    ProjectId,
    UserId,
    besunny::AccountId,
    besunny::BatchId,
    besunny::ChunkId,
    besunny::ContentHash,
    besunny::JobId,
    besunny::MeetingId,
    besunny::TenantId,
    besunny::Username
);
