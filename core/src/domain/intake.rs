//! What handing something in gives back.

use serde::{Deserialize, Serialize};

use super::{Document, IntakeStatus, StoreStatus};
use crate::base::Timestamp;

/// A text to store, with what is known about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewDocument {
    /// The bytes; their encoding is found out.
    pub content: Vec<u8>,
    /// The title; else the content's own, else its first words.
    pub title: Option<String>,
    /// `text`, `markdown`, `html`, `csv`, `json`, or a media type; else found out from
    /// `file_name` and content.
    pub format: Option<String>,
    /// Its name as a file.
    pub file_name: Option<String>,
    /// What it is; else what its format suggests.
    pub kind: Option<super::DocumentType>,
    /// Where it comes from; `upload` if not said.
    pub source: Option<String>,
    /// Its identity at the source; if not said, the hash of its content.
    pub source_id: Option<String>,
    /// Who wrote it, as `Name <address>`.
    pub author: Option<String>,
    /// When it was written.
    pub occurred_at: Option<Timestamp>,
}

/// A document that was handed in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ingested {
    /// Whether it is new, changed, or was there already.
    pub status: StoreStatus,
    /// The document as stored, with its assignment.
    pub document: Document,
    /// What came with it and became documents of their own.
    pub attachments: Vec<Document>,
}

impl Ingested {
    /// Puts a result together.
    #[must_use]
    pub fn new(status: StoreStatus, document: Document, attachments: Vec<Document>) -> Self {
        Self { status, document, attachments }
    }
}

/// What became of one mail for one of its recipients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Delivery {
    /// The virtual address it was sent to; `None` when the owner was given, or when it
    /// carries none.
    pub address: Option<String>,
    /// The user it was delivered to.
    pub username: Option<String>,
    /// What became of it.
    pub status: IntakeStatus,
    /// The document it became.
    pub document: Option<Document>,
    /// What came with it and became documents of their own.
    pub attachments: Vec<Document>,
    /// The code of the error, for a refused mail.
    pub error_code: Option<String>,
    /// The error in words.
    pub error_message: Option<String>,
}

impl Delivery {
    /// A delivery that ended with `status` and stored nothing.
    #[must_use]
    pub fn without_document(address: Option<String>, status: IntakeStatus) -> Self {
        Self {
            address,
            username: None,
            status,
            document: None,
            attachments: Vec::new(),
            error_code: None,
            error_message: None,
        }
    }
}

/// How a bulk load went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IntakeReport {
    /// Mails read.
    pub total: u64,
    /// Deliveries that stored something new.
    pub stored: u64,
    /// Deliveries that changed something.
    pub updated: u64,
    /// Deliveries of what was there already.
    pub unchanged: u64,
    /// Mails that could not be read.
    pub refused: u64,
    /// Deliveries to virtual addresses of no user.
    pub user_not_found: u64,
    /// Mails without a virtual address.
    pub no_recipient: u64,
    /// Why mails were refused; the first [`IntakeReport::MAX_REFUSALS`] of them. All are
    /// in the intake log.
    pub refusals: Vec<Refusal>,
}

/// A mail that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which: its place in the mailbox or its file name.
    pub item: String,
    /// The error's code.
    pub code: String,
    /// The error in words.
    pub message: String,
}

impl IntakeReport {
    /// How many refusals a report spells out.
    pub const MAX_REFUSALS: usize = 1000;

    /// Counts one mail in.
    pub fn add(&mut self, item: &str, deliveries: &[Delivery]) {
        self.total += 1;
        for delivery in deliveries {
            let counter = match delivery.status {
                IntakeStatus::Stored => &mut self.stored,
                IntakeStatus::Updated => &mut self.updated,
                IntakeStatus::Unchanged => &mut self.unchanged,
                IntakeStatus::Refused => &mut self.refused,
                IntakeStatus::UserNotFound => &mut self.user_not_found,
                IntakeStatus::NoRecipient => &mut self.no_recipient,
            };
            *counter += 1;
            if delivery.status == IntakeStatus::Refused && self.refusals.len() < Self::MAX_REFUSALS {
                self.refusals.push(Refusal {
                    item: item.to_owned(),
                    code: delivery.error_code.clone().unwrap_or_default(),
                    message: delivery.error_message.clone().unwrap_or_default(),
                });
            }
        }
    }
}

/// How far a bulk load is; handed out after each mail is safely stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// Mails done.
    pub done: u64,
    /// Bytes of the mailbox read up to this mail.
    pub bytes_done: u64,
    /// Bytes of the mailbox in all.
    pub bytes_total: u64,
    /// Which mail this is about: its place in the mailbox or its file name.
    pub item: String,
    /// What became of it.
    pub deliveries: Vec<Delivery>,
}

impl Progress {
    /// Progress after one more mail.
    #[must_use]
    pub fn new(done: u64, bytes: (u64, u64), item: String, deliveries: Vec<Delivery>) -> Self {
        Self { done, bytes_done: bytes.0, bytes_total: bytes.1, item, deliveries }
    }
}
