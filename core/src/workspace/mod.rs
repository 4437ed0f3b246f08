//! The face: a [`Workspace`] and the handles it gives out. They check arguments, take
//! the right scope, and hand the work to the services below.
//!
//! Invariant: every call that touches data goes through a handle that holds a scope.
//! Invariant: after [`Workspace::close`] every call answers `closed`; nothing runs on.
//! Invariant: the environment and the system clock are read here and nowhere else.

mod backup;
mod check;
mod digest;
mod documents;
mod environment;
mod events;
mod folder_lock;
mod google;
mod job_handler;
mod job_kinds;
mod jobs;
mod location;
mod mail;
mod meetings;
mod opening;
mod options;
mod projects;
mod rebuild;
mod status;
mod system;
mod user;
mod users;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use check::{CheckReport, UserCheck};
pub use documents::Documents;
pub use events::Events;
pub use google::{
    AccountHealth, Consent, ConsentOptions, Disconnect, Disconnected, Google, Linked, SignedIn,
    StreamSummary, SyncOptions, SyncSummary, UserGoogle, Webhooks,
};
pub use job_handler::{JobContext, JobHandler};
pub use jobs::Jobs;
pub use location::Location;
pub use mail::{LoadOptions, Mail, UserMail};
pub use meetings::Meetings;
pub use options::OpenOptions;
pub use projects::Projects;
pub use rebuild::{RebuildOptions, RebuildProgress};
pub use status::{Status, Versions};
pub use user::{Classify, UserHandle};
pub use users::Users;

use self::folder_lock::FolderLock;
use self::google::{GoogleParts, Ingredients};
use self::opening::Ground;
use crate::assign::ProjectDecider;
use crate::base::{Clock, Error, ErrorKind, IdGenerator, Result, Scope};
use crate::domain::{Access, Decider, Store, Transaction, Username};
use crate::events::EventFeed;
use crate::intake::Intake;
use crate::jobs::JobQueue;
use crate::ml::{Encoder, ModelOptions};
use crate::offload::offload;
use crate::search::{IndexFollower, Indexing, Searcher};

/// An open workspace. Clones share it; it is closed by [`Workspace::close`] or with the
/// last clone and handle.
///
/// ```no_run
/// # async fn example() -> besunny::Result<()> {
/// use besunny::{OpenOptions, ProjectFields, SearchRequest, Workspace};
///
/// let workspace = Workspace::open("./workspace", OpenOptions::default()).await?;
/// workspace.users().create("ana", None).await?;
/// let me = workspace.user("ana").await?;
/// me.projects().create(ProjectFields {
///     keywords: vec!["Alfama".into(), "drone permit".into()],
///     ..ProjectFields::named("Lisbon shoot")
/// }).await?;
/// let mail = me.mail().ingest(std::fs::read("permit.eml").unwrap_or_default()).await?;
/// println!("{:?} because {}", mail.document.project_id(), mail.document.assignment.reason);
/// for hit in me.search(SearchRequest::new("when does the drone permit run out")).await? {
///     println!("{:.3} {}", hit.score, hit.document.title);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Workspace {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    virtual_domain: String,
    store: Arc<dyn Store>,
    encoder: Option<Arc<Encoder>>,
    decider: Arc<dyn Decider>,
    intake: Arc<Intake>,
    follower: Arc<IndexFollower>,
    indexing: Option<Indexing>,
    searcher: Searcher,
    jobs: Arc<JobQueue>,
    google: Option<Arc<GoogleParts>>,
    events: Arc<EventFeed>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    closed: AtomicBool,
    lock: FolderLock,
}

impl Workspace {
    /// Opens the workspace at `location`, making it if it is not there: the path of a folder,
    /// or the URL of a Postgres database, `postgres://user:password@host:port/database`. What
    /// a URL leaves out comes from the variables that Postgres's own programs read (`PGUSER`
    /// and so on).
    ///
    /// Any number of processes may have it open and write to it; each finds what any of them
    /// has committed. They should use the same model: with another, each would rebuild the
    /// index that the others made.
    ///
    /// # Errors
    /// `locked` while it is being restored, `newer_version` when a newer besunny wrote it,
    /// `model` when the model cannot be loaded, `invalid_input` for a bad URL, `io`, and
    /// `storage`, also when the database cannot be reached.
    pub async fn open(location: impl Into<Location>, options: OpenOptions) -> Result<Self> {
        let location = location.into();
        let options = options.checked()?;
        let Ground { store, index, lock } = Ground::open(&location, &options).await?;
        let model = options.model.clone().or_else(environment::model);
        let encoder = match model.filter(|directory| !directory.as_os_str().is_empty()) {
            Some(directory) => {
                let mut load = ModelOptions::new(directory);
                load.precision = options.precision;
                load.threads = options.threads;
                load.runtime_library = options.runtime_library.clone().or_else(environment::runtime_library);
                // Off the async threads: it reads and converts some 100 MB.
                Some(Arc::new(offload("workspace.open", move || Encoder::load(load)).await?))
            }
            None => None,
        };
        let decider: Arc<dyn Decider> = Arc::new(ProjectDecider::new(Arc::clone(&store), encoder.clone()));
        let follower = Arc::new(IndexFollower::new(Arc::clone(&store), encoder.clone(), index));
        let indexing = options.background_indexing.then(|| Indexing::begin(&follower));
        let intake = Arc::new(Intake::new(
            Arc::clone(&store),
            encoder.clone(),
            Arc::clone(&decider),
            Arc::clone(&options.clock),
            Arc::clone(&options.ids),
            options.limits.clone(),
        ));
        let jobs =
            Arc::new(JobQueue::new(Arc::clone(&store), Arc::clone(&options.clock), Arc::clone(&options.ids)));
        let google = match options.google {
            Some(google) => Some(Arc::new(GoogleParts::new(Ingredients {
                google,
                sync: options.sync,
                store: &store,
                intake: &intake,
                jobs: &jobs,
                clock: &options.clock,
                ids: &options.ids,
                virtual_domain: &options.virtual_domain,
            })?)),
            None => None,
        };
        let inner = Inner {
            searcher: Searcher::new(Arc::clone(&store), encoder.clone(), Arc::clone(&follower)),
            events: Arc::new(EventFeed::new(Arc::clone(&store), Arc::clone(&options.clock))),
            location,
            virtual_domain: options.virtual_domain,
            jobs,
            google,
            store,
            encoder,
            decider,
            intake,
            follower,
            indexing,
            clock: options.clock,
            ids: options.ids,
            closed: AtomicBool::new(false),
            lock,
        };
        let workspace = Self { inner: Arc::new(inner) };
        job_kinds::register(&workspace)?;
        google::register(&workspace)?;
        Ok(workspace)
    }

    /// Closes the workspace: workers end as if they were asked to, running commits are waited
    /// for, files and locks released. Closing twice is fine.
    ///
    /// # Errors
    /// None at present; the result leaves room for stores that can fail to flush.
    pub async fn close(&self) -> Result<()> {
        // First: what runs may finish, for which it needs the workspace.
        self.inner.jobs.close().await;
        if !self.inner.closed.swap(true, Ordering::AcqRel) {
            self.inner.events.close();
            if let Some(indexing) = &self.inner.indexing {
                indexing.end().await;
            }
            self.inner.follower.close().await;
            self.inner.store.close().await;
            self.inner.lock.release();
        }
        Ok(())
    }

    /// The users of the workspace.
    #[must_use]
    pub fn users(&self) -> Users {
        Users::new(self.clone())
    }

    /// Mail that finds its owner by virtual address.
    #[must_use]
    pub fn mail(&self) -> Mail {
        Mail::new(self.clone())
    }

    /// Google: logins, shared mailboxes, and where notifications come in.
    #[must_use]
    pub fn google(&self) -> Google {
        Google::new(self.clone())
    }

    /// The workspace's jobs, and the workers that do everybody's.
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        Jobs::new(self.clone(), Scope::service())
    }

    /// A handle that acts for one user, on their data alone.
    ///
    /// # Errors
    /// `not_found` when there is no such user, `invalid_input` when the name cannot be one.
    pub async fn user(&self, username: &str) -> Result<UserHandle> {
        let username: Username = username.parse()?;
        let found = self
            .begin("workspace.user", &Scope::service(), Access::Read)
            .await?
            .users_named(username.as_str())
            .await?;
        match found.into_iter().find(|user| user.username == username) {
            Some(user) => Ok(UserHandle::new(self.clone(), user)),
            None => Err(Error::new(
                ErrorKind::NotFound,
                "workspace.user",
                "no such user; make it with users.create",
            )
            .with("username", username)),
        }
    }

    /// Embeds texts: one unit vector each, in the same order. A text's vector is the same
    /// to the last bit whatever it is embedded together with.
    ///
    /// # Errors
    /// `model_missing` without a model, `model` when it fails.
    pub async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        self.check_open("embed")?;
        match &self.inner.encoder {
            Some(encoder) => encoder.embed(texts).await,
            None => Err(Error::new(
                ErrorKind::ModelMissing,
                "embed",
                "embedding needs a model; open the workspace with `model`, or set BESUNNY_MODEL to its folder",
            )),
        }
    }

    /// `Err` once the workspace is closed.
    fn check_open(&self, operation: &'static str) -> Result<()> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, operation, "the workspace is closed; open it again"));
        }
        Ok(())
    }

    async fn begin(
        &self,
        operation: &'static str,
        scope: &Scope,
        access: Access,
    ) -> Result<Box<dyn Transaction>> {
        self.check_open(operation)?;
        self.inner.store.begin(scope, access).await
    }
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workspace").field("location", &self.inner.location).finish_non_exhaustive()
    }
}
