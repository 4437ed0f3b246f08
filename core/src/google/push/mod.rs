//! Notifications: who sent them, and what they are about.
//!
//! Gmail's come over Pub/Sub, signed with an OpenID token; Drive's and Calendar's come over
//! channels, and carry the channel's own token and nothing else. What is told is never
//! believed to be complete or in order: it is a reason to look.

mod channel;
mod outcome;
mod pubsub;
mod receiver;

pub(crate) use channel::{ChannelNotice, Told};
pub use outcome::{WebhookOutcome, WebhookVerdict};
pub(crate) use pubsub::MailboxNotice;
pub(crate) use receiver::PushReceiver;
