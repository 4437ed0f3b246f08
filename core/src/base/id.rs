//! Typed identifiers, and the generator that makes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Error, ErrorKind, Timestamp};

macro_rules! id_types {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Reads the 16 bytes as stored.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes, for storage.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Uuid::try_parse(text).map(Self).map_err(|_| {
                    Error::new(ErrorKind::InvalidInput, "id.parse", "an id is a UUID")
                        .with("type", stringify!($name))
                        .with("value", text.chars().take(64).collect::<String>())
                })
            }
        }
    )+};
}

id_types! {
    /// Names the owner of data. Each user is a tenant of their own; the tenant's id is the user's.
    TenantId;
    /// Names a user.
    UserId;
    /// Names a project.
    ProjectId;
    /// Names a document: a mail, an attachment, a file, a transcript.
    DocumentId;
    /// Names a chunk, the passage of a document that is embedded and searched.
    ChunkId;
    /// Names a job.
    JobId;
    /// Names a batch of jobs.
    BatchId;
    /// Names one claim of a job: whoever holds it may finish the job, until it is claimed anew.
    LeaseId;
    /// Names an account at Google.
    AccountId;
    /// Names a meeting.
    MeetingId;
    /// Names what a change is about where that is neither a document nor a project.
    SubjectId;
}

impl TenantId {
    /// The tenant of the workspace itself: it owns what belongs to no user, such as
    /// log entries of mail to unknown users. It never owns documents.
    pub const SYSTEM: TenantId = TenantId(Uuid::nil());
}

impl From<UserId> for TenantId {
    fn from(user: UserId) -> Self {
        Self(user.0)
    }
}

impl From<TenantId> for UserId {
    fn from(tenant: TenantId) -> Self {
        Self(tenant.0)
    }
}

impl From<JobId> for SubjectId {
    fn from(job: JobId) -> Self {
        Self(job.0)
    }
}

impl From<AccountId> for SubjectId {
    fn from(account: AccountId) -> Self {
        Self(account.0)
    }
}

impl From<MeetingId> for SubjectId {
    fn from(meeting: MeetingId) -> Self {
        Self(meeting.0)
    }
}

/// Makes new ids. Injected, so that tests and replays get the same ids again.
pub trait IdGenerator: Send + Sync {
    /// 16 fresh bytes that form a valid UUID; `now` is the instant they are made at.
    fn next(&self, now: Timestamp) -> [u8; 16];
}

/// Builds an RFC 9562 UUID version 7 from a time and random bytes.
#[must_use]
pub fn uuid_v7(now: Timestamp, random: [u8; 10]) -> [u8; 16] {
    let millis = u64::try_from(now.as_micros() / 1_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_bad_text_is_a_typed_error() {
        let id = DocumentId::from_bytes(uuid_v7(Timestamp::from_micros(1_700_000_000_000_000), [7; 10]));
        assert_eq!(id.to_string().parse::<DocumentId>().ok(), Some(id));
        let error = "nope".parse::<DocumentId>().err().map(|e| e.kind());
        assert_eq!(error, Some(ErrorKind::InvalidInput));
    }

    #[test]
    fn later_ids_sort_later() {
        let early = uuid_v7(Timestamp::from_micros(1_000_000), [255; 10]);
        let late = uuid_v7(Timestamp::from_micros(2_000_000), [0; 10]);
        assert!(early < late);
    }
}
