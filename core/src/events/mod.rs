//! Events for subscribers: the change log from a place on, waiting for what is not there
//! yet. A *subscription* with a name keeps its place in a durable cursor; a live one keeps
//! none and begins now.
//!
//! Invariant: at least once. A cursor passes an event only after it was acknowledged; what
//! was not is delivered again to the next subscription of that name.
//! Invariant: in order of the log; no event is skipped, whoever else reads or writes.
//! Invariant: between two calls a subscription holds no connection, lock or task, so a slow
//! or failing subscriber holds up neither writers nor other subscribers.
//! Invariant: closing the feed ends every wait.

mod feed;
mod handling;
mod options;
mod subscription;

pub(crate) use feed::EventFeed;
pub use handling::{HandleReport, Skipped};
pub use options::{HandleOptions, OnFailure, Start, SubscribeOptions};
pub use subscription::{Stopper, Subscription};
