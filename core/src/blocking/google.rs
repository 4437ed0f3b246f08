//! Google for programs without async.

use std::future::Future;
use std::sync::Arc;

use super::runtime::Runtime;
use crate::base::{AccountId, CancelToken, MeetingId, ProjectId, Result};
use crate::domain::{Account, Meeting, MeetingFilter, Page, PageRequest, Service};
use crate::google::{GoogleCallback, GoogleIdentity, WebhookOutcome};
use crate::workspace::{
    self, AccountHealth, Consent, ConsentOptions, Disconnect, Disconnected, Linked, SignedIn, SyncSummary,
};

/// Google for the workspace itself; see [`crate::Google`].
#[derive(Clone, Debug)]
pub struct Google {
    inner: workspace::Google,
    runtime: Arc<Runtime>,
}

/// Google for one user; see [`crate::UserGoogle`].
#[derive(Clone, Debug)]
pub struct UserGoogle {
    inner: workspace::UserGoogle,
    runtime: Arc<Runtime>,
}

/// Where one service's notifications come in; see [`crate::Webhooks`].
#[derive(Clone, Debug)]
pub struct Webhooks {
    inner: workspace::Webhooks,
    runtime: Arc<Runtime>,
}

/// A user's meetings; see [`crate::Meetings`].
#[derive(Clone, Debug)]
pub struct Meetings {
    inner: workspace::Meetings,
    runtime: Arc<Runtime>,
}

impl Google {
    pub(super) fn new(inner: workspace::Google, runtime: Arc<Runtime>) -> Self {
        Self { inner, runtime }
    }

    fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    fn webhooks(&self, inner: workspace::Webhooks) -> Webhooks {
        Webhooks { inner, runtime: Arc::clone(&self.runtime) }
    }

    /// See [`crate::Google::gmail`].
    #[must_use]
    pub fn gmail(&self) -> Webhooks {
        self.webhooks(self.inner.gmail())
    }

    /// See [`crate::Google::drive`].
    #[must_use]
    pub fn drive(&self) -> Webhooks {
        self.webhooks(self.inner.drive())
    }

    /// See [`crate::Google::calendar`].
    #[must_use]
    pub fn calendar(&self) -> Webhooks {
        self.webhooks(self.inner.calendar())
    }

    /// See [`crate::Google::start`].
    ///
    /// # Errors
    /// As there.
    pub fn start(&self) -> Result<()> {
        self.wait(self.inner.start())
    }

    /// See [`crate::Google::login`].
    ///
    /// # Errors
    /// As there.
    pub fn login(&self, options: ConsentOptions) -> Result<Consent> {
        self.wait(self.inner.login(options))
    }

    /// See [`crate::Google::finish_login`].
    ///
    /// # Errors
    /// As there.
    pub fn finish_login(&self, callback: GoogleCallback) -> Result<SignedIn> {
        self.wait(self.inner.finish_login(callback))
    }

    /// See [`crate::Google::consent`].
    ///
    /// # Errors
    /// As there.
    pub fn consent(&self, options: ConsentOptions) -> Result<Consent> {
        self.wait(self.inner.consent(options))
    }

    /// See [`crate::Google::finish`].
    ///
    /// # Errors
    /// As there.
    pub fn finish(&self, callback: GoogleCallback) -> Result<Linked> {
        self.wait(self.inner.finish(callback))
    }

    /// See [`crate::Google::delegate`].
    ///
    /// # Errors
    /// As there.
    pub fn delegate(&self, email: &str) -> Result<Account> {
        self.wait(self.inner.delegate(email))
    }

    /// See [`crate::Google::health`].
    ///
    /// # Errors
    /// As there.
    pub fn health(&self) -> Result<Vec<AccountHealth>> {
        self.wait(self.inner.health())
    }

    /// See [`crate::Google::sync`].
    ///
    /// # Errors
    /// As there.
    pub fn sync(&self, cancel: CancelToken) -> Result<SyncSummary> {
        self.wait(self.inner.sync(cancel))
    }

    /// See [`crate::Google::disconnect`].
    ///
    /// # Errors
    /// As there.
    pub fn disconnect(&self, id: AccountId, how: Disconnect) -> Result<Disconnected> {
        self.wait(self.inner.disconnect(id, how))
    }

    /// See [`crate::Google::reseal`].
    ///
    /// # Errors
    /// As there.
    pub fn reseal(&self) -> Result<u64> {
        self.wait(self.inner.reseal())
    }
}

impl UserGoogle {
    pub(super) fn new(inner: workspace::UserGoogle, runtime: Arc<Runtime>) -> Self {
        Self { inner, runtime }
    }

    fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    /// See [`crate::UserGoogle::consent`].
    ///
    /// # Errors
    /// As there.
    pub fn consent(&self, services: &[Service], options: ConsentOptions) -> Result<Consent> {
        self.wait(self.inner.consent(services, options))
    }

    /// See [`crate::UserGoogle::finish`].
    ///
    /// # Errors
    /// As there.
    pub fn finish(&self, callback: GoogleCallback) -> Result<Linked> {
        self.wait(self.inner.finish(callback))
    }

    /// See [`crate::UserGoogle::delegate`].
    ///
    /// # Errors
    /// As there.
    pub fn delegate(&self, email: &str, services: &[Service]) -> Result<Account> {
        self.wait(self.inner.delegate(email, services))
    }

    /// See [`crate::UserGoogle::keep_login`].
    ///
    /// # Errors
    /// As there.
    pub fn keep_login(&self, identity: &GoogleIdentity) -> Result<Account> {
        self.wait(self.inner.keep_login(identity))
    }

    /// See [`crate::UserGoogle::accounts`].
    ///
    /// # Errors
    /// As there.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        self.wait(self.inner.accounts())
    }

    /// See [`crate::UserGoogle::health`].
    ///
    /// # Errors
    /// As there.
    pub fn health(&self) -> Result<Vec<AccountHealth>> {
        self.wait(self.inner.health())
    }

    /// See [`crate::UserGoogle::sync`].
    ///
    /// # Errors
    /// As there.
    pub fn sync(&self, service: Option<Service>, cancel: CancelToken) -> Result<SyncSummary> {
        self.wait(self.inner.sync(service, cancel))
    }

    /// See [`crate::UserGoogle::active`].
    ///
    /// # Errors
    /// As there.
    pub fn active(&self) -> Result<()> {
        self.wait(self.inner.active())
    }

    /// See [`crate::UserGoogle::disconnect`].
    ///
    /// # Errors
    /// As there.
    pub fn disconnect(&self, id: AccountId, how: Disconnect) -> Result<Disconnected> {
        self.wait(self.inner.disconnect(id, how))
    }
}

impl Webhooks {
    /// See [`crate::Webhooks::notify`].
    ///
    /// # Errors
    /// As there.
    pub fn notify<N, V>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
    ) -> Result<WebhookOutcome>
    where
        N: Into<String>,
        V: Into<String>,
    {
        self.runtime.block_on(self.inner.notify(headers, body))
    }
}

impl Meetings {
    pub(super) fn new(inner: workspace::Meetings, runtime: Arc<Runtime>) -> Self {
        Self { inner, runtime }
    }

    fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    /// See [`crate::Meetings::get`].
    ///
    /// # Errors
    /// As there.
    pub fn get(&self, id: MeetingId) -> Result<Meeting> {
        self.wait(self.inner.get(id))
    }

    /// See [`crate::Meetings::list`].
    ///
    /// # Errors
    /// As there.
    pub fn list(&self, filter: MeetingFilter, page: PageRequest) -> Result<Page<Meeting>> {
        self.wait(self.inner.list(filter, page))
    }

    /// See [`crate::Meetings::assign`].
    ///
    /// # Errors
    /// As there.
    pub fn assign(&self, id: MeetingId, project: Option<ProjectId>) -> Result<Meeting> {
        self.wait(self.inner.assign(id, project))
    }
}
