//! Disconnecting an account: at Google, and here.

use super::consent::scope_for;
use super::keeper::TokenKeeper;
use super::sealing::{Use, open};
use super::token_endpoint::{TRIES, TokenFailure};
use crate::base::{AccountId, Result, Scope, Secret};
use crate::domain::{Access, Account, AccountKind, AccountStatus};

/// What became of the grant at Google.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revocation {
    /// It is revoked, or was already.
    Revoked,
    /// There was nothing to revoke: no tokens, or an administrator's delegation.
    Nothing,
    /// It stays, for another user here uses the same account by it: Google knows one grant for
    /// each account and application, and revoking any token ends it.
    Shared,
    /// Google could not be reached; the owner can revoke it at
    /// myaccount.google.com/permissions.
    Unreached,
}

impl TokenKeeper {
    /// Revokes an account's grant and forgets its tokens. The tokens are forgotten whatever
    /// Google says.
    ///
    /// # Errors
    /// `not_found` when it is not there, and those of the store.
    pub(crate) async fn disconnect(&self, account: &Account) -> Result<Revocation> {
        let revocation = match self.revocable(account).await? {
            Ok(token) => self.revoke(&token).await,
            Err(why) => why,
        };
        let mut write = self.store.begin(&scope_for(account.tenant), Access::Write).await?;
        let now = self.now();
        write.drop_tokens(account.id, now).await?;
        write.set_account_status(account.id, AccountStatus::Revoked, None, now).await?;
        write.commit().await?;
        self.forget(account.id);
        Ok(revocation)
    }

    /// The token to revoke an account's grant by, or why it is not revoked.
    async fn revocable(&self, account: &Account) -> Result<std::result::Result<Secret, Revocation>> {
        if account.kind == AccountKind::Delegated {
            return Ok(Err(Revocation::Nothing));
        }
        let mut read = self.store.begin(&Scope::service(), Access::Read).await?;
        let Some(stored) = read.tokens(account.id).await? else { return Ok(Err(Revocation::Nothing)) };
        let is_other = |other: &Account| {
            other.id != account.id
                && other.kind == AccountKind::Consented
                && other.status == AccountStatus::Active
        };
        for other in read.accounts_with_subject(&account.subject).await? {
            let has_tokens =
                is_other(&other) && read.tokens(other.id).await?.is_some_and(|t| t.refresh.is_some());
            if has_tokens {
                return Ok(Err(Revocation::Shared));
            }
        }
        let token = |purpose, sealed| opened(self, account.id, purpose, sealed);
        // The refresh token: an access token that has expired revokes nothing.
        let token = match (&stored.refresh, &stored.access) {
            (Some(sealed), _) => token(Use::Refresh, sealed),
            (None, Some(sealed)) => token(Use::Access, sealed),
            (None, None) => None,
        };
        Ok(token.ok_or(Revocation::Nothing))
    }

    async fn revoke(&self, token: &Secret) -> Revocation {
        let operation = "google.revoke";
        match self.endpoint.post(operation, "/revoke", &[("token", token.expose())], TRIES).await {
            Ok(_) => Revocation::Revoked,
            // It is not valid any more: somebody revoked it before.
            Err(TokenFailure::Refused(_)) => Revocation::Revoked,
            Err(TokenFailure::Other(error)) => {
                tracing::warn!(%error, "a grant could not be revoked");
                Revocation::Unreached
            }
        }
    }
}

/// A token that cannot be opened any more (its key is gone) must not keep the account here.
fn opened(
    keeper: &TokenKeeper,
    account: AccountId,
    purpose: Use,
    sealed: &crate::domain::Sealed,
) -> Option<Secret> {
    open(&keeper.configured.keys, account, purpose, sealed)
        .inspect_err(|error| tracing::warn!(%error, "a grant cannot be revoked without its token"))
        .ok()
}
