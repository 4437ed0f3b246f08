//! Base64 as Gmail writes it: the alphabet for URLs, without padding. Read so that padding and the
//! other alphabet do no harm.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The last character of what others wrote may carry bits that mean nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes; `None` when it is no base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.contains(['+', '/']) {
        return LENIENT.decode(text.replace('+', "-").replace('/', "_")).ok();
    }
    LENIENT.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

    #[test]
    fn trap_17_every_length_byte_for_byte_with_and_without_padding() {
        for length in 0..=8 {
            // Bytes that give `-` and `_`.
            for seed in [0xfb_u8, 0xff, 0x3e, 0x00] {
                let bytes: Vec<u8> = (0..length).map(|i| seed.rotate_left(i)).collect();
                for text in [
                    URL_SAFE_NO_PAD.encode(&bytes),
                    URL_SAFE.encode(&bytes),
                    STANDARD.encode(&bytes),
                    STANDARD_NO_PAD.encode(&bytes),
                ] {
                    assert_eq!(decode(&text).as_deref(), Some(bytes.as_slice()), "{text}");
                }
            }
        }
        assert_eq!(decode("-_-_").unwrap(), [0xfb, 0xff, 0xbf]);
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        assert_eq!(decode("a"), None);
        assert_eq!(decode("ab c"), None);
        assert_eq!(decode("äöüß"), None);
    }
}
