//! Google: consent and tokens, and what Gmail, Drive and Calendar answer, in the words of
//! `domain`.
//!
//! Invariant: no call without an account; its tokens are read, refreshed and sealed in one place.
//! Invariant: knows neither documents nor cursors; a source is asked, and what becomes of its
//! answer is decided above.
//! Invariant: no token, code or key in a log, an error or a `Debug` form.

mod account_api;
mod api;
pub(crate) mod calendar;
mod client;
pub(crate) mod drive;
mod endpoints;
mod envelope;
pub(crate) mod gmail;
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
pub use oauth::{Callback as GoogleCallback, Identity as GoogleIdentity};
pub(crate) use oauth::{ConsentRequest, Finished, Purpose, Revocation, SignIn, can_read, scope_of};
pub use options::{GoogleOptions, PushOptions, TokenKey};
pub(crate) use push::{ChannelNotice, Told};
pub use push::{WebhookOutcome, WebhookVerdict};
pub use quota::{GoogleQuota, QuotaTable, ServiceQuota};
pub use usage::CallCounts;
