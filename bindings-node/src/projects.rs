//! A user's projects.

use napi::Result;
use napi_derive::napi;

use crate::errors::rejection;
use crate::options::{ProjectOptions, ProjectPatch, parse};
use crate::types::list;
use crate::types::project::Project;
use crate::user::LazyUser;

/// A user's projects.
#[napi]
pub struct Projects {
    me: LazyUser,
}

impl Projects {
    pub(crate) fn new(me: LazyUser) -> Self {
        Self { me }
    }
}

#[napi]
impl Projects {
    /// Creates a project. Names need not be unique, but people are happier if they are.
    ///
    /// Rejects with `invalid_input` without a name, `limit_exceeded` for a field that is
    /// too long.
    #[napi(strict)]
    pub async fn create(&self, name: String, options: Option<ProjectOptions>) -> Result<Project> {
        let fields = options.unwrap_or_default().into_core(name);
        Ok(self.me.get().await?.projects().create(fields).await.map_err(rejection)?.into())
    }

    /// One project; rejects with `not_found`.
    #[napi(strict)]
    pub async fn get(&self, project_id: String) -> Result<Project> {
        let id = parse(project_id)?;
        Ok(self.me.get().await?.projects().get(id).await.map_err(rejection)?.into())
    }

    /// All projects, in order of creation.
    #[napi]
    pub async fn list(&self) -> Result<Vec<Project>> {
        Ok(list(self.me.get().await?.projects().list().await.map_err(rejection)?))
    }

    /// Changes the fields that the patch names. What is already assigned stays where it is;
    /// what comes in from now on is judged by the new fields.
    ///
    /// Rejects with `not_found`, and as `create`.
    #[napi(strict)]
    pub async fn update(&self, project_id: String, patch: ProjectPatch) -> Result<Project> {
        let id = parse(project_id)?;
        Ok(self.me.get().await?.projects().update(id, patch.into()).await.map_err(rejection)?.into())
    }

    /// Deletes a project; its documents stay and become unassigned. Rejects with
    /// `not_found`.
    #[napi(strict)]
    pub async fn delete(&self, project_id: String) -> Result<()> {
        let id = parse(project_id)?;
        self.me.get().await?.projects().delete(id).await.map_err(rejection)
    }
}
