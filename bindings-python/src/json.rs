//! Free-form values, such as a job's payload: JSON on one side, plain Python on the other.

use besunny::{Error, ErrorKind};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde_json::{Map, Number, Value};

use crate::errors::exception;
use crate::results::ToPython;

/// How deep a value may be; below what the library allows, so that it can say so.
const DEEPEST: usize = 200;

/// A value of `None`, `bool`, `int`, `float`, `str`, lists or tuples, and dicts with `str`
/// keys. Nothing is made fit: what has no form of its own in JSON is refused.
pub(crate) struct Json(pub(crate) Value);

impl<'py> FromPyObject<'_, 'py> for Json {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        from_python(&value, DEEPEST).map(Self)
    }
}

fn unfit(py: Python<'_>, message: &str) -> PyErr {
    exception(py, &Error::new(ErrorKind::InvalidInput, "json.parse", message))
}

fn from_python(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    let py = value.py();
    let below = || depth.checked_sub(1).ok_or_else(|| unfit(py, "the value is too deep, or contains itself"));
    if value.is_none() {
        Ok(Value::Null)
    } else if let Ok(flag) = value.cast::<PyBool>() {
        Ok(Value::Bool(flag.is_true()))
    } else if value.is_instance_of::<PyInt>() {
        let number =
            value.extract::<i64>().map(Number::from).or_else(|_| value.extract::<u64>().map(Number::from));
        number.map(Value::Number).map_err(|_| unfit(py, "the number is out of range: an int has 64 bits"))
    } else if value.is_instance_of::<PyFloat>() {
        let number = Number::from_f64(value.extract()?);
        number.map(Value::Number).ok_or_else(|| unfit(py, "a number is finite"))
    } else if value.is_instance_of::<PyString>() {
        let text = value.extract().map_err(|_| unfit(py, "the text has half a surrogate pair"));
        text.map(Value::String)
    } else if let Ok(fields) = value.cast::<PyDict>() {
        let below = below()?;
        let mut map = Map::new();
        // A copy: a value that runs Python code could change the dict meanwhile.
        for pair in fields.items() {
            let (key, field): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
            if !key.is_instance_of::<PyString>() {
                let name = key.get_type().name()?;
                return Err(PyTypeError::new_err(format!("the keys of a JSON object are str, not {name}")));
            }
            map.insert(key.extract()?, from_python(&field, below)?);
        }
        Ok(Value::Object(map))
    } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let below = below()?;
        let items = value.try_iter()?.map(|item| from_python(&item?, below));
        items.collect::<PyResult<Vec<_>>>().map(Value::Array)
    } else {
        let name = value.get_type().name()?;
        Err(PyTypeError::new_err(format!(
            "a JSON value is None, a bool, int, float, str, list or dict, not {name}"
        )))
    }
}

impl ToPython for Value {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(match self {
            Self::Null => py.None().into_bound(py),
            Self::Bool(flag) => flag.to_python(py)?,
            Self::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(signed), _) => signed.to_python(py)?,
                (None, Some(unsigned)) => unsigned.to_python(py)?,
                (None, None) => number.as_f64().to_python(py)?,
            },
            Self::String(text) => text.to_python(py)?,
            Self::Array(items) => items.to_python(py)?,
            Self::Object(fields) => {
                let dict = PyDict::new(py);
                for (key, field) in fields {
                    dict.set_item(key, field.to_python(py)?)?;
                }
                dict.into_any()
            }
        })
    }
}
