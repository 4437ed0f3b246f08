//! Users.

use napi_derive::napi;

use super::time::Instant;

/// A user of the workspace. Their virtual address is `ai+{username}@{virtualDomain}`.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct User {
    /// Names the user.
    pub id: String,
    /// Chosen once, unique in the workspace, case kept.
    pub username: String,
    /// Where the user themselves can be reached; not used for routing.
    pub email: Option<String>,
    /// When the user was created.
    #[napi(ts_type = "Date")]
    pub created_at: Instant,
}

impl From<besunny::User> for User {
    fn from(user: besunny::User) -> Self {
        Self {
            id: user.id.to_string(),
            username: user.username.into(),
            email: user.email,
            created_at: user.created_at.into(),
        }
    }
}
