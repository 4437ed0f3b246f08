//! Google, as programs see it: whose accounts are linked, how level their mail, files and
//! calendars are, and what notifications come to.

mod accounts;
mod health;
mod link;
mod notify;
mod sink;
mod sources;
mod streams;
mod work;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use self::accounts::{Disconnect, Disconnected};
pub use self::health::AccountHealth;
pub use self::link::{ConsentRequest, Linked, Login};
pub use self::notify::{CalendarPush, DrivePush, GmailPush};
use self::sink::GoogleSink;
use self::sources::GoogleSources;
pub use self::streams::{StreamSummary, SyncSummary};
use super::{Inner, UserHandle, Workspace};
use crate::base::{AccountId, Clock, Error, ErrorKind, IdGenerator, Result, Scope};
use crate::domain::Store;
use crate::google::GoogleClient;
use crate::intake::Intake;
use crate::jobs::JobQueue;
use crate::sync::Engine;

/// What a workspace with Google needs.
pub(super) struct GoogleParts {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    jobs: Arc<JobQueue>,
    client: Arc<GoogleClient>,
    sink: Arc<GoogleSink>,
    engine: Engine,
    virtual_domain: String,
    /// In this process, one run of an account at a time.
    turns: Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<()>>>>,
}
