//! Randomness that a seed decides: SplitMix64. Not for secrets; nothing here is one.

use std::convert::Infallible;

use rsa::rand_core::{TryCryptoRng, TryRng};

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

const HEX: &[u8] = b"0123456789abcdef";
const URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE32_HEX: &[u8] = b"0123456789abcdefghijklmnopqrstuv";

impl Rng {
    /// A stream for each seed and purpose.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        Self(seed ^ hash(purpose.as_bytes()))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// Uniform enough over `0..bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len() as u64) as usize])).collect()
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.text(HEX, length)
    }

    /// Letters, digits, `-` and `_`.
    pub(crate) fn url_text(&mut self, length: usize) -> String {
        self.text(URL, length)
    }

    /// Digits and the letters `a` to `v`: what ids of events are made of.
    pub(crate) fn base32_hex(&mut self, length: usize) -> String {
        self.text(BASE32_HEX, length)
    }
}

/// SplitMix64's finalizer.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a, finished by [`mix`].
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let folded = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    mix(folded)
}

impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

// Keys of a test are meant to be the same each time.
impl TryCryptoRng for Rng {}
