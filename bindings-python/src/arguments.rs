//! What callers may hand in for an id, a time or bytes.

use std::marker::PhantomData;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use besunny::{Error, ErrorKind, ProjectFilter, ProjectId, Result, Timestamp};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDate, PyDateTime, PyDelta, PyFloat, PyInt, PyString};

use crate::errors::exception;

/// An id: its text, a `uuid.UUID`, or an object that has it as `id`.
pub(crate) struct Id<T> {
    text: String,
    id: PhantomData<fn() -> T>,
}

impl<T: FromStr<Err = Error>> Id<T> {
    /// The id itself.
    pub(crate) fn parse(&self) -> Result<T> {
        self.text.parse()
    }
}

impl<'py, T> FromPyObject<'_, 'py> for Id<T> {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self { text: id_text(&value)?, id: PhantomData })
    }
}

fn id_text(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(text) = value.cast::<PyString>() {
        return text.extract();
    }
    if value.is_instance(&value.py().import("uuid")?.getattr("UUID")?)? {
        return value.str()?.extract();
    }
    match value.getattr_opt("id")? {
        Some(id) => id_text(&id),
        None => Err(PyTypeError::new_err(format!(
            "an id is a str, a uuid.UUID or an object with an id, not {}",
            value.get_type().name()?
        ))),
    }
}

/// A project, or the word that stands for none of them.
pub(crate) struct ProjectChoice(Id<ProjectId>);

impl ProjectChoice {
    /// The filter it means.
    pub(crate) fn parse(&self) -> Result<ProjectFilter> {
        match self.0.text.as_str() {
            "unassigned" => Ok(ProjectFilter::Unassigned),
            _ => self.0.parse().map(ProjectFilter::Is),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for ProjectChoice {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        value.extract().map(Self)
    }
}

/// An instant: a `datetime` with a time zone, a `date`, or RFC 3339 text.
pub(crate) struct Instant(pub(crate) Timestamp);

impl<'py> FromPyObject<'_, 'py> for Instant {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let text: String = if value.is_instance_of::<PyString>() {
            value.extract()?
        } else if value.is_instance_of::<PyDateTime>() {
            if value.call_method0("utcoffset")?.is_none() {
                return Err(PyValueError::new_err(
                    "a datetime needs a time zone: datetime(2026, 3, 1, 9, tzinfo=timezone.utc)",
                ));
            }
            value.call_method0("isoformat")?.extract()?
        } else if value.is_instance_of::<PyDate>() {
            value.call_method0("isoformat")?.extract()?
        } else {
            return Err(PyTypeError::new_err(format!(
                "a time is a datetime, a date or a str, not {}",
                value.get_type().name()?
            )));
        };
        text.parse().map(Self).map_err(|error| exception(value.py(), &error))
    }
}

/// How long something takes: a `timedelta`, or a number of seconds.
pub(crate) struct Span(pub(crate) Duration);

impl<'py> FromPyObject<'_, 'py> for Span {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = value.py();
        let seconds: f64 = if value.is_instance_of::<PyDelta>() {
            value.call_method0("total_seconds")?.extract()?
        } else if value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>() {
            value.extract()?
        } else {
            return Err(PyTypeError::new_err(format!(
                "a time span is a timedelta or a number of seconds, not {}",
                value.get_type().name()?
            )));
        };
        Duration::try_from_secs_f64(seconds).map(Self).map_err(|_| {
            let message = "a time span is 0 seconds or more, and finite";
            exception(
                py,
                &Error::new(ErrorKind::InvalidInput, "time_span.parse", message).with("seconds", seconds),
            )
        })
    }
}

/// A number of things. One that is out of range is an `InvalidInputError` like any other
/// bad number, not an `OverflowError`.
pub(crate) struct Count(pub(crate) u32);

impl<'py> FromPyObject<'_, 'py> for Count {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        value.extract().map(Self).map_err(|error: PyErr| out_of_range(&value, error))
    }
}

/// How much earlier than others, or later; out of range as a [`Count`] is.
pub(crate) struct Priority(pub(crate) i32);

impl<'py> FromPyObject<'_, 'py> for Priority {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        value.extract().map(Self).map_err(|error: PyErr| out_of_range(&value, error))
    }
}

fn out_of_range(value: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    let py = value.py();
    if !error.is_instance_of::<PyOverflowError>(py) {
        return error;
    }
    let shown = value.to_string().chars().take(64).collect::<String>();
    let message = "the number is out of range";
    exception(py, &Error::new(ErrorKind::InvalidInput, "number.parse", message).with("value", shown))
}

/// Bytes, or the file they are in.
pub(crate) enum Input {
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Input {
    /// The bytes; a file is read off the async threads.
    pub(crate) async fn read(self, operation: &'static str) -> Result<Vec<u8>> {
        let path = match self {
            Self::Bytes(bytes) => return Ok(bytes),
            Self::File(path) => path,
        };
        let shown = path.display().to_string();
        let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
        read.unwrap_or_else(|stopped| Err(std::io::Error::other(stopped))).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                _ => ErrorKind::Io,
            };
            Error::new(kind, operation, "the file cannot be read").with("path", shown).caused_by(error)
        })
    }

    fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        if let Ok(buffer) = PyBuffer::<u8>::get(value) {
            return buffer.to_vec(value.py()).map(|bytes| Some(Self::Bytes(bytes)));
        }
        if value.hasattr("__fspath__")? {
            return value.extract().map(|path| Some(Self::File(path)));
        }
        Ok(None)
    }
}

/// A raw mail.
pub(crate) struct RawMail(pub(crate) Input);

impl<'py> FromPyObject<'_, 'py> for RawMail {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Input::from_python(&value)?.map(Self).ok_or_else(|| {
            PyTypeError::new_err(
                "a mail is bytes (open its file in binary mode), or the path of its file as a pathlib.Path",
            )
        })
    }
}

/// A document's content; text stands for its UTF-8 bytes.
pub(crate) struct Content(pub(crate) Input);

impl<'py> FromPyObject<'_, 'py> for Content {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = value.cast::<PyString>() {
            return text.extract::<String>().map(|text| Self(Input::Bytes(text.into_bytes())));
        }
        Input::from_python(&value)?.map(Self).ok_or_else(|| {
            PyTypeError::new_err("content is text, bytes, or the path of a file as a pathlib.Path")
        })
    }
}

/// The body of a request; text stands for its UTF-8 bytes.
pub(crate) struct Body(pub(crate) Vec<u8>);

impl<'py> FromPyObject<'_, 'py> for Body {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = value.cast::<PyString>() {
            return text.extract::<String>().map(|text| Self(text.into_bytes()));
        }
        let bytes = PyBuffer::<u8>::get(&value).and_then(|buffer| buffer.to_vec(value.py()));
        bytes.map(Self).map_err(|_| PyTypeError::new_err("a body is bytes or text"))
    }
}
