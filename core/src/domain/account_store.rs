//! What a store can do with accounts and their tokens.

use async_trait::async_trait;

use super::{Account, AccountStatus, PendingConsent, PlainCredentials, Sealed, SealedTokens};
use crate::base::{AccountId, LeaseId, Result, Timestamp, UserId};

/// Who may refresh an account's access token now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshTurn {
    /// The caller, until the instant it named.
    Ours,
    /// Somebody else, until then.
    Theirs(Timestamp),
}

/// The accounts of a tenant; [`crate::base::Role::Service`] sees those of all tenants, and
/// each carries its own. What is appended goes into the log of the account's tenant.
#[async_trait]
pub trait AccountStore {
    /// Adds an account or, where the tenant has one of that `subject`, writes over all but its
    /// id, `linked_at` and `access_expires_at`; the account as stored. Appends `account.linked`.
    /// `Forbidden` for a user and an account of another's.
    async fn put_account(&mut self, account: &Account) -> Result<Account>;
    /// One account.
    async fn account(&mut self, id: AccountId) -> Result<Option<Account>>;
    /// All accounts, in order of linking.
    async fn accounts(&mut self) -> Result<Vec<Account>>;
    /// The accounts with an address, case ignored, in order of linking.
    async fn accounts_with_email(&mut self, email: &str) -> Result<Vec<Account>>;
    /// The accounts with Google's name, in order of linking.
    async fn accounts_with_subject(&mut self, subject: &str) -> Result<Vec<Account>>;
    /// Says whether an account can be used, and why not; whether the status was news. Appends
    /// `account.changed` if it was; another reason for the same status is kept, but no news.
    async fn set_account_status(
        &mut self,
        id: AccountId,
        status: AccountStatus,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<bool>;
    /// Deletes an account with its tokens, streams, items, objects and channels, and nothing
    /// else; whether it was there. Appends `account.unlinked`.
    async fn delete_account(&mut self, id: AccountId, now: Timestamp) -> Result<bool>;
}

/// The tokens of accounts, encrypted; who sees which is as with [`AccountStore`].
#[async_trait]
pub trait TokenStore {
    /// An account's tokens; `None` when the account is not there.
    async fn tokens(&mut self, id: AccountId) -> Result<Option<SealedTokens>>;
    /// Writes tokens if those stored still have the version that `tokens` names, which then
    /// grows by one; whether they had. A refresh token of `None` keeps the stored one.
    async fn put_tokens(&mut self, id: AccountId, tokens: &SealedTokens, now: Timestamp) -> Result<bool>;
    /// Forgets an account's tokens; the version grows.
    async fn drop_tokens(&mut self, id: AccountId, now: Timestamp) -> Result<()>;
    /// Takes the turn to refresh an account's access token until `until`, unless somebody has
    /// it; who has it already may prolong it. `NotFound` when the account is not there.
    async fn take_refresh_turn(
        &mut self,
        id: AccountId,
        holder: LeaseId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<RefreshTurn>;
    /// Gives a turn back; nothing happens when somebody else has it by now.
    async fn end_refresh_turn(&mut self, id: AccountId, holder: LeaseId) -> Result<()>;
    /// Up to `limit` accounts, by id, after `after`, of whose tokens any is stored: for
    /// sealing them with another key.
    async fn sealed_accounts(&mut self, after: Option<AccountId>, limit: u32) -> Result<Vec<AccountId>>;

    /// Up to `limit` users' credentials that an earlier system left in plain text, by user, so
    /// that they can be sealed. Writing an account's tokens blanks those of the same `subject`
    /// in the same commit. Service only.
    async fn plaintext_credentials(&mut self, limit: u32) -> Result<Vec<PlainCredentials>>;
    /// Blanks what of a user's credentials is in plain text. Service only.
    async fn clear_plaintext(&mut self, user: UserId) -> Result<()>;
}

/// What only the workspace itself keeps: consents under way, and secrets of its own.
#[async_trait]
pub trait ConsentStore {
    /// Remembers a consent that is asked for, and forgets those that have expired. Service only.
    async fn put_consent(&mut self, consent: &PendingConsent, now: Timestamp) -> Result<()>;
    /// Takes a consent out: a second caller gets `None`, and so does one who is late. Service only.
    async fn take_consent(&mut self, state_hash: &[u8], now: Timestamp) -> Result<Option<PendingConsent>>;

    /// Keeps a small sealed value of the workspace under a name, such as a key for channel
    /// tokens; the value that was there first. Service only.
    async fn keep_secret(&mut self, name: &str, value: &Sealed) -> Result<Sealed>;
}
