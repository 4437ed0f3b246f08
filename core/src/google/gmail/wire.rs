//! What Gmail answers. Every field may be missing; what is not used is not read.

use serde::Deserialize;

use crate::base::Timestamp;
use crate::google::lenient::{digits, millis, or_default, text, unsigned};

/// `users.getProfile`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Profile {
    #[serde(deserialize_with = "digits")]
    pub(super) history_id: Option<String>,
}

/// `users.messages.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct MessageList {
    /// Absent when there are none.
    #[serde(deserialize_with = "or_default")]
    pub(super) messages: Vec<MessageName>,
    #[serde(deserialize_with = "text")]
    pub(super) next_page_token: Option<String>,
}

/// A message as lists and records name it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct MessageName {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    /// In records only, and not always.
    #[serde(deserialize_with = "or_default")]
    pub(super) label_ids: Vec<String>,
}

/// `users.history.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HistoryList {
    /// Absent when nothing happened, and on some pages that others follow.
    #[serde(deserialize_with = "or_default")]
    pub(super) history: Vec<HistoryRecord>,
    #[serde(deserialize_with = "text")]
    pub(super) next_page_token: Option<String>,
    #[serde(deserialize_with = "digits")]
    pub(super) history_id: Option<String>,
}

/// Something that happened to messages.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HistoryRecord {
    #[serde(deserialize_with = "or_default")]
    pub(super) messages_added: Vec<MessageEvent>,
    #[serde(deserialize_with = "or_default")]
    pub(super) messages_deleted: Vec<MessageEvent>,
    #[serde(deserialize_with = "or_default")]
    pub(super) labels_added: Vec<MessageEvent>,
    #[serde(deserialize_with = "or_default")]
    pub(super) labels_removed: Vec<MessageEvent>,
}

/// Which message it happened to.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct MessageEvent {
    #[serde(deserialize_with = "or_default")]
    pub(super) message: MessageName,
    /// The labels that were added or removed.
    #[serde(deserialize_with = "or_default")]
    pub(super) label_ids: Vec<String>,
}

/// A message.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Message {
    #[serde(deserialize_with = "or_default")]
    pub(super) thread_id: String,
    /// Absent for a message without labels: read, archived.
    #[serde(deserialize_with = "or_default")]
    pub(super) label_ids: Vec<String>,
    /// When Gmail accepted it.
    #[serde(deserialize_with = "millis")]
    pub(super) internal_date: Option<Timestamp>,
    #[serde(deserialize_with = "unsigned")]
    pub(super) size_estimate: Option<u64>,
    /// The message as it was sent, with `format=raw`.
    #[serde(deserialize_with = "text")]
    pub(super) raw: Option<String>,
    /// The message in parts, with `format=full`.
    pub(super) payload: Option<Part>,
}

/// A part of a message.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Part {
    #[serde(deserialize_with = "or_default")]
    pub(super) mime_type: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) filename: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) headers: Vec<Field>,
    #[serde(deserialize_with = "or_default")]
    pub(super) body: Body,
    #[serde(deserialize_with = "or_default")]
    pub(super) parts: Vec<Part>,
}

/// A field of a header.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Field {
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) value: String,
}

/// The content of a part.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Body {
    /// Where the content can be had, where it is not here.
    #[serde(deserialize_with = "text")]
    pub(super) attachment_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) data: Option<String>,
}

/// `users.watch`. Its history id is not read: it is no cursor.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WatchAnswer {
    #[serde(deserialize_with = "millis")]
    pub(super) expiration: Option<Timestamp>,
}
