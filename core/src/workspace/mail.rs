//! Handing mail in.

use std::path::Path;
use std::sync::Arc;

use super::{UserHandle, Workspace};
use crate::base::{CancelToken, Result, Scope};
use crate::domain::{Delivery, Ingested, IntakeEntry, IntakeReport, Page, PageRequest, Progress};
use crate::intake::{Bulk, MailboxKind, ProgressSink, Route};

/// How a mailbox is loaded.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct LoadOptions {
    progress: Option<ProgressSink>,
    cancel: CancelToken,
}

impl LoadOptions {
    /// Calls `sink` after each mail, once it is safely stored.
    #[must_use]
    pub fn on_progress(mut self, sink: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(sink));
        self
    }

    /// Stops between two mails once `token` is raised; what is stored stays.
    #[must_use]
    pub fn cancelled_by(mut self, token: CancelToken) -> Self {
        self.cancel = token;
        self
    }
}

impl std::fmt::Debug for LoadOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadOptions").field("progress", &self.progress.is_some()).finish_non_exhaustive()
    }
}

/// Mail that finds its owners by virtual address, in `To`, `Cc`, `Delivered-To` and
/// `X-Original-To`.
#[derive(Clone, Debug)]
pub struct Mail {
    workspace: Workspace,
}

/// Mail of a given owner.
#[derive(Clone, Debug)]
pub struct UserMail {
    me: UserHandle,
}

impl Mail {
    pub(super) fn new(workspace: Workspace) -> Self {
        Self { workspace }
    }

    fn route(&self) -> Route {
        Route::VirtualAddresses { domain: self.workspace.inner.virtual_domain.clone() }
    }

    /// Takes one raw message and delivers it to each user it is addressed to. An address
    /// of no user, or no address at all, is an outcome and is logged, not an error.
    ///
    /// # Errors
    /// `malformed` or `limit_exceeded` for bytes that cannot be taken; also logged.
    pub async fn ingest(&self, raw: Vec<u8>) -> Result<Vec<Delivery>> {
        self.workspace.check_open("mail.ingest")?;
        self.workspace.inner.intake.routed_mail(&self.workspace.inner.virtual_domain, raw).await
    }

    /// Takes one message of Gmail's, as its API gives it in the format `full` or `raw` (JSON), as
    /// [`Mail::ingest`] does.
    ///
    /// # Errors
    /// `malformed` for JSON that is no message; and as [`Mail::ingest`].
    pub async fn ingest_gmail(&self, message: &[u8]) -> Result<Vec<Delivery>> {
        self.ingest(crate::google::gmail::raw_of_full(message)?).await
    }

    /// Takes every message of an mbox file.
    ///
    /// # Errors
    /// `not_found` or `io` when the file cannot be read, `cancelled`. A message that cannot
    /// be taken is counted and logged, and the load goes on.
    pub async fn ingest_mbox(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        load(&self.workspace, path.as_ref(), MailboxKind::Mbox, self.route(), options).await
    }

    /// Takes every message of a Maildir and its subfolders, in order of file names.
    ///
    /// # Errors
    /// As [`Mail::ingest_mbox`].
    pub async fn ingest_maildir(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        load(&self.workspace, path.as_ref(), MailboxKind::Maildir, self.route(), options).await
    }

    /// Takes every `.eml` file of a folder and its subfolders, in order of file names.
    ///
    /// # Errors
    /// As [`Mail::ingest_mbox`].
    pub async fn ingest_folder(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        load(&self.workspace, path.as_ref(), MailboxKind::Folder, self.route(), options).await
    }

    /// What became of mail that reached no user, latest first.
    ///
    /// # Errors
    /// `invalid_input` for a bad page request.
    pub async fn intake_log(&self, page: PageRequest) -> Result<Page<IntakeEntry>> {
        let access = crate::domain::Access::Read;
        self.workspace.begin("mail.intake_log", &Scope::service(), access).await?.intake_log(&page).await
    }
}

impl UserMail {
    pub(super) fn new(me: UserHandle) -> Self {
        Self { me }
    }

    fn route(&self) -> Route {
        Route::Owner(self.me.scope.clone(), self.me.user().username.to_string())
    }

    /// Takes one raw message for this user, whoever it is addressed to.
    ///
    /// # Errors
    /// `malformed` or `limit_exceeded` for bytes that cannot be taken; also logged.
    pub async fn ingest(&self, raw: Vec<u8>) -> Result<Ingested> {
        self.me.workspace.check_open("mail.ingest")?;
        self.me.workspace.inner.intake.mail(&self.me.scope, raw).await
    }

    /// Takes every message of an mbox file; see [`Mail::ingest_mbox`].
    ///
    /// # Errors
    /// As [`Mail::ingest_mbox`].
    pub async fn ingest_mbox(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        load(&self.me.workspace, path.as_ref(), MailboxKind::Mbox, self.route(), options).await
    }

    /// Takes every message of a Maildir; see [`Mail::ingest_maildir`].
    ///
    /// # Errors
    /// As [`Mail::ingest_mbox`].
    pub async fn ingest_maildir(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        load(&self.me.workspace, path.as_ref(), MailboxKind::Maildir, self.route(), options).await
    }

    /// Takes every `.eml` file of a folder; see [`Mail::ingest_folder`].
    ///
    /// # Errors
    /// As [`Mail::ingest_mbox`].
    pub async fn ingest_folder(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        load(&self.me.workspace, path.as_ref(), MailboxKind::Folder, self.route(), options).await
    }
}

async fn load(
    workspace: &Workspace,
    path: &Path,
    kind: MailboxKind,
    route: Route,
    options: LoadOptions,
) -> Result<IntakeReport> {
    workspace.check_open("mail.ingest")?;
    let bulk =
        Bulk { path: path.to_owned(), kind, route, progress: options.progress, cancel: options.cancel };
    let (report, touched) = Arc::clone(&workspace.inner.intake).bulk(bulk).await?;
    // The first search after a load should not pay for indexing all of it.
    for scope in touched {
        if let Err(error) = workspace.inner.follower.level(&scope).await {
            // Everything is stored; the next search tries again, and says what is wrong.
            tracing::warn!(%error, "the index could not follow a load");
        }
    }
    Ok(report)
}
