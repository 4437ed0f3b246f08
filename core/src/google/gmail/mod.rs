//! Gmail: wire forms, batches, and the mailbox as a source.
//!
//! **What is mirrored**: every message that carries none of the labels `SPAM`, `TRASH` and those
//! that the options leave out, and was accepted since the instant that the options name. A message
//! that moves to the trash is told as gone; one that comes back is told as changed, and fetched
//! anew. So spam and trash are never listed and never fetched, and the mirror is still equal to
//! the mailbox. A change of labels of a message that is not in the mirror says nothing: either it
//! is outside for good, or it is still to be fetched, with the labels that it has then.
//!
//! **What a cursor guarantees**: cursors come from `users.getProfile` before a listing and from
//! the last page of a `history.list`, and from nowhere else. What a notification or `users.watch`
//! says is never one: it names what the reader has not read yet. A cursor never becomes smaller.
//! It covers what Gmail *showed* when it gave it; Gmail shows some changes late, even after it has
//! counted them. So who keeps cursors goes on from an older one until the newest has aged past
//! that delay, and reads some changes twice. That does no harm: news is told so that telling it
//! again leads to the same state.
//!
//! **An idle mailbox** can have a cursor that is the newest there is and is refused as too old all
//! the same. Then the profile names the same id, and nothing has changed; no listing is needed.
//!
//! Invariant: a batch's outer success says nothing about its parts; each message succeeds, is gone
//! or fails by itself.

mod base64url;
mod batch;
mod costs;
mod fetch;
mod full;
mod history;
mod multipart;
mod options;
mod source;
#[cfg(test)]
mod tests;
mod wire;

pub(crate) use costs::GmailCosts;
pub(crate) use full::raw_of_full;
pub(crate) use options::GmailOptions;
pub(crate) use source::GmailSource;
