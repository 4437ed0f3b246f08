//! The intake log: what became of each thing that was handed in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::document::text_enum;
use crate::base::{DocumentId, Error, ErrorKind, Timestamp};

text_enum! {
    /// What became of an item.
    IntakeStatus, "intake status" {
        /// Stored for the first time.
        Stored = "stored",
        /// Its content had changed and was stored.
        Updated = "updated",
        /// It was there already.
        Unchanged = "unchanged",
        /// It could not be read; the error says why.
        Refused = "refused",
        /// Its virtual address names no user.
        UserNotFound = "user_not_found",
        /// It carries no virtual address.
        NoRecipient = "no_recipient",
    }
}

/// One line of the intake log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeEntry {
    /// When it was handed in.
    pub at: Timestamp,
    /// Where it came from: `email`, `upload`.
    pub source: String,
    /// Its identity at the source, where it could be read.
    pub source_id: Option<String>,
    /// The virtual address it was sent to.
    pub address: Option<String>,
    /// What became of it.
    pub status: IntakeStatus,
    /// The code of the error, for refused items.
    pub error_code: Option<String>,
    /// The error in words.
    pub error_message: Option<String>,
    /// The document it became.
    pub document_id: Option<DocumentId>,
}
