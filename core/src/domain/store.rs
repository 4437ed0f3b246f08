//! What a store can do. One trait per concept, all on a [`Transaction`]; each backend
//! implements them, and one behaviour suite runs on every backend.
//!
//! Terms: a *transaction* is opened for one [`Scope`] and sees that tenant's rows only;
//! *identity* is `(tenant, source, source_id)`; a *position* is a place in the change log,
//! which the mutating calls here write themselves, in the same commit.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::account_store::{AccountStore, ConsentStore, TokenStore};
use super::job_store::{JobCalls, JobStore, JobWork, ScheduleStore};
use super::meeting_store::MeetingStore;
use super::sync_store::{ChannelStore, ObjectStore, StreamStore, WorkStore};
use super::{
    Assignment, Change, ChangeKind, Chunk, ContentHash, Correction, Cursor, Document, DocumentFilter,
    DocumentRecord, IntakeEntry, Page, PageRequest, Position, Project, StoreStatus, User,
};
use crate::base::{
    ChunkId, DocumentId, Error, ErrorKind, ProjectId, Result, Scope, TenantId, Timestamp, UserId,
};

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A consistent view; writes fail.
    Read,
    /// Reads and writes; writers wait for each other.
    Write,
    /// Reads and writes what is not in the change log, such as jobs and streams; writers of the
    /// tenant need not wait for it. What it does append, for the owner of a job that died or of
    /// an account, waits for that owner's writers.
    Work,
    /// As `Work`, for nothing but claims: a commit need not survive a crash of the database,
    /// for what was claimed is then claimed again.
    Claim,
}

/// Where a commit was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committer {
    /// In this process.
    Us,
    /// In whichever process.
    Anybody,
}

/// Is told whose change log may have grown. It must not block: commits wait for it.
pub type CommitListener = Arc<dyn Fn(TenantId, Committer) + Send + Sync>;

/// A database.
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens a transaction for `scope`. Dropping it without [`Transaction::commit`]
    /// leaves everything as it was.
    async fn begin(&self, scope: &Scope, access: Access) -> Result<Box<dyn Transaction>>;

    /// The last position of the tenant's change log, without opening a transaction.
    async fn last_position(&self, scope: &Scope) -> Result<Position>;

    /// Waits until the tenant's change log goes beyond `position`, by whichever process,
    /// but no longer than `patience`; the last position either way.
    async fn wait_beyond(&self, scope: &Scope, position: Position, patience: Duration) -> Result<Position>;

    /// From now on `listener` is told of each commit of this process. Once
    /// [`Store::listen`] was called, it is told of those of other processes too, where the
    /// database tells. Words only shorten waits: some may be missing, others in vain.
    fn on_commit(&self, listener: CommitListener);

    /// Begins to listen for commits of other processes.
    fn listen(&self);

    /// Whether transactions can write at the same time, so that what does not belong together
    /// is better done apart.
    fn writes_side_by_side(&self) -> bool {
        false
    }

    /// Begins to listen for jobs that any process enqueues.
    fn job_calls(&self) -> Box<dyn JobCalls>;

    /// Writes a copy of the database, as of one moment, to `file`, which is not there yet;
    /// `Unsupported` where the database has its own programs for that.
    async fn backup(&self, file: &Path) -> Result<()> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "workspace.backup",
            "this database has its own program for backups, pg_dump; restore with pg_restore",
        )
        .with("path", file.display()))
    }

    /// What the database itself finds wrong with its files; nothing where it cannot tell.
    async fn integrity(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Whether the database compares what it reads from its files with checksums, so that it
    /// notices where they were damaged.
    async fn has_checksums(&self) -> Result<bool>;

    /// The version of the database's schema.
    fn schema_version(&self) -> i64;

    /// Waits for running transactions and releases the database.
    async fn close(&self);
}

/// One unit of work: everything in it becomes visible at once or never.
#[async_trait]
pub trait Transaction:
    UserStore
    + ProjectStore
    + DocumentStore
    + ChunkStore
    + ThreadStore
    + EmbeddingStore
    + CorrectionStore
    + ChangeLog
    + CursorStore
    + IntakeLog
    + JobStore
    + JobWork
    + ScheduleStore
    + AccountStore
    + TokenStore
    + ConsentStore
    + StreamStore
    + ObjectStore
    + WorkStore
    + ChannelStore
    + MeetingStore
    + Send
{
    /// On whose behalf.
    fn scope(&self) -> &Scope;

    /// Makes the work durable; when this returns, a crash cannot undo it.
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// The users of a workspace. Only [`crate::base::Role::Service`] may call it.
#[async_trait]
pub trait UserStore {
    /// Adds a user; `AlreadyExists` when the username is taken.
    async fn insert_user(&mut self, user: &User) -> Result<()>;
    /// The users whose username equals `name` when case is ignored, in order of creation.
    async fn users_named(&mut self, name: &str) -> Result<Vec<User>>;
    /// One user.
    async fn user(&mut self, id: UserId) -> Result<Option<User>>;
    /// All users, in order of creation.
    async fn users(&mut self) -> Result<Vec<User>>;
}

/// The tenant's projects.
#[async_trait]
pub trait ProjectStore {
    /// Adds a project.
    async fn insert_project(&mut self, project: &Project) -> Result<()>;
    /// One project.
    async fn project(&mut self, id: ProjectId) -> Result<Option<Project>>;
    /// All projects, in order of creation.
    async fn projects(&mut self) -> Result<Vec<Project>>;
    /// Writes the fields of a project; `NotFound` when it is not there.
    async fn update_project(&mut self, project: &Project) -> Result<()>;
    /// Deletes a project and leaves its documents unassigned and its meetings without one;
    /// whether it was there.
    async fn delete_project(&mut self, id: ProjectId, now: Timestamp) -> Result<bool>;
}

/// A document as read back, with its stable place in the order of ingestion.
#[derive(Clone, Debug)]
pub struct StoredDocument {
    /// The document.
    pub document: Document,
    /// Grows with each document ever stored; breaks ties between equal scores.
    pub order: u64,
}

/// What [`DocumentStore::put_document`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Put {
    /// What happened.
    pub status: StoreStatus,
    /// The stored document: an earlier one's id when the identity was known.
    pub id: DocumentId,
}

/// The number of rows of a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Documents.
    pub documents: u64,
    /// Chunks.
    pub chunks: u64,
}

/// What other mail says about a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadClue {
    /// Message-IDs that the mail refers to, and its own.
    pub message_ids: Vec<String>,
    /// For a reply without references: the subject it replies to, normalised.
    pub reply_subject: Option<String>,
    /// The mail's own subject, normalised, under which such replies find it.
    pub own_subject: Option<String>,
}

/// The tenant's documents.
#[async_trait]
pub trait DocumentStore {
    /// Stores a document by its identity: new, a new revision, or unchanged (then
    /// nothing is written). A user's assignment survives a new revision.
    async fn put_document(&mut self, record: &DocumentRecord) -> Result<Put>;
    /// One document.
    async fn document(&mut self, id: DocumentId) -> Result<Option<StoredDocument>> {
        Ok(self.documents_by_id(&[id]).await?.pop().flatten())
    }
    /// Documents in the order of `ids`; `None` for each that is not there.
    async fn documents_by_id(&mut self, ids: &[DocumentId]) -> Result<Vec<Option<StoredDocument>>>;
    /// The id and content hash behind an identity.
    async fn identify(&mut self, source: &str, source_id: &str) -> Result<Option<(DocumentId, String)>>;
    /// Documents that pass `filter`, latest stored first.
    async fn documents(&mut self, filter: &DocumentFilter, page: &PageRequest) -> Result<Page<Document>>;
    /// The documents that came with this one.
    async fn attachments_of(&mut self, id: DocumentId) -> Result<Vec<Document>>;
    /// Deletes a document, what came with it, and vectors nobody needs any more; the
    /// ids that are gone (none when it was not there).
    async fn delete_document(&mut self, id: DocumentId, now: Timestamp) -> Result<Vec<DocumentId>>;
    /// Replaces a document's assignment; whether the document is there.
    async fn set_assignment(
        &mut self,
        id: DocumentId,
        assignment: &Assignment,
        now: Timestamp,
    ) -> Result<bool>;
    /// How many rows.
    async fn counts(&mut self) -> Result<Counts>;
}

/// The passages of the tenant's documents. They are written with their documents.
#[async_trait]
pub trait ChunkStore {
    /// A document's chunks, in order.
    async fn chunks(&mut self, id: DocumentId) -> Result<Vec<Chunk>> {
        Ok(self.chunks_of(&[id]).await?.pop().unwrap_or_default())
    }
    /// Each document's chunks, in order; in the order of `ids`, and none for a document that
    /// is not there.
    async fn chunks_of(&mut self, ids: &[DocumentId]) -> Result<Vec<Vec<Chunk>>>;
    /// Single chunks, each of the document it is named with, in the order of `ids`; `None`
    /// for each that is not there.
    async fn passages(&mut self, ids: &[(DocumentId, ChunkId)]) -> Result<Vec<Option<Chunk>>>;
}

/// The tenant's conversations: which mail belongs together.
#[async_trait]
pub trait ThreadStore {
    /// The conversation that mail with these clues belongs to, if it is known.
    async fn find_thread(&mut self, clue: &ThreadClue) -> Result<Option<String>>;
    /// Records that these Message-IDs belong to a conversation; joins conversations
    /// that turn out to be one.
    async fn join_thread(&mut self, thread_id: &str, clue: &ThreadClue) -> Result<()>;
    /// The assignments of the mail in a conversation, in order of ingestion.
    async fn thread_assignments(&mut self, thread_id: &str) -> Result<Vec<(DocumentId, Assignment)>>;
}

/// Vectors by what was embedded and which model did it, so that nothing is embedded twice.
#[async_trait]
pub trait EmbeddingStore {
    /// The vectors that are known, in the order of `hashes`.
    async fn vectors(&mut self, model: &str, hashes: &[ContentHash]) -> Result<Vec<Option<Vec<f32>>>>;
    /// Remembers vectors.
    async fn put_vectors(&mut self, model: &str, vectors: &[(ContentHash, Vec<f32>)]) -> Result<()>;
}

/// What users corrected.
#[async_trait]
pub trait CorrectionStore {
    /// Keeps a correction.
    async fn insert_correction(&mut self, correction: &Correction) -> Result<()>;
}

/// The change log. It is written by the other traits' calls; followers read it.
#[async_trait]
pub trait ChangeLog {
    /// Changes after `position`, in order, at most `limit`.
    async fn changes_after(&mut self, position: Position, limit: u32) -> Result<Vec<Change>>;
    /// Changes of these kinds after `position`, in order, at most `limit`; an empty list
    /// means all kinds.
    async fn changes_of(
        &mut self,
        kinds: &[ChangeKind],
        position: Position,
        limit: u32,
    ) -> Result<Vec<Change>>;
}

/// How far the tenant's subscribers have got in the change log, by name.
#[async_trait]
pub trait CursorStore {
    /// A cursor's position; `None` when there is no such cursor.
    async fn cursor(&mut self, name: &str) -> Result<Option<Position>>;
    /// Moves a cursor forward, making it where it is not there; where it is further
    /// already, nothing happens. Its position afterwards.
    async fn advance_cursor(&mut self, name: &str, position: Position, now: Timestamp) -> Result<Position>;
    /// Deletes a cursor; whether it was there.
    async fn delete_cursor(&mut self, name: &str) -> Result<bool>;
    /// All cursors, by name (by its bytes), each with its lag.
    async fn cursors(&mut self) -> Result<Vec<Cursor>>;
}

/// What became of each item that was handed in.
#[async_trait]
pub trait IntakeLog {
    /// Adds a line.
    async fn log_intake(&mut self, entry: &IntakeEntry) -> Result<()>;
    /// Lines, latest first.
    async fn intake_log(&mut self, page: &PageRequest) -> Result<Page<IntakeEntry>>;
}
