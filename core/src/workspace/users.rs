//! Users of a workspace.

use super::Workspace;
use crate::base::{Result, Scope, UserId};
use crate::domain::{Access, User, Username};

/// The users of a workspace.
#[derive(Clone, Debug)]
pub struct Users {
    workspace: Workspace,
}

impl Users {
    pub(super) fn new(workspace: Workspace) -> Self {
        Self { workspace }
    }

    /// Creates a user. The username is 3 to 30 ASCII letters and digits, does not begin
    /// with a digit, and never changes.
    ///
    /// # Errors
    /// `invalid_input` for an unfit username, `already_exists` when it is taken.
    pub async fn create(&self, username: &str, email: Option<&str>) -> Result<User> {
        let username: Username = username.parse()?;
        let inner = &self.workspace.inner;
        let now = inner.clock.now();
        let email = email.map(str::trim).filter(|email| !email.is_empty()).map(str::to_owned);
        let user = User::new(UserId::from_bytes(inner.ids.next(now)), username, email, now);
        let mut write = self.workspace.begin("users.create", &Scope::service(), Access::Write).await?;
        write.insert_user(&user).await?;
        write.commit().await?;
        Ok(user)
    }

    /// All users, in order of creation.
    ///
    /// # Errors
    /// `storage`.
    pub async fn list(&self) -> Result<Vec<User>> {
        self.workspace.begin("users.list", &Scope::service(), Access::Read).await?.users().await
    }
}
