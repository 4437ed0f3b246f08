//! Writing down an account that its owner consented to, and the tokens that came of it.

use super::callback::{Granted, Identity, OPERATION};
use super::consent::{Asked, Consents, scope_for};
use super::scopes::{covers, parse};
use super::sealing::{Use, seal};
use super::token_endpoint::Tokens;
use crate::base::{AccountId, Error, ErrorKind, Result, Secret, TenantId};
use crate::domain::{Access, Account, AccountKind, AccountStatus, SealedTokens, Transaction};

/// How often writing is tried when somebody else writes the same account's tokens.
const TRIES: u32 = 3;

impl Consents {
    /// Writes down that an account was linked.
    pub(super) async fn linked(&self, identity: &Identity, asked: Asked, tokens: &Tokens) -> Result<Granted> {
        if identity.email.is_empty() || !identity.email_verified {
            let message = "Google has not verified the address of this account";
            return Err(Error::new(ErrorKind::Forbidden, OPERATION, message));
        }
        // Where the answer names no scopes, they are those that were asked for (RFC 6749, 5.1).
        let granted =
            tokens.scope.as_ref().map_or_else(|| parse(&asked.scopes.join(" ")), |scope| parse(scope));
        let missing = asked.scopes.iter().filter(|scope| !covers(&granted, scope)).cloned().collect();
        for _ in 0..TRIES {
            let written =
                self.kept(asked.tenant, identity, granted.iter().cloned().collect(), tokens).await?;
            if let Some(account) = written {
                self.tokens.forget(account.id);
                return Ok(Granted { account, missing, return_to: asked.return_to });
            }
        }
        Err(Error::new(ErrorKind::Storage, OPERATION, "others keep writing this account's tokens"))
    }

    /// Writes an account and its tokens; `None` when somebody else wrote them meanwhile.
    async fn kept(
        &self,
        tenant: TenantId,
        identity: &Identity,
        scopes: Vec<String>,
        tokens: &Tokens,
    ) -> Result<Option<Account>> {
        let keys = &self.configured.keys;
        let mut write = self.store.begin(&scope_for(tenant), Access::Write).await?;
        let mut account = self.account_of(&mut *write, tenant, identity).await?;
        account.kind = AccountKind::Consented;
        account.scopes = scopes;
        (account.status, account.status_reason) = (AccountStatus::Active, None);
        let account = write.put_account(&account).await?;
        let stored = write.tokens(account.id).await?.unwrap_or_default();
        if tokens.refresh.is_none() && stored.refresh.is_none() {
            let message = "Google gave no refresh token, so the account could be used for an hour only; \
                           remove the application at myaccount.google.com/permissions and consent again";
            return Err(Error::new(ErrorKind::NeedsReauth, OPERATION, message));
        }
        let sealed = |purpose, token: &Secret| seal(keys, account.id, purpose, token);
        let fresh = SealedTokens {
            access: Some(sealed(Use::Access, &tokens.access)?),
            access_expires_at: Some(tokens.access_expires_at),
            // None keeps the stored one: Google gives it with the first consent only.
            refresh: tokens.refresh.as_ref().map(|token| sealed(Use::Refresh, token)).transpose()?,
            version: stored.version,
        };
        if !write.put_tokens(account.id, &fresh, account.updated_at).await? {
            return Ok(None);
        }
        write.commit().await?;
        Ok(Some(Account { access_expires_at: Some(tokens.access_expires_at), ..account }))
    }

    /// Notes that a user signs in with an account, making it where it is not there. It gets
    /// neither tokens nor permissions by that.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn keep_login(&self, tenant: TenantId, identity: &Identity) -> Result<Account> {
        let mut write = self.store.begin(&scope_for(tenant), Access::Write).await?;
        let mut account = self.account_of(&mut *write, tenant, identity).await?;
        account.login = true;
        let account = write.put_account(&account).await?;
        write.commit().await?;
        Ok(account)
    }

    /// The tenant's account of that identity, known or new, with what Google says now.
    pub(super) async fn account_of(
        &self,
        transaction: &mut dyn Transaction,
        tenant: TenantId,
        identity: &Identity,
    ) -> Result<Account> {
        let now = self.clock.now();
        let known = transaction.accounts_with_subject(&identity.subject).await?;
        let mut account = known.into_iter().find(|account| account.tenant == tenant).unwrap_or_else(|| {
            let id = AccountId::from_bytes(self.ids.next(now));
            let (subject, email) = (identity.subject.clone(), identity.email.clone());
            Account::new(id, tenant, AccountKind::Consented, subject, email, now)
        });
        account.email.clone_from(&identity.email);
        account.name = identity.name.clone().or(account.name);
        account.picture = identity.picture.clone().or(account.picture);
        account.updated_at = now;
        Ok(account)
    }
}
