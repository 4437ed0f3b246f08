//! Documents and the chunks they are searched by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Assignment, IntakeStatus, MailDetails};
use crate::base::{ChunkId, DocumentId, Error, ErrorKind, ProjectId, Timestamp};

macro_rules! text_enum {
    ($(#[doc = $doc:literal])+ $name:ident, $what:literal { $($(#[doc = $vdoc:literal])+ $variant:ident = $text:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name { $($(#[doc = $vdoc])+ #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The stable text form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    Error::new(ErrorKind::InvalidInput, concat!($what, ".parse"), concat!("unknown ", $what))
                        .with("value", text.chars().take(64).collect::<String>())
                        .with("known", known.join(", "))
                })
            }
        }
    };
}
pub(crate) use text_enum;

text_enum! {
    /// What a document is, independent of where it came from.
    DocumentType, "document type" {
        /// A mail.
        Email = "email",
        /// A text of any kind: a note, a page, a letter.
        Document = "document",
        /// Rows and columns.
        Spreadsheet = "spreadsheet",
        /// Slides.
        Presentation = "presentation",
        /// A picture.
        Image = "image",
        /// A folder of a file store.
        Folder = "folder",
        /// What was said in a meeting.
        MeetingTranscript = "meeting_transcript",
    }
}

/// A stored document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Document {
    /// Names the document.
    pub id: DocumentId,
    /// Where it came from: `email`, `upload`, or a name of the caller's.
    pub source: String,
    /// Its identity at the source; a mail's Message-ID. Unique together with `source`
    /// within a tenant.
    pub source_id: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: DocumentType,
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
    pub parent_id: Option<DocumentId>,
    /// The conversation a mail belongs to; equal for all mail of one thread.
    pub thread_id: Option<String>,
    /// When it was written or sent, where known; else when it was stored.
    pub occurred_at: Timestamp,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When its content or assignment last changed.
    pub updated_at: Timestamp,
    /// What a mail's headers and parts say; `None` for other documents.
    pub mail: Option<MailDetails>,
    /// Which project it belongs to, how sure that is, and why.
    pub assignment: Assignment,
}

impl Document {
    /// The project it is assigned to.
    #[must_use]
    pub fn project_id(&self) -> Option<ProjectId> {
        self.assignment.project_id
    }
}

/// What a store writes for a document. Everything but what the store itself decides
/// (identity of earlier revisions, times of creation).
#[derive(Clone, Debug)]
pub struct DocumentRecord {
    /// The document; its `id`, `revision` and `created_at` are replaced by the stored
    /// ones when its identity exists already.
    pub document: Document,
    /// Its chunks, in order.
    pub chunks: Vec<Chunk>,
}

/// A passage of a document: what is embedded, scored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Names the chunk.
    pub id: ChunkId,
    /// Its place in the document, from 0.
    pub ordinal: u32,
    /// Its text.
    pub text: String,
    /// SHA-256 of what is embedded for it (title and text): the key of its vector.
    pub content_hash: ContentHash,
}

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// The hash of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ContentHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        let valid = text.len() == 64
            && text.is_ascii()
            && bytes.iter_mut().enumerate().all(|(i, byte)| {
                u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map(|value| *byte = value).is_ok()
            });
        valid.then_some(Self(bytes)).ok_or_else(|| serde::de::Error::custom("not a hex SHA-256"))
    }
}

/// What happened to a document that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreStatus {
    /// It is new.
    Stored,
    /// Its identity was known and its content has changed.
    Updated,
    /// It was there already, byte for byte; nothing was written.
    Unchanged,
}

impl From<StoreStatus> for IntakeStatus {
    fn from(status: StoreStatus) -> Self {
        match status {
            StoreStatus::Stored => Self::Stored,
            StoreStatus::Updated => Self::Updated,
            StoreStatus::Unchanged => Self::Unchanged,
        }
    }
}

impl StoreStatus {
    /// The stable text form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}
