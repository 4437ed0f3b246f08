//! The same face for programs without async: each call waits for its answer.
//!
//! The handles mirror those of the crate's root, method by method, and share a runtime of
//! their own. Do not call them from async code; there the root's handles are the right ones.
//!
//! Invariant: no logic; each method waits for its async twin.
//!
//! ```
//! # fn main() -> besunny::Result<()> {
//! # let folder = tempfile::tempdir().expect("a temporary folder");
//! # let mut options = besunny::OpenOptions::default();
//! # options.model = Some("".into());
//! use besunny::{NewDocument, SearchRequest, SubscribeOptions, blocking::Workspace};
//!
//! let workspace = Workspace::open(folder.path(), options)?;
//! workspace.create_user("ana", None)?;
//! let me = workspace.user("ana")?;
//! me.ingest_document(NewDocument { content: b"Crew call at six".to_vec(), ..Default::default() })?;
//! assert_eq!(me.search(SearchRequest::new("crew"))?.len(), 1);
//!
//! let mut options = SubscribeOptions::default();
//! options.timeout = Some(std::time::Duration::ZERO);
//! for event in me.subscribe("mailer", options)? {
//!     assert_eq!(event?.kind.as_str(), "document.stored");
//! }
//! workspace.close()?;
//! # Ok(()) }
//! ```

mod google;
mod jobs;
mod runtime;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

pub use self::google::{Google, Meetings, UserGoogle, Webhooks};
pub use self::jobs::{JobContext, Jobs};
use self::runtime::Runtime;
use crate::base::{DocumentId, ProjectId, Result};
use crate::domain::{
    Assignment, ChangeKind, Cursor, Delivery, Document, DocumentFilter, Event, Hit, Ingested, IntakeEntry,
    IntakeReport, NewDocument, Page, PageRequest, Position, Project, ProjectFields, ProjectPatch,
    SearchRequest, User,
};
use crate::events::{HandleOptions, HandleReport, Stopper, SubscribeOptions};
use crate::workspace::{
    self, CheckReport, Classify, LoadOptions, Location, OpenOptions, RebuildOptions, Status,
};

/// An open workspace; see [`crate::Workspace`].
#[derive(Clone, Debug)]
pub struct Workspace {
    inner: workspace::Workspace,
    runtime: Arc<Runtime>,
}

/// Acts for one user; see [`crate::UserHandle`].
#[derive(Clone, Debug)]
pub struct UserHandle {
    inner: workspace::UserHandle,
    runtime: Arc<Runtime>,
}

impl Workspace {
    /// See [`crate::Workspace::open`].
    ///
    /// # Errors
    /// As there, and `io` when no threads can be started.
    pub fn open(location: impl Into<Location>, options: OpenOptions) -> Result<Self> {
        let runtime = Runtime::start("workspace.open")?;
        let inner = runtime.block_on(workspace::Workspace::open(location, options))?;
        Ok(Self { inner, runtime: Arc::new(runtime) })
    }

    fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    /// See [`crate::Workspace::close`].
    ///
    /// # Errors
    /// As there.
    pub fn close(&self) -> Result<()> {
        self.wait(self.inner.close())
    }

    /// See [`crate::Workspace::rebuild`].
    ///
    /// # Errors
    /// As there.
    pub fn rebuild(&self, options: RebuildOptions) -> Result<()> {
        self.wait(self.inner.rebuild(options))
    }

    /// See [`crate::Workspace::check`].
    ///
    /// # Errors
    /// As there.
    pub fn check(&self, repair: bool) -> Result<CheckReport> {
        self.wait(self.inner.check(repair))
    }

    /// See [`crate::Workspace::backup`].
    ///
    /// # Errors
    /// As there.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        self.wait(self.inner.backup(path))
    }

    /// See [`crate::Workspace::restore`].
    ///
    /// # Errors
    /// As there, and `io` when no threads can be started.
    pub fn restore(backup: impl AsRef<Path>, location: impl AsRef<Path>) -> Result<()> {
        Runtime::start("workspace.restore")?.block_on(workspace::Workspace::restore(backup, location))
    }

    /// See [`crate::Users::create`].
    ///
    /// # Errors
    /// As there.
    pub fn create_user(&self, username: &str, email: Option<&str>) -> Result<User> {
        self.wait(self.inner.users().create(username, email))
    }

    /// See [`crate::Users::list`].
    ///
    /// # Errors
    /// As there.
    pub fn users(&self) -> Result<Vec<User>> {
        self.wait(self.inner.users().list())
    }

    /// See [`crate::Workspace::user`].
    ///
    /// # Errors
    /// As there.
    pub fn user(&self, username: &str) -> Result<UserHandle> {
        let inner = self.wait(self.inner.user(username))?;
        Ok(UserHandle { inner, runtime: Arc::clone(&self.runtime) })
    }

    /// See [`crate::Workspace::jobs`].
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        Jobs::new(self.inner.jobs(), Arc::clone(&self.runtime))
    }

    /// See [`crate::Workspace::google`].
    #[must_use]
    pub fn google(&self) -> Google {
        Google::new(self.inner.google(), Arc::clone(&self.runtime))
    }

    /// See [`crate::Mail::ingest`].
    ///
    /// # Errors
    /// As there.
    pub fn ingest_mail(&self, raw: Vec<u8>) -> Result<Vec<Delivery>> {
        self.wait(self.inner.mail().ingest(raw))
    }

    /// See [`crate::Mail::ingest_mbox`].
    ///
    /// # Errors
    /// As there.
    pub fn ingest_mbox(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        self.wait(self.inner.mail().ingest_mbox(path, options))
    }

    /// See [`crate::Mail::ingest_maildir`].
    ///
    /// # Errors
    /// As there.
    pub fn ingest_maildir(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        self.wait(self.inner.mail().ingest_maildir(path, options))
    }

    /// See [`crate::Mail::ingest_folder`].
    ///
    /// # Errors
    /// As there.
    pub fn ingest_folder(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        self.wait(self.inner.mail().ingest_folder(path, options))
    }

    /// See [`crate::Workspace::embed`].
    ///
    /// # Errors
    /// As there.
    pub fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        self.wait(self.inner.embed(texts))
    }

    /// See [`crate::Workspace::status`].
    ///
    /// # Errors
    /// As there.
    pub fn status(&self) -> Result<Status> {
        self.wait(self.inner.status())
    }

    /// See [`crate::Workspace::digest`].
    ///
    /// # Errors
    /// As there.
    pub fn digest(&self) -> Result<String> {
        self.wait(self.inner.digest())
    }
}

impl UserHandle {
    fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &User {
        self.inner.user()
    }

    /// The user's virtual address.
    #[must_use]
    pub fn virtual_address(&self) -> String {
        self.inner.virtual_address()
    }

    /// See [`crate::UserHandle::jobs`].
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        Jobs::new(self.inner.jobs(), Arc::clone(&self.runtime))
    }

    /// See [`crate::UserHandle::google`].
    #[must_use]
    pub fn google(&self) -> UserGoogle {
        UserGoogle::new(self.inner.google(), Arc::clone(&self.runtime))
    }

    /// See [`crate::UserHandle::meetings`].
    #[must_use]
    pub fn meetings(&self) -> Meetings {
        Meetings::new(self.inner.meetings(), Arc::clone(&self.runtime))
    }

    /// See [`crate::UserMail::ingest`].
    ///
    /// # Errors
    /// As there.
    pub fn ingest_mail(&self, raw: Vec<u8>) -> Result<Ingested> {
        self.wait(self.inner.mail().ingest(raw))
    }

    /// See [`crate::UserMail::ingest_mbox`].
    ///
    /// # Errors
    /// As there.
    pub fn ingest_mbox(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        self.wait(self.inner.mail().ingest_mbox(path, options))
    }

    /// See [`crate::UserMail::ingest_maildir`].
    ///
    /// # Errors
    /// As there.
    pub fn ingest_maildir(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        self.wait(self.inner.mail().ingest_maildir(path, options))
    }

    /// See [`crate::UserMail::ingest_folder`].
    ///
    /// # Errors
    /// As there.
    pub fn ingest_folder(&self, path: impl AsRef<Path>, options: LoadOptions) -> Result<IntakeReport> {
        self.wait(self.inner.mail().ingest_folder(path, options))
    }

    /// See [`crate::Projects::create`].
    ///
    /// # Errors
    /// As there.
    pub fn create_project(&self, fields: ProjectFields) -> Result<Project> {
        self.wait(self.inner.projects().create(fields))
    }

    /// See [`crate::Projects::get`].
    ///
    /// # Errors
    /// As there.
    pub fn project(&self, id: ProjectId) -> Result<Project> {
        self.wait(self.inner.projects().get(id))
    }

    /// See [`crate::Projects::list`].
    ///
    /// # Errors
    /// As there.
    pub fn projects(&self) -> Result<Vec<Project>> {
        self.wait(self.inner.projects().list())
    }

    /// See [`crate::Projects::update`].
    ///
    /// # Errors
    /// As there.
    pub fn update_project(&self, id: ProjectId, patch: ProjectPatch) -> Result<Project> {
        self.wait(self.inner.projects().update(id, patch))
    }

    /// See [`crate::Projects::delete`].
    ///
    /// # Errors
    /// As there.
    pub fn delete_project(&self, id: ProjectId) -> Result<()> {
        self.wait(self.inner.projects().delete(id))
    }

    /// See [`crate::Documents::ingest`].
    ///
    /// # Errors
    /// As there.
    pub fn ingest_document(&self, document: NewDocument) -> Result<Ingested> {
        self.wait(self.inner.documents().ingest(document))
    }

    /// See [`crate::Documents::get`].
    ///
    /// # Errors
    /// As there.
    pub fn document(&self, id: DocumentId) -> Result<Document> {
        self.wait(self.inner.documents().get(id))
    }

    /// See [`crate::Documents::attachments`].
    ///
    /// # Errors
    /// As there.
    pub fn attachments(&self, id: DocumentId) -> Result<Vec<Document>> {
        self.wait(self.inner.documents().attachments(id))
    }

    /// See [`crate::Documents::list`].
    ///
    /// # Errors
    /// As there.
    pub fn documents(&self, filter: DocumentFilter, page: PageRequest) -> Result<Page<Document>> {
        self.wait(self.inner.documents().list(filter, page))
    }

    /// See [`crate::Documents::delete`].
    ///
    /// # Errors
    /// As there.
    pub fn delete_document(&self, id: DocumentId) -> Result<()> {
        self.wait(self.inner.documents().delete(id))
    }

    /// See [`crate::Documents::assign`].
    ///
    /// # Errors
    /// As there.
    pub fn assign_document(&self, id: DocumentId, project: Option<ProjectId>) -> Result<Document> {
        self.wait(self.inner.documents().assign(id, project))
    }

    /// See [`crate::UserHandle::classify`].
    ///
    /// # Errors
    /// As there.
    pub fn classify(&self, item: Classify) -> Result<Assignment> {
        self.wait(self.inner.classify(item))
    }

    /// See [`crate::UserHandle::search`].
    ///
    /// # Errors
    /// As there.
    pub fn search(&self, request: SearchRequest) -> Result<Vec<Hit>> {
        self.wait(self.inner.search(request))
    }

    /// See [`crate::UserHandle::intake_log`].
    ///
    /// # Errors
    /// As there.
    pub fn intake_log(&self, page: PageRequest) -> Result<Page<IntakeEntry>> {
        self.wait(self.inner.intake_log(page))
    }

    /// See [`crate::Events::subscribe`].
    ///
    /// # Errors
    /// As there.
    pub fn subscribe(&self, name: &str, options: SubscribeOptions) -> Result<Subscription> {
        let inner = self.wait(self.inner.events().subscribe(name, options))?;
        Ok(Subscription { inner, runtime: Arc::clone(&self.runtime) })
    }

    /// See [`crate::Events::live`].
    ///
    /// # Errors
    /// As there.
    pub fn live_events(&self, options: SubscribeOptions) -> Result<Subscription> {
        let inner = self.wait(self.inner.events().live(options))?;
        Ok(Subscription { inner, runtime: Arc::clone(&self.runtime) })
    }

    /// See [`crate::Events::handle`].
    ///
    /// # Errors
    /// As there.
    pub fn handle_events(
        &self,
        name: &str,
        options: HandleOptions,
        mut handler: impl FnMut(Event) -> Result<()>,
    ) -> Result<HandleReport> {
        self.wait(self.inner.events().handle(name, options, |event| std::future::ready(handler(event))))
    }

    /// See [`crate::Events::read`].
    ///
    /// # Errors
    /// As there.
    pub fn events(&self, after: Position, kinds: &[ChangeKind], limit: u32) -> Result<Vec<Event>> {
        self.wait(self.inner.events().read(after, kinds, limit))
    }

    /// See [`crate::Events::ack`].
    ///
    /// # Errors
    /// As there.
    pub fn ack_events(&self, name: &str, position: Position) -> Result<Position> {
        self.wait(self.inner.events().ack(name, position))
    }

    /// See [`crate::Events::cursors`].
    ///
    /// # Errors
    /// As there.
    pub fn cursors(&self) -> Result<Vec<Cursor>> {
        self.wait(self.inner.events().cursors())
    }

    /// See [`crate::Events::delete_cursor`].
    ///
    /// # Errors
    /// As there.
    pub fn delete_cursor(&self, name: &str) -> Result<bool> {
        self.wait(self.inner.events().delete_cursor(name))
    }
}

/// Events to iterate over; see [`crate::Subscription`].
#[derive(Debug)]
pub struct Subscription {
    inner: crate::events::Subscription,
    runtime: Arc<Runtime>,
}

impl Subscription {
    /// What ends this subscription from another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.inner.stopper()
    }

    /// See [`crate::Subscription::ack`].
    ///
    /// # Errors
    /// As there.
    pub fn ack(&mut self, position: Position) -> Result<()> {
        self.runtime.block_on(self.inner.ack(position))
    }

    /// See [`crate::Subscription::close`].
    ///
    /// # Errors
    /// As there.
    pub fn close(self) -> Result<()> {
        self.runtime.block_on(self.inner.close())
    }
}

impl Iterator for Subscription {
    type Item = Result<Event>;

    /// See [`crate::Subscription::next`].
    fn next(&mut self) -> Option<Self::Item> {
        self.runtime.block_on(self.inner.next()).transpose()
    }
}
