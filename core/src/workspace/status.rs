//! What a workspace holds.

use serde::{Deserialize, Serialize};

use super::Workspace;
use crate::base::{Result, Scope};
use crate::domain::{Access, ModelInfo, Position};

/// What a workspace holds and runs on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// Users.
    pub users: u64,
    /// Documents of all users.
    pub documents: u64,
    /// Chunks of all users.
    pub chunks: u64,
    /// The last position of the change log.
    pub log_position: Position,
    /// The position up to which every user's index is level; searches level it first
    /// where it lags.
    pub index_position: Position,
    /// The sentence model; `None` when the workspace works by words alone.
    pub model: Option<ModelInfo>,
    /// What it runs on.
    pub versions: Versions,
}

/// Versions of what a workspace runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Versions {
    /// This library.
    pub besunny: String,
    /// The database schema.
    pub schema: i64,
    /// The decision model of assignments.
    pub assignment: String,
}

impl Workspace {
    /// What the workspace holds and runs on.
    ///
    /// # Errors
    /// `storage`.
    pub async fn status(&self) -> Result<Status> {
        let users = self.users().list().await?;
        let (mut documents, mut chunks, mut log_position) = (0, 0, 0);
        let mut lagging: Option<Position> = None;
        for user in &users {
            let scope = Scope::user(user.id);
            let counts = self.begin("status", &scope, Access::Read).await?.counts().await?;
            documents += counts.documents;
            chunks += counts.chunks;
            let last = self.inner.store.last_position(&scope).await?;
            let applied = self.inner.follower.position(&scope).await?;
            log_position = log_position.max(last);
            if applied < last {
                lagging = Some(lagging.map_or(applied, |least| least.min(applied)));
            }
        }
        Ok(Status {
            users: users.len() as u64,
            documents,
            chunks,
            log_position,
            index_position: lagging.unwrap_or(log_position),
            model: self.inner.encoder.as_ref().map(|encoder| encoder.info().clone()),
            versions: Versions {
                besunny: env!("CARGO_PKG_VERSION").to_owned(),
                schema: self.inner.store.schema_version(),
                assignment: crate::assign::MODEL.to_owned(),
            },
        })
    }
}
