//! Whether a workspace is in order.

use serde::{Deserialize, Serialize};

use super::Workspace;
use crate::base::{Error, ErrorKind, Result, Scope};
use crate::search::{Comparison, Following};

/// What [`Workspace::check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// What the database itself finds wrong with its files, in its words. Only a backup
    /// heals that.
    pub database: Vec<String>,
    /// Whether the database would notice it if its files were damaged: on SQLite always, on
    /// Postgres where the cluster was made with data checksums, as its version 18 does by
    /// itself.
    pub checksums: bool,
    /// Each user's documents, compared with their index.
    pub users: Vec<UserCheck>,
}

/// One user's documents, compared with their index. All numbers count documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserCheck {
    /// Whose they are.
    pub username: String,
    /// Documents that were compared; what others changed meanwhile is left out.
    pub documents: u64,
    /// Chunks of these.
    pub chunks: u64,
    /// In the database, but not in the index.
    pub missing: u64,
    /// In the index, but not in the database.
    pub stray: u64,
    /// In another project in the index than in the database.
    pub misplaced: u64,
    /// With other facts, chunks or vectors in the index than in the database.
    pub incomplete: u64,
    /// Whose text in the database is not what was taken in; only a backup heals that.
    pub altered: u64,
    /// Whether the index was rebuilt, and is right now. The numbers are those from before.
    pub repaired: bool,
}

impl CheckReport {
    /// Whether everything is in order, or was put in order.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.database.is_empty() && self.users.iter().all(UserCheck::is_clean)
    }
}

impl UserCheck {
    /// Whether everything of this user is in order, or was put in order.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let differing = self.missing + self.stray + self.misplaced + self.incomplete;
        self.altered == 0 && (differing == 0 || self.repaired)
    }
}

impl Workspace {
    /// Compares the index of every user with the database, after bringing it level, and
    /// lets the database check its files. With `repair`, an index that differs is rebuilt.
    /// Reads everything there is; others may search and write meanwhile.
    ///
    /// # Errors
    /// `storage` when the database cannot be read at all, `io`.
    pub async fn check(&self, repair: bool) -> Result<CheckReport> {
        self.check_open("check")?;
        let store = &self.inner.store;
        let mut report = CheckReport {
            database: store.integrity().await?,
            checksums: store.has_checksums().await?,
            users: Vec::new(),
        };
        if !report.database.is_empty() {
            // Comparing with a damaged database says nothing about the index.
            return Ok(report);
        }
        for user in self.users().list().await? {
            let scope = Scope::user(user.id);
            let found = self.inner.follower.compare(&scope).await?;
            let repaired = repair && !found.is_level();
            if repaired {
                self.inner.follower.rebuild(&scope, &Following::default()).await?;
                if !self.inner.follower.compare(&scope).await?.is_level() {
                    return Err(Error::new(
                        ErrorKind::Internal,
                        "check",
                        "an index that was rebuilt differs from the database; please report it",
                    )
                    .with("username", &user.username));
                }
            }
            report.users.push(of_user(user.username.to_string(), found, repaired));
        }
        Ok(report)
    }
}

fn of_user(username: String, found: Comparison, repaired: bool) -> UserCheck {
    let Comparison { documents, chunks, missing, stray, misplaced, incomplete, altered } = found;
    UserCheck { username, documents, chunks, missing, stray, misplaced, incomplete, altered, repaired }
}
