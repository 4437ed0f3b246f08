//! The vocabulary: what users, projects, documents, chunks, assignments and changes are,
//! and the traits a store implements.
//!
//! Invariant: plain data and traits; no I/O, no threads, no knowledge of any database.
//! Invariant: imports only `base`.

mod account;
mod account_store;
mod assignment;
mod backoff;
mod change;
mod clues;
mod cursor;
mod document;
mod event;
mod filter;
mod intake;
mod intake_log;
mod job;
mod job_store;
mod mail;
mod meeting;
mod meeting_store;
mod model;
mod page;
mod project;
mod schedule;
mod search;
mod source;
mod store;
mod stream;
mod sync_store;
mod user;
mod username;

pub use account::{
    Account, AccountKind, AccountStatus, PendingConsent, PlainCredentials, Sealed, SealedTokens,
};
pub use account_store::{AccountStore, ConsentStore, RefreshTurn, TokenStore};
pub use assignment::{Alternative, Assignment, Correction, DecidedBy, Evidence, Signal};
pub use backoff::Backoff;
pub use change::{Change, ChangeKind, Position};
pub use clues::{Decider, ItemClues};
pub use cursor::Cursor;
pub(crate) use document::text_enum;
pub use document::{Chunk, ContentHash, Document, DocumentRecord, DocumentType, StoreStatus};
pub use event::Event;
pub use filter::{DocumentFilter, ProjectFilter};
pub use intake::{Delivery, Ingested, IntakeReport, NewDocument, Progress, Refusal};
pub use intake_log::{IntakeEntry, IntakeStatus};
pub use job::{
    Batch, Enqueued, Job, JobFailure, JobFilter, JobProgress, JobState, JobStats, KindStats, MAX_PAYLOAD,
    MAX_PAYLOAD_DEPTH, NewJob, check_kind,
};
pub use job_store::{
    Claim, FinishedJob, JobCalls, JobEnd, JobLease, JobOutlook, JobStore, JobWork, LeaseState, ScheduleStore,
};
pub use mail::{AttachmentFacts, Automatic, MailDetails, MailFacts, Mailbox};
pub use meeting::{Attendee, EventStatus, Meeting, MeetingFilter};
pub use meeting_store::{MeetingStore, Withdrawn};
pub use model::{ModelInfo, Precision};
pub use page::{Page, PageRequest};
pub use project::{Project, ProjectFields, ProjectPatch};
pub use schedule::{Cron, NewSchedule, Schedule};
pub use search::{Hit, HitSnippet, LexicalWhy, MAX_HITS, SearchMode, SearchRequest, SemanticWhy, Why};
pub use source::{
    Content, EventState, Fetched, FileState, MailState, News, NextPage, ObjectState, Occurrence, Source,
    SourceFailure, SourcePage, Told, Wanted, Watch, WatchRequest,
};
pub use store::{
    Access, ChangeLog, ChunkStore, CommitListener, Committer, CorrectionStore, Counts, CursorStore,
    DocumentStore, EmbeddingStore, IntakeLog, ProjectStore, Put, Store, StoredDocument, ThreadClue,
    ThreadStore, Transaction, UserStore,
};
pub use stream::{
    Channel, ChannelState, MirrorObject, NewWork, Service, Snapshot, Stream, StreamKey, WorkCounts, WorkItem,
};
pub use sync_store::{ChannelStore, ObjectStore, Postponed, StreamStore, WorkStore};
pub use user::User;
pub use username::Username;
