//! From what is handed in to what is stored: read, cut into passages, embed, assign,
//! commit.
//!
//! `draft` turns bytes into what would be stored, `pipeline` embeds and commits it,
//! `mailbox` reads mbox files, Maildirs and folders, `bulk` runs the stages side by side,
//! `arrivals` commits items together with something else, `re_embed` makes up for vectors that
//! are missing.
//!
//! Invariant: one item, one commit: document, attachments, chunks, vectors, assignment,
//! log lines and changes become visible together or not at all.
//! Invariant: an item is acknowledged only after its commit; handing it in again is a
//! no-op that says so.
//! Invariant: items of one call are assigned and committed in the order they were given,
//! whatever runs side by side before that.

mod arrivals;
mod bulk;
mod draft;
mod mailbox;
mod pipeline;
mod re_embed;

pub(crate) use arrivals::{Companion, Incoming};
pub(crate) use bulk::{Bulk, ProgressSink, Route};
pub(crate) use mailbox::MailboxKind;
pub(crate) use pipeline::Intake;
