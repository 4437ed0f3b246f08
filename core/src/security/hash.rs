//! Hashes of tokens, and comparisons whose time tells nothing.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256. Good enough for tokens, which are long and random; not for passwords.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Whether two strings of bytes are the same; the time it takes depends on their lengths only.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_equal_from_different_and_shorter() {
        assert!(same(b"token", b"token") && same(b"", b""));
        assert!(!same(b"token", b"tokem") && !same(b"token", b"toke") && !same(b"", b"t"));
        assert_eq!(hash(b"")[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    }
}
