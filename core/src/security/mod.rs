//! Keeping secrets and telling who speaks: sealing, signatures, comparisons in constant time.
//!
//! Invariant: what is secret has no `Debug` form that shows it, and is wiped when it is dropped.
//! Invariant: a signature's algorithm is ours to choose, never the message's.
//! Invariant: what must not be guessed comes from the operating system's generator, not from
//! injected ids: a replay repeats ids, and must not repeat these.

mod chance;
mod hash;
mod jwt;
mod keys;
mod seal;

pub(crate) use chance::unguessable;
pub(crate) use hash::{hash, same};
pub(crate) use jwt::{Jws, RsaPublicKey, SigningKey, base64url, unbase64url};
pub(crate) use keys::{FetchKeys, FetchedKeys, KeySet};
pub(crate) use seal::{KeyRing, parse_key};

#[cfg(test)]
pub(crate) use jwt::tests::{jwk as test_jwk, signing_key as test_signing_key};
