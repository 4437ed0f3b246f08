//! The ground everything stands on: errors, ids, time, scope, cancellation.
//!
//! Invariant: no I/O, no threads, no clock reading, no randomness; those are injected.
//! Invariant: imports nothing from any other room.

mod cancel;
#[cfg(feature = "native")]
mod checksum;
mod clock;
mod error;
mod id;
mod scope;
#[cfg(feature = "native")]
mod secret;

pub use cancel::CancelToken;
#[cfg(feature = "native")]
pub(crate) use checksum::checksum;
pub use clock::{Clock, FixedClock, Timestamp, VirtualClock};
pub use error::{Error, ErrorKind, Result};
pub use id::{
    AccountId, BatchId, ChunkId, DocumentId, IdGenerator, JobId, LeaseId, MeetingId, ProjectId, SubjectId,
    TenantId, UserId, uuid_v7,
};
pub use scope::{Role, Scope};
#[cfg(feature = "native")]
pub use secret::Secret;
