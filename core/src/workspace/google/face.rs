//! The handles.

use std::collections::BTreeMap;

use super::accounts::{Disconnect, Disconnected};
use super::health::AccountHealth;
use super::link::{Consent, ConsentOptions, Linked, SignedIn};
use super::notify::Webhooks;
use super::streams::SyncSummary;
use super::work;
use crate::base::{AccountId, CancelToken, Result, Scope, TenantId};
use crate::domain::{Access, Account, Service};
use crate::google::calendar::CalendarEntry;
use crate::google::{CallCounts, GoogleCallback, GoogleIdentity, Purpose};
use crate::workspace::{UserHandle, Workspace};

/// Google for the workspace itself: logins, mailboxes that users share by virtual address, and
/// where notifications come in.
#[derive(Clone, Debug)]
pub struct Google {
    workspace: Workspace,
}

/// Google for one user: the accounts that they linked.
#[derive(Clone, Debug)]
pub struct UserGoogle {
    me: UserHandle,
}

impl Google {
    pub(in crate::workspace) fn new(workspace: Workspace) -> Self {
        Self { workspace }
    }

    /// Where Pub/Sub's messages about mailboxes come in.
    #[must_use]
    pub fn gmail(&self) -> Webhooks {
        Webhooks::new(self.workspace.clone(), Service::Gmail)
    }

    /// Where Drive's notifications come in.
    #[must_use]
    pub fn drive(&self) -> Webhooks {
        Webhooks::new(self.workspace.clone(), Service::Drive)
    }

    /// Where Calendar's notifications come in.
    #[must_use]
    pub fn calendar(&self) -> Webhooks {
        Webhooks::new(self.workspace.clone(), Service::Calendar)
    }

    /// Keeps all linked accounts level from now on, whoever of the processes with the workspace
    /// works: a schedule that looks every minute for what is due. Calling it again is fine.
    ///
    /// # Errors
    /// `not_configured`, `storage`.
    pub async fn start(&self) -> Result<()> {
        let parts = self.workspace.google_parts("google.start")?;
        parts.client.consents.adopt().await?;
        self.workspace.jobs().schedule(work::schedule()).await?;
        Ok(())
    }

    /// Where to send somebody who signs in.
    ///
    /// # Errors
    /// `not_configured` without an OAuth client, `invalid_input` for an unfit place to return to.
    pub async fn login(&self, options: ConsentOptions) -> Result<Consent> {
        let parts = self.workspace.google_parts("google.login")?;
        parts.ask(TenantId::SYSTEM, Purpose::Login, &[], options).await
    }

    /// Takes up the answer to a login.
    ///
    /// # Errors
    /// `unauthenticated` for an answer to no question of ours, one that comes again or too late,
    /// or that Google does not prove; `forbidden` when the user said no.
    pub async fn finish_login(&self, callback: GoogleCallback) -> Result<SignedIn> {
        self.workspace.google_parts("google.finish_login")?.sign_in(callback).await
    }

    /// Where to send who links a mailbox that users share by virtual address.
    ///
    /// # Errors
    /// As [`Google::login`].
    pub async fn consent(&self, options: ConsentOptions) -> Result<Consent> {
        let parts = self.workspace.google_parts("google.consent")?;
        parts.ask(TenantId::SYSTEM, Purpose::Link, &[Service::Gmail], options).await
    }

    /// Takes up the answer to [`Google::consent`].
    ///
    /// # Errors
    /// As [`UserGoogle::finish`].
    pub async fn finish(&self, callback: GoogleCallback) -> Result<Linked> {
        self.workspace.google_parts("google.finish")?.link(TenantId::SYSTEM, callback).await
    }

    /// Links a mailbox that users share by virtual address, by an administrator's delegation to
    /// the service account.
    ///
    /// # Errors
    /// `not_configured` without a service account, `forbidden` where nothing was delegated to it.
    pub async fn delegate(&self, email: &str) -> Result<Account> {
        let parts = self.workspace.google_parts("google.delegate")?;
        parts.delegate(TenantId::SYSTEM, email, &[Service::Gmail]).await
    }

    /// All linked accounts, of all users and of the workspace itself.
    ///
    /// # Errors
    /// `not_configured`, `storage`.
    pub async fn health(&self) -> Result<Vec<AccountHealth>> {
        self.workspace.google_parts("google.health")?.health(None).await
    }

    /// What was asked of Google since the workspace was opened, by operation.
    ///
    /// # Errors
    /// `not_configured`.
    pub fn calls(&self) -> Result<BTreeMap<String, CallCounts>> {
        let calls = self.workspace.google_parts("google.calls")?.client.usage.calls();
        Ok(calls.into_iter().map(|(operation, counts)| (operation.to_owned(), counts)).collect())
    }

    /// Brings the workspace's own mailboxes level, here and now.
    ///
    /// # Errors
    /// `cancelled`, `storage`; what Google says is in the summary.
    pub async fn sync(&self, cancel: CancelToken) -> Result<SyncSummary> {
        self.workspace.google_parts("google.sync")?.sync(TenantId::SYSTEM, None, &cancel).await
    }

    /// Disconnects one of the workspace's own accounts.
    ///
    /// # Errors
    /// As [`UserGoogle::disconnect`].
    pub async fn disconnect(&self, id: AccountId, how: Disconnect) -> Result<Disconnected> {
        self.workspace.google_parts("google.disconnect")?.disconnect(TenantId::SYSTEM, id, how).await
    }

    /// Encrypts all stored tokens anew with the first of the token keys; how many accounts had
    /// another. After that, the other keys are of no use any more.
    ///
    /// # Errors
    /// `not_configured`, `storage`.
    pub async fn reseal(&self) -> Result<u64> {
        let resealed = self.workspace.google_parts("google.reseal")?.client.tokens.reseal_all().await?;
        Ok(resealed.resealed)
    }
}

impl UserGoogle {
    pub(in crate::workspace) fn new(me: UserHandle) -> Self {
        Self { me }
    }

    fn tenant(&self) -> TenantId {
        self.me.scope.tenant()
    }

    /// Where to send the user to link an account. Ask for a service when it is needed; what was
    /// granted before stays.
    ///
    /// # Errors
    /// `not_configured` without an OAuth client, `invalid_input` without a service or for an unfit
    /// place to return to.
    pub async fn consent(&self, services: &[Service], options: ConsentOptions) -> Result<Consent> {
        let parts = self.me.workspace.google_parts("google.consent")?;
        parts.ask(self.tenant(), Purpose::Link, services, options).await
    }

    /// Takes up the answer; from now on the account is kept level.
    ///
    /// # Errors
    /// `unauthenticated` for an answer to no question of this user's, one that comes again or too
    /// late; `forbidden` when another user asked, or when the user said no; `needs_reauth` when
    /// Google gave nothing that lasts.
    pub async fn finish(&self, callback: GoogleCallback) -> Result<Linked> {
        self.me.workspace.google_parts("google.finish")?.link(self.tenant(), callback).await
    }

    /// Links an account by an administrator's delegation to the service account.
    ///
    /// # Errors
    /// `not_configured` without a service account, `forbidden` where nothing was delegated to it.
    pub async fn delegate(&self, email: &str, services: &[Service]) -> Result<Account> {
        self.me.workspace.google_parts("google.delegate")?.delegate(self.tenant(), email, services).await
    }

    /// Notes that the user signs in with an account of Google's.
    ///
    /// # Errors
    /// `not_configured`, `storage`.
    pub async fn keep_login(&self, identity: &GoogleIdentity) -> Result<Account> {
        let parts = self.me.workspace.google_parts("google.keep_login")?;
        parts.client.consents.keep_login(self.tenant(), identity).await
    }

    /// The user's accounts, in order of linking.
    ///
    /// # Errors
    /// `not_configured`, `storage`.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let parts = self.me.workspace.google_parts("google.accounts")?;
        parts.store.begin(&self.me.scope, Access::Read).await?.accounts().await
    }

    /// How well the user's accounts are kept level.
    ///
    /// # Errors
    /// `not_configured`, `storage`.
    pub async fn health(&self) -> Result<Vec<AccountHealth>> {
        self.me.workspace.google_parts("google.health")?.health(Some(self.tenant())).await
    }

    /// Brings the user's accounts level, here and now: one service, or all.
    ///
    /// # Errors
    /// `cancelled`, `storage`; what Google says is in the summary.
    pub async fn sync(&self, service: Option<Service>, cancel: CancelToken) -> Result<SyncSummary> {
        self.me.workspace.google_parts("google.sync")?.sync(self.tenant(), service, &cancel).await
    }

    /// The calendars in an account's list whose events can be read.
    ///
    /// # Errors
    /// `not_found` for another's account, `needs_reauth`, `upstream`.
    pub async fn calendars(&self, account: AccountId) -> Result<Vec<CalendarEntry>> {
        self.me.workspace.google_parts("google.calendars")?.calendars(self.tenant(), account).await
    }

    /// Keeps one more calendar or shared drive of an account level, named by its id; whether that
    /// is news. Its own calendar and its files are kept level without that.
    ///
    /// # Errors
    /// `not_found` for another's account, `invalid_input` for an unfit name.
    pub async fn follow(&self, account: AccountId, service: Service, id: &str) -> Result<bool> {
        let parts = self.me.workspace.google_parts("google.follow")?;
        parts.follow(self.tenant(), account, (service, id), true).await
    }

    /// Keeps a calendar or shared drive level no longer, and takes out what came from it; whether
    /// it was followed.
    ///
    /// # Errors
    /// As [`UserGoogle::follow`].
    pub async fn unfollow(&self, account: AccountId, service: Service, id: &str) -> Result<bool> {
        let parts = self.me.workspace.google_parts("google.follow")?;
        parts.follow(self.tenant(), account, (service, id), false).await
    }

    /// Notes that the user is active, so that what they look at is looked at more often.
    ///
    /// # Errors
    /// `not_configured`, `storage`.
    pub async fn active(&self) -> Result<()> {
        let parts = self.me.workspace.google_parts("google.active")?;
        parts.active(&Scope::of(self.tenant())).await
    }

    /// Ends everything about an account: its notifications, Google's consent, the tokens, and,
    /// on request, what came from it. Nothing else is deleted.
    ///
    /// # Errors
    /// `not_found`, `storage`.
    pub async fn disconnect(&self, id: AccountId, how: Disconnect) -> Result<Disconnected> {
        self.me.workspace.google_parts("google.disconnect")?.disconnect(self.tenant(), id, how).await
    }
}
