//! Google, as programs see it: whose accounts are linked, how level their mail, files and
//! calendars are, and where notifications come in.

mod accounts;
mod face;
mod health;
mod link;
mod notify;
mod options;
mod parts;
mod sink;
mod sources;
mod streams;
mod work;

pub use self::accounts::{Disconnect, Disconnected};
pub use self::face::{Google, UserGoogle};
pub use self::health::AccountHealth;
pub use self::link::{Consent, ConsentOptions, Linked, SignedIn};
pub use self::notify::Webhooks;
pub use self::options::SyncOptions;
pub(super) use self::parts::{GoogleParts, Ingredients};
pub use self::streams::{StreamSummary, SyncSummary};
pub(super) use self::work::register;
