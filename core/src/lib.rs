//! `besunny`: mail in, right project, found again - in process, offline, deterministic.
#![deny(missing_docs)]

// The layers, from the ground up; a room imports only from layers below its own.
//
// The pure rooms keep to Rust 1.85, the version of this package; rooms that need the
// feature `native` follow their dependencies.
// L0
pub mod base;
// L1
pub mod domain;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod offload;
// L2
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod index;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
pub mod ml;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod net;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod security;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod store;
pub mod text;
// L3
#[cfg_attr(
    not(feature = "native"),
    expect(dead_code, reason = "its caller is native; WebAssembly will be another")
)]
mod assign;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod events;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod google;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod intake;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod jobs;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod search;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod sync;
// L4
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod workspace;

#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
pub mod blocking;

#[cfg(feature = "native")]
pub use base::Secret;
pub use base::{
    BatchId, CancelToken, ChunkId, Clock, DocumentId, Error, ErrorKind, FixedClock, IdGenerator, JobId,
    ProjectId, Result, SubjectId, TenantId, Timestamp, UserId, VirtualClock,
};
pub use domain::{
    Alternative, Assignment, AttachmentFacts, Automatic, Backoff, Batch, ChangeKind, Chunk, ContentHash,
    Cron, Cursor, DecidedBy, Delivery, Document, DocumentFilter, DocumentType, Enqueued, Event, Evidence,
    Hit, HitSnippet, Ingested, IntakeEntry, IntakeReport, IntakeStatus, Job, JobFailure, JobFilter,
    JobProgress, JobState, JobStats, KindStats, LexicalWhy, MailDetails, MailFacts, Mailbox, ModelInfo,
    NewDocument, NewJob, NewSchedule, Page, PageRequest, Position, Precision, Progress, Project,
    ProjectFields, ProjectFilter, ProjectPatch, Refusal, Schedule, SearchMode, SearchRequest, SemanticWhy,
    Signal, StoreStatus, User, Username, Why,
};
#[cfg(feature = "native")]
pub use events::{
    HandleOptions, HandleReport, OnFailure, Skipped, Start, Stopper, SubscribeOptions, Subscription,
};
#[cfg(feature = "native")]
pub use google::{
    GoogleEndpoints, GoogleOptions, GoogleQuota, PushOptions, QuotaTable, ServiceQuota, TokenKey,
    WebhookOutcome, WebhookVerdict,
};
#[cfg(feature = "native")]
pub use jobs::{JobError, WorkOptions, WorkReport};
#[cfg(feature = "native")]
pub use workspace::{
    CheckReport, Classify, Documents, Events, JobContext, JobHandler, Jobs, LoadOptions, Location, Mail,
    OpenOptions, Projects, RebuildOptions, RebuildProgress, Status, UserCheck, UserHandle, UserMail, Users,
    Versions, Workspace,
};
