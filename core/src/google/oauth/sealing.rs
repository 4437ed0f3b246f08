//! Tokens as they are stored: sealed, each for its account and its purpose.

use crate::base::{AccountId, Error, ErrorKind, Result, Secret};
use crate::domain::Sealed;
use crate::security::KeyRing;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Access,
    Refresh,
}

impl Use {
    fn of(self, account: AccountId) -> Vec<u8> {
        let purpose: &[u8] = match self {
            Self::Access => b"access",
            Self::Refresh => b"refresh",
        };
        [b"account:", account.as_bytes().as_slice(), b":", purpose].concat()
    }
}

/// Seals a token of an account.
pub(super) fn seal(keys: &KeyRing, account: AccountId, purpose: Use, token: &Secret) -> Result<Sealed> {
    keys.seal(token.expose().as_bytes(), &purpose.of(account))
}

/// Opens a token of an account.
pub(super) fn open(keys: &KeyRing, account: AccountId, purpose: Use, sealed: &Sealed) -> Result<Secret> {
    let opened = keys.open(sealed, &purpose.of(account)).map_err(|error| error.with("account", account))?;
    std::str::from_utf8(&opened).map(Secret::from).map_err(|_| {
        Error::new(ErrorKind::Malformed, "google.tokens", "a stored token is no text")
            .with("account", account)
    })
}
