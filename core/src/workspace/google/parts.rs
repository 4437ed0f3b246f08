//! What a workspace with Google needs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::options::SyncOptions;
use super::sink::GoogleSink;
use super::sources::GoogleSources;
use crate::base::{AccountId, Clock, Error, ErrorKind, IdGenerator, Result};
use crate::domain::Store;
use crate::google::{Google, GoogleOptions};
use crate::intake::Intake;
use crate::jobs::JobQueue;
use crate::sync::Engine;
use crate::workspace::Workspace;

/// What a workspace with Google needs.
pub(in crate::workspace) struct GoogleParts {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    pub(super) jobs: Arc<JobQueue>,
    pub(super) client: Arc<Google>,
    pub(super) sources: Arc<GoogleSources>,
    pub(super) sink: Arc<GoogleSink>,
    pub(super) engine: Engine,
    /// In this process, one run of an account at a time.
    turns: Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<()>>>>,
}

/// What the parts are put together from.
pub(in crate::workspace) struct Ingredients<'a> {
    pub(in crate::workspace) google: GoogleOptions,
    pub(in crate::workspace) sync: SyncOptions,
    pub(in crate::workspace) store: &'a Arc<dyn Store>,
    pub(in crate::workspace) intake: &'a Arc<Intake>,
    pub(in crate::workspace) jobs: &'a Arc<JobQueue>,
    pub(in crate::workspace) clock: &'a Arc<dyn Clock>,
    pub(in crate::workspace) ids: &'a Arc<dyn IdGenerator>,
    pub(in crate::workspace) virtual_domain: &'a str,
}

impl GoogleParts {
    /// Checks the options; nothing is opened and nobody asked before it is used.
    pub(in crate::workspace) fn new(from: Ingredients<'_>) -> Result<Self> {
        let Ingredients { google, sync, store, intake, jobs, clock, ids, virtual_domain } = from;
        let client = Google::new(google.checked()?, Arc::clone(store), Arc::clone(clock), Arc::clone(ids));
        let sources = Arc::new(GoogleSources {
            store: Arc::clone(store),
            client: Arc::clone(&client),
            clock: Arc::clone(clock),
            sync,
        });
        let sink = Arc::new(GoogleSink {
            store: Arc::clone(store),
            intake: Arc::clone(intake),
            clock: Arc::clone(clock),
            ids: Arc::clone(ids),
            virtual_domain: virtual_domain.to_owned(),
            rules: sync.meetings,
        });
        let engine = Engine::new(
            Arc::clone(store),
            Arc::clone(clock),
            Arc::clone(ids),
            Arc::clone(&sources) as _,
            Arc::clone(&sink) as _,
            sync.intervals,
        );
        Ok(Self {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            ids: Arc::clone(ids),
            jobs: Arc::clone(jobs),
            client,
            sources,
            sink,
            engine,
            turns: Mutex::default(),
        })
    }

    /// Whoever has it is the only one in this process to work on an account.
    pub(super) fn turn(&self, account: AccountId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(account).or_default())
    }
}

impl Workspace {
    /// Everything about Google.
    ///
    /// # Errors
    /// `closed`, and `not_configured` for a workspace that was opened without it.
    pub(super) fn google_parts(&self, operation: &'static str) -> Result<Arc<GoogleParts>> {
        self.check_open(operation)?;
        self.inner.google.clone().ok_or_else(|| {
            let message = "the workspace was opened without Google; set `google` in its options";
            Error::new(ErrorKind::NotConfigured, operation, message)
        })
    }
}
