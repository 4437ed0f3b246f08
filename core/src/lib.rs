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
mod intake;
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod search;
// L4
#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod workspace;

#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
pub mod blocking;

pub use base::{
    CancelToken, ChunkId, Clock, DocumentId, Error, ErrorKind, FixedClock, IdGenerator, ProjectId, Result,
    TenantId, Timestamp, UserId,
};
pub use domain::{
    Alternative, Assignment, AttachmentFacts, Automatic, ChangeKind, Chunk, ContentHash, Cursor, DecidedBy,
    Delivery, Document, DocumentFilter, DocumentType, Event, Evidence, Hit, HitSnippet, Ingested,
    IntakeEntry, IntakeReport, IntakeStatus, LexicalWhy, MailDetails, MailFacts, Mailbox, ModelInfo,
    NewDocument, Page, PageRequest, Position, Precision, Progress, Project, ProjectFields, ProjectFilter,
    ProjectPatch, Refusal, SearchMode, SearchRequest, SemanticWhy, Signal, StoreStatus, User, Username, Why,
};
#[cfg(feature = "native")]
pub use events::{
    HandleOptions, HandleReport, OnFailure, Skipped, Start, Stopper, SubscribeOptions, Subscription,
};
#[cfg(feature = "native")]
pub use workspace::{
    CheckReport, Classify, Documents, Events, LoadOptions, Location, Mail, OpenOptions, Projects,
    RebuildOptions, RebuildProgress, Status, UserCheck, UserHandle, UserMail, Users, Versions, Workspace,
};
