//! Bytes to text to features.
//!
//! Reads mail and text formats (plain, Markdown, HTML, CSV, JSON), finds out what is new in
//! a reply, cuts text into passages for embedding, and into terms for lexical search,
//! snippets and assignment. [`to_text`] is the door for files, [`mail::parse`] for mail.
//!
//! Invariant: pure functions of their arguments; no I/O, clock, threads or C code.
//! Invariant: time and memory are linear in the input, and bounded by [`Limits`]; a larger
//! input is a `LimitExceeded` error, never a panic.
//! Invariant: offsets that come out are byte offsets between two characters of the text
//! that went in, unless a field says otherwise.

mod charset;
mod csv;
mod detect;
mod extract;
mod html;
mod json;
mod limits;
pub mod mail;
mod markdown;
mod meeting_link;
mod passage;
mod query;
mod segment;
mod snippet;
mod stop_words;
mod terms;

pub use detect::TextKind;
pub(crate) use extract::to_text_of_kind;
pub use extract::{ExtractedText, to_text};
pub use limits::Limits;
pub use meeting_link::meeting_link;
pub use passage::embedded_text;
pub use query::{Query, parse_query};
pub use segment::{Chunk, ChunkOptions, chunks, estimate_tokens};
pub use snippet::{Snippet, snippet};
pub use stop_words::is_stop_word;
pub use terms::{Term, terms};
