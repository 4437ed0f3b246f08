//! Bytes that nobody can guess.

use ring::rand::{SecureRandom, SystemRandom};

use crate::base::{Error, ErrorKind, Result};

/// `N` random bytes from the operating system.
///
/// # Errors
/// `internal` when the operating system has none.
pub(crate) fn unguessable<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| {
        Error::new(ErrorKind::Internal, "security.random", "the operating system gives no random bytes")
    })?;
    Ok(bytes)
}
