//! Google: linking accounts, keeping them level, notifications.

use besunny::CancelToken;
use napi::bindgen_prelude::{External, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use crate::errors::rejection;
use crate::event_loop;
use crate::options::google::{ConsentOptions, DisconnectOptions, UserSyncOptions, callback, services};
use crate::options::parse;
use crate::types::google::{
    Account, AccountHealth, Consent, Disconnected, GoogleIdentity, Linked, SignedIn, SyncSummary,
    WebhookOutcome,
};
use crate::types::input::Content;
use crate::types::{list, number};
use crate::user::LazyUser;

/// Google for the workspace itself: logins, mailboxes that users share by virtual address, and
/// where notifications come in.
///
/// Everything but `gmail`, `drive` and `calendar` rejects with `not_configured` in a workspace
/// that was opened without `google`.
#[napi]
pub struct Google {
    inner: besunny::Google,
}

impl Google {
    pub(crate) fn new(inner: besunny::Google) -> Self {
        Self { inner }
    }
}

#[napi]
impl Google {
    /// Where Pub/Sub's messages about mailboxes come in.
    #[napi(getter)]
    pub fn gmail(&self) -> Webhooks {
        Webhooks { inner: self.inner.gmail() }
    }

    /// Where Drive's notifications come in.
    #[napi(getter)]
    pub fn drive(&self) -> Webhooks {
        Webhooks { inner: self.inner.drive() }
    }

    /// Where Calendar's notifications come in.
    #[napi(getter)]
    pub fn calendar(&self) -> Webhooks {
        Webhooks { inner: self.inner.calendar() }
    }

    /// Keeps all linked accounts level from now on: a schedule that looks every minute for what
    /// is due, for whoever works. Calling it again is fine.
    #[napi]
    pub async fn start(&self) -> Result<()> {
        self.inner.start().await.map_err(rejection)
    }

    /// Where to send somebody who signs in.
    ///
    /// Rejects with `invalid_input` for an unfit place to return to.
    #[napi(strict)]
    pub async fn login(&self, options: Option<ConsentOptions>) -> Result<Consent> {
        let options = options.unwrap_or_default().into();
        Ok(self.inner.login(options).await.map_err(rejection)?.into())
    }

    /// Takes up the answer to a login: the query of the address that the browser came back to.
    ///
    /// Rejects with `unauthenticated` for an answer to no question of ours, one that comes again
    /// or too late, or that Google does not prove; `forbidden` when the user said no.
    #[napi(strict, ts_args_type = "callback: GoogleCallback, options?: CallbackOptions | undefined | null")]
    pub async fn finish_login(
        &self,
        query: Option<String>,
        state: Option<String>,
        code: Option<String>,
        error: Option<String>,
        session: Option<String>,
    ) -> Result<SignedIn> {
        let callback = callback(query, state, code, error, session);
        Ok(self.inner.finish_login(callback).await.map_err(rejection)?.into())
    }

    /// Where to send who links a mailbox that users share by virtual address.
    ///
    /// Rejects as `login`.
    #[napi(strict)]
    pub async fn consent(&self, options: Option<ConsentOptions>) -> Result<Consent> {
        let options = options.unwrap_or_default().into();
        Ok(self.inner.consent(options).await.map_err(rejection)?.into())
    }

    /// Takes up the answer to `consent`; rejects as that of a user.
    #[napi(strict, ts_args_type = "callback: GoogleCallback, options?: CallbackOptions | undefined | null")]
    pub async fn finish(
        &self,
        query: Option<String>,
        state: Option<String>,
        code: Option<String>,
        error: Option<String>,
        session: Option<String>,
    ) -> Result<Linked> {
        let callback = callback(query, state, code, error, session);
        Ok(self.inner.finish(callback).await.map_err(rejection)?.into())
    }

    /// Links a mailbox that users share by virtual address, by an administrator's delegation to
    /// the service account.
    ///
    /// Rejects with `forbidden` where nothing was delegated to it.
    #[napi(strict)]
    pub async fn delegate(&self, email: String) -> Result<Account> {
        Ok(self.inner.delegate(&email).await.map_err(rejection)?.into())
    }

    /// How well all linked accounts are kept level, of all users and of the workspace itself.
    #[napi]
    pub async fn health(&self) -> Result<Vec<AccountHealth>> {
        Ok(list(self.inner.health().await.map_err(rejection)?))
    }

    /// Brings the workspace's own mailboxes level, here and now.
    ///
    /// Rejects with `cancelled`; what Google says is in the summary.
    #[napi(strict, catch_unwind, ts_args_type = "options?: { signal?: AbortSignal } | undefined | null")]
    pub fn sync<'env>(
        &self,
        env: &'env Env,
        stop: &External<CancelToken>,
    ) -> Result<PromiseRaw<'env, SyncSummary>> {
        let (google, end, stop) = (self.inner.clone(), event_loop::end(env)?, CancelToken::clone(stop));
        env.spawn_future(async move {
            let summary = event_loop::stopped_by(end, stop.clone(), google.sync(stop)).await;
            Ok(summary.map_err(rejection)?.into())
        })
    }

    /// Disconnects one of the workspace's own accounts, as that of a user.
    #[napi(strict)]
    pub async fn disconnect(
        &self,
        account_id: String,
        options: Option<DisconnectOptions>,
    ) -> Result<Disconnected> {
        let (id, how) = (parse(account_id)?, options.unwrap_or_default().into_core());
        Ok(self.inner.disconnect(id, how).await.map_err(rejection)?.into())
    }

    /// Encrypts all stored tokens anew with the first of the token keys; how many accounts had
    /// another. After that, the other keys are of no use any more.
    #[napi]
    pub async fn reseal(&self) -> Result<i64> {
        Ok(number(self.inner.reseal().await.map_err(rejection)?))
    }
}

/// Google for one user: the accounts that they linked. Everything rejects with `not_configured`
/// in a workspace that was opened without `google`.
#[napi]
pub struct UserGoogle {
    me: LazyUser,
}

impl UserGoogle {
    pub(crate) fn new(me: LazyUser) -> Self {
        Self { me }
    }

    async fn google(&self) -> Result<besunny::UserGoogle> {
        Ok(self.me.get().await?.google())
    }
}

#[napi]
impl UserGoogle {
    /// Where to send the user to link an account. Ask for a service when it is needed; what was
    /// granted before stays.
    ///
    /// Rejects with `invalid_input` without a service or for an unfit place to return to.
    #[napi(strict)]
    pub async fn consent(
        &self,
        #[napi(ts_arg_type = "Service[]")] wanted: Vec<String>,
        options: Option<ConsentOptions>,
    ) -> Result<Consent> {
        let (wanted, options) = (services(wanted)?, options.unwrap_or_default().into());
        Ok(self.google().await?.consent(&wanted, options).await.map_err(rejection)?.into())
    }

    /// Takes up the answer: the query of the address that the browser came back to. From now on
    /// the account is kept level.
    ///
    /// Rejects with `unauthenticated` for an answer to no question of this user's, one that
    /// comes again or too late; `forbidden` when another user asked, or when the user said no;
    /// `needs_reauth` when Google gave nothing that lasts.
    #[napi(strict, ts_args_type = "callback: GoogleCallback, options?: CallbackOptions | undefined | null")]
    pub async fn finish(
        &self,
        query: Option<String>,
        state: Option<String>,
        code: Option<String>,
        error: Option<String>,
        session: Option<String>,
    ) -> Result<Linked> {
        let callback = callback(query, state, code, error, session);
        Ok(self.google().await?.finish(callback).await.map_err(rejection)?.into())
    }

    /// Links an account by an administrator's delegation to the service account.
    ///
    /// Rejects with `forbidden` where nothing was delegated to it.
    #[napi(strict)]
    pub async fn delegate(
        &self,
        email: String,
        #[napi(ts_arg_type = "Service[]")] wanted: Vec<String>,
    ) -> Result<Account> {
        let wanted = services(wanted)?;
        Ok(self.google().await?.delegate(&email, &wanted).await.map_err(rejection)?.into())
    }

    /// Notes that the user signs in with an account of Google's.
    #[napi(strict)]
    pub async fn keep_login(&self, identity: GoogleIdentity) -> Result<Account> {
        Ok(self.google().await?.keep_login(&identity.into()).await.map_err(rejection)?.into())
    }

    /// The user's accounts, in order of linking.
    #[napi]
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        Ok(list(self.google().await?.accounts().await.map_err(rejection)?))
    }

    /// How well the user's accounts are kept level.
    #[napi]
    pub async fn health(&self) -> Result<Vec<AccountHealth>> {
        Ok(list(self.google().await?.health().await.map_err(rejection)?))
    }

    /// Brings the user's accounts level, here and now: one service, or all.
    ///
    /// Rejects with `cancelled`; what Google says is in the summary.
    #[napi(strict, catch_unwind, ts_args_type = "options?: UserSyncOptions | undefined | null")]
    pub fn sync<'env>(
        &self,
        env: &'env Env,
        options: Option<UserSyncOptions>,
        stop: &External<CancelToken>,
    ) -> Result<PromiseRaw<'env, SyncSummary>> {
        let (me, end, stop) = (self.me.clone(), event_loop::end(env)?, CancelToken::clone(stop));
        let service = options.unwrap_or_default().into_core()?;
        env.spawn_future(async move {
            let google = me.get().await?.google();
            let summary = event_loop::stopped_by(end, stop.clone(), google.sync(service, stop)).await;
            Ok(summary.map_err(rejection)?.into())
        })
    }

    /// Notes that the user is active, so that what they look at is looked at more often.
    #[napi]
    pub async fn active(&self) -> Result<()> {
        self.google().await?.active().await.map_err(rejection)
    }

    /// Ends everything about an account: its notifications, Google's consent, the tokens, and,
    /// with `erase`, what came from it. Nothing else is deleted.
    ///
    /// Rejects with `not_found`.
    #[napi(strict)]
    pub async fn disconnect(
        &self,
        account_id: String,
        options: Option<DisconnectOptions>,
    ) -> Result<Disconnected> {
        let (id, how) = (parse(account_id)?, options.unwrap_or_default().into_core());
        Ok(self.google().await?.disconnect(id, how).await.map_err(rejection)?.into())
    }
}

/// Where one service's notifications come in. A notification is taken when what it tells is
/// written down; bringing the account level is a job's business.
///
/// ```js
/// const { status, contentType, text } = await ws.google.gmail.notify(request.headers, body)
/// response.writeHead(status, { 'Content-Type': contentType }).end(text)
/// ```
#[napi]
pub struct Webhooks {
    inner: besunny::Webhooks,
}

#[napi]
impl Webhooks {
    /// Takes a notification: its HTTP headers, with names in any case, and its body. Answer the
    /// sender with what comes of it, whatever it is: forged, expired and misdirected ones are
    /// refused, the same one again does no harm, and where it could not be written down the
    /// status is 503, and the sender tries again.
    ///
    /// Rejects with `closed` or `not_configured`, where no answer makes sense.
    #[napi(strict, ts_args_type = "headers: WebhookHeaders, body?: string | Uint8Array")]
    pub async fn notify(&self, headers: Vec<String>, body: Content) -> Result<WebhookOutcome> {
        // Names and values by turns.
        let pairs: Vec<(String, String)> =
            headers.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        Ok(self.inner.notify(pairs, &body.0).await.map_err(rejection)?.into())
    }
}
