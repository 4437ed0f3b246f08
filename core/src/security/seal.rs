//! Sealing: authenticated encryption with keys that can be rotated.
//!
//! XChaCha20-Poly1305, whose nonces of 24 bytes may be drawn at random without a count of how
//! often a key was used. A sealed value is
//!
//! ```text
//! version (1)   length of the key's id (1)   the key's id   nonce (24)   ciphertext and tag
//! ```
//!
//! and everything before the ciphertext is authenticated with it, as is what the caller says
//! the value belongs to: sealed for one account, it does not open for another.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::chance::unguessable;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::Sealed;

const VERSION: u8 = 1;
const KEY: usize = 32;
const NONCE: usize = 24;
/// The longest id of a key.
const MAX_ID: usize = 16;

/// Keys by id. The first one seals, all of them open.
pub(crate) struct KeyRing {
    keys: Vec<RingKey>,
}

struct RingKey {
    id: String,
    cipher: XChaCha20Poly1305,
}

impl KeyRing {
    /// A ring of keys, each with an id of 1 to 16 letters, digits, `-` or `_`.
    ///
    /// # Errors
    /// `invalid_input` for no key at all, a bad id, and an id that two keys have.
    pub(crate) fn new(keys: Vec<(String, Zeroizing<[u8; KEY]>)>) -> Result<Self> {
        let operation = "security.keys";
        let mut ring: Vec<RingKey> = Vec::with_capacity(keys.len());
        for (id, key) in keys {
            let is_fit = (1..=MAX_ID).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            if !is_fit || ring.iter().any(|known| known.id == id) {
                let message = "a key's id is 1 to 16 letters, digits, - or _, and no two keys have the same";
                return Err(Error::new(ErrorKind::InvalidInput, operation, message)
                    .with("key", id.chars().take(MAX_ID).collect::<String>()));
            }
            ring.push(RingKey { id, cipher: XChaCha20Poly1305::new(&Key::from(*key)) });
        }
        if ring.is_empty() {
            let message = "without a key no token can be stored; make one with `openssl rand -base64 32`";
            return Err(Error::new(ErrorKind::InvalidInput, operation, message));
        }
        Ok(Self { keys: ring })
    }

    /// Seals a value with the first key. It opens again only for the same `belongs_to`.
    pub(crate) fn seal(&self, value: &[u8], belongs_to: &[u8]) -> Result<Sealed> {
        let defect = || Error::new(ErrorKind::Internal, "security.seal", "sealing failed");
        let key = self.keys.first().ok_or_else(defect)?;
        let nonce = unguessable::<NONCE>()?;
        let mut sealed = vec![VERSION, u8::try_from(key.id.len()).map_err(|_| defect())?];
        sealed.extend_from_slice(key.id.as_bytes());
        sealed.extend_from_slice(&nonce);
        let aad = associated(&sealed, belongs_to);
        let payload = Payload { msg: value, aad: &aad };
        let ciphertext = key.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| defect())?;
        sealed.extend_from_slice(&ciphertext);
        Ok(Sealed(sealed))
    }

    /// Opens a value.
    ///
    /// # Errors
    /// `not_configured` when its key is not in the ring; `malformed` when it is damaged or
    /// belongs to something else.
    pub(crate) fn open(&self, sealed: &Sealed, belongs_to: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let operation = "security.open";
        let malformed = || {
            let message = "a sealed value does not open: it is damaged, or was sealed for something else";
            Error::new(ErrorKind::Malformed, operation, message)
        };
        let parts = Parts::of(&sealed.0).ok_or_else(malformed)?;
        let key = self.keys.iter().find(|key| key.id.as_bytes() == parts.id).ok_or_else(|| {
            let message = "a value was sealed with a key that is not among the configured ones";
            Error::new(ErrorKind::NotConfigured, operation, message)
                .with("key", String::from_utf8_lossy(parts.id))
        })?;
        let aad = associated(parts.head, belongs_to);
        let payload = Payload { msg: parts.ciphertext, aad: &aad };
        let value = key.cipher.decrypt(&XNonce::from(parts.nonce), payload).map_err(|_| malformed())?;
        Ok(Zeroizing::new(value))
    }

    /// Whether a value was sealed with another key than the one that seals now.
    pub(crate) fn needs_resealing(&self, sealed: &Sealed) -> bool {
        let id = Parts::of(&sealed.0).map(|parts| parts.id);
        self.keys.first().map(|key| key.id.as_bytes()) != id
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

/// A sealed value, taken apart.
struct Parts<'a> {
    id: &'a [u8],
    nonce: [u8; NONCE],
    ciphertext: &'a [u8],
    /// Everything before the ciphertext.
    head: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a [u8]) -> Option<Self> {
        let (&[version, length], rest) = sealed.split_first_chunk::<2>()?;
        let length = usize::from(length);
        if version != VERSION || length > MAX_ID {
            return None;
        }
        let (id, rest) = rest.split_at_checked(length)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>()?;
        Some(Self { id, nonce: *nonce, ciphertext, head: &sealed[..2 + length + NONCE] })
    }
}

/// The head has a length that it tells itself, so no two pairs give the same bytes.
fn associated(head: &[u8], belongs_to: &[u8]) -> Vec<u8> {
    [head, belongs_to].concat()
}

/// Reads a key of 32 bytes from base64 (either alphabet) or 64 hex digits.
///
/// # Errors
/// `invalid_input` for anything else; a passphrase is no key.
pub(crate) fn parse_key(text: &str) -> Result<Zeroizing<[u8; KEY]>> {
    let text = text.trim();
    let bytes = if text.len() == 2 * KEY {
        (0..KEY)
            .map(|at| text.get(2 * at..2 * at + 2).and_then(|two| u8::from_str_radix(two, 16).ok()))
            .collect()
    } else {
        // One alphabet for both, and padding or none.
        let bare = Zeroizing::new(text.trim_end_matches('=').replace('-', "+").replace('_', "/"));
        STANDARD_NO_PAD.decode(bare.as_bytes()).ok()
    };
    let bytes = Zeroizing::new(bytes.unwrap_or_default());
    match <[u8; KEY]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(Zeroizing::new(key)),
        Err(_) => Err(Error::new(
            ErrorKind::InvalidInput,
            "security.keys",
            "a key is 32 random bytes as base64 or hex; make one with `openssl rand -base64 32`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    fn ring(keys: &[(&str, u8)]) -> KeyRing {
        let keys = keys.iter().map(|(id, byte)| ((*id).to_owned(), Zeroizing::new([*byte; KEY])));
        KeyRing::new(keys.collect()).expect("a ring")
    }

    #[test]
    fn opens_what_it_sealed_for_the_same_thing_only() {
        let ring = ring(&[("a", 1)]);
        let sealed = ring.seal(b"1//refresh", b"account:refresh").expect("sealed");
        assert_eq!(ring.open(&sealed, b"account:refresh").expect("opened").as_slice(), b"1//refresh");
        for other in [&b"other:refresh"[..], b"account:access", b""] {
            assert_eq!(ring.open(&sealed, other).expect_err("refused").kind(), ErrorKind::Malformed);
        }
        assert_ne!(ring.seal(b"x", b"").expect("sealed"), ring.seal(b"x", b"").expect("sealed"));
    }

    #[test]
    fn a_change_of_any_byte_is_noticed_and_never_panics() {
        let ring = ring(&[("a", 1)]);
        let sealed = ring.seal(b"secret", b"x").expect("sealed").0;
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(ring.open(&Sealed(changed), b"x").is_err(), "{at}");
            assert!(ring.open(&Sealed(sealed[..at].to_vec()), b"x").is_err(), "{at}");
        }
    }

    #[test]
    fn keys_rotate_by_id() {
        let (old, both, new) = (ring(&[("k1", 1)]), ring(&[("k2", 2), ("k1", 1)]), ring(&[("k2", 2)]));
        let sealed = old.seal(b"secret", b"x").expect("sealed");
        assert!(both.needs_resealing(&sealed) && !old.needs_resealing(&sealed));
        assert_eq!(both.open(&sealed, b"x").expect("opened").as_slice(), b"secret");
        let error = new.open(&sealed, b"x").expect_err("the key is gone");
        assert_eq!(error.kind(), ErrorKind::NotConfigured);
        let again = both.seal(b"secret", b"x").expect("sealed");
        assert!(!both.needs_resealing(&again));
        assert_eq!(new.open(&again, b"x").expect("opened").as_slice(), b"secret");
    }

    #[test]
    fn reads_keys_and_refuses_passphrases() {
        let key = [0xfb_u8; KEY];
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        for text in
            [STANDARD.encode(key), URL_SAFE_NO_PAD.encode(key), hex, format!(" {} ", STANDARD.encode(key))]
        {
            assert_eq!(*parse_key(&text).expect("a key"), key);
        }
        for text in ["", "correct horse battery staple", "abcd", &STANDARD.encode([1; 31]), &"é".repeat(32)]
        {
            assert!(parse_key(text).is_err(), "{text}");
        }
        assert!(KeyRing::new(Vec::new()).is_err());
        let twice = |id: &str| (id.to_owned(), Zeroizing::new(key));
        assert!(KeyRing::new(vec![twice("a"), twice("a")]).is_err());
        assert!(KeyRing::new(vec![twice("")]).is_err());
        assert_eq!(format!("{:?}", ring(&[("a", 1)])), r#"["a"]"#);
    }
}
