//! The keeper of access tokens: hands out what is fresh, and sees that it stays so.

use std::sync::Arc;
use std::time::Duration;

use super::consent::scope_for;
use super::delegated::mint;
use super::flights::{AccessToken, Flights};
use super::token_endpoint::TokenEndpoint;
use crate::base::{AccountId, Clock, Error, ErrorKind, IdGenerator, Result, Timestamp};
use crate::domain::{Access, Account, AccountKind, AccountStatus, Store};
use crate::google::options::Configured;

/// A token is replaced when less of its life is left.
const MARGIN: Duration = Duration::from_secs(225);
/// Up to so much earlier, differently for each account, so that accounts that were linked
/// together are not refreshed together.
const SPREAD_SECONDS: u64 = 60;
/// What is left of a token that is taken rather than none.
const LAST: Duration = Duration::from_secs(10);

/// Hands out access tokens.
pub(crate) struct TokenKeeper {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    pub(super) configured: Arc<Configured>,
    pub(super) endpoint: Arc<TokenEndpoint>,
    tokens: Flights<AccountId>,
    /// Of service accounts: one for each impersonated user and set of scopes.
    delegated: Flights<(String, String)>,
}

impl TokenKeeper {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        configured: Arc<Configured>,
        endpoint: Arc<TokenEndpoint>,
    ) -> Self {
        let (tokens, delegated) = (Flights::new(), Flights::new());
        Self { store, clock, ids, configured, endpoint, tokens, delegated }
    }

    /// A token to call with, good for some minutes at least.
    ///
    /// # Errors
    /// `needs_reauth` when the account cannot be used any more, without asking Google;
    /// `not_configured` when Google refuses the client, which is no account's fault;
    /// `rate_limited` and `upstream` when Google cannot answer now.
    pub(crate) async fn access(&self, account: &Account) -> Result<AccessToken> {
        let needed = MARGIN + spread(account.id);
        let is_good = |token: &AccessToken| token.expires_at > self.clock.now().after(needed);
        let error = match self.fetched(account, None, is_good).await {
            Err(error) if error.is_retryable() => error,
            answer => return answer,
        };
        // An old token works until its end, whether or not there is a new one.
        let last = self.clock.now().after(LAST);
        let at_hand = match account.kind {
            AccountKind::Delegated => self.delegated.at_hand(&delegated_key(account)),
            _ => self.tokens.at_hand(&account.id),
        };
        at_hand.filter(|token| token.expires_at > last).ok_or(error)
    }

    /// Another token than `stale`, which Google refused.
    ///
    /// # Errors
    /// As [`TokenKeeper::access`].
    pub(crate) async fn refresh_now(&self, account: &Account, stale: &AccessToken) -> Result<AccessToken> {
        let is_good = |token: &AccessToken| {
            token.secret.expose() != stale.secret.expose() && token.expires_at > self.clock.now().after(LAST)
        };
        self.fetched(account, Some(stale), is_good).await
    }

    async fn fetched(
        &self,
        account: &Account,
        stale: Option<&AccessToken>,
        is_good: impl Fn(&AccessToken) -> bool + Send + Sync,
    ) -> Result<AccessToken> {
        match account.kind {
            AccountKind::Delegated => {
                let minted = async {
                    self.usable(account).await?;
                    mint(self, account).await
                };
                self.delegated.token(&delegated_key(account), is_good, minted).await
            }
            _ => {
                let refreshed = self.refresh(account, stale, &is_good);
                self.tokens.token(&account.id, &is_good, refreshed).await
            }
        }
    }

    /// The account as stored, if it can be used.
    async fn usable(&self, account: &Account) -> Result<Account> {
        let mut read = self.store.begin(&scope_for(account.tenant), Access::Read).await?;
        usable(read.account(account.id).await?, account.id)
    }

    /// Notes that Google refuses an account for good; nothing is asked for it any more.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn give_up(&self, account: &Account, reason: &str) -> Result<()> {
        let mut write = self.store.begin(&scope_for(account.tenant), Access::Write).await?;
        let now = self.clock.now();
        write.set_account_status(account.id, AccountStatus::NeedsReauth, Some(reason), now).await?;
        write.commit().await?;
        self.forget(account.id);
        self.delegated.forget(&delegated_key(account));
        Ok(())
    }

    /// Lets go of an account's token that is at hand: it was linked anew, or is gone.
    pub(crate) fn forget(&self, account: AccountId) {
        self.tokens.forget(&account);
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// An account, if it is there and can be used.
pub(super) fn usable(account: Option<Account>, id: AccountId) -> Result<Account> {
    let account = account.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "google.tokens", "no such account").with("account", id)
    })?;
    if account.status != AccountStatus::Active {
        return Err(needs_reauth(id, account.status_reason.as_deref().unwrap_or(account.status.as_str())));
    }
    Ok(account)
}

/// What is said of an account that cannot be used any more.
pub(super) fn needs_reauth(id: AccountId, reason: &str) -> Error {
    let message = "the account can no longer be used; its owner has to consent again";
    Error::new(ErrorKind::NeedsReauth, "google.tokens", message).with("account", id).with("reason", reason)
}

fn delegated_key(account: &Account) -> (String, String) {
    (account.email.clone(), account.scopes.join(" "))
}

/// The same for an account each time; different from account to account.
fn spread(account: AccountId) -> Duration {
    let sum = account
        .as_bytes()
        .iter()
        .fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    Duration::from_secs(sum % SPREAD_SECONDS)
}
