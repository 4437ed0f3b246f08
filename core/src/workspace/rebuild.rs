//! Making everything derived anew.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Workspace;
use crate::base::{CancelToken, Result, Scope};
use crate::domain::Position;
use crate::search::Following;

type Sink = Arc<dyn Fn(RebuildProgress) + Send + Sync>;

/// How [`Workspace::rebuild`] runs.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct RebuildOptions {
    progress: Option<Sink>,
    cancel: CancelToken,
}

/// How far a rebuild has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RebuildProgress {
    /// Whose index is being made.
    pub username: String,
    /// The users whose indexes are done.
    pub users_done: u64,
    /// All users.
    pub users: u64,
    /// The position of the change log that this user's index has reached.
    pub position: Position,
    /// The position that it has to reach.
    pub target: Position,
}

impl RebuildOptions {
    /// Calls `sink` after each step.
    #[must_use]
    pub fn on_progress(mut self, sink: impl Fn(RebuildProgress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(sink));
        self
    }

    /// Stops between two steps once `token` is raised. The next search goes on from there.
    #[must_use]
    pub fn cancelled_by(mut self, token: CancelToken) -> Self {
        self.cancel = token;
        self
    }
}

impl std::fmt::Debug for RebuildOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RebuildOptions").field("progress", &self.progress.is_some()).finish_non_exhaustive()
    }
}

impl Workspace {
    /// Throws the index of every user away and makes it anew from the database. Others may
    /// write meanwhile; their searches wait for the user whose turn it is.
    ///
    /// # Errors
    /// `cancelled`, `storage`, `io`.
    pub async fn rebuild(&self, options: RebuildOptions) -> Result<()> {
        let users = self.users().list().await?;
        let count = users.len() as u64;
        for (done, user) in (0..).zip(&users) {
            options.cancel.check("rebuild")?;
            let progress = options.progress.clone().map(|sink| {
                let username = user.username.to_string();
                Arc::new(move |position, target| {
                    let username = username.clone();
                    sink(RebuildProgress { username, users_done: done, users: count, position, target });
                }) as Arc<dyn Fn(Position, Position) + Send + Sync>
            });
            let following = Following { progress, cancel: options.cancel.clone() };
            self.inner.follower.rebuild(&Scope::user(user.id), &following).await?;
        }
        Ok(())
    }
}
