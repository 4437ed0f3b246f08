//! What a store can do with streams, their objects and work, and channels.
//!
//! The tenant's own are seen; [`crate::base::Role::Service`] sees those of all tenants where a
//! call says so, for notifications come without a tenant. It may write what carries its tenant
//! (a stream, a channel) for any; for a user, another's is `Forbidden`.
//!
//! What hangs from an account or a stream that is not there is refused as `NotFound`: they were
//! deleted meanwhile.

use async_trait::async_trait;

use super::{Channel, MirrorObject, NewWork, Stream, StreamKey, WorkCounts, WorkItem};
use crate::base::{AccountId, DocumentId, Result, Timestamp};

/// How a try at a work item ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postponed {
    /// The item.
    pub id: String,
    /// The generation that was tried; nothing happens when there is a newer one.
    pub generation: u64,
    /// How often it was tried by now.
    pub attempts: u32,
    /// When it is to be tried next.
    pub due_at: Timestamp,
    /// Whether it is set aside.
    pub aside: bool,
    /// The code of the error.
    pub error_code: String,
    /// The error in words.
    pub error_message: String,
}

/// Streams: how far each is.
#[async_trait]
pub trait StreamStore {
    /// Writes a stream, making it where it is not there. `hints` is written only when it is
    /// made; after that only [`StreamStore::hint`] moves it. A stream that was hinted at since
    /// the writer read it (its count is beyond the given one) is not put off: it stays due as
    /// early as it was, unless `next_at` is `None`.
    async fn put_stream(&mut self, stream: &Stream) -> Result<()>;
    /// One stream.
    async fn stream(&mut self, key: &StreamKey) -> Result<Option<Stream>>;
    /// The streams of an account, by name.
    async fn streams_of(&mut self, account: AccountId) -> Result<Vec<Stream>>;
    /// Streams to be looked at by `now`, longest overdue first; the service sees all tenants'.
    async fn due_streams(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Stream>>;
    /// Counts a hint for each stream, and makes it due at once where it can be used; those
    /// that are not there are passed over. The service may do so for any tenant.
    async fn hint(&mut self, keys: &[StreamKey], now: Timestamp) -> Result<()>;
    /// Deletes a stream with its work, objects and channels; whether it was there.
    async fn delete_stream(&mut self, key: &StreamKey) -> Result<bool>;
}

/// What the objects of a stream are at the source, as far as we know.
#[async_trait]
pub trait ObjectStore {
    /// Writes objects, making those that are not there. Of a document that was deleted
    /// meanwhile nothing is kept: the object is written without.
    async fn put_objects(&mut self, stream: &StreamKey, objects: &[MirrorObject]) -> Result<()>;
    /// Objects in the order of `ids`; `None` for each that is not there.
    async fn objects(&mut self, stream: &StreamKey, ids: &[&str]) -> Result<Vec<Option<MirrorObject>>>;
    /// Up to `limit` objects, by id (by its bytes), after `after`.
    async fn objects_after(
        &mut self,
        stream: &StreamKey,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<MirrorObject>>;
    /// The objects that hang from any of `parents`, by id.
    async fn children(&mut self, stream: &StreamKey, parents: &[&str]) -> Result<Vec<MirrorObject>>;
    /// Marks objects as met by a snapshot; the ids of those that are not there.
    async fn mark_seen(&mut self, stream: &StreamKey, ids: &[&str], snapshot: u64) -> Result<Vec<String>>;
    /// Up to `limit` objects that a snapshot has not met, by id. Numbers of snapshots grow: what
    /// a later one met is not among them.
    async fn unseen(&mut self, stream: &StreamKey, snapshot: u64, limit: u32) -> Result<Vec<MirrorObject>>;
    /// Forgets objects.
    async fn delete_objects(&mut self, stream: &StreamKey, ids: &[&str]) -> Result<()>;
    /// Which of the tenant's objects, of any stream, became a document.
    async fn objects_of_document(&mut self, document: DocumentId) -> Result<Vec<(StreamKey, String)>>;
    /// How many objects.
    async fn count_objects(&mut self, stream: &StreamKey) -> Result<u64>;
}

/// Which objects of a stream have to be looked at.
#[async_trait]
pub trait WorkStore {
    /// Asks for objects to be looked at by `now`. One that waits already counts as asked for
    /// anew: its generation grows, its attempts start again, and it is no longer set aside; it
    /// keeps its place if it is due already. No generation of an object comes twice, also
    /// after it was finished.
    async fn add_work(&mut self, stream: &StreamKey, work: &[NewWork], now: Timestamp) -> Result<()>;
    /// Up to `limit` items that are due, longest due first, then by id.
    async fn due_work(&mut self, stream: &StreamKey, now: Timestamp, limit: u32) -> Result<Vec<WorkItem>>;
    /// Items in the order of `ids`; `None` for each that does not wait.
    async fn work_items(&mut self, stream: &StreamKey, ids: &[&str]) -> Result<Vec<Option<WorkItem>>>;
    /// Takes finished items out, each by its id and the generation that was finished; one that
    /// was asked for anew stays.
    async fn finish_work(&mut self, stream: &StreamKey, done: &[(&str, u64)]) -> Result<()>;
    /// Notes how tries ended that did not succeed.
    async fn postpone_work(&mut self, stream: &StreamKey, tries: &[Postponed]) -> Result<()>;
    /// Makes everything that was set aside due at once; how many. It stays set aside until a
    /// try succeeds or it is asked for anew.
    async fn retry_aside(&mut self, stream: &StreamKey, now: Timestamp) -> Result<u64>;
    /// Up to `limit` items that are set aside, by id, after `after`.
    async fn aside(&mut self, stream: &StreamKey, after: Option<&str>, limit: u32) -> Result<Vec<WorkItem>>;
    /// How much waits.
    async fn work_counts(&mut self, stream: &StreamKey) -> Result<WorkCounts>;
}

/// Channels on which sources notify.
#[async_trait]
pub trait ChannelStore {
    /// Writes a channel, making it where it is not there; `heard_at` never goes back.
    /// `AlreadyExists` when another stream has its id.
    async fn put_channel(&mut self, channel: &Channel) -> Result<()>;
    /// One channel; the service sees all tenants'.
    async fn channel(&mut self, id: &str) -> Result<Option<Channel>>;
    /// The channels of a stream, oldest first.
    async fn channels_of(&mut self, stream: &StreamKey) -> Result<Vec<Channel>>;
    /// Notes that a channel notified. The service may do so for any tenant.
    async fn heard(&mut self, id: &str, now: Timestamp) -> Result<()>;
    /// Forgets a channel; whether it was there.
    async fn delete_channel(&mut self, id: &str) -> Result<bool>;
}
