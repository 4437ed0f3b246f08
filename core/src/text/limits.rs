//! How much of an input a parser will take.

use crate::base::{Error, ErrorKind};

/// Upper bounds for every parser in this room. The defaults take any honest mail or file.
///
/// A struct from [`Limits::default`] can be changed field by field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one raw message, and of one file given to [`to_text`](super::to_text).
    pub max_message_bytes: usize,
    /// Bytes of one header block, of the message or of a part.
    pub max_header_bytes: usize,
    /// MIME parts in a message, attached messages included.
    pub max_parts: usize,
    /// Nesting of MIME parts, attached messages, or JSON values.
    pub max_depth: usize,
    /// Bytes of text taken from one document.
    pub max_text_bytes: usize,
    /// Bytes that all parts of one message may have together once decoded.
    pub max_decoded_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message_bytes: 64 << 20,
            max_header_bytes: 1 << 20,
            max_parts: 2_000,
            max_depth: 64,
            max_text_bytes: 8 << 20,
            max_decoded_bytes: 128 << 20,
        }
    }
}

/// The error for an input beyond a limit; `limit` is the field's name, `part` says where.
pub(crate) fn exceeded(operation: &'static str, limit: &'static str, allowed: usize, part: &str) -> Error {
    Error::new(ErrorKind::LimitExceeded, operation, "the input is larger than the limit allows")
        .with("limit", limit)
        .with("allowed", allowed)
        .with("part", part)
}
