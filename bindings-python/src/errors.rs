//! One error of the library becomes one exception of the tree in `besunny._errors`.

use std::error::Error as _;

use besunny::Error;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The exception for an error, with the errors below it as its `__cause__` chain.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    build(py, error).unwrap_or_else(|failure| failure)
}

fn build(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let context = PyDict::new(py);
    for (key, value) in error.context() {
        context.set_item(key, value)?;
    }
    let mut causes: Vec<String> = Vec::new();
    let mut below = error.source();
    while let Some(cause) = below {
        causes.push(cause.to_string());
        below = cause.source();
    }
    let parts =
        (error.kind().code(), error.message(), error.operation(), context, error.is_retryable(), causes);
    let exception = py.import("besunny._errors")?.getattr("build")?.call1(parts)?;
    Ok(PyErr::from_value(exception))
}

/// For conversions of arguments, where an error is raised before any work begins.
pub(crate) trait OrRaise<T> {
    /// The value, or the error as an exception.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for besunny::Result<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| exception(py, &error))
    }
}
