//! Users: each is a tenant of their own.

use serde::{Deserialize, Serialize};

use super::Username;
use crate::base::{Timestamp, UserId};

/// A user of the workspace. Their virtual address is `ai+{username}@{virtual domain}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// Names the user; also the id of their tenant.
    pub id: UserId,
    /// Chosen once, unique in the workspace, case kept.
    pub username: Username,
    /// Where the user themselves can be reached; not used for routing.
    pub email: Option<String>,
    /// When the user was created.
    pub created_at: Timestamp,
}

impl User {
    /// Puts a user together; used by stores.
    #[must_use]
    pub fn new(id: UserId, username: Username, email: Option<String>, created_at: Timestamp) -> Self {
        Self { id, username, email, created_at }
    }
}
