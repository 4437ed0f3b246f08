//! Keeping streams level with their sources.
//!
//! Invariant: a cursor moves only in the transaction that stores what it covers.
//! Invariant: a notification is a hint, a poll the proof; nothing is taken from a notification
//! but that something may have changed.
//! Invariant: an object that fails stops no other; it is set aside with the reason and tried again.
