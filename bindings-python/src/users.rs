//! The users of a workspace.

use besunny::Users as Inner;
use pyo3::prelude::*;

use crate::call::Call;
use crate::process::Owned;

/// The users of a workspace.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Users(pub(crate) Owned<Inner>);

#[pymethods]
impl Users {
    fn create(&self, py: Python<'_>, username: String, email: Option<String>) -> PyResult<Call> {
        Call::on(py, &self.0, "users.create", |users| async move {
            users.create(&username, email.as_deref()).await
        })
    }

    fn list(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "users.list", |users| async move { users.list().await })
    }
}
