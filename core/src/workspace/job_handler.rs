//! Who does jobs, and what they are given.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use serde::de::DeserializeOwned;

use super::{Inner, UserHandle, Workspace};
use crate::base::{CancelToken, Result, Scope, TenantId, UserId};
use crate::domain::{Access, Job, JobProgress};
use crate::jobs::{Attempt, Handler, JobError};

/// Does jobs of one kind. Every async function of a [`JobContext`] is one.
///
/// A job may have been done before, in part or in full, by a process that was killed before
/// it could say so: do it so that twice is the same as once, by [`Job::id`].
#[async_trait]
pub trait JobHandler: Send + Sync {
    /// Does one job.
    async fn run(&self, context: JobContext) -> Result<(), JobError>;
}

#[async_trait]
impl<F, R> JobHandler for F
where
    F: Fn(JobContext) -> R + Send + Sync,
    R: Future<Output = Result<(), JobError>> + Send,
{
    async fn run(&self, context: JobContext) -> Result<(), JobError> {
        self(context).await
    }
}

/// A job that is being done. Cheap to clone.
#[derive(Clone)]
pub struct JobContext {
    workspace: Workspace,
    attempt: Attempt,
}

impl JobContext {
    /// The job.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.attempt.job
    }

    /// The payload, read as a type.
    ///
    /// # Errors
    /// A failure for good: it will not read better another time.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_json::from_value(self.job().payload.clone())
            .map_err(|error| JobError::permanent(format!("the payload cannot be read: {error}")))
    }

    /// Says how far the job is, from 0 to 1. It is written down twice a second; the latest
    /// counts.
    pub fn progress(&self, fraction: f64, message: Option<&str>) {
        let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
        self.attempt.progress.set(JobProgress { fraction, message: message.map(str::to_owned) });
    }

    /// Raised when the job should stop: somebody called it off, it took too long, or its
    /// worker ends.
    #[must_use]
    pub fn cancel(&self) -> &CancelToken {
        &self.attempt.cancel
    }

    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The user whose job it is; `None` for a job of the workspace itself.
    ///
    /// # Errors
    /// `not_found` when the user is no more.
    pub async fn user(&self) -> Result<Option<UserHandle>> {
        let tenant = self.job().tenant;
        if tenant == TenantId::SYSTEM {
            return Ok(None);
        }
        let id = UserId::from_bytes(*tenant.as_bytes());
        let operation = "jobs.user";
        let mut read = self.workspace.begin(operation, &Scope::service(), Access::Read).await?;
        match read.user(id).await? {
            Some(user) => Ok(Some(UserHandle::new(self.workspace.clone(), user))),
            None => Err(crate::base::Error::new(
                crate::base::ErrorKind::NotFound,
                operation,
                "the user whose job it is does not exist",
            )
            .with("user", id)),
        }
    }
}

impl std::fmt::Debug for JobContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobContext").field("job", &self.job().id).field("kind", &self.job().kind).finish()
    }
}

/// A handler with the workspace it works on, which it does not keep open.
pub(super) struct Registered {
    workspace: Weak<Inner>,
    handler: Arc<dyn JobHandler>,
}

impl Registered {
    pub(super) fn new(workspace: &Workspace, handler: Arc<dyn JobHandler>) -> Self {
        Self { workspace: Arc::downgrade(&workspace.inner), handler }
    }
}

#[async_trait]
impl Handler for Registered {
    async fn run(&self, attempt: Attempt) -> Result<(), JobError> {
        let inner = self.workspace.upgrade().ok_or_else(|| JobError::retry("the workspace was dropped"))?;
        self.handler.run(JobContext { workspace: Workspace { inner }, attempt }).await
    }
}
