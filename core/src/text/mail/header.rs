//! The header block of a message or part: found, repaired, decoded.

use std::borrow::Cow;
use std::ops::Range;

use mail_parser::parsers::MessageStream;
use mail_parser::{Address, DateTime, HeaderValue};

use crate::base::{Result, Timestamp};
use crate::domain::Mailbox;
use crate::text::charset;
use crate::text::limits::{Limits, exceeded};

/// A `Content-Type` or `Content-Disposition` is cut here: its parser is quadratic in the
/// number of parameters, and no honest one comes near.
const MAX_PARAMETERS_BYTES: usize = 16 << 10;

/// An encoded word longer than this is not looked at for joining; the standard allows 75.
const MAX_ENCODED_WORD_BYTES: usize = 4 << 10;

/// How far below a line that is no header another header may follow.
const GARBAGE_LOOKAHEAD: usize = 8;

/// Where each field of one header block is, and where the block ends.
#[derive(Debug)]
pub(super) struct Header<'a> {
    raw: &'a [u8],
    fields: Vec<(String, Range<usize>)>,
    /// Offset of the first byte after the block and its empty line.
    pub(super) end: usize,
}

/// The media type or disposition, and its parameters.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// `text/plain`, `attachment`; lower case.
    pub(super) value: String,
    parameters: Vec<(String, String)>,
}

impl Parameters {
    /// The parameter of that lower-case name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One line from `start`: its range without the line end, and where the next one begins.
pub(super) fn line_at(raw: &[u8], start: usize) -> (Range<usize>, usize) {
    let rest = raw.get(start..).unwrap_or_default();
    match rest.iter().position(|&byte| byte == b'\n') {
        Some(length) => {
            let cr = length > 0 && rest[length - 1] == b'\r';
            (start..start + length - usize::from(cr), start + length + 1)
        }
        None => (start..raw.len(), raw.len()),
    }
}

impl<'a> Header<'a> {
    /// Reads the block at `start`. It ends at an empty line, before a line for which
    /// `is_delimiter` holds, or before text that cannot be a header (a part without one).
    pub(super) fn read(
        raw: &'a [u8],
        start: usize,
        limits: &Limits,
        is_delimiter: impl Fn(&[u8]) -> bool,
    ) -> Result<Self> {
        let mut header = Self { raw, fields: Vec::new(), end: start };
        let mut at = start;
        while at < raw.len() {
            let (line, next) = line_at(raw, at);
            if next - start > limits.max_header_bytes {
                return Err(exceeded("mail.parse", "max_header_bytes", limits.max_header_bytes, "header"));
            }
            let bytes = &raw[line.clone()];
            let first = header.fields.is_empty();
            if bytes.iter().all(|byte| byte.is_ascii_whitespace()) && (bytes.is_empty() || first) {
                header.end = next;
                return Ok(header);
            }
            if is_delimiter(bytes) {
                header.end = at;
                return Ok(header);
            }
            let continued = matches!(bytes.first(), Some(b' ' | b'\t'));
            match field_name(bytes) {
                _ if continued && !first => {
                    if let Some((_, value)) = header.fields.last_mut() {
                        value.end = next;
                    }
                }
                Some((name, colon)) => {
                    header.fields.push((name, line.start + colon + 1..next));
                }
                // An mbox separator that was left in front of the message.
                None if first && (bytes.starts_with(b"From ") || bytes.starts_with(b">From ")) => {}
                None if header_follows(raw, next) => {}
                None => {
                    header.end = at;
                    return Ok(header);
                }
            }
            at = next;
        }
        header.end = raw.len();
        Ok(header)
    }

    /// Whether the block holds no field at all.
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The values of every field with that lower-case name, repaired to UTF-8.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
        let raw = self.raw;
        self.fields
            .iter()
            .filter(move |(key, _)| key == name)
            .map(move |(_, value)| repaired(&raw[value.clone()]))
    }

    /// Whether a field of that lower-case name exists.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(key, _)| key == name)
    }

    /// The first field of that name, unfolded but not decoded, trimmed.
    pub(super) fn plain(&self, name: &str) -> Option<String> {
        self.all(name).next().map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The first field of that name as text: unfolded, encoded words decoded.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.all(name).find_map(|value| {
            let value = unfolded(&value);
            match MessageStream::new(value.as_bytes()).parse_unstructured() {
                HeaderValue::Text(text) => Some(clean(&text)).filter(|text| !text.is_empty()),
                _ => None,
            }
        })
    }

    /// The mailboxes in all fields of that name; groups are opened.
    pub(super) fn mailboxes(&self, name: &str) -> Vec<Mailbox> {
        let mut found = Vec::new();
        for value in self.all(name) {
            let value = unfolded(&value);
            let HeaderValue::Address(addresses) = MessageStream::new(value.as_bytes()).parse_address() else {
                continue;
            };
            let list = match addresses {
                Address::List(list) => list,
                Address::Group(groups) => groups.into_iter().flat_map(|group| group.addresses).collect(),
            };
            found.extend(list.into_iter().map(|address| Mailbox {
                name: address.name.map(|name| clean(&name)).filter(|name| !name.is_empty()),
                address: address.address.map(|address| clean(&address)).unwrap_or_default(),
            }));
        }
        found.retain(|mailbox| mailbox.name.is_some() || !mailbox.address.is_empty());
        found
    }

    /// The message ids in all fields of that name, without angle brackets.
    pub(super) fn ids(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for value in self.all(name) {
            let value = unfolded(&value);
            match MessageStream::new(value.as_bytes()).parse_id() {
                HeaderValue::TextList(ids) => found.extend(ids.iter().map(|id| clean(id))),
                HeaderValue::Text(id) => found.push(clean(&id)),
                _ => {}
            }
        }
        // Without brackets it may be prose ("Your message of Monday"): an id has no spaces.
        found.retain(|id| !id.is_empty() && !id.contains(char::is_whitespace));
        found
    }

    /// The first readable date in fields of that name.
    pub(super) fn date(&self, name: &str) -> Option<Timestamp> {
        self.all(name).find_map(|value| {
            let value = unfolded(&value);
            let read = |value: &str| match MessageStream::new(value.as_bytes()).parse_date() {
                HeaderValue::DateTime(date) if is_real(&date) => {
                    Some(Timestamp::from_seconds(date.to_timestamp()))
                }
                _ => None,
            };
            // Without a zone it cannot be exact, but UTC is closer than no date.
            read(&value).or_else(|| read(&format!("{} +0000\n", value.trim_end())))
        })
    }

    /// The first field of that name as a value with parameters.
    pub(super) fn parameters(&self, name: &str) -> Option<Parameters> {
        self.all(name).find_map(|value| {
            let value = format!("{}\n", charset::prefix(value.trim_end(), MAX_PARAMETERS_BYTES));
            let HeaderValue::ContentType(parsed) = MessageStream::new(value.as_bytes()).parse_content_type()
            else {
                return None;
            };
            let kind = match parsed.c_subtype {
                Some(subtype) => format!("{}/{}", parsed.c_type, subtype),
                None => parsed.c_type.into_owned(),
            };
            let parameters = parsed.attributes.unwrap_or_default();
            Some(Parameters {
                value: kind.to_ascii_lowercase(),
                parameters: parameters
                    .into_iter()
                    .map(|attribute| (attribute.name.into_owned(), clean(&attribute.value)))
                    .collect(),
            })
        })
    }
}

/// The lower-case name of a header line, and where its colon is.
fn field_name(line: &[u8]) -> Option<(String, usize)> {
    let colon = line.iter().take(256).position(|&byte| byte == b':')?;
    let name = line[..colon].trim_ascii_end();
    let name_like = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic());
    name_like.then(|| (String::from_utf8_lossy(name).to_ascii_lowercase(), colon))
}

/// Whether a header that is certainly one stands shortly below, so that the line above it
/// is garbage inside the block and not the beginning of the body.
fn header_follows(raw: &[u8], start: usize) -> bool {
    let mut at = start;
    for _ in 0..GARBAGE_LOOKAHEAD {
        let (line, next) = line_at(raw, at);
        if line.is_empty() {
            return false;
        }
        if let Some((name, _)) = field_name(&raw[line]) {
            let known = ["content-", "mime-", "x-", "resent-", "list-", "return-path", "received"];
            let exact = ["from", "to", "cc", "subject", "date", "message-id", "reply-to", "sender"];
            if known.iter().any(|prefix| name.starts_with(prefix)) || exact.contains(&name.as_str()) {
                return true;
            }
        }
        at = next;
    }
    false
}

/// The value ready for a field parser: ends with a line feed, and a text that was cut
/// into several encoded words in the middle of a character is in one word again.
fn unfolded(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 1);
    let mut rest = value.trim_end();
    // The opening (`=?charset?X?`) and text of the word that `out` ends with.
    let mut last: Option<(&str, &str)> = None;
    while let Some(at) = rest.find("=?") {
        let (gap, from_word) = rest.split_at(at);
        let Some((opening, text, length)) = encoded_word(from_word) else {
            out.push_str(gap);
            out.push_str("=?");
            rest = &from_word[2..];
            last = None;
            continue;
        };
        let joins = last.is_some_and(|(before, before_text)| {
            gap.trim().is_empty()
                && before.eq_ignore_ascii_case(opening)
                && (!before.to_ascii_lowercase().ends_with("?b?")
                    || (before_text.len() % 4 == 0 && !before_text.ends_with('=')))
        });
        if joins {
            out.truncate(out.len() - 2);
            out.push_str(text);
            out.push_str("?=");
        } else {
            out.push_str(gap);
            out.push_str(&from_word[..length]);
        }
        last = Some((opening, text));
        rest = &from_word[length..];
    }
    out.push_str(rest);
    out.push('\n');
    out
}

/// The value as UTF-8. Raw bytes inside an encoded word are in the charset of the word, not
/// in that of the text around it: they are escaped first.
fn repaired(value: &[u8]) -> Cow<'_, str> {
    if value.is_ascii() || !value.windows(2).any(|pair| pair == b"=?") {
        return charset::decode(value, None);
    }
    let mut escaped = Vec::with_capacity(value.len() + 64);
    let mut rest = value;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"=?") {
        escaped.extend_from_slice(&rest[..at + 2]);
        rest = &rest[at + 2..];
        // Charset, `?Q?`, then text up to `?=` or white space.
        let mut marks = rest.iter().take(64).enumerate().filter(|(_, byte)| **byte == b'?').map(|(at, _)| at);
        let (Some(first), Some(second)) = (marks.next(), marks.next()) else {
            continue;
        };
        if second != first + 2 || !rest[first + 1].eq_ignore_ascii_case(&b'q') {
            continue;
        }
        escaped.extend_from_slice(&rest[..=second]);
        rest = &rest[second + 1..];
        let end = rest.iter().position(|byte| *byte == b'?' || byte.is_ascii_whitespace());
        let (text, after) = rest.split_at(end.unwrap_or(rest.len()));
        for &byte in text {
            if byte.is_ascii() {
                escaped.push(byte);
            } else {
                escaped.extend_from_slice(format!("={byte:02X}").as_bytes());
            }
        }
        rest = after;
    }
    escaped.extend_from_slice(rest);
    Cow::Owned(charset::decode(&escaped, None).into_owned())
}

/// The encoded word at the start of `from`: opening, text, and length with `?=`.
fn encoded_word(from: &str) -> Option<(&str, &str, usize)> {
    let bytes = from.as_bytes();
    let charset_end = 2 + bytes.get(2..)?.iter().take(64).position(|&byte| byte == b'?')?;
    let text_start = charset_end + 3;
    if !matches!(bytes.get(charset_end + 1..text_start)?, [b'q' | b'Q' | b'b' | b'B', b'?']) {
        return None;
    }
    let window = bytes.get(text_start..bytes.len().min(text_start + MAX_ENCODED_WORD_BYTES))?;
    let text_length = window.windows(2).position(|pair| pair == b"?=")?;
    let text = from.get(text_start..text_start + text_length)?;
    // White space ends a word, so this one is broken: leave it to the field parser.
    if text.contains(char::is_whitespace) {
        return None;
    }
    Some((from.get(..text_start)?, text, text_start + text_length + 2))
}

/// One line without control characters, trimmed.
fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\t' || c == '\n' {
            out.push(' ');
        } else if !c.is_control() {
            out.push(c);
        }
    }
    out.trim().to_owned()
}

/// Whether the parsed numbers are a date; a leap second is.
fn is_real(date: &DateTime) -> bool {
    (1..=12).contains(&date.month)
        && (1..=31).contains(&date.day)
        && (1900..=9999).contains(&date.year)
        && date.hour <= 24
        && date.minute <= 59
        && date.second <= 60
        && date.tz_hour <= 24
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &[u8]) -> Header<'_> {
        Header::read(raw, 0, &Limits::default(), |_| false).unwrap()
    }

    #[test]
    fn unfolds_decodes_and_repairs() {
        let header = read(
            b"Subject: =?utf-8?B?w7wg?=\r\n =?utf-8?B?w6Q=?= \xe4\r\nFrom: =?iso-8859-1?Q?J=F6rg?= <j@x.example>\r\n\r\nBody",
        );
        assert_eq!(header.text("subject").as_deref(), Some("ü ä ä"));
        assert_eq!(header.mailboxes("from")[0].name.as_deref(), Some("Jörg"));
        assert_eq!(header.end, header.raw.len() - 4);
    }

    #[test]
    fn raw_bytes_in_an_encoded_word_are_in_its_charset() {
        let header = read(b"Subject: \xe4 =?iso-8859-1?Q?Fr\xf6sche?= =?utf-8?q?\xc3\xb6?=\n\n");
        assert_eq!(header.text("subject").as_deref(), Some("ä Fröscheö"));
    }

    #[test]
    fn a_character_cut_between_two_words_is_whole_again() {
        let header = read(b"Subject: =?UTF-8?Q?caf=C3?=\n =?utf-8?q?=A9?= =?utf-8?q?s?= bar\n\n");
        assert_eq!(header.text("subject").as_deref(), Some("cafés bar"));
    }

    #[test]
    fn garbage_inside_is_skipped_and_a_body_without_empty_line_is_kept() {
        let header = read(b"From: a@b.example\ngarbage\nSubject: x\n\nBody");
        assert_eq!(header.text("subject").as_deref(), Some("x"));
        let header = read(b"Subject: x\nHello world\nmore\n\nend");
        assert_eq!(header.end, 11);
    }

    #[test]
    fn ids_and_dates() {
        let header = read(b"References: <a@x> <b@y>\nIn-Reply-To: Your message of Monday\nDate: Tue, 1 Jul 2003 10:52:37 +0200\n\n");
        assert_eq!(header.ids("references"), ["a@x", "b@y"]);
        assert!(header.ids("in-reply-to").is_empty());
        assert_eq!(header.date("date").unwrap().to_string(), "2003-07-01T08:52:37Z");
        let header = read(b"Date: Mon, 09 Sep 2002 23:16:35\n\n");
        assert_eq!(header.date("date").unwrap().to_string(), "2002-09-09T23:16:35Z");
    }

    #[test]
    fn parameters_are_decoded() {
        let header = read(b"Content-Disposition: attachment;\n filename*0*=UTF-8''%e2%82%ac;\n filename*1=\" rates.csv\"\nContent-Type: TEXT/Plain; name=\"=?utf-8?q?=C3=A9.txt?=\"\n\n");
        assert_eq!(header.parameters("content-disposition").unwrap().get("filename"), Some("€ rates.csv"));
        let kind = header.parameters("content-type").unwrap();
        assert_eq!((kind.value.as_str(), kind.get("name")), ("text/plain", Some("é.txt")));
    }

    #[test]
    fn a_header_larger_than_the_limit_is_refused() {
        let raw = format!("Subject: {}\n\n", "x".repeat(2 << 20));
        let error = Header::read(raw.as_bytes(), 0, &Limits::default(), |_| false).unwrap_err();
        assert_eq!(error.kind(), crate::base::ErrorKind::LimitExceeded);
    }
}
