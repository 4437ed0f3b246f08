//! Google: consent and tokens, and what Gmail, Drive and Calendar answer, in the words of
//! `domain`.
//!
//! Invariant: no call without an account; its tokens are read, refreshed and sealed in one place.
//! Invariant: knows neither documents nor cursors; a source is asked, and what becomes of its
//! answer is decided above.
//! Invariant: no token, code or key in a log, an error or a `Debug` form.

mod account_api;
mod api;
mod calendar;
mod client;
mod drive;
mod endpoints;
mod envelope;
mod gmail;
mod known;
mod lenient;
mod oauth;
mod options;
mod push;
mod quota;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod testing;
mod usage;
#[cfg(test)]
mod with_fake;

pub(crate) use client::Google;
pub use endpoints::GoogleEndpoints;
pub(crate) use oauth::{
    Callback, ConsentRequest, ConsentUrl, Finished, Granted, Identity, Purpose, Resealed, Revocation, SignIn,
    can_read,
};
pub use options::{GoogleOptions, PushOptions, TokenKey};
pub(crate) use push::{ChannelNotice, MailboxNotice, Told};
pub use push::{WebhookOutcome, WebhookVerdict};
pub use quota::{GoogleQuota, QuotaTable, ServiceQuota};
pub(crate) use usage::CallCounts;
