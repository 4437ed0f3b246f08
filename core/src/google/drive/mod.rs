//! Drive: wire forms, exports, and files as a source.
//!
//! **One source for each change log**: one for My Drive and what is shared with the user, one for
//! each shared drive. A file is told by the log of the drive it is in; where a shared drive has a
//! source of its own, the user's own source tells its files as gone.
//!
//! **What a page tells and what a fetch brings**: listings and changes carry all metadata, so a
//! file is told by `News::Is`, trashed ones included. Content is another matter: whoever keeps
//! files fetches one when it is new, or when its `content_version` is not the one that is stored,
//! and notes that version under `read` beside the state. `Source::fetch` then answers
//! `Content::Same` where `read` is the present version, and brings the content otherwise. A state
//! with `unread` set by the page itself (`folder`, `shortcut`, `unsupported`, `too_large`,
//! `forbidden`) has no content to fetch.
//!
//! **What a state describes**: the content that came with it. Bytes are compared with the checksum
//! in the state; without a checksum (exports have none) the metadata is read again after the
//! content, and both are read anew when the content's version has moved meanwhile. After a few
//! rounds the older state is given: its version cannot be newer than the content, and the change
//! that overtook it is in the log and still to come.
//!
//! Rows can be stale: of two states of a file, the one with the larger `version` is the newer.
//! What is under a folder that was moved or trashed may not be told at all.
//!
//! Invariant: every request names the fields that it wants, the page tokens among them: Drive
//! leaves out what is not named, and paging would end at the first page.
//! Invariant: shared drives are asked for in every request; a watch is prolonged on the drive that
//! it was on.
//! Invariant: the account's token goes to Google only, whatever address an answer names.

mod content;
mod costs;
mod export;
mod fetch;
mod options;
mod source;
mod state;
#[cfg(test)]
mod tests;
mod watch;
mod wire;

pub(crate) use costs::DriveCosts;
pub(crate) use options::DriveOptions;
pub(crate) use source::DriveSource;
