//! What the sync engine asks of a source: list everything, tell what changed, fetch objects,
//! notify. A source knows its upstream; it knows neither the store nor when it is asked.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Channel, EventStatus, MirrorObject};
use crate::base::{Error, Result, Timestamp};

/// Why a source could not answer.
#[derive(Debug)]
pub enum SourceFailure {
    /// The cursor is too old or no longer valid: only a snapshot helps.
    CursorExpired,
    /// The page is no longer valid: the listing has to begin again.
    PageExpired,
    /// Anything else.
    Other(Error),
}

impl From<Error> for SourceFailure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// A page of a listing or of changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourcePage {
    /// What it tells, in the source's order. It may be empty though more pages follow.
    pub told: Vec<Told>,
    /// Where to go on.
    pub next: NextPage,
}

/// What follows a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NextPage {
    /// Another page, named by a token that is worth something for a short while only.
    Page(String),
    /// Another page, named by a token that is a cursor as well: everything before it is told.
    Cursor(String),
    /// Nothing. The cursor to go on from later; `None` after a snapshot of a source that gives
    /// the cursor before it.
    Done(Option<String>),
    /// Nothing, and nothing to go on from.
    #[default]
    Nothing,
}

/// What a source tells about one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The source's name of it.
    pub id: String,
    /// What about it.
    pub what: News,
}

/// What is new about an object.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// It is there, and may have changed; how it is now has to be fetched.
    Changed,
    /// It is as described; there is nothing to fetch.
    Is(Box<ObjectState>),
    /// A message's labels changed.
    Relabelled {
        /// Labels it got.
        added: Vec<String>,
        /// Labels it lost.
        removed: Vec<String>,
    },
    /// It is gone, or out of reach.
    Gone,
}

#[expect(clippy::large_enum_variant, reason = "kept in boxes wherever many of them are")]
/// An object as it is at its source. Its JSON is the `data` of a [`MirrorObject`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ObjectState {
    /// A message.
    Mail(MailState),
    /// A file or folder.
    File(FileState),
    /// An event of a calendar.
    Event(EventState),
}

/// A message of a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailState {
    /// The thread it belongs to at the source.
    pub thread: String,
    /// Its labels, sorted.
    pub labels: Vec<String>,
    /// When the source accepted it.
    pub received_at: Option<Timestamp>,
    /// Its size in bytes, as the source estimates it.
    pub size: u64,
}

/// A file or folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    /// Its name.
    pub name: String,
    /// Its media type; `application/vnd.google-apps.*` for Google's own formats.
    pub media_type: String,
    /// The folder it is in.
    pub parent: Option<String>,
    /// The shared drive it is in.
    pub drive: Option<String>,
    /// Whether it, or a folder above it, is in the trash.
    pub trashed: bool,
    /// The source's version of it; grows with each change.
    pub version: u64,
    /// What changes when its content does: a checksum, or for Google's own formats the time
    /// of the last edit.
    pub content_version: String,
    /// Its size in bytes; `None` for Google's own formats.
    pub size: Option<u64>,
    /// When its content was last changed.
    pub modified_at: Option<Timestamp>,
    /// Its owner's address.
    pub owner: Option<String>,
    /// Where a person opens it.
    pub link: Option<String>,
    /// What a shortcut points to.
    pub target: Option<String>,
    /// Whether its content may be downloaded.
    pub can_download: bool,
    /// Where it can be had as other media types.
    pub exports: Vec<(String, String)>,
    /// Why its content is not here, where it is not: `unsupported`, `too_large`, `forbidden`,
    /// `folder`, ...
    pub unread: Option<String>,
}

/// An event of a calendar: a single one, a series, or an exception of a series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventState {
    /// Whether it was cancelled. A cancelled exception keeps its occurrence from happening.
    pub cancelled: bool,
    /// The event as the source told it, JSON, shortened to the fields that are used.
    pub event: serde_json::Value,
}

/// An object that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The source's name of it.
    pub id: String,
    /// What is known about it here; what did not change since need not be fetched again.
    pub known: Option<MirrorObject>,
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq)]
pub enum Fetched {
    /// The object, and its content where it is new.
    Object {
        /// How it is.
        state: Box<ObjectState>,
        /// Its content.
        content: Content,
    },
    /// It is not there, or out of reach.
    Gone,
}

/// An object's content.
#[derive(Clone, PartialEq)]
pub enum Content {
    /// A message as it was sent (RFC 5322).
    Mail(Vec<u8>),
    /// A file's bytes.
    File {
        /// The bytes.
        bytes: Vec<u8>,
        /// What they are: a media type.
        media_type: String,
    },
    /// As it was: it did not change since it was last fetched.
    Same,
    /// It has none that can be read; the object's state says why.
    Unreadable,
}

impl std::fmt::Debug for Content {
    /// Sizes only: content is private.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mail(bytes) => write!(f, "Mail({} bytes)", bytes.len()),
            Self::File { bytes, media_type } => write!(f, "File({} bytes, {media_type})", bytes.len()),
            Self::Same => f.write_str("Same"),
            Self::Unreadable => f.write_str("Unreadable"),
        }
    }
}

/// What a channel is asked for with.
#[derive(Clone)]
pub struct WatchRequest {
    /// The new channel's id.
    pub channel: String,
    /// The token that each notification is to carry.
    pub token: String,
    /// The file that it is about, where it is about one only.
    pub file: Option<String>,
    /// The stream's cursor, which some sources want to be told.
    pub cursor: Option<String>,
    /// Until when it is wanted.
    pub until: Timestamp,
}

/// A channel that was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The source's name of it; empty where it has none.
    pub resource: String,
    /// When it ends, whatever was asked for.
    pub expires_at: Timestamp,
}

/// Something to be kept level with: a mailbox, a file store, a calendar.
#[async_trait]
pub trait Source: Send + Sync {
    /// What a cursor depends on besides its source. A cursor of another fingerprint is worth
    /// nothing.
    fn fingerprint(&self) -> String;

    /// Whether it can notify of changes.
    fn can_watch(&self) -> bool;

    /// A cursor for the present state, for a snapshot that begins now; `None` where the
    /// snapshot's last page gives it.
    async fn start(&self) -> Result<Option<String>>;

    /// A page of everything there is.
    async fn snapshot(&self, page: Option<&str>) -> Result<SourcePage, SourceFailure>;

    /// A page of what changed since `cursor`.
    async fn changes(&self, cursor: &str, page: Option<&str>) -> Result<SourcePage, SourceFailure>;

    /// How objects are now, in the order of `wanted`. Each fails by itself.
    async fn fetch(&self, wanted: &[Wanted]) -> Vec<Result<Fetched>>;

    /// How many objects one call of [`Source::fetch`] takes best.
    fn batch(&self) -> usize;

    /// How late a change may become visible in [`Source::changes`]. A cursor is taken over only
    /// when it is older than that, so that what was not visible yet is read again.
    fn settles_within(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// Asks for a channel.
    async fn watch(&self, request: &WatchRequest) -> Result<Watch>;

    /// Stops a channel; one that is not there is stopped already.
    async fn unwatch(&self, channel: &Channel) -> Result<()>;
}

/// An occurrence that an event has within a span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// The event's id, or the occurrence's (`{series}_{original start}`).
    pub event_id: String,
    /// The series it belongs to.
    pub series_id: Option<String>,
    /// What is the same in all attendees' calendars.
    pub ical_uid: Option<String>,
    /// When it was to begin, for an occurrence of a series.
    pub original_start: Option<Timestamp>,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// Its title.
    pub title: Option<String>,
    /// Its description, without markup.
    pub description: Option<String>,
    /// Where to join it.
    pub meeting_url: Option<String>,
    /// What the owner answered.
    pub status: EventStatus,
    /// Who is invited.
    pub attendees: Vec<super::Attendee>,
}
