//! Content-transfer-encodings, read leniently: a damaged body still gives what it can.

use std::borrow::Cow;

/// How the body of a part is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transfer {
    /// As it is.
    Identity,
    /// RFC 2045 base64.
    Base64,
    /// RFC 2045 quoted-printable.
    QuotedPrintable,
}

impl Transfer {
    /// From the value of `Content-Transfer-Encoding`; unknown ones are taken as identity.
    pub(super) fn from_label(label: &str) -> Self {
        let label = label.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if label.eq_ignore_ascii_case("base64") {
            Self::Base64
        } else if label.eq_ignore_ascii_case("quoted-printable") {
            Self::QuotedPrintable
        } else {
            Self::Identity
        }
    }

    /// The decoded bytes; never more than the encoded ones.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Identity => Cow::Borrowed(bytes),
            Self::Base64 => base64(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned),
            Self::QuotedPrintable => Cow::Owned(quoted_printable(bytes)),
        }
    }
}

/// Skips what is not in the alphabet; `None` if so much is not that it cannot be base64.
fn base64(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut group, mut bits, mut good, mut bad) = (0_u32, 0_u32, 0_usize, 0_usize);
    let mut padded = false;
    for &byte in bytes {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            // Padding ends a run; several runs may follow one another.
            b'=' => {
                (group, bits, padded) = (0, 0, true);
                continue;
            }
            // A remark after the padding is not data.
            b' ' if padded => break,
            _ => {
                // Base64 has line ends, but no spaces as text has.
                bad += usize::from(!matches!(byte, b'\r' | b'\n' | b'\t'));
                continue;
            }
        };
        good += 1;
        padded = false;
        group = group << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            // The low byte is what is wanted: the mask makes the cast exact.
            out.push((group >> bits & 0xff) as u8);
            group &= (1 << bits) - 1;
        }
    }
    (bad * 8 <= good).then_some(out)
}

fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let content = line.trim_ascii_end();
        let mut at = 0;
        while at < content.len() {
            let byte = content[at];
            if byte != b'=' {
                out.push(byte);
                at += 1;
                continue;
            }
            let hex = |byte: Option<&u8>| byte.and_then(|&b| (b as char).to_digit(16));
            match (hex(content.get(at + 1)), hex(content.get(at + 2))) {
                (Some(high), Some(low)) => {
                    out.push((high << 4 | low) as u8);
                    at += 3;
                }
                _ if at + 1 == content.len() => at += 1,
                // Not an escape: keep the sign.
                _ => {
                    out.push(b'=');
                    at += 1;
                }
            }
        }
        if !content.ends_with(b"=") && line.ends_with(b"\n") {
            out.extend_from_slice(if line.ends_with(b"\r\n") { b"\r\n" } else { b"\n" });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_and_survives_damage() {
        assert_eq!(base64(b"aGVs\r\nbG8=").unwrap(), b"hello");
        assert_eq!(base64(b"aGVsbG8s!IHlvdQ").unwrap(), b"hello, you");
        assert_eq!(base64(b"aGk=aGk=").unwrap(), b"hihi");
        assert_eq!(base64(b"aGk= ignored").unwrap(), b"hi");
        assert!(base64(b"No, it is only labelled so.").is_none());
        assert_eq!(quoted_printable(b"a=3Db=\r\nc \r\nd=zz=e9"), b"a=bc\r\nd=zz\xe9");
    }

    proptest! {
        #[test]
        fn never_grows(bytes: Vec<u8>) {
            for transfer in [Transfer::Identity, Transfer::Base64, Transfer::QuotedPrintable] {
                prop_assert!(transfer.decode(&bytes).len() <= bytes.len());
            }
        }
    }
}
