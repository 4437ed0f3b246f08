//! Taking over what an earlier system kept in plain text.

use super::callback::Identity;
use super::consent::Consents;
use super::scopes::parse;
use super::sealing::{Use, seal};
use crate::base::{Result, Scope, Secret, TenantId};
use crate::domain::{Access, AccountStatus, PlainCredentials, SealedTokens};

/// How many users are looked up at once.
const PAGE: u32 = 100;

impl Consents {
    /// Makes accounts of credentials that an earlier system left in plain text, sealed; the
    /// plain ones are blanked in the same commit. Those that do not say whose they are, or can
    /// not be refreshed, are blanked only: their owners have to consent again. How many
    /// accounts were made.
    ///
    /// # Errors
    /// Those of the store; what was done by then stays.
    pub(crate) async fn adopt(&self) -> Result<u64> {
        let mut adopted = 0;
        loop {
            let mut read = self.store.begin(&Scope::service(), Access::Read).await?;
            let page = read.plaintext_credentials(PAGE).await?;
            drop(read);
            if page.is_empty() {
                return Ok(adopted);
            }
            for plain in page {
                adopted += u64::from(self.adopt_one(plain).await?);
            }
        }
    }

    async fn adopt_one(&self, plain: PlainCredentials) -> Result<bool> {
        let user = plain.user;
        let is_adopted = match (plain.subject, plain.email, plain.refresh) {
            (Some(subject), Some(email), Some(refresh)) if !refresh.is_empty() => {
                let identity = Identity {
                    subject,
                    email,
                    email_verified: false,
                    name: plain.name,
                    picture: plain.picture,
                    hosted_domain: None,
                };
                let scopes = parse(&plain.scope.unwrap_or_default()).into_iter().collect();
                self.adopt_tokens(user.into(), &identity, scopes, plain.login, &Secret::from(refresh)).await?
            }
            _ => false,
        };
        let mut write = self.store.begin(&Scope::service(), Access::Work).await?;
        write.clear_plaintext(user).await?;
        write.commit().await?;
        Ok(is_adopted)
    }

    /// Only the refresh token: how long the access token lives was written without a time zone.
    async fn adopt_tokens(
        &self,
        tenant: TenantId,
        identity: &Identity,
        scopes: Vec<String>,
        login: bool,
        refresh: &Secret,
    ) -> Result<bool> {
        let mut write = self.store.begin(&Scope::service(), Access::Write).await?;
        let mut account = self.account_of(&mut *write, tenant, identity).await?;
        let stored = write.tokens(account.id).await?.unwrap_or_default();
        if stored.refresh.is_some() {
            // Consented to here since.
            return Ok(false);
        }
        account.scopes = scopes;
        account.login |= login;
        account.status = AccountStatus::Active;
        let account = write.put_account(&account).await?;
        let tokens = SealedTokens {
            refresh: Some(seal(&self.configured.keys, account.id, Use::Refresh, refresh)?),
            version: write.tokens(account.id).await?.unwrap_or_default().version,
            ..SealedTokens::default()
        };
        let is_written = write.put_tokens(account.id, &tokens, self.clock.now()).await?;
        write.commit().await?;
        Ok(is_written)
    }
}
