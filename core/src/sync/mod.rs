//! Keeping streams level with their sources.
//!
//! A *stream* is a mailbox, a file store or a calendar of one account. A run reads what its source
//! tells since the *cursor*, writes down in one transaction what was told and the new cursor,
//! then looks at the objects that wait. What an object became is stored in one commit with the
//! note that it was looked at, so that a run that is killed is gone on with, and nothing is lost
//! or doubled.
//!
//! Invariant: a cursor moves only in the transaction that stores what it covers.
//! Invariant: a notification is a hint, a poll the proof; nothing is taken from a notification
//! but that something may have changed.
//! Invariant: an object that fails stops no other; it is set aside with the reason and tried again.
//! Invariant: two runs of one stream at the same time do no harm; the one that comes second stops.

mod engine;
mod health;
mod kept;
mod notes;
mod pages;
mod policy;
mod sink;
#[cfg(test)]
mod tests;
mod watching;
mod work;

pub(crate) use engine::{Engine, RunOptions, RunReport, Trigger};
pub(crate) use health::{Facts, judge};
pub use health::{Health, StreamHealth};
pub(crate) use kept::Kept;
pub(crate) use notes::Notes;
pub use policy::IntervalBounds;
pub(crate) use sink::{Arrival, Departure, Outcome, Sink, Sources, release_document};
