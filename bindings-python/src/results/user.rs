//! Users.

use besunny::{User, UserHandle};
use pyo3::prelude::*;

use super::{ToPython, record};
use crate::process::Owned;

impl ToPython for User {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "User",
            "id" => self.id,
            "username" => self.username,
            "email" => self.email,
            "created_at" => self.created_at,
        )
    }
}

impl ToPython for UserHandle {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let handle = crate::user::UserHandle(Owned::new(self.clone()));
        Ok(Bound::new(py, handle)?.into_any())
    }
}
