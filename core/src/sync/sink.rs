//! What the engine needs from above: sources, and somebody to whom objects matter.

use std::sync::Arc;

use async_trait::async_trait;

use super::kept::{Kept, parent_of, version_of};
use crate::base::{DocumentId, Error, Result, Timestamp};
use crate::domain::{
    Account, Content, MirrorObject, ObjectState, Source, Stream, StreamKey, Transaction, WorkItem,
};

/// Opens sources.
#[async_trait]
pub(crate) trait Sources: Send + Sync {
    /// The source of a stream.
    async fn open(&self, account: &Account, key: &StreamKey) -> Result<Arc<dyn Source>>;

    /// Whether notifications about the stream can reach us.
    fn can_notify(&self, key: &StreamKey) -> bool;

    /// A token for a new channel: what each notification is to carry, and its SHA-256.
    fn channel_token(&self) -> Result<(String, Vec<u8>)>;
}

/// An object that came, or changed.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// What asked for it.
    pub(crate) item: WorkItem,
    /// How it was known.
    pub(crate) known: Option<(MirrorObject, Kept)>,
    /// How it is.
    pub(crate) state: ObjectState,
    /// Its content.
    pub(crate) content: Content,
    /// The stream's last snapshot.
    pub(crate) snapshot: u64,
}

/// An object that is gone.
#[derive(Debug)]
pub(crate) struct Departure {
    /// What asked for it.
    pub(crate) item: WorkItem,
    /// How it was known; `None` where it was not.
    pub(crate) known: Option<(MirrorObject, Kept)>,
}

/// What is stored for an object.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// The document it became.
    pub(crate) document: Option<DocumentId>,
    /// Whether that was stored for its sake.
    pub(crate) own: bool,
    /// Whether its content is stored.
    pub(crate) read: bool,
}

impl Arrival {
    /// The document it is known to have become.
    pub(crate) fn document(&self) -> Option<DocumentId> {
        self.known.as_ref().and_then(|(object, _)| object.document)
    }

    /// What is stored for it already.
    pub(crate) fn stored(&self) -> Outcome {
        let Some((object, kept)) = &self.known else { return Outcome::default() };
        Outcome { document: object.document, own: kept.own, read: kept.is_read() }
    }

    /// Writes down, in the transaction that stores what became of the object, that it did.
    pub(crate) async fn complete(
        &self,
        transaction: &mut dyn Transaction,
        key: &StreamKey,
        outcome: Outcome,
    ) -> Result<()> {
        let read = outcome.read.then(|| Kept::content_version(&self.state));
        let kept = Kept { state: self.state.clone(), read, own: outcome.own };
        let object = MirrorObject {
            id: self.item.id.clone(),
            parent: parent_of(&self.state),
            version: version_of(&self.state),
            data: kept.written()?,
            document: outcome.document,
            seen: self.snapshot,
        };
        transaction.put_objects(key, &[object]).await?;
        transaction.finish_work(key, &[(&self.item.id, self.item.generation)]).await
    }
}

/// Somebody to whom objects matter.
#[async_trait]
pub(crate) trait Sink: Send + Sync {
    /// Stores objects, each in one commit together with [`Arrival::complete`]; in their order.
    async fn store(&self, stream: &Stream, arrivals: Vec<Arrival>) -> Vec<Result<()>>;

    /// Takes out what became of objects; what the engine knows of them is taken out by the
    /// engine, in the same transaction.
    async fn remove(
        &self,
        transaction: &mut dyn Transaction,
        stream: &Stream,
        departures: &[Departure],
        now: Timestamp,
    ) -> Result<()>;
}

/// Takes out the document of an object that is gone, unless another object became it too or it
/// was there before; then who is left answers for it.
pub(crate) async fn release_document(
    transaction: &mut dyn Transaction,
    key: &StreamKey,
    object: &MirrorObject,
    kept: &Kept,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(document) = object.document else { return Ok(()) };
    if !kept.own {
        return Ok(());
    }
    let others = transaction.objects_of_document(document).await?;
    let other = others.into_iter().find(|(stream, id)| stream != key || *id != object.id);
    let Some((stream, id)) = other else {
        transaction.delete_document(document, now).await?;
        return Ok(());
    };
    let heir = transaction.objects(&stream, &[&id]).await?.pop().flatten();
    if let Some(mut heir) = heir {
        let kept = Kept { own: true, ..Kept::read_from(&heir)? };
        heir.data = kept.written()?;
        transaction.put_objects(&stream, &[heir]).await?;
    }
    Ok(())
}
