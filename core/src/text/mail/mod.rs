//! Raw mail to facts, text, attachments and conversation.
//!
//! The MIME tree, charsets and limits are handled here; single header fields are read by
//! the `mail-parser` crate. On top of the parsed mail: what is new in a reply, which user
//! a virtual address names, which conversation a mail continues, and whether a machine
//! sent it. An mbox archive is split into raw messages as a stream.
//!
//! Invariant: time and memory are linear in the message; nothing recurses deeper than
//! [`Limits::max_depth`](crate::text::Limits::max_depth).
//! Invariant: any message with a header field or readable text gives a [`ParsedMail`];
//! what is refused is refused by a typed error.

mod automatic;
mod decode;
mod header;
mod mbox;
mod mime;
mod parse;
mod reply;
#[cfg(test)]
mod tests;
mod thread;
mod virtual_address;

pub use mbox::{Mbox, MboxMessage};
pub use parse::{Attachment, AttachmentContent, ParsedMail, parse};
pub use reply::{BodyParts, split_reply};
pub use thread::{ThreadKey, normalise_subject, thread_key};
pub use virtual_address::{VirtualAddress, virtual_recipients};
