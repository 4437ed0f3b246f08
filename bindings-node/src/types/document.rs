//! Documents and the chunks they are searched by.

use besunny::StoreStatus;
use napi_derive::napi;

use super::assignment::Assignment;
use super::list;
use super::mail::MailDetails;
use super::time::Instant;

/// A stored document.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Document {
    /// Names the document.
    pub id: String,
    /// Where it came from: `email`, `upload`, or a name of the caller's.
    pub source: String,
    /// Its identity at the source; a mail's Message-ID. Unique together with `source`
    /// within a user's documents.
    pub source_id: String,
    /// What it is.
    #[napi(js_name = "type", ts_type = "DocumentType")]
    pub kind: String,
    /// A mail's subject, a file's title.
    pub title: String,
    /// Who wrote it, as `Name <address>` for a mail.
    pub author: Option<String>,
    /// Its text as searched: without quoted replies and signatures.
    pub text: String,
    /// SHA-256 of its content, hex; a changed hash is a new revision.
    pub content_hash: String,
    /// Counts from 1; grows by one with each changed content.
    pub revision: u32,
    /// The mail that an attachment came with.
    pub parent_id: Option<String>,
    /// The conversation a mail belongs to; equal for all mail of one thread.
    pub thread_id: Option<String>,
    /// When it was written or sent, where known; else when it was stored.
    #[napi(ts_type = "Date")]
    pub occurred_at: Instant,
    /// When it was first stored.
    #[napi(ts_type = "Date")]
    pub created_at: Instant,
    /// When its content or assignment last changed.
    #[napi(ts_type = "Date")]
    pub updated_at: Instant,
    /// What a mail's headers and parts say; `null` for other documents.
    pub mail: Option<MailDetails>,
    /// Which project it belongs to, how sure that is, and why.
    pub assignment: Assignment,
}

/// A passage of a document: what is embedded, scored and shown.
#[napi(object, object_from_js = false)]
pub struct Chunk {
    /// Names the chunk.
    pub id: String,
    /// Its place in the document, from 0.
    pub ordinal: u32,
    /// Its text.
    pub text: String,
    /// SHA-256 of what is embedded for it (title and text).
    pub content_hash: String,
}

/// A document that was handed in.
#[napi(object, object_from_js = false)]
pub struct Ingested {
    /// Whether it is new, changed, or was there already.
    #[napi(ts_type = "StoreStatus")]
    pub status: String,
    /// The document as stored, with its assignment.
    pub document: Document,
    /// What came with it and became documents of their own.
    pub attachments: Vec<Document>,
}

/// One page of documents.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct DocumentPage {
    /// The documents, in order.
    pub items: Vec<Document>,
    /// Hand this to the next call as `after`; `null` on the last page.
    pub next: Option<String>,
}

impl From<besunny::Document> for Document {
    fn from(document: besunny::Document) -> Self {
        Self {
            id: document.id.to_string(),
            source: document.source,
            source_id: document.source_id,
            kind: document.kind.to_string(),
            title: document.title,
            author: document.author,
            text: document.text,
            content_hash: document.content_hash,
            revision: document.revision,
            parent_id: document.parent_id.map(|id| id.to_string()),
            thread_id: document.thread_id,
            occurred_at: document.occurred_at.into(),
            created_at: document.created_at.into(),
            updated_at: document.updated_at.into(),
            mail: document.mail.map(MailDetails::from),
            assignment: document.assignment.into(),
        }
    }
}

impl From<besunny::Chunk> for Chunk {
    fn from(chunk: besunny::Chunk) -> Self {
        Self {
            id: chunk.id.to_string(),
            ordinal: chunk.ordinal,
            text: chunk.text,
            content_hash: chunk.content_hash.to_string(),
        }
    }
}

impl From<besunny::Ingested> for Ingested {
    fn from(ingested: besunny::Ingested) -> Self {
        Self {
            status: StoreStatus::as_str(ingested.status).to_owned(),
            document: ingested.document.into(),
            attachments: list(ingested.attachments),
        }
    }
}

impl From<besunny::Page<besunny::Document>> for DocumentPage {
    fn from(page: besunny::Page<besunny::Document>) -> Self {
        Self { items: list(page.items), next: page.next }
    }
}
