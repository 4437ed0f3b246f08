//! Opening a workspace, and what is asked of all of it.

use std::path::PathBuf;

use besunny::{RebuildOptions, Workspace as Inner};
use pyo3::prelude::*;

use crate::at_work::AtWork;
use crate::call::Call;
use crate::errors::OrRaise;
use crate::google::Google;
use crate::jobs::Jobs;
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
pub(crate) struct Workspace {
    workspace: Owned<Inner>,
    at_work: AtWork,
}

impl Workspace {
    pub(crate) fn new(workspace: Inner, at_work: AtWork) -> Self {
        Self { workspace: Owned::new(workspace), at_work }
    }
}

#[pymethods]
impl Workspace {
    fn close(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.workspace, "workspace.close", |workspace| async move { workspace.close().await })
    }

    fn users(&self, py: Python<'_>) -> PyResult<Users> {
        Ok(Users(Owned::new(self.workspace.get("workspace.users").or_raise(py)?.users())))
    }

    fn mail(&self, py: Python<'_>) -> PyResult<Mail> {
        Ok(Mail(Owned::new(self.workspace.get("workspace.mail").or_raise(py)?.mail())))
    }

    fn jobs(&self, py: Python<'_>) -> PyResult<Jobs> {
        Ok(Jobs::new(self.workspace.get("workspace.jobs").or_raise(py)?.jobs(), self.at_work.clone()))
    }

    fn google(&self, py: Python<'_>) -> PyResult<Google> {
        Ok(Google(Owned::new(self.workspace.get("workspace.google").or_raise(py)?.google())))
    }

    fn user(&self, py: Python<'_>, username: String) -> PyResult<Call> {
        Call::on(
            py,
            &self.workspace,
            "workspace.user",
            |workspace| async move { workspace.user(&username).await },
        )
    }

    fn embed(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Call> {
        Call::on(py, &self.workspace, "embed", |workspace| async move {
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
        Call::on(py, &self.workspace, "status", |workspace| async move { workspace.status().await })
    }

    fn check(&self, py: Python<'_>, repair: bool) -> PyResult<Call> {
        Call::on(py, &self.workspace, "check", move |workspace| async move { workspace.check(repair).await })
    }

    fn rebuild(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.workspace, "rebuild", |workspace| async move {
            workspace.rebuild(RebuildOptions::default()).await
        })
    }

    fn backup(&self, py: Python<'_>, path: PathBuf) -> PyResult<Call> {
        Call::on(
            py,
            &self.workspace,
            "workspace.backup",
            |workspace| async move { workspace.backup(path).await },
        )
    }

    fn digest(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.workspace, "digest", |workspace| async move { workspace.digest().await })
    }
}
