//! Streams: what is kept level with a source, how far it is, and what is still to be done.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::document::text_enum;
use crate::base::{AccountId, DocumentId, Error, ErrorKind, TenantId, Timestamp};

text_enum! {
    /// A service of Google's.
    Service, "service" {
        /// Mail.
        Gmail = "gmail",
        /// Files.
        Drive = "drive",
        /// Events.
        Calendar = "calendar",
    }
}

/// Names a stream: one thing of one account that has a cursor of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StreamKey {
    /// The account.
    pub account: AccountId,
    /// `gmail`, `drive` (My Drive and what is shared), `drive:{id of a shared drive}` or
    /// `calendar:{id of a calendar}`.
    pub name: String,
}

impl StreamKey {
    /// The key of a stream; `part` is the shared drive or calendar.
    #[must_use]
    pub fn new(account: AccountId, service: Service, part: Option<&str>) -> Self {
        let name = match part {
            Some(part) => format!("{service}:{part}"),
            None => service.to_string(),
        };
        Self { account, name }
    }

    /// The service, and the shared drive or calendar.
    ///
    /// # Errors
    /// `internal` for a name that no stream has.
    pub fn parts(&self) -> Result<(Service, Option<&str>), Error> {
        let (service, part) = match self.name.split_once(':') {
            Some((service, part)) => (service, Some(part)),
            None => (self.name.as_str(), None),
        };
        let service = service.parse().map_err(|_| {
            Error::new(ErrorKind::Internal, "sync.stream", "a stream has a name that none can have")
                .with("stream", &self.name)
        })?;
        Ok((service, part))
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.name)
    }
}

/// A full listing that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Objects that it has met carry this number; those that do not are gone when it ends.
    pub number: u64,
    /// The cursor that was taken before it began, to go on from when it ends; `None` where
    /// the source gives it with the last page.
    pub cursor: Option<String>,
    /// The page to ask for next.
    pub page: Option<String>,
    /// Whether all pages are read, so that what it has not met can be taken out.
    #[serde(default)]
    pub listed: bool,
}

/// A stream as stored. What the engine alone reads is in `state`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub key: StreamKey,
    /// Everything up to here is stored; `None` before the first snapshot has ended.
    pub cursor: Option<String>,
    /// The listing that is under way.
    pub snapshot: Option<Snapshot>,
    /// When it is to be looked at next; `None` while its account cannot be used.
    pub next_at: Option<Timestamp>,
    /// Counts what was heard about changes (pushes, forced syncs). A run that finds it grown
    /// since it began looks again.
    pub hints: u64,
    /// The engine's own notes, JSON.
    pub state: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An object of a stream as it is at the source: a message, a file, an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorObject {
    /// The source's name of it.
    pub id: String,
    /// What it hangs from: a message's thread, a file's folder, an instance's series.
    pub parent: Option<String>,
    /// The source's version of it, where it has one.
    pub version: Option<String>,
    /// What is known about it, JSON; which form it has, its service says.
    pub data: String,
    /// The document it became.
    pub document: Option<DocumentId>,
    /// The number of the last snapshot that met it.
    pub seen: u64,
}

/// An object that has to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWork {
    /// The source's name of it.
    pub id: String,
    /// What the engine wants to remember about it, JSON.
    pub note: Option<String>,
}

/// An object that waits to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkItem {
    /// The source's name of it.
    pub id: String,
    /// Grows each time it is asked for anew, so that who finishes an older one does not
    /// finish that.
    pub generation: u64,
    /// What the engine wanted to remember, JSON.
    pub note: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is to be tried next.
    pub due_at: Timestamp,
    /// Whether it was set aside: it failed too often, and is tried seldom.
    pub aside: bool,
    /// The code of the last error.
    pub error_code: Option<String>,
    /// The last error in words.
    pub error_message: Option<String>,
    /// When it was first asked for.
    pub since: Timestamp,
}

/// How much of a stream waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkCounts {
    /// Items that wait, without those set aside.
    pub waiting: u64,
    /// Items set aside.
    pub aside: u64,
    /// When the next of either is due.
    pub next_at: Option<Timestamp>,
    /// Since when the oldest waits that is not set aside.
    pub oldest_since: Option<Timestamp>,
}

text_enum! {
    /// How far a channel's life has gone.
    ChannelState, "channel state" {
        /// It is being asked for; its first notification may come before the answer.
        Pending = "pending",
        /// It notifies.
        Active = "active",
        /// It is to be stopped, or was and may still notify for a while.
        Stopping = "stopping",
    }
}

/// A channel on which a source notifies us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Our name of it, given to the source, never used twice.
    pub id: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// What it is about.
    pub stream: StreamKey,
    /// The file it is about, where it is about one only.
    pub file: Option<String>,
    /// The source's name of it; needed to stop it.
    pub resource: Option<String>,
    /// SHA-256 of the token that each notification carries.
    pub token_hash: Vec<u8>,
    /// How far its life has gone.
    pub state: ChannelState,
    /// When the source ends it.
    pub expires_at: Timestamp,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last notified.
    pub heard_at: Option<Timestamp>,
}
