//! Refreshing an access token, in one process at a time.
//!
//! Whoever needs a fresh token takes the account's turn in the store, and reads again: another
//! process may have refreshed it. Written is only over what was read. Many refreshes of one
//! token at once are what makes Google refuse healthy accounts.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::consent::scope_for;
use super::flights::AccessToken;
use super::keeper::{TokenKeeper, needs_reauth, usable};
use super::sealing::{Use, open, seal};
use super::token_endpoint::{TRIES, TokenFailure, TokenRefusal, Tokens, about_the_client};
use crate::base::{AccountId, Error, ErrorKind, LeaseId, Result, Secret, TenantId};
use crate::domain::{Access, Account, AccountStatus, RefreshTurn, SealedTokens, Store};

const OPERATION: &str = "google.refresh";
/// How long a turn lasts: longer than the token endpoint is given with all its tries.
const TURN: Duration = Duration::from_secs(60);
/// How long somebody else's turn is waited for, and how often it is looked at meanwhile.
const PATIENCE: Duration = Duration::from_secs(75);
const LOOK: Duration = Duration::from_millis(150);

/// How it stands after a look at the store.
enum Begun<'a> {
    /// Somebody has refreshed it.
    Fresh(AccessToken),
    /// Somebody is about to.
    Theirs,
    /// It is for us to do, with these tokens.
    Ours(Turn<'a>, SealedTokens),
}

/// Our turn. Dropped before its end (the caller gave up), it is given back from a task of its
/// own; should that fail, it ends by itself.
struct Turn<'a> {
    keeper: &'a TokenKeeper,
    tenant: TenantId,
    account: AccountId,
    holder: LeaseId,
    is_over: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let store = Arc::clone(&self.keeper.store);
        let (tenant, account, holder) = (self.tenant, self.account, self.holder);
        runtime.spawn(async move {
            if let Err(error) = end_turn(&*store, tenant, account, holder).await {
                tracing::debug!(%account, %error, "a turn to refresh was not given back, and ends by itself");
            }
        });
    }
}

async fn end_turn(store: &dyn Store, tenant: TenantId, account: AccountId, holder: LeaseId) -> Result<()> {
    let mut write = store.begin(&scope_for(tenant), Access::Work).await?;
    write.end_refresh_turn(account, holder).await?;
    write.commit().await
}

type IsGood<'a> = &'a (dyn Fn(&AccessToken) -> bool + Send + Sync);

impl TokenKeeper {
    /// A token that `is_good`: somebody else's work or our own.
    pub(super) async fn refresh(
        &self,
        account: &Account,
        stale: Option<&AccessToken>,
        is_good: IsGood<'_>,
    ) -> Result<AccessToken> {
        let holder = LeaseId::from_bytes(self.ids.next(self.now()));
        let patience = Instant::now() + PATIENCE;
        loop {
            match self.begin(account, holder, is_good).await? {
                Begun::Fresh(token) => return Ok(token),
                Begun::Ours(mut turn, stored) => {
                    tracing::debug!(account = %account.id, is_forced = stale.is_some(), "refreshing an access token");
                    return self.in_turn(&mut turn, stored, is_good).await;
                }
                Begun::Theirs if Instant::now() < patience => sleep(LOOK).await,
                Begun::Theirs => {
                    let message = "another process refreshes the token of this account, and does not end";
                    return Err(
                        Error::new(ErrorKind::Upstream, OPERATION, message).with("account", account.id)
                    );
                }
            }
        }
    }

    /// Looks at the store, and takes the turn if there is need.
    async fn begin(&self, account: &Account, holder: LeaseId, is_good: IsGood<'_>) -> Result<Begun<'_>> {
        let now = self.now();
        let mut write = self.store.begin(&scope_for(account.tenant), Access::Work).await?;
        usable(write.account(account.id).await?, account.id)?;
        let stored = write.tokens(account.id).await?.unwrap_or_default();
        if let Some(token) = self.opened(account.id, &stored)?.filter(|token| is_good(token)) {
            return Ok(Begun::Fresh(token));
        }
        if stored.refresh.is_none() {
            return Err(never_linked(account.id));
        }
        match write.take_refresh_turn(account.id, holder, now.after(TURN), now).await? {
            RefreshTurn::Theirs(_) => Ok(Begun::Theirs),
            RefreshTurn::Ours => {
                let (tenant, id) = (account.tenant, account.id);
                let mut turn = Turn { keeper: self, tenant, account: id, holder, is_over: false };
                // Read again: in some databases the row could have changed between the two.
                let stored = write.tokens(id).await?.unwrap_or_default();
                write.commit().await?;
                if let Some(token) = self.opened(id, &stored)?.filter(|token| is_good(token)) {
                    end_turn(&*self.store, tenant, id, holder).await?;
                    turn.is_over = true;
                    return Ok(Begun::Fresh(token));
                }
                Ok(Begun::Ours(turn, stored))
            }
        }
    }

    async fn in_turn(
        &self,
        turn: &mut Turn<'_>,
        mut stored: SealedTokens,
        is_good: IsGood<'_>,
    ) -> Result<AccessToken> {
        loop {
            let sealed = stored.refresh.as_ref().ok_or_else(|| never_linked(turn.account))?;
            let refresh = open(&self.configured.keys, turn.account, Use::Refresh, sealed)?;
            let reason = match self.asked(&refresh).await {
                Ok(tokens) => return self.written(turn, &stored, &tokens, is_good).await,
                Err(TokenFailure::Refused(refusal)) if refusal.error == "invalid_grant" => refusal.reason(),
                Err(TokenFailure::Refused(refusal)) => {
                    return Err(other_refusal(&refusal).with("account", turn.account));
                }
                Err(TokenFailure::Other(error)) => return Err(error.with("account", turn.account)),
            };
            match self.dead(turn, &stored, &reason, is_good).await? {
                Verdict::Fresh(token) => return Ok(token),
                // Its owner has consented anew meanwhile.
                Verdict::Another(newer) => stored = newer,
                Verdict::Dead => return Err(needs_reauth(turn.account, &reason)),
            }
        }
    }

    async fn asked(&self, refresh: &Secret) -> Result<Tokens, TokenFailure> {
        let options = &self.configured.options;
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose()),
            ("client_id", options.client_id.as_str()),
            ("client_secret", options.client_secret.expose()),
        ];
        self.endpoint.ask(OPERATION, &fields, TRIES).await
    }

    /// Writes what Google gave over what was read, and ends the turn.
    async fn written(
        &self,
        turn: &mut Turn<'_>,
        stored: &SealedTokens,
        tokens: &Tokens,
        is_good: IsGood<'_>,
    ) -> Result<AccessToken> {
        let keys = &self.configured.keys;
        let fresh = SealedTokens {
            access: Some(seal(keys, turn.account, Use::Access, &tokens.access)?),
            access_expires_at: Some(tokens.access_expires_at),
            // Google gives another one seldom; where it does, the old one may end.
            refresh: tokens
                .refresh
                .as_ref()
                .map(|token| seal(keys, turn.account, Use::Refresh, token))
                .transpose()?,
            version: stored.version,
        };
        let mut write = self.store.begin(&scope_for(turn.tenant), Access::Work).await?;
        let is_written = write.put_tokens(turn.account, &fresh, self.now()).await?;
        let now_stored = if is_written { None } else { write.tokens(turn.account).await? };
        write.end_refresh_turn(turn.account, turn.holder).await?;
        let account = write.account(turn.account).await?;
        write.commit().await?;
        turn.is_over = true;
        if is_written {
            return Ok(AccessToken { secret: tokens.access.clone(), expires_at: tokens.access_expires_at });
        }
        // Somebody was faster: who linked it anew, disconnected it, or had the turn after us.
        usable(account, turn.account)?;
        let theirs = self.opened(turn.account, &now_stored.unwrap_or_default())?;
        theirs.filter(|token| is_good(token)).ok_or_else(|| {
            let message = "the account's tokens were changed while they were refreshed; try again";
            Error::new(ErrorKind::Upstream, OPERATION, message).with("account", turn.account)
        })
    }

    /// Google refuses the refresh token for good, unless the store has another one by now:
    /// then the account is healthy, and we were late.
    async fn dead(
        &self,
        turn: &mut Turn<'_>,
        stored: &SealedTokens,
        reason: &str,
        is_good: IsGood<'_>,
    ) -> Result<Verdict> {
        let now = self.now();
        let mut write = self.store.begin(&scope_for(turn.tenant), Access::Write).await?;
        usable(write.account(turn.account).await?, turn.account)?;
        let newer = write.tokens(turn.account).await?.unwrap_or_default();
        let token = self.opened(turn.account, &newer)?.filter(|token| is_good(token));
        if token.is_none() && newer.version != stored.version && newer.refresh != stored.refresh {
            write.take_refresh_turn(turn.account, turn.holder, now.after(TURN), now).await?;
            write.commit().await?;
            return Ok(Verdict::Another(newer));
        }
        if token.is_none() {
            tracing::warn!(account = %turn.account, reason, "Google refuses the refresh token of an account");
            let status = AccountStatus::NeedsReauth;
            write.set_account_status(turn.account, status, Some(reason), now).await?;
        }
        write.end_refresh_turn(turn.account, turn.holder).await?;
        write.commit().await?;
        turn.is_over = true;
        Ok(token.map_or(Verdict::Dead, Verdict::Fresh))
    }

    /// The access token that is stored.
    fn opened(&self, account: AccountId, stored: &SealedTokens) -> Result<Option<AccessToken>> {
        let (Some(sealed), Some(expires_at)) = (&stored.access, stored.access_expires_at) else {
            return Ok(None);
        };
        let secret = open(&self.configured.keys, account, Use::Access, sealed)?;
        Ok(Some(AccessToken { secret, expires_at }))
    }
}

/// What is left of an account whose refresh token was refused.
enum Verdict {
    Fresh(AccessToken),
    Another(SealedTokens),
    Dead,
}

/// Somebody signs in with it, and that is all it was consented to.
fn never_linked(account: AccountId) -> Error {
    needs_reauth(account, "there is no refresh token")
}

fn other_refusal(refusal: &TokenRefusal) -> Error {
    match refusal.error.as_str() {
        "access_denied" | "admin_policy_enforced" => refusal.as_error(
            ErrorKind::Forbidden,
            OPERATION,
            "the account's administrator does not allow this",
        ),
        _ => about_the_client(refusal, OPERATION),
    }
}
