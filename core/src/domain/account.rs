//! Accounts at Google: who linked them, what they may be used for, and in what state they are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::document::text_enum;
use crate::base::{AccountId, Error, ErrorKind, TenantId, Timestamp, UserId};

text_enum! {
    /// How access to an account was given.
    AccountKind, "account kind" {
        /// Its owner consented, in a browser.
        Consented = "consented",
        /// A Workspace administrator delegated it to a service account.
        Delegated = "delegated",
    }
}

text_enum! {
    /// Whether an account can be used.
    AccountStatus, "account status" {
        /// It can.
        Active = "active",
        /// Google refuses its tokens for good; its owner has to consent again. Nothing is
        /// asked of Google until then.
        NeedsReauth = "needs_reauth",
        /// It was disconnected.
        Revoked = "revoked",
    }
}

/// An account at Google that is linked to a user, or to the workspace itself (a mailbox that
/// several users share by virtual address).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// Names the account here.
    pub id: AccountId,
    /// Whose it is; [`TenantId::SYSTEM`] for the workspace's own.
    #[serde(skip, default = "system")]
    pub tenant: TenantId,
    /// How access was given.
    pub kind: AccountKind,
    /// Google's stable name of the account (`sub`); addresses change. Unique for its owner.
    pub subject: String,
    /// Its address.
    pub email: String,
    /// Its owner's name.
    pub name: Option<String>,
    /// The address of its owner's picture.
    pub picture: Option<String>,
    /// What may be done with it, in Google's own words, sorted.
    pub scopes: Vec<String>,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// Why it cannot, in Google's words.
    pub status_reason: Option<String>,
    /// Whether its owner signs in with it.
    pub login: bool,
    /// When the present access token ends. It goes with the tokens: after an account is
    /// linked, only writing or dropping these moves it.
    pub access_expires_at: Option<Timestamp>,
    /// When it was first linked.
    pub linked_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

fn system() -> TenantId {
    TenantId::SYSTEM
}

impl Account {
    /// An active account without any permission; set what is known.
    #[must_use]
    pub fn new(
        id: AccountId,
        tenant: TenantId,
        kind: AccountKind,
        subject: String,
        email: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            tenant,
            kind,
            subject,
            email,
            name: None,
            picture: None,
            scopes: Vec::new(),
            status: AccountStatus::Active,
            status_reason: None,
            login: false,
            access_expires_at: None,
            linked_at: now,
            updated_at: now,
        }
    }

    /// Whether `scope` was granted.
    #[must_use]
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// Something encrypted: what is stored for a token. Only the room `security` opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// An account's tokens, encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedTokens {
    /// The access token.
    pub access: Option<Sealed>,
    /// When it ends.
    pub access_expires_at: Option<Timestamp>,
    /// The refresh token.
    pub refresh: Option<Sealed>,
    /// Grows with each write; a writer names the one it read.
    pub version: u64,
}

/// A consent that was asked for and has not come back yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingConsent {
    /// SHA-256 of the `state` that went to Google.
    pub state_hash: Vec<u8>,
    /// Who asked; [`TenantId::SYSTEM`] for a login, when nobody is known yet, and for the
    /// workspace's own accounts.
    pub tenant: TenantId,
    /// What it is for, as the room `google` wrote it; encrypted, for it holds the PKCE verifier.
    pub sealed: Sealed,
    /// When it is worth nothing any more.
    pub expires_at: Timestamp,
}

/// What an earlier system left of a user's account in a table that browsers read: tokens that
/// anybody with the row can use.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainCredentials {
    /// Whose they are.
    pub user: UserId,
    /// Google's stable name of the account, where it was kept.
    pub subject: Option<String>,
    /// Its address.
    pub email: Option<String>,
    /// Its owner's name.
    pub name: Option<String>,
    /// The address of its owner's picture.
    pub picture: Option<String>,
    /// What may be done with it, in Google's own words, separated by spaces.
    pub scope: Option<String>,
    /// The access token.
    pub access: Option<String>,
    /// When it ends.
    pub access_expires_at: Option<Timestamp>,
    /// The refresh token.
    pub refresh: Option<String>,
    /// Whether the user signs in with it.
    pub login: bool,
}

impl fmt::Debug for PlainCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainCredentials")
            .field("user", &self.user)
            .field("has_access", &self.access.is_some())
            .field("has_refresh", &self.refresh.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_token() {
        let plain = PlainCredentials {
            user: UserId::from_bytes([1; 16]),
            subject: None,
            email: Some("ana@example.org".into()),
            name: None,
            picture: None,
            scope: None,
            access: Some("ya29.secret".into()),
            access_expires_at: None,
            refresh: Some("1//secret".into()),
            login: true,
        };
        let shown = format!("{plain:?} {:?}", Sealed(b"secret".to_vec()));
        assert!(!shown.contains("secret") && shown.contains("has_refresh: true"), "{shown}");
    }
}
