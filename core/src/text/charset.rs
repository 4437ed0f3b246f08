//! Bytes to `String`, whatever they claim to be encoded in.
//!
//! Labels in mail and HTML lie in a few well-known ways, so the label is checked against
//! the bytes: UTF-8 labelled as Latin-1 is read as UTF-8, and Latin-1 labelled as UTF-8
//! (or not labelled) is read as windows-1252, which contains it.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes `bytes`: byte order mark first, then the declared label, then what the bytes
/// look like. Never fails; what cannot be read becomes U+FFFD.
pub(crate) fn decode<'a>(bytes: &'a [u8], declared: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode_with_bom_removal(bytes).0;
    }
    let label = declared.map(|label| label.trim().trim_matches(['"', '\'']).to_ascii_lowercase());
    let label = label.as_deref().unwrap_or("");
    let western = Encoding::for_label(label.as_bytes()).is_none_or(|e| e == UTF_8 || e == WINDOWS_1252);
    let decoder = charset_decoder(label.as_bytes()).filter(|_| !label.is_empty());
    if western && (decoder.is_none() || is_western_label(label)) {
        return decode_unlabelled(bytes);
    }
    if let Some(decoder) = decoder {
        return Cow::Owned(decoder(bytes));
    }
    match Encoding::for_label_no_replacement(label.as_bytes()) {
        Some(encoding) => encoding.decode_without_bom_handling(bytes).0,
        None => decode_unlabelled(bytes),
    }
}

/// Labels that are so often wrong that the bytes decide.
fn is_western_label(label: &str) -> bool {
    matches!(Encoding::for_label(label.as_bytes()), Some(e) if e == UTF_8 || e == WINDOWS_1252)
}

/// UTF-8 if it is, ISO-2022-JP if its escapes are there, else windows-1252. Text that is
/// UTF-8 but for a few broken bytes (cut in the middle of a character) stays UTF-8.
fn decode_unlabelled(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let japanese = bytes.windows(3).any(|w| w == b"\x1b$B" || w == b"\x1b$@");
        if japanese {
            return encoding_rs::ISO_2022_JP.decode_without_bom_handling(bytes).0;
        }
        return Cow::Borrowed(text);
    }
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good > bad {
        String::from_utf8_lossy(bytes)
    } else {
        WINDOWS_1252.decode_without_bom_handling(bytes).0
    }
}

/// Line ends as `\n`, and no NUL, which some databases refuse in text.
pub(crate) fn tidy(text: Cow<'_, str>) -> String {
    if !text.contains(['\r', '\0']) {
        return text.into_owned();
    }
    let mut tidy = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    tidy.push('\n');
                }
            }
            '\0' => {}
            _ => tidy.push(c),
        }
    }
    tidy
}

/// The longest prefix of at most `max` bytes that ends between two characters.
pub(crate) fn prefix(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_overrule_a_wrong_western_label() {
        for (bytes, label, text) in [
            ("Grüße".as_bytes(), Some("iso-8859-1"), "Grüße"),
            (b"Gr\xfc\xdfe".as_slice(), Some("utf-8"), "Grüße"),
            (b"Gr\xfc\xdfe".as_slice(), None, "Grüße"),
            (b"5 \x80".as_slice(), Some("us-ascii"), "5 €"),
            ("Grüße".as_bytes(), Some("x-unknown"), "Grüße"),
            (b"\xef\xbb\xbfhi".as_slice(), Some("koi8-r"), "hi"),
            (b"\xff\xfeh\0i\0".as_slice(), None, "hi"),
            (b"\xf0\xd2\xc9\xd7\xc5\xd4".as_slice(), Some("KOI8-R"), "Привет"),
            (b"\x1b$B%O%m!<\x1b(B".as_slice(), None, "ハロー"),
            (b"+AOk-".as_slice(), Some("utf-7"), "é"),
            (b"\xb1\xe6".as_slice(), Some("\"iso-8859-2\""), "ąć"),
        ] {
            assert_eq!(decode(bytes, label), text, "{label:?}");
        }
    }

    #[test]
    fn utf8_cut_in_a_character_stays_utf8() {
        let bytes = "żółć żółć".as_bytes();
        assert!(decode(&bytes[..bytes.len() - 1], None).starts_with("żółć żół"));
    }

    #[test]
    fn tidy_unifies_line_ends_and_drops_nul() {
        assert_eq!(tidy("a\r\nb\rc\0d".into()), "a\nb\ncd");
    }
}
