//! Sealing stored tokens with another key: after a new one was put first among the keys.

use super::keeper::TokenKeeper;
use super::sealing::{Use, open, seal};
use crate::base::{AccountId, Result, Scope};
use crate::domain::{Access, Sealed, SealedTokens};

/// How many accounts are looked up at once.
const PAGE: u32 = 100;
/// How often an account is tried whose tokens others write meanwhile; what they write is
/// sealed with the new key already.
const TRIES: u32 = 3;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resealed {
    /// Accounts with tokens.
    pub(crate) accounts: u64,
    /// Those whose tokens were sealed anew.
    pub(crate) resealed: u64,
}

impl TokenKeeper {
    /// Seals all tokens anew that another key than the first one sealed. When it is done, the
    /// other keys can be taken out of the configuration.
    ///
    /// # Errors
    /// `not_configured` for a token whose key is not there any more, and those of the store.
    /// What was done by then stays.
    pub(crate) async fn reseal_all(&self) -> Result<Resealed> {
        let mut done = Resealed::default();
        let mut after = None;
        loop {
            let mut read = self.store.begin(&Scope::service(), Access::Read).await?;
            let page = read.sealed_accounts(after, PAGE).await?;
            drop(read);
            let Some(last) = page.last() else { return Ok(done) };
            after = Some(*last);
            for account in page {
                done.accounts += 1;
                done.resealed += u64::from(self.reseal(account).await?);
            }
        }
    }

    async fn reseal(&self, account: AccountId) -> Result<bool> {
        let keys = &self.configured.keys;
        for _ in 0..TRIES {
            let mut write = self.store.begin(&Scope::service(), Access::Work).await?;
            let Some(stored) = write.tokens(account).await? else { return Ok(false) };
            let is_old =
                |token: &Option<Sealed>| token.as_ref().is_some_and(|sealed| keys.needs_resealing(sealed));
            if !is_old(&stored.access) && !is_old(&stored.refresh) {
                return Ok(false);
            }
            let anew = |purpose, token: &Option<Sealed>| {
                let token = token.as_ref().map(|sealed| open(keys, account, purpose, sealed)).transpose()?;
                token.map(|token| seal(keys, account, purpose, &token)).transpose()
            };
            let fresh = SealedTokens {
                access: anew(Use::Access, &stored.access)?,
                refresh: anew(Use::Refresh, &stored.refresh)?,
                ..stored
            };
            if write.put_tokens(account, &fresh, self.now()).await? {
                write.commit().await?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}
