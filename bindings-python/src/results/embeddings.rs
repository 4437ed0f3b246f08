//! Vectors, as one numpy array.

use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;

use super::ToPython;

/// One vector for each text.
pub(crate) struct Embeddings {
    pub(crate) vectors: Vec<Vec<f32>>,
    pub(crate) dimension: usize,
}

impl ToPython for Embeddings {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let flat = PyArray1::from_vec(py, self.vectors.concat());
        Ok(flat.reshape([self.vectors.len(), self.dimension])?.into_any())
    }
}
