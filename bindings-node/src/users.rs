//! Users of a workspace.

use napi::Result;
use napi_derive::napi;

use crate::errors::rejection;
use crate::options::UserOptions;
use crate::types::list;
use crate::types::user::User;

/// The users of a workspace.
#[napi]
pub struct Users {
    inner: besunny::Users,
}

impl Users {
    pub(crate) fn new(inner: besunny::Users) -> Self {
        Self { inner }
    }
}

#[napi]
impl Users {
    /// Creates a user. The username is 3 to 30 ASCII letters and digits, does not begin
    /// with a digit, and never changes.
    ///
    /// Rejects with `invalid_input` for an unfit username, `already_exists` when it is
    /// taken.
    #[napi(strict)]
    pub async fn create(&self, username: String, options: Option<UserOptions>) -> Result<User> {
        let email = options.unwrap_or_default().email;
        Ok(self.inner.create(&username, email.as_deref()).await.map_err(rejection)?.into())
    }

    /// All users, in order of creation.
    #[napi]
    pub async fn list(&self) -> Result<Vec<User>> {
        Ok(list(self.inner.list().await.map_err(rejection)?))
    }
}
