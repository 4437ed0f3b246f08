//! What becomes of what is handed in.

use napi_derive::napi;

use super::document::Document;
use super::time::Instant;
use super::{list, number};

/// What became of one mail for one of its recipients.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Delivery {
    /// The virtual address it was sent to; `null` when the owner was given, or when it
    /// carries none.
    pub address: Option<String>,
    /// The user it was delivered to.
    pub username: Option<String>,
    /// What became of it.
    #[napi(ts_type = "IntakeStatus")]
    pub status: String,
    /// The document it became.
    pub document: Option<Document>,
    /// What came with it and became documents of their own.
    pub attachments: Vec<Document>,
    /// The code of the error, for a refused mail.
    #[napi(ts_type = "ErrorCode")]
    pub error_code: Option<String>,
    /// The error in words.
    pub error_message: Option<String>,
}

/// How a bulk load went.
#[napi(object, object_from_js = false)]
pub struct IntakeReport {
    /// Mails read.
    pub total: i64,
    /// Deliveries that stored something new.
    pub stored: i64,
    /// Deliveries that changed something.
    pub updated: i64,
    /// Deliveries of what was there already.
    pub unchanged: i64,
    /// Mails that could not be read.
    pub refused: i64,
    /// Deliveries to virtual addresses of no user.
    pub user_not_found: i64,
    /// Mails without a virtual address.
    pub no_recipient: i64,
    /// Why mails were refused; the first 1,000 of them. All are in the intake log.
    pub refusals: Vec<Refusal>,
}

/// A mail that could not be read.
#[napi(object, object_from_js = false)]
pub struct Refusal {
    /// Which: its place in the mailbox or its file name.
    pub item: String,
    /// The error's code.
    #[napi(ts_type = "ErrorCode")]
    pub code: String,
    /// The error in words.
    pub message: String,
}

/// How far a bulk load is; handed out after each mail is safely stored.
#[napi(object, object_from_js = false)]
pub struct Progress {
    /// Mails done.
    pub done: i64,
    /// Bytes of the mailbox read up to this mail.
    pub bytes_done: i64,
    /// Bytes of the mailbox in all.
    pub bytes_total: i64,
    /// Which mail this is about: its place in the mailbox or its file name.
    pub item: String,
    /// What became of it.
    pub deliveries: Vec<Delivery>,
}

/// One line of the intake log.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct IntakeEntry {
    /// When it was handed in.
    #[napi(ts_type = "Date")]
    pub at: Instant,
    /// Where it came from: `email`, `upload`.
    pub source: String,
    /// Its identity at the source, where it could be read.
    pub source_id: Option<String>,
    /// The virtual address it was sent to.
    pub address: Option<String>,
    /// What became of it.
    #[napi(ts_type = "IntakeStatus")]
    pub status: String,
    /// The code of the error, for refused items.
    #[napi(ts_type = "ErrorCode")]
    pub error_code: Option<String>,
    /// The error in words.
    pub error_message: Option<String>,
    /// The document it became.
    pub document_id: Option<String>,
}

/// One page of the intake log.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct IntakePage {
    /// The entries, latest first.
    pub items: Vec<IntakeEntry>,
    /// Hand this to the next call as `after`; `null` on the last page.
    pub next: Option<String>,
}

impl From<besunny::Delivery> for Delivery {
    fn from(delivery: besunny::Delivery) -> Self {
        Self {
            address: delivery.address,
            username: delivery.username,
            status: delivery.status.to_string(),
            document: delivery.document.map(Document::from),
            attachments: list(delivery.attachments),
            error_code: delivery.error_code,
            error_message: delivery.error_message,
        }
    }
}

impl From<besunny::IntakeReport> for IntakeReport {
    fn from(report: besunny::IntakeReport) -> Self {
        Self {
            total: number(report.total),
            stored: number(report.stored),
            updated: number(report.updated),
            unchanged: number(report.unchanged),
            refused: number(report.refused),
            user_not_found: number(report.user_not_found),
            no_recipient: number(report.no_recipient),
            refusals: list(report.refusals),
        }
    }
}

impl From<besunny::Refusal> for Refusal {
    fn from(refusal: besunny::Refusal) -> Self {
        Self { item: refusal.item, code: refusal.code, message: refusal.message }
    }
}

impl From<besunny::Progress> for Progress {
    fn from(progress: besunny::Progress) -> Self {
        Self {
            done: number(progress.done),
            bytes_done: number(progress.bytes_done),
            bytes_total: number(progress.bytes_total),
            item: progress.item,
            deliveries: list(progress.deliveries),
        }
    }
}

impl From<besunny::IntakeEntry> for IntakeEntry {
    fn from(entry: besunny::IntakeEntry) -> Self {
        Self {
            at: entry.at.into(),
            source: entry.source,
            source_id: entry.source_id,
            address: entry.address,
            status: entry.status.to_string(),
            error_code: entry.error_code,
            error_message: entry.error_message,
            document_id: entry.document_id.map(|id| id.to_string()),
        }
    }
}

impl From<besunny::Page<besunny::IntakeEntry>> for IntakePage {
    fn from(page: besunny::Page<besunny::IntakeEntry>) -> Self {
        Self { items: list(page.items), next: page.next }
    }
}
