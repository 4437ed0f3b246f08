//! Undoes how links are written inside HTML and inside other links.

use std::borrow::Cow;

/// Named characters that are written in links; others do not occur there.
const NAMED: [(&str, char); 6] =
    [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", ' ')];

/// `&amp;` and the like as the characters they stand for.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else { return Cow::Borrowed(text) };
    let mut out = text[..first].to_owned();
    let mut rest = &text[first..];
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        // The longest that is read: `#x10ffff`.
        let name = after.bytes().take(9).position(|byte| byte == b';').map(|end| &after[..end]);
        match name.and_then(|name| Some((name, character(name)?))) {
            Some((name, c)) => {
                out.push(c);
                rest = &after[name.len() + 1..];
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)
}

/// `%3A` and the like as the characters they stand for; what is no UTF-8 then is U+FFFD.
pub(super) fn percent_decoded(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_undone_once() {
        assert_eq!(unescaped("a&amp;b &#38; &#x26;&#X3d;"), "a&b & &=");
        assert_eq!(unescaped("&amp;amp; &unknown; & &;&#1114112;&"), "&amp; &unknown; & &;&#1114112;&");
        assert!(matches!(unescaped("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn percent_is_undone_once() {
        assert_eq!(percent_decoded("a%3Ab%3ab%253A"), "a:b:b%3A");
        assert_eq!(percent_decoded("100% %zz %4"), "100% %zz %4");
        assert_eq!(percent_decoded("%c3%a9%ff"), "é\u{fffd}");
    }
}
