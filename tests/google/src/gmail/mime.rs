//! Mail taken apart, as far as Gmail shows it: headers decoded, a tree of parts, bodies
//! freed from their transfer encoding and, where they are text, from their charset.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Parts deeper than this are shown as one.
const DEEPEST: usize = 24;
/// Parts beyond these are not shown.
const MOST_PARTS: usize = 1_000;

pub(crate) type Headers = Vec<(String, String)>;

/// A part and those within it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    pub(crate) headers: Headers,
    pub(crate) mime_type: String,
    pub(crate) filename: String,
    /// Decoded; text is in UTF-8.
    pub(crate) body: Vec<u8>,
    pub(crate) parts: Vec<Part>,
}

/// Decoded headers, in order and as often as they come.
pub(crate) fn headers(raw: &[u8]) -> Headers {
    split(raw).0
}

pub(crate) fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Takes a message apart.
pub(crate) fn parse(raw: &[u8]) -> Part {
    let mut left = MOST_PARTS;
    part(raw, 0, &mut left)
}

/// Headers, unfolded and decoded, and the body.
fn split(raw: &[u8]) -> (Headers, &[u8]) {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        let end = raw[at..].iter().position(|byte| *byte == b'\n').map_or(raw.len(), |found| at + found + 1);
        let line = &raw[at..end];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at = end;
        if line.is_empty() {
            break;
        }
        match lines.last_mut() {
            Some(last) if line[0] == b' ' || line[0] == b'\t' => {
                last.push(b' ');
                last.extend_from_slice(line.trim_ascii_start());
            }
            _ => lines.push(line.to_vec()),
        }
    }
    let headers = lines.iter().filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = String::from_utf8_lossy(&line[..colon]).trim().to_owned();
        let raw = line[colon + 1..].trim_ascii();
        let text = std::str::from_utf8(raw)
            .map_or_else(|_| encoding_rs::WINDOWS_1252.decode(raw).0.into_owned(), str::to_owned);
        Some((name, decode_words(&text)))
    });
    (headers.collect(), &raw[at.min(raw.len())..])
}

fn part(raw: &[u8], depth: usize, left: &mut usize) -> Part {
    let (headers, body) = split(raw);
    let content_type = value(&headers, "content-type").unwrap_or("text/plain").to_owned();
    let mut mime_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !mime_type.contains('/') {
        mime_type = "text/plain".to_owned();
    }
    let disposition = value(&headers, "content-disposition").unwrap_or_default();
    let filename = parameter(disposition, "filename").or_else(|| parameter(&content_type, "name"));
    let mut out = Part { filename: filename.unwrap_or_default(), ..Part::default() };
    let boundary = parameter(&content_type, "boundary").filter(|boundary| !boundary.is_empty());
    match boundary {
        Some(boundary) if mime_type.starts_with("multipart/") && depth < DEEPEST => {
            for inner in crate::http::batch::split(&terminated(body, &boundary), &boundary) {
                if *left == 0 {
                    break;
                }
                *left -= 1;
                out.parts.push(part(inner, depth + 1, left));
            }
        }
        _ => {
            let encoding = value(&headers, "content-transfer-encoding").unwrap_or_default().trim();
            let bytes = decode_transfer(body, encoding);
            out.body = if mime_type.starts_with("text/") {
                to_utf8(bytes, parameter(&content_type, "charset").as_deref())
            } else {
                bytes
            };
        }
    }
    out.headers = headers;
    out.mime_type = mime_type;
    out
}

/// A multipart whose last boundary is missing, as if it were not.
fn terminated<'a>(body: &'a [u8], boundary: &str) -> std::borrow::Cow<'a, [u8]> {
    let end = format!("--{boundary}--").into_bytes();
    if body.windows(end.len()).any(|window| window == end) {
        return body.into();
    }
    [body, b"\r\n", end.as_slice()].concat().into()
}

fn decode_transfer(body: &[u8], encoding: &str) -> Vec<u8> {
    if encoding.eq_ignore_ascii_case("base64") {
        decode_base64(body)
    } else if encoding.eq_ignore_ascii_case("quoted-printable") {
        decode_quoted(body)
    } else {
        body.to_vec()
    }
}

/// Lenient: what is not of the alphabet is skipped, padding may be missing.
fn decode_base64(text: &[u8]) -> Vec<u8> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let mut clean: Vec<u8> =
        text.iter().copied().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).collect();
    if clean.len() % 4 == 1 {
        clean.pop();
    }
    GeneralPurpose::new(&STANDARD, config).decode(clean).unwrap_or_default()
}

fn decode_quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte != b'=' {
            out.push(byte);
            at += 1;
            continue;
        }
        let pair = text.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        if let Some(value) = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            out.push(value);
            at += 3;
        } else if text[at + 1..].starts_with(b"\r\n") {
            at += 3;
        } else if text[at + 1..].starts_with(b"\n") {
            at += 2;
        } else {
            out.push(b'=');
            at += 1;
        }
    }
    out
}

fn to_utf8(bytes: Vec<u8>, charset: Option<&str>) -> Vec<u8> {
    let named = charset.and_then(|name| encoding_rs::Encoding::for_label(name.trim().as_bytes()));
    match named {
        Some(encoding) if encoding != encoding_rs::UTF_8 => {
            encoding.decode(&bytes).0.into_owned().into_bytes()
        }
        _ if std::str::from_utf8(&bytes).is_ok() => bytes,
        _ => encoding_rs::WINDOWS_1252.decode(&bytes).0.into_owned().into_bytes(),
    }
}

/// A parameter, with the forms of RFC 2231 (`name*`, `name*0*`).
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut pieces: Vec<(u32, bool, String)> = Vec::new();
    for (own, value) in parameters(header) {
        let own = own.to_ascii_lowercase();
        if own == name {
            return Some(decode_words(&value));
        }
        let Some(rest) = own.strip_prefix(name).and_then(|rest| rest.strip_prefix('*')) else { continue };
        let (number, is_encoded) =
            rest.strip_suffix('*').map_or((rest, rest.is_empty()), |rest| (rest, true));
        pieces.push((number.parse().unwrap_or(0), is_encoded, value));
    }
    pieces.sort_by_key(|piece| piece.0);
    let mut charset = None;
    let mut bytes = Vec::new();
    for (number, is_encoded, value) in &pieces {
        let mut text = value.as_str();
        if *is_encoded
            && *number == 0
            && let [name, _, rest] = value.splitn(3, '\'').collect::<Vec<_>>()[..]
        {
            charset = Some(name);
            text = rest;
        }
        if *is_encoded {
            bytes.extend(percent(text));
        } else {
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    (!pieces.is_empty()).then(|| String::from_utf8_lossy(&to_utf8(bytes, charset)).into_owned())
}

fn percent(text: &str) -> Vec<u8> {
    decode_quoted(text.replace('=', "=3D").replace('%', "=").as_bytes())
}

/// Pairs after the first `;`, quotes taken off.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut current = String::new();
    let mut is_quoted = false;
    let mut chars = header.chars();
    let mut push = |text: &mut String| {
        if let Some((name, value)) = std::mem::take(text).split_once('=') {
            pairs.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '"' => is_quoted = !is_quoted,
            '\\' if is_quoted => current.extend(chars.next()),
            ';' if !is_quoted => push(&mut current),
            c => current.push(c),
        }
    }
    push(&mut current);
    pairs
}

/// Undoes RFC 2047's `=?charset?B?...?=`; spaces between two such words go.
pub(crate) fn decode_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut was_word = false;
    while let Some(begin) = rest.find("=?") {
        let before = &rest[..begin];
        let Some((word, length)) = decode_word(&rest[begin..]) else {
            out.push_str(&rest[..begin + 2]);
            rest = &rest[begin + 2..];
            was_word = false;
            continue;
        };
        if !(was_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        out.push_str(&word);
        rest = &rest[begin + length..];
        was_word = true;
    }
    out.push_str(rest);
    out
}

fn decode_word(text: &str) -> Option<(String, usize)> {
    let mut pieces = text.get(2..)?.splitn(4, '?');
    let (charset, kind, encoded) = (pieces.next()?, pieces.next()?, pieces.next()?);
    if !pieces.next()?.starts_with('=') || encoded.contains(' ') {
        return None;
    }
    let bytes = match kind {
        "B" | "b" => decode_base64(encoded.as_bytes()),
        "Q" | "q" => decode_quoted(encoded.replace('_', " ").as_bytes()),
        _ => return None,
    };
    let charset = charset.split('*').next();
    let word = String::from_utf8_lossy(&to_utf8(bytes, charset)).into_owned();
    Some((word, 2 + charset_length(text) + 3 + encoded.len() + 2))
}

fn charset_length(text: &str) -> usize {
    text[2..].find('?').unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_headers_are_decoded() {
        let text = "=?iso-8859-1?Q?caf=E9_au?= =?UTF-8?B?IGxhaXQ=?= and =?x?y?z?= =?";
        assert_eq!(decode_words(text), "café au lait and =?x?y?z?= =?");
        assert_eq!(decode_words("=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?="), "テスト");
    }

    #[test]
    fn text_becomes_utf8_and_files_stay_bytes() {
        let raw = b"Subject: a\r\n b\r\nContent-Type: multipart/mixed; boundary=\"x y\"\r\n\r\n--x y\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9=\r\n!\r\n--x y\nContent-Type: application/pdf; name*=utf-8''na%C3%AFve%20x.pdf\n\
            Content-Transfer-Encoding: base64\n\n//8\n--x y";
        let part = parse(raw);
        assert_eq!(value(&part.headers, "SUBJECT"), Some("a b"));
        assert_eq!(part.mime_type, "multipart/mixed");
        assert_eq!(part.parts[0].body, "café!".as_bytes());
        assert_eq!(
            (part.parts[1].filename.as_str(), part.parts[1].body.as_slice()),
            ("naïve x.pdf", &[255_u8, 255][..])
        );
    }

    #[test]
    fn nothing_is_too_broken() {
        for raw in [
            &b""[..],
            b"\n",
            b":",
            b"Content-Type: multipart/mixed; boundary=a\n\n--a\n--a\n--a--",
            b"\xff\xfe",
            b" x\n y: z",
        ] {
            parse(raw);
        }
        let deep = "Content-Type: multipart/mixed; boundary=a\n\n--a\n".repeat(2_000);
        parse(deep.as_bytes());
    }
}
