//! A user's own view of the workspace.

use std::sync::Arc;

use napi::Result;
use napi_derive::napi;
use tokio::sync::OnceCell;

use crate::documents::Documents;
use crate::errors::rejection;
use crate::events::Events;
use crate::google::UserGoogle;
use crate::jobs::Jobs;
use crate::mail::UserMail;
use crate::meetings::Meetings;
use crate::options::{ClassifyOptions, PageOptions, SearchOptions};
use crate::projects::Projects;
use crate::types::assignment::Assignment;
use crate::types::intake::IntakePage;
use crate::types::list;
use crate::types::search::Hit;
use crate::types::user::User;

/// A user by name, looked up by the first call that needs them. Users are never renamed
/// or deleted, so what was found stays right.
#[derive(Clone)]
pub(crate) struct LazyUser(Arc<Lookup>);

struct Lookup {
    workspace: besunny::Workspace,
    username: String,
    found: OnceCell<besunny::UserHandle>,
}

impl LazyUser {
    pub(crate) async fn get(&self) -> Result<&besunny::UserHandle> {
        let Lookup { workspace, username, found } = &*self.0;
        found.get_or_try_init(|| workspace.user(username)).await.map_err(rejection)
    }
}

/// Acts for one user, on their data alone.
#[napi]
pub struct UserHandle {
    me: LazyUser,
}

impl UserHandle {
    pub(crate) fn new(workspace: besunny::Workspace, username: String) -> Self {
        Self { me: LazyUser(Arc::new(Lookup { workspace, username, found: OnceCell::new() })) }
    }

    pub(crate) fn found(workspace: besunny::Workspace, user: besunny::UserHandle) -> Self {
        let username = user.user().username.to_string();
        let found = OnceCell::new_with(Some(user));
        Self { me: LazyUser(Arc::new(Lookup { workspace, username, found })) }
    }
}

#[napi]
impl UserHandle {
    /// The name this handle was asked for with.
    #[napi(getter)]
    pub fn username(&self) -> String {
        self.me.0.username.clone()
    }

    /// The user.
    #[napi]
    pub async fn user(&self) -> Result<User> {
        Ok(self.me.get().await?.user().clone().into())
    }

    /// The user's virtual address: mail sent there becomes theirs.
    #[napi]
    pub async fn virtual_address(&self) -> Result<String> {
        Ok(self.me.get().await?.virtual_address())
    }

    /// The user's mail.
    #[napi(getter)]
    pub fn mail(&self) -> UserMail {
        UserMail::new(self.me.clone())
    }

    /// The user's projects.
    #[napi(getter)]
    pub fn projects(&self) -> Projects {
        Projects::new(self.me.clone())
    }

    /// The user's documents.
    #[napi(getter)]
    pub fn documents(&self) -> Documents {
        Documents::new(self.me.clone())
    }

    /// What was committed to the user's data, in order.
    #[napi(getter)]
    pub fn events(&self) -> Events {
        Events::new(self.me.clone())
    }

    /// The user's jobs. They are run by a worker of the workspace.
    #[napi(getter)]
    pub fn jobs(&self) -> Jobs {
        Jobs::of_user(self.me.clone())
    }

    /// The user's accounts at Google.
    #[napi(getter)]
    pub fn google(&self) -> UserGoogle {
        UserGoogle::new(self.me.clone())
    }

    /// The user's meetings, as their calendars have them.
    #[napi(getter)]
    pub fn meetings(&self) -> Meetings {
        Meetings::new(self.me.clone())
    }

    /// Says which project a text belongs to, without storing anything.
    #[napi(strict)]
    pub async fn classify(&self, text: String, options: Option<ClassifyOptions>) -> Result<Assignment> {
        let item = options.unwrap_or_default().into_core(text);
        Ok(self.me.get().await?.classify(item).await.map_err(rejection)?.into())
    }

    /// Searches the user's documents: at most one hit per document, best first. The query
    /// is words, `"exact phrases"` and `-excluded` words.
    ///
    /// Rejects with `invalid_input` or `limit_exceeded` for a query or limit out of range,
    /// `model_missing` for a semantic search without a model.
    #[napi(strict)]
    pub async fn search(&self, query: String, options: Option<SearchOptions>) -> Result<Vec<Hit>> {
        let request = options.unwrap_or_default().into_core(query)?;
        Ok(list(self.me.get().await?.search(request).await.map_err(rejection)?))
    }

    /// What became of each item that was handed in, latest first.
    #[napi(strict)]
    pub async fn intake_log(&self, options: Option<PageOptions>) -> Result<IntakePage> {
        let page = options.unwrap_or_default().into_core();
        Ok(self.me.get().await?.intake_log(page).await.map_err(rejection)?.into())
    }
}
