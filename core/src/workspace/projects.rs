//! A user's projects.

use super::UserHandle;
use crate::base::{Error, ErrorKind, ProjectId, Result};
use crate::domain::{Access, Project, ProjectFields, ProjectPatch};

/// A user's projects.
#[derive(Clone, Debug)]
pub struct Projects {
    me: UserHandle,
}

impl Projects {
    pub(super) fn new(me: UserHandle) -> Self {
        Self { me }
    }

    /// Creates a project. Names need not be unique, but people are happier if they are.
    ///
    /// # Errors
    /// `invalid_input` without a name, `limit_exceeded` for a field that is too long.
    pub async fn create(&self, fields: ProjectFields) -> Result<Project> {
        let fields = fields.normalised("projects.create")?;
        let inner = &self.me.workspace.inner;
        let now = inner.clock.now();
        let id = ProjectId::from_bytes(inner.ids.next(now));
        let project = Project { id, fields, created_at: now, updated_at: now };
        let mut write = self.me.workspace.begin("projects.create", &self.me.scope, Access::Write).await?;
        write.insert_project(&project).await?;
        write.commit().await?;
        Ok(project)
    }

    /// One project.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: ProjectId) -> Result<Project> {
        let mut read = self.me.workspace.begin("projects.get", &self.me.scope, Access::Read).await?;
        read.project(id).await?.ok_or_else(|| missing("projects.get", id))
    }

    /// All projects, in order of creation.
    ///
    /// # Errors
    /// `storage`.
    pub async fn list(&self) -> Result<Vec<Project>> {
        self.me.workspace.begin("projects.list", &self.me.scope, Access::Read).await?.projects().await
    }

    /// Changes the fields that the patch names. What is already assigned stays where it is;
    /// what comes in from now on is judged by the new fields.
    ///
    /// # Errors
    /// `not_found`, and as [`Projects::create`].
    pub async fn update(&self, id: ProjectId, patch: ProjectPatch) -> Result<Project> {
        let operation = "projects.update";
        let mut write = self.me.workspace.begin(operation, &self.me.scope, Access::Write).await?;
        let mut project = write.project(id).await?.ok_or_else(|| missing(operation, id))?;
        patch.apply_to(&mut project.fields);
        project.fields = project.fields.normalised(operation)?;
        project.updated_at = self.me.workspace.inner.clock.now();
        write.update_project(&project).await?;
        write.commit().await?;
        Ok(project)
    }

    /// Deletes a project; its documents stay and become unassigned.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete(&self, id: ProjectId) -> Result<()> {
        let operation = "projects.delete";
        let mut write = self.me.workspace.begin(operation, &self.me.scope, Access::Write).await?;
        if !write.delete_project(id, self.me.workspace.inner.clock.now()).await? {
            return Err(missing(operation, id));
        }
        write.commit().await
    }
}

pub(super) fn missing(operation: &'static str, id: ProjectId) -> Error {
    Error::new(ErrorKind::NotFound, operation, "no such project").with("project", id)
}
