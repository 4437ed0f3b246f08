//! The workspace itself.

use napi::Result;
use napi::bindgen_prelude::Float32Array;
use napi_derive::napi;

use crate::errors::rejection;
use crate::google::Google;
use crate::jobs::Jobs;
use crate::mail::Mail;
use crate::options::OpenOptions;
use crate::types::check::{CheckOptions, CheckReport};
use crate::types::status::Status;
use crate::user::UserHandle;
use crate::users::Users;

/// An open workspace: a folder that holds everything of its users.
///
/// ```js
/// const ws = await Workspace.open('./workspace')
/// await ws.users.create('ana')
/// const me = ws.user('ana')
/// const shoot = await me.projects.create('Lisbon shoot', { keywords: ['Alfama', 'drone permit'] })
/// const { document } = await me.mail.ingest(await readFile('permit.eml'))
/// console.log(document.assignment.reason)
/// for (const hit of await me.search('when does the drone permit run out', { project: shoot.id })) {
///   console.log(hit.score, hit.document.title, hit.snippet.text)
/// }
/// await ws.close()
/// ```
#[napi]
pub struct Workspace {
    inner: besunny::Workspace,
}

impl Workspace {
    pub(crate) fn new(inner: besunny::Workspace) -> Self {
        Self { inner }
    }
}

/// Opens a workspace. It is a function and not a static method, because those cannot be
/// wrapped: `lib/face.js` makes it `Workspace.open`, and `types/header.d.ts` describes it.
#[napi(strict, skip_typescript)]
pub async fn open_workspace(location: String, options: Option<OpenOptions>) -> Result<Workspace> {
    let options = options.unwrap_or_default().into_core()?;
    let inner = besunny::Workspace::open(location, options).await.map_err(rejection)?;
    Ok(Workspace::new(inner))
}

/// Makes a workspace from a backup; `lib/face.js` makes it `Workspace.restore`.
#[napi(strict, skip_typescript)]
pub async fn restore_workspace(backup: String, location: String) -> Result<()> {
    besunny::Workspace::restore(backup, location).await.map_err(rejection)
}

#[napi]
impl Workspace {
    /// Closes the workspace: waits for running commits and releases files and locks.
    /// Closing twice is fine; every other call answers `closed` from now on.
    #[napi]
    pub async fn close(&self) -> Result<()> {
        self.inner.close().await.map_err(rejection)
    }

    /// The users of the workspace.
    #[napi(getter)]
    pub fn users(&self) -> Users {
        Users::new(self.inner.users())
    }

    /// Mail that finds its owner by virtual address.
    #[napi(getter)]
    pub fn mail(&self) -> Mail {
        Mail::new(self.inner.mail())
    }

    /// The workspace's jobs, and the workers that do everybody's.
    #[napi(getter)]
    pub fn jobs(&self) -> Jobs {
        Jobs::of_workspace(self.inner.jobs())
    }

    /// Google for the workspace itself, and where its notifications come in.
    #[napi(getter)]
    pub fn google(&self) -> Google {
        Google::new(self.inner.google())
    }

    /// A handle that acts for one user, on their data alone. The user is looked up by the
    /// first call, which rejects with `not_found` when there is none of this name.
    #[napi(strict, catch_unwind)]
    pub fn user(&self, username: String) -> UserHandle {
        UserHandle::new(self.inner.clone(), username)
    }

    /// Embeds texts: one unit vector each, in the same order. A text's vector is the same
    /// to the last bit whatever it is embedded together with.
    ///
    /// Rejects with `model_missing` without a model.
    #[napi(strict)]
    pub async fn embed(&self, texts: Vec<String>) -> Result<Vec<Float32Array>> {
        let vectors = self.inner.embed(texts).await.map_err(rejection)?;
        Ok(vectors.into_iter().map(Float32Array::new).collect())
    }

    /// What the workspace holds and runs on.
    #[napi]
    pub async fn status(&self) -> Result<Status> {
        Ok(self.inner.status().await.map_err(rejection)?.into())
    }

    /// Compares every user's index with the database, which checks its own files too. With
    /// `repair`, an index that differs is rebuilt. Others may write meanwhile.
    #[napi(strict)]
    pub async fn check(&self, options: Option<CheckOptions>) -> Result<CheckReport> {
        let repair = options.and_then(|options| options.repair).unwrap_or(false);
        Ok(self.inner.check(repair).await.map_err(rejection)?.into())
    }

    /// Throws every user's index away and makes it anew from the database.
    #[napi]
    pub async fn rebuild(&self) -> Result<()> {
        self.inner.rebuild(besunny::RebuildOptions::default()).await.map_err(rejection)
    }

    /// Writes a copy of the workspace, as of one moment, to a new file. Others may write
    /// meanwhile.
    #[napi(strict)]
    pub async fn backup(&self, path: String) -> Result<()> {
        self.inner.backup(path).await.map_err(rejection)
    }

    /// A SHA-256, in hex, over all documents, their assignments and their vectors. Two
    /// workspaces that were fed the same have the same digest, whatever language fed them.
    #[napi]
    pub async fn digest(&self) -> Result<String> {
        self.inner.digest().await.map_err(rejection)
    }
}
