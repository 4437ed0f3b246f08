//! Linking accounts: the questions that users answer in their browsers, and delegation.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::GoogleParts;
use super::streams;
use crate::base::{AccountId, Error, ErrorKind, Result, Scope, Secret, TenantId, Timestamp};
use crate::domain::{Access, Account, AccountKind, Service, User};
use crate::google::{ConsentRequest, Finished, GoogleCallback, GoogleIdentity, Purpose, SignIn, scope_of};

/// What a user is asked for, and how.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConsentOptions {
    /// The address of the account, where it is known.
    pub login_hint: Option<String>,
    /// The path in your application to go on at afterwards.
    pub return_to: Option<String>,
    /// A value that only the asking browser has, such as a cookie's. It has to come back with the
    /// answer, so that a question cannot be asked in one browser and answered in another.
    pub session: Option<Secret>,
}

/// Where to send a user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Consent {
    /// The address of Google's page. It is for this user's browser only.
    pub url: String,
    /// Until when the answer counts.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Consent {
    /// Without the address, which holds the state.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consent").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// An account that was linked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Linked {
    /// The account.
    pub account: Account,
    /// Scopes that were asked for and not granted; users may untick some.
    pub missing: Vec<String>,
    /// Where your application wanted to go on.
    pub return_to: Option<String>,
}

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignedIn {
    /// Who they are, according to Google.
    pub identity: GoogleIdentity,
    /// Who they are here: the user that signs in with this account. `None` for somebody new; make
    /// a user and call [`UserGoogle::keep_login`](super::UserGoogle::keep_login).
    pub user: Option<User>,
    /// Where your application wanted to go on.
    pub return_to: Option<String>,
}

impl GoogleParts {
    pub(super) async fn ask(
        &self,
        tenant: TenantId,
        purpose: Purpose,
        services: &[Service],
        options: ConsentOptions,
    ) -> Result<Consent> {
        let ConsentOptions { login_hint, return_to, session } = options;
        let services = services.to_vec();
        let request = ConsentRequest { purpose, tenant, services, login_hint, return_to, session };
        let asked = self.client.consents.ask(request).await?;
        Ok(Consent { url: asked.url, expires_at: asked.expires_at })
    }

    /// Takes up the answer to a question that was asked for `tenant`, and begins to keep level
    /// what the account may be used for.
    pub(super) async fn link(&self, tenant: TenantId, callback: GoogleCallback) -> Result<Linked> {
        match self.client.consents.finish(callback, Some(tenant)).await? {
            Finished::Linked(granted) => {
                self.begin_streams(&granted.account).await?;
                let (account, missing, return_to) = (granted.account, granted.missing, granted.return_to);
                Ok(Linked { account, missing, return_to })
            }
            Finished::SignedIn(_) => {
                let message = "this answers a login; finish it with the workspace's `finish_login`";
                Err(Error::new(ErrorKind::InvalidInput, "google.link", message))
            }
        }
    }

    pub(super) async fn sign_in(&self, callback: GoogleCallback) -> Result<SignedIn> {
        match self.client.consents.finish(callback, None).await? {
            Finished::SignedIn(SignIn { identity, known, return_to }) => {
                let user = match known.first() {
                    Some(account) => {
                        let mut read = self.store.begin(&Scope::service(), Access::Read).await?;
                        read.user(account.tenant.into()).await?
                    }
                    None => None,
                };
                Ok(SignedIn { identity, user, return_to })
            }
            Finished::Linked(_) => {
                let message = "this answers the linking of an account; finish it as its user";
                Err(Error::new(ErrorKind::InvalidInput, "google.finish_login", message))
            }
        }
    }

    /// Links an account by an administrator's delegation.
    pub(super) async fn delegate(
        &self,
        tenant: TenantId,
        email: &str,
        services: &[Service],
    ) -> Result<Account> {
        let operation = "google.delegate";
        let email = email.trim();
        if services.is_empty() || !email.contains('@') || email.chars().any(char::is_whitespace) {
            let message = "say whose account it is, by address, and what it is to be used for";
            return Err(Error::new(ErrorKind::InvalidInput, operation, message));
        }
        let now = self.clock.now();
        let id = AccountId::from_bytes(self.ids.next(now));
        let mut account =
            Account::new(id, tenant, AccountKind::Delegated, email.to_lowercase(), email.to_owned(), now);
        let read_only = self.client.options().read_only;
        account.scopes = services.iter().map(|&service| scope_of(service, read_only).to_owned()).collect();
        account.scopes.sort_unstable();
        account.scopes.dedup();
        let scope = Scope::of(tenant);
        let mut write = self.store.begin(&scope, Access::Write).await?;
        let is_new =
            write.accounts_with_subject(&account.subject).await?.iter().all(|known| known.tenant != tenant);
        let account = write.put_account(&account).await?;
        write.commit().await?;
        // Whether it was delegated is known when a token is asked for.
        if let Err(error) = self.client.tokens.access(&account).await {
            if is_new {
                let mut write = self.store.begin(&scope, Access::Write).await?;
                write.delete_account(account.id, self.clock.now()).await?;
                write.commit().await?;
            }
            return Err(error);
        }
        self.begin_streams(&account).await?;
        Ok(account)
    }

    async fn begin_streams(&self, account: &Account) -> Result<()> {
        let mut write = self.store.begin(&Scope::of(account.tenant), Access::Work).await?;
        streams::make(&mut *write, account, self.clock.now()).await?;
        write.commit().await?;
        let keys = streams::wanted(account);
        self.hint(account.tenant, &keys).await
    }
}
