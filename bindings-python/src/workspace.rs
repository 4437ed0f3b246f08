//! Opening a workspace, and what is asked of all of it.

use std::path::PathBuf;

use besunny::{RebuildOptions, Workspace as Inner};
use pyo3::prelude::*;

use crate::call::Call;
use crate::errors::OrRaise;
use crate::mail::Mail;
use crate::options::Opening;
use crate::process::Owned;
use crate::results::Embeddings;
use crate::users::Users;

/// Opens the workspace in a folder.
#[pyfunction]
pub(crate) fn open_workspace(py: Python<'_>, location: PathBuf, options: Opening) -> PyResult<Call> {
    let options = options.parse().or_raise(py)?;
    Ok(Call::plain(async move { Inner::open(location, options).await }))
}

/// Makes a workspace from a backup.
#[pyfunction]
pub(crate) fn restore_workspace(backup: PathBuf, location: PathBuf) -> Call {
    Call::plain(async move { Inner::restore(backup, location).await })
}

/// An open workspace.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Workspace(pub(crate) Owned<Inner>);

#[pymethods]
impl Workspace {
    fn close(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "workspace.close", |workspace| async move { workspace.close().await })
    }

    fn users(&self, py: Python<'_>) -> PyResult<Users> {
        Ok(Users(Owned::new(self.0.get("workspace.users").or_raise(py)?.users())))
    }

    fn mail(&self, py: Python<'_>) -> PyResult<Mail> {
        Ok(Mail(Owned::new(self.0.get("workspace.mail").or_raise(py)?.mail())))
    }

    fn user(&self, py: Python<'_>, username: String) -> PyResult<Call> {
        Call::on(py, &self.0, "workspace.user", |workspace| async move { workspace.user(&username).await })
    }

    fn embed(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Call> {
        Call::on(py, &self.0, "embed", |workspace| async move {
            let vectors = workspace.embed(texts).await?;
            // No text still has a second dimension.
            let dimension = match vectors.first() {
                Some(vector) => vector.len(),
                None => workspace.status().await?.model.map_or(0, |model| model.dimension),
            };
            Ok(Embeddings { vectors, dimension })
        })
    }

    fn status(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "status", |workspace| async move { workspace.status().await })
    }

    fn check(&self, py: Python<'_>, repair: bool) -> PyResult<Call> {
        Call::on(py, &self.0, "check", move |workspace| async move { workspace.check(repair).await })
    }

    fn rebuild(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "rebuild", |workspace| async move {
            workspace.rebuild(RebuildOptions::default()).await
        })
    }

    fn backup(&self, py: Python<'_>, path: PathBuf) -> PyResult<Call> {
        Call::on(py, &self.0, "workspace.backup", |workspace| async move { workspace.backup(path).await })
    }

    fn digest(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "digest", |workspace| async move { workspace.digest().await })
    }
}
