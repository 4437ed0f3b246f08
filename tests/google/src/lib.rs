//! A fake of Google for tests: OAuth, Gmail, Drive, Calendar and their push notifications,
//! on one port of the loopback interface.
//!
//! ```
//! use besunny_fake_google::{FakeGoogle, Settings};
//!
//! let google = FakeGoogle::start(Settings::default());
//! google.add_account("ana@lumen.example", "Ana Lopes");
//! let tokens = google.tokens("ana@lumen.example", &["https://www.googleapis.com/auth/gmail.readonly"]);
//! google.deliver("ana@lumen.example", b"Subject: hello\r\n\r\nHi!", &["INBOX", "UNREAD"]);
//! // GET {base_url}/gmail/v1/users/me/messages with the bearer token finds it.
//! assert!(google.base_url().starts_with("http://127.0.0.1:") && !tokens.access_token.is_empty());
//! ```
//!
//! # What it imitates
//!
//! All hosts of Google's are folded into one base URL, under Google's own paths:
//!
//! - **OAuth**: `/o/oauth2/v2/auth` (a user who answers at once, see [`Consent`]), `/token` (codes with
//!   PKCE, refresh tokens, assertions of service accounts), `/revoke`, `/tokeninfo`, `/v1/userinfo`,
//!   `/oauth2/v2/userinfo`, `/oauth2/v3/certs`, `/oauth2/v1/certs`, `/.well-known/openid-configuration`.
//!   Refresh tokens come only when the consent screen was shown, the 101st ends the first, those of
//!   projects in testing die after a week, and revoking one token ends the whole grant.
//! - **Gmail** under `/gmail/v1/users/`: profile, labels, messages, attachments, history, threads, insert,
//!   import, send, watch and stop.
//! - **Drive** under `/drive/v3/` and `/upload/drive/v3/`: about, files, uploads, downloads, exports,
//!   long-running downloads, permissions, revisions, shared drives, changes, channels.
//! - **Calendar** under `/calendar/v3/`: calendar list, calendars, events with series, exceptions and
//!   conferences, sync tokens, channels.
//! - **Batches**: `/batch/gmail/v1`, `/batch/drive/v3`, `/batch/calendar/v3`, `/batch`.
//! - **Push**: Pub/Sub envelopes with OIDC tokens for Gmail, channels for Drive and Calendar.
//!
//! Bodies have the names and types of the public discovery documents: 64-bit numbers are text, lists
//! that are empty are absent where Google leaves them out, and errors come in Google's envelope.
//!
//! # What a test can do to it
//!
//! - Change the data: [`FakeGoogle::deliver`], [`FakeGoogle::add_file`], [`FakeGoogle::add_event`] and
//!   those near them; [`FakeGoogle::snapshot`] tells in the end what is true.
//! - Move the clock, which stands still otherwise: [`FakeGoogle::advance`].
//! - Break things: [`FakeGoogle::fault`] takes a [`Fault`], a [`FaultKind`] at a place at a moment.
//! - Have pushes posted to addresses of this machine ([`PushMode::Post`]), or take them and report how
//!   they were answered ([`PushMode::Pull`]).
//! - Do all this over HTTP, from other languages: see below.
//!
//! # Control over HTTP
//!
//! `POST /_control/{operation}` with a JSON object; the answer is JSON, or 400 with `{"error": ...}`.
//! `GET /_control/operations` lists them. The program `fake-google` prints one line of JSON when it
//! listens, and ends when its standard input does.
//!
//! # Where it differs on purpose
//!
//! - Channels are accepted for `http` addresses of this machine, unless
//!   [`Settings::require_https`] is set; nothing is ever sent to another machine.
//! - A user who consents is always at hand; there is no sign-in.
//! - Attendees get copies of events under the same id; their answers do not travel back.
//! - Quota is counted by minutes of the clock, not by a sliding window.
//! - What is late ([`FaultKind::LateChange`]) holds back what comes after it, so that a cursor never
//!   passes it: a client that keeps to the rules loses nothing.
//! - A start later than the mailbox's last historyId is answered 404, as one that is too old.
//! - Exports are made of text, dressed up as the format; [`FakeGoogle::set_export`] sets others.
//! - Comments, approvals, drafts, settings, free/busy and access rules of calendars are absent.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod calendar;
mod clock;
mod control;
mod drive;
mod error;
mod faults;
mod fields;
mod gmail;
mod handle;
mod http;
mod oauth;
mod push;
mod quota;
mod rng;
mod settings;
mod world;

pub use faults::{Fault, FaultKind, When};
pub use handle::FakeGoogle;
pub use handle::drive::NewFile;
pub use handle::oauth::{TokenKind, Tokens};
pub use handle::snapshot::{FileTruth, MailTruth, Snapshot};
pub use oauth::{Client, Consent, ServiceAccount, TokenCalls};
pub use push::{ChannelInfo, Delivery, PushStats, Subscription};
pub use quota::{Limits, Usage};
pub use settings::{ChildChanges, PushMode, Settings};
