//! The stages of one item: read, embed, commit.

use std::collections::HashMap;
use std::sync::Arc;

use super::arrivals::Companion;
use super::draft::{Draft, DraftChunk, Item, MAIL_SOURCE, document_item, mail_item};
use crate::base::{ChunkId, Clock, DocumentId, Error, ErrorKind, IdGenerator, Result, Scope, Timestamp};
use crate::domain::{
    Access, Assignment, Chunk, ContentHash, DecidedBy, Decider, Document, DocumentRecord, Evidence, Ingested,
    IntakeEntry, IntakeStatus, ItemClues, NewDocument, Signal, Store, StoreStatus, Transaction,
};
use crate::ml::{Encoder, mean_vector};
use crate::offload::offload;
use crate::text::Limits;

/// Vectors by the hash of what was embedded.
pub(super) type Vectors = HashMap<ContentHash, Vec<f32>>;

/// How many passages of a long document stand for the whole in assignment.
const LEADING_CHUNKS: usize = 16;

/// Takes items in.
pub(crate) struct Intake {
    pub(super) store: Arc<dyn Store>,
    pub(super) encoder: Option<Arc<Encoder>>,
    decider: Arc<dyn Decider>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    pub(super) limits: Limits,
}

impl Intake {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        encoder: Option<Arc<Encoder>>,
        decider: Arc<dyn Decider>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        limits: Limits,
    ) -> Self {
        Self { store, encoder, decider, clock, ids, limits }
    }

    /// Stores a document for its owner.
    pub(crate) async fn document(&self, scope: &Scope, new: NewDocument) -> Result<Ingested> {
        let limits = self.limits.clone();
        let source = new.source.clone();
        let read = offload("intake.read", move || document_item(new, &limits)).await;
        self.take_one(scope, read, source.as_deref().unwrap_or("upload")).await
    }

    /// Stores a mail for its owner.
    pub(crate) async fn mail(&self, scope: &Scope, raw: Vec<u8>) -> Result<Ingested> {
        let read = self.read_mail(raw).await;
        self.take_one(scope, read, MAIL_SOURCE).await
    }

    async fn take_one(&self, scope: &Scope, read: Result<Item>, source: &str) -> Result<Ingested> {
        match read {
            Ok(item) => {
                let vectors = self.embed(std::slice::from_ref(scope), std::slice::from_ref(&&item)).await?;
                self.commit(scope, &item, &vectors, None, None).await
            }
            Err(error) => {
                self.log_refusal(scope, source, None, &error).await?;
                Err(error)
            }
        }
    }

    pub(super) async fn read_mail(&self, raw: Vec<u8>) -> Result<Item> {
        let limits = self.limits.clone();
        offload("intake.read", move || mail_item(&raw, &limits)).await
    }

    /// The vectors of all passages of `items`. What any of the scopes has embedded before
    /// is looked up, the rest is embedded in one call, each distinct text once.
    pub(super) async fn embed(&self, scopes: &[Scope], items: &[&Item]) -> Result<Vectors> {
        let Some(encoder) = &self.encoder else { return Ok(Vectors::new()) };
        let model = &encoder.info().fingerprint;
        let mut wanted: Vec<&DraftChunk> = Vec::new();
        let mut known = Vectors::new();
        for chunk in items.iter().flat_map(|item| item.chunks()) {
            if known.insert(chunk.hash, Vec::new()).is_none() {
                wanted.push(chunk);
            }
        }
        for scope in scopes {
            if wanted.is_empty() {
                break;
            }
            let hashes: Vec<ContentHash> = wanted.iter().map(|chunk| chunk.hash).collect();
            let mut read = self.store.begin(scope, Access::Read).await?;
            let found = read.vectors(model, &hashes).await?;
            let mut missing = Vec::new();
            for (chunk, vector) in wanted.into_iter().zip(found) {
                match vector {
                    Some(vector) => {
                        known.insert(chunk.hash, vector);
                    }
                    None => missing.push(chunk),
                }
            }
            wanted = missing;
        }
        let texts = wanted.iter().map(|chunk| chunk.embedded.clone()).collect();
        let made = encoder.embed(texts).await?;
        known.extend(wanted.iter().map(|chunk| chunk.hash).zip(made));
        Ok(known)
    }

    /// Whether exactly this item is stored already.
    pub(super) async fn is_stored(&self, scope: &Scope, item: &Item) -> Result<bool> {
        let mut read = self.store.begin(scope, Access::Read).await?;
        let (_, stored) = resolve(&mut *read, item).await?;
        Ok(stored.is_some())
    }

    /// Assigns an item and stores it with everything that belongs to it, in one commit.
    pub(super) async fn commit(
        &self,
        scope: &Scope,
        item: &Item,
        vectors: &Vectors,
        address: Option<&str>,
        companion: Option<&dyn Companion>,
    ) -> Result<Ingested> {
        self.decider.prepare(scope).await?;
        let mut transaction = self.store.begin(scope, Access::Write).await?;
        let now = self.clock.now();
        let (source_id, stored) = resolve(&mut *transaction, item).await?;
        let (status, id) = match stored {
            Some(id) => (StoreStatus::Unchanged, id),
            None => self.put(&mut *transaction, item, source_id, vectors, now).await?,
        };
        let document = stored_document(&mut *transaction, id).await?;
        // What is new came with nothing but what it was given.
        let attachments = match status {
            StoreStatus::Stored if item.attachments.is_empty() => Vec::new(),
            _ => transaction.attachments_of(id).await?,
        };
        let entry = IntakeEntry {
            at: now,
            source: document.source.clone(),
            source_id: Some(document.source_id.clone()),
            address: address.map(str::to_owned),
            status: status.into(),
            error_code: None,
            error_message: None,
            document_id: Some(id),
        };
        transaction.log_intake(&entry).await?;
        if let Some(companion) = companion {
            companion.write(&mut *transaction, status, id).await?;
        }
        transaction.commit().await?;
        Ok(Ingested::new(status, document, attachments))
    }

    async fn put(
        &self,
        transaction: &mut dyn Transaction,
        item: &Item,
        source_id: String,
        vectors: &Vectors,
        now: Timestamp,
    ) -> Result<(StoreStatus, DocumentId)> {
        let thread_id = match &item.thread_root {
            Some(root) => {
                let thread = transaction.find_thread(&item.clue).await?.unwrap_or_else(|| root.clone());
                transaction.join_thread(&thread, &item.clue).await?;
                Some(thread)
            }
            None => None,
        };
        let assignment = self.decide(transaction, item, thread_id.as_deref(), vectors).await?;
        let record = self.record(&item.main, source_id.clone(), now, assignment, thread_id.clone(), None);
        let put = transaction.put_document(&record).await?;
        self.remember(transaction, &item.main, vectors).await?;
        if item.attachments.is_empty() {
            return Ok((put.status, put.id));
        }
        let assignment = stored_document(transaction, put.id).await?.assignment;
        for attachment in &item.attachments {
            let inherited = inherit(&assignment, &item.main.title);
            let attached_id = format!("{source_id}{}", attachment.source_id);
            let record =
                self.record(attachment, attached_id, now, inherited, thread_id.clone(), Some(put.id));
            transaction.put_document(&record).await?;
            self.remember(transaction, attachment, vectors).await?;
        }
        Ok((put.status, put.id))
    }

    async fn decide(
        &self,
        transaction: &mut dyn Transaction,
        item: &Item,
        thread_id: Option<&str>,
        vectors: &Vectors,
    ) -> Result<Assignment> {
        let leading = item.main.chunks.iter().take(LEADING_CHUNKS);
        let vector = mean_vector(leading.filter_map(|chunk| vectors.get(&chunk.hash)).map(Vec::as_slice));
        let mail = item.main.mail.as_ref();
        let recipients: Vec<_> =
            mail.iter().flat_map(|mail| mail.facts.to.iter().chain(&mail.facts.cc)).cloned().collect();
        let text = if item.attached_text.is_empty() {
            item.main.text.clone()
        } else {
            format!("{}\n\n{}", item.main.text, item.attached_text)
        };
        let clues = ItemClues {
            subject: &item.main.title,
            text: &text,
            quoted: mail.map_or("", |mail| &mail.quoted),
            sender: mail.and_then(|mail| mail.facts.author()),
            recipients: &recipients,
            thread_id,
            vector: vector.as_deref(),
        };
        self.decider.decide(transaction, &clues).await
    }

    fn record(
        &self,
        draft: &Draft,
        source_id: String,
        now: Timestamp,
        assignment: Assignment,
        thread_id: Option<String>,
        parent_id: Option<DocumentId>,
    ) -> DocumentRecord {
        let chunks = draft.chunks.iter().zip(0..).map(|(chunk, ordinal)| Chunk {
            id: ChunkId::from_bytes(self.ids.next(now)),
            ordinal,
            text: chunk.text.clone(),
            content_hash: chunk.hash,
        });
        let document = Document {
            id: DocumentId::from_bytes(self.ids.next(now)),
            source: draft.source.clone(),
            source_id,
            kind: draft.kind,
            title: draft.title.clone(),
            author: draft.author.clone(),
            text: draft.text.clone(),
            content_hash: draft.content_hash.clone(),
            revision: 1,
            parent_id,
            thread_id,
            occurred_at: draft.occurred_at.unwrap_or(now),
            created_at: now,
            updated_at: now,
            mail: draft.mail.clone(),
            assignment,
        };
        DocumentRecord { chunks: chunks.collect(), document }
    }

    async fn remember(
        &self,
        transaction: &mut dyn Transaction,
        draft: &Draft,
        vectors: &Vectors,
    ) -> Result<()> {
        let Some(encoder) = &self.encoder else { return Ok(()) };
        let rows: Vec<(ContentHash, Vec<f32>)> = draft
            .chunks
            .iter()
            .filter_map(|chunk| vectors.get(&chunk.hash).map(|vector| (chunk.hash, vector.clone())))
            .collect();
        transaction.put_vectors(&encoder.info().fingerprint, &rows).await
    }

    /// Keeps a line about an item that could not be read.
    pub(super) async fn log_refusal(
        &self,
        scope: &Scope,
        source: &str,
        address: Option<&str>,
        error: &Error,
    ) -> Result<()> {
        let entry = IntakeEntry {
            error_code: Some(error.kind().code().to_owned()),
            error_message: Some(error.to_string()),
            ..self.entry(source, IntakeStatus::Refused, address)
        };
        self.log(scope, &entry).await
    }

    /// A line of the intake log about something that became no document.
    pub(super) fn entry(&self, source: &str, status: IntakeStatus, address: Option<&str>) -> IntakeEntry {
        IntakeEntry {
            at: self.clock.now(),
            source: source.to_owned(),
            source_id: None,
            address: address.map(str::to_owned),
            status,
            error_code: None,
            error_message: None,
            document_id: None,
        }
    }

    pub(super) async fn log(&self, scope: &Scope, entry: &IntakeEntry) -> Result<()> {
        let mut transaction = self.store.begin(scope, Access::Write).await?;
        transaction.log_intake(entry).await?;
        transaction.commit().await
    }
}

/// The identity an item is stored under, and the document if it is there unchanged.
///
/// Mail does not change: another content under a Message-ID that is taken is another mail
/// (a careless or hostile sender) and gets an identity of its own, so that no mail can
/// overwrite another.
async fn resolve(transaction: &mut dyn Transaction, item: &Item) -> Result<(String, Option<DocumentId>)> {
    let draft = &item.main;
    let mut source_id = draft.source_id.clone();
    let mut found = transaction.identify(&draft.source, &source_id).await?;
    if item.is_mail() && found.as_ref().is_some_and(|(_, hash)| *hash != draft.content_hash) {
        let suffix = &draft.content_hash[..draft.content_hash.floor_char_boundary(12)];
        source_id = format!("{source_id}#{suffix}");
        found = transaction.identify(&draft.source, &source_id).await?;
    }
    let same = found.filter(|(_, hash)| *hash == draft.content_hash).map(|(id, _)| id);
    Ok((source_id, same))
}

async fn stored_document(transaction: &mut dyn Transaction, id: DocumentId) -> Result<Document> {
    let stored = transaction.document(id).await?;
    stored.map(|stored| stored.document).ok_or_else(|| {
        Error::new(ErrorKind::Internal, "intake.commit", "a document that was just written is not there")
            .with("document", id)
    })
}

/// An attachment belongs where its mail belongs.
fn inherit(assignment: &Assignment, title: &str) -> Assignment {
    let evidence = Evidence {
        signal: Signal::Parent,
        detail: format!("attached to \"{title}\""),
        place: "parent".to_owned(),
        weight: 0.0,
    };
    Assignment {
        reason: "follows the mail it came with".to_owned(),
        evidence: vec![evidence],
        decided_by: DecidedBy::Auto,
        ..assignment.clone()
    }
}
