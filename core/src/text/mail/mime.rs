//! The tree of parts of a message, found in one pass over its lines.
//!
//! This walks the body itself instead of leaving it to the mail crate, which is fine on
//! honest mail but quadratic in parts whose boundary never comes, allocates for each
//! encoded part as if it were the rest of the message, and drops attached messages
//! recursively. Here time is linear, and depth and count are limited while walking.

use std::collections::HashMap;
use std::ops::Range;

use super::decode::Transfer;
use super::header::{Header, Parameters, line_at};
use crate::base::Result;
use crate::text::limits::{Limits, exceeded};

/// What a part is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Holds other parts; the subtype (`mixed`, `alternative`).
    Multipart(String),
    /// Holds one message, whose top part is its only child.
    Message,
    /// Holds content.
    Leaf,
}

/// A part of the tree.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) header: Header<'a>,
    pub(super) kind: Kind,
    /// `text/plain`, lower case; the default of the context if not declared.
    pub(super) media_type: String,
    /// Parameters of the content type.
    pub(super) parameters: Parameters,
    /// How the body is encoded.
    pub(super) transfer: Transfer,
    /// The body in the raw message, still encoded.
    pub(super) body: Range<usize>,
    pub(super) children: Vec<usize>,
    depth: usize,
}

/// Multiparts whose end has not been seen, innermost last.
#[derive(Default)]
struct Open {
    stack: Vec<(usize, Vec<u8>)>,
    /// Boundary to stack levels: finding the level of a delimiter must not depend on depth.
    levels: HashMap<Vec<u8>, Vec<usize>>,
}

impl Open {
    fn push(&mut self, part: usize, boundary: &[u8]) {
        self.levels.entry(boundary.to_vec()).or_default().push(self.stack.len());
        self.stack.push((part, boundary.to_vec()));
    }

    /// The open multipart this line delimits: its level, and whether it closes it.
    ///
    /// A line that is a delimiter as a whole belongs to the innermost multipart of that
    /// boundary. One that only begins with a boundary delimits too (RFC 2046, 5.1.1), but
    /// boundaries that begin alike (`a` around `ab`) are common, so it counts for the
    /// innermost multipart alone.
    fn find(&self, line: &[u8]) -> Option<(usize, bool)> {
        let rest = line.strip_prefix(b"--")?.trim_ascii_end();
        let level = |name: &[u8]| self.levels.get(name).and_then(|levels| levels.last().copied());
        let whole = level(rest).map(|level| (level, false)).or_else(|| {
            rest.strip_suffix(b"--").and_then(|rest| level(rest.trim_ascii_end())).map(|l| (l, true))
        });
        whole.or_else(|| {
            let (_, boundary) = self.stack.last()?;
            let tail = rest.strip_prefix(boundary.as_slice())?;
            Some((self.stack.len() - 1, tail.starts_with(b"--")))
        })
    }

    /// Closes all multiparts above `level`, and that one too if `inclusive`; gives them back.
    fn close(&mut self, level: usize, inclusive: bool) -> Vec<usize> {
        let keep = level + usize::from(!inclusive);
        let closed: Vec<_> = self.stack.drain(keep.min(self.stack.len())..).collect();
        for (_, boundary) in &closed {
            if let Some(levels) = self.levels.get_mut(boundary) {
                levels.pop();
                if levels.is_empty() {
                    self.levels.remove(boundary);
                }
            }
        }
        closed.into_iter().map(|(part, _)| part).collect()
    }
}

/// The parts of a message; the first is the top, children follow their parents.
pub(super) fn walk<'a>(raw: &'a [u8], limits: &Limits) -> Result<Vec<Part<'a>>> {
    let mut walker = Walker { raw, limits, parts: Vec::new(), open: Open::default() };
    let mut current = walker.begin(0, None)?;
    let mut at = walker.parts.get(current).map_or(0, |part| part.body.start);
    while at < raw.len() {
        let (line, next) = line_at(raw, at);
        if let Some((level, closes)) = walker.open.find(&raw[line.clone()]) {
            // The line end before a delimiter belongs to the delimiter.
            let end = if line.start >= 2 && raw[line.start - 2..].starts_with(b"\r\n") {
                line.start - 2
            } else {
                line.start.saturating_sub(1)
            };
            walker.end(current, end);
            let owner = walker.open.stack[level].0;
            for closed in walker.open.close(level, closes) {
                walker.end(closed, end);
            }
            current = owner;
            at = next;
            if !closes {
                current = walker.begin(next, Some(owner))?;
                at = walker.parts[current].body.start;
            }
            continue;
        }
        at = next;
    }
    walker.end(current, raw.len());
    for part in walker.open.close(0, true) {
        walker.end(part, raw.len());
    }
    walker.finish();
    Ok(walker.parts)
}

struct Walker<'a, 'l> {
    raw: &'a [u8],
    limits: &'l Limits,
    parts: Vec<Part<'a>>,
    open: Open,
}

impl<'a> Walker<'a, '_> {
    /// Reads the header at `at` and, through attached messages, those right below it.
    /// Gives the innermost part.
    fn begin(&mut self, at: usize, parent: Option<usize>) -> Result<usize> {
        let (mut at, mut parent) = (at, parent);
        loop {
            let header = Header::read(self.raw, at, self.limits, |line| self.open.find(line).is_some())?;
            let above = parent.and_then(|parent| self.parts.get(parent));
            let depth = above.map_or(0, |part| part.depth + 1);
            if depth > self.limits.max_depth {
                return Err(exceeded("mail.parse", "max_depth", self.limits.max_depth, "MIME part"));
            }
            if self.parts.len() >= self.limits.max_parts {
                return Err(exceeded("mail.parse", "max_parts", self.limits.max_parts, "MIME part"));
            }
            let in_digest = above.is_some_and(|part| part.kind == Kind::Multipart("digest".into()));
            let parameters = header.parameters("content-type").unwrap_or_default();
            let media_type = match parameters.value.as_str() {
                "" if in_digest => "message/rfc822",
                "" => "text/plain",
                "text" => "text/plain",
                other => other,
            }
            .to_owned();
            let transfer = header
                .text("content-transfer-encoding")
                .map_or(Transfer::Identity, |label| Transfer::from_label(&label));
            let boundary =
                parameters.get("boundary").map(str::trim_end).filter(|boundary| !boundary.is_empty());
            let index = self.parts.len();
            let mut kind = Kind::Leaf;
            if let (Some(subtype), Some(boundary)) = (media_type.strip_prefix("multipart/"), boundary) {
                kind = Kind::Multipart(subtype.to_owned());
                self.open.push(index, boundary.as_bytes());
            } else if is_message(&media_type) && transfer == Transfer::Identity {
                kind = Kind::Message;
            }
            if let Some(parent) = parent {
                self.parts[parent].children.push(index);
            }
            at = header.end;
            let goes_down = kind == Kind::Message;
            let body = at..self.raw.len();
            self.parts.push(Part {
                header,
                kind,
                media_type,
                parameters,
                transfer,
                body,
                children: Vec::new(),
                depth,
            });
            if !goes_down {
                return Ok(index);
            }
            parent = Some(index);
        }
    }

    /// Sets where a part ends, and with it the attached messages whose last part it is.
    fn end(&mut self, part: usize, end: usize) {
        let body = &mut self.parts[part].body;
        body.end = end.max(body.start).min(body.end);
    }

    /// Ends attached messages where their content ends, and makes a multipart in which no
    /// delimiter was found a text, so that its content is not lost.
    fn finish(&mut self) {
        for index in (0..self.parts.len()).rev() {
            let end = self.parts[index].children.last().map(|&child| self.parts[child].body.end);
            let part = &mut self.parts[index];
            match (&part.kind, end) {
                (Kind::Multipart(_), None) => {
                    part.kind = Kind::Leaf;
                    part.media_type = "text/plain".to_owned();
                }
                (Kind::Message, Some(end)) => part.body.end = end,
                _ => {}
            }
        }
    }
}

/// Whether the media type holds a whole message.
pub(super) fn is_message(media_type: &str) -> bool {
    matches!(media_type, "message/rfc822" | "message/global" | "message/news")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ErrorKind;
    use proptest::prelude::*;

    fn shape(raw: &[u8]) -> Vec<(String, String)> {
        walk(raw, &Limits::default())
            .unwrap()
            .iter()
            .map(|part| {
                let body = String::from_utf8_lossy(&raw[part.body.clone()]);
                (
                    part.media_type.clone(),
                    if part.kind == Kind::Leaf { body.into_owned() } else { String::new() },
                )
            })
            .collect()
    }

    #[test]
    fn nested_multiparts_and_messages() {
        let raw = b"Content-Type: multipart/mixed; boundary=a\r\n\r\npreamble\r\n--a\r\n\r\none\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: s\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\ntwo\r\n--b--\r\nepilogue\r\n--a\r\nContent-Type: text/html\r\n\r\nthree\r\n--a--\r\n";
        let expected = [
            ("multipart/mixed", ""),
            ("text/plain", "one"),
            ("message/rfc822", ""),
            ("multipart/alternative", ""),
            ("text/plain", "two"),
            ("text/html", "three"),
        ];
        assert_eq!(shape(raw), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn an_unclosed_multipart_ends_with_the_message_and_one_without_parts_is_text() {
        let shape = shape(b"Content-Type: multipart/mixed; boundary=a\n\nlost?\n");
        assert_eq!(shape, [("text/plain".to_owned(), "lost?\n".to_owned())]);
    }

    #[test]
    fn a_line_that_begins_with_the_boundary_delimits_unless_it_is_an_outer_one() {
        let text = |text: &str| ("text/plain".to_owned(), text.to_owned());
        let mixed = ("multipart/mixed".to_owned(), String::new());
        let prefix = b"Content-Type: multipart/mixed; boundary=a\n\n--a;\n\none\n--a x\n\ntwo\n--a--.\nend\n";
        assert_eq!(shape(prefix), [mixed.clone(), text("one"), text("two")]);
        let alike = b"Content-Type: multipart/mixed; boundary=ab\n\n--ab\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--ab\n\ntwo\n--ab--\n";
        assert_eq!(shape(alike), [mixed.clone(), mixed, text("one"), text("two")]);
    }

    fn kind_of(raw: &[u8]) -> ErrorKind {
        walk(raw, &Limits::default()).unwrap_err().kind()
    }

    #[test]
    fn deep_and_wide_messages_are_refused() {
        let messages = "Content-Type: message/rfc822\n\n".repeat(10_000);
        assert_eq!(kind_of(messages.as_bytes()), ErrorKind::LimitExceeded);
        let multiparts: String = (0..10_000)
            .map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n"))
            .collect();
        assert_eq!(kind_of(multiparts.as_bytes()), ErrorKind::LimitExceeded);
        let wide = format!("Content-Type: multipart/mixed; boundary=a\n\n{}", "--a\n\nx\n".repeat(100_000));
        assert_eq!(kind_of(wide.as_bytes()), ErrorKind::LimitExceeded);
    }

    proptest! {
        #[test]
        fn bodies_lie_inside_the_message(pieces in prop::collection::vec(prop::sample::select(vec![
            "Content-Type: multipart/mixed; boundary=a\n", "Content-Type: multipart/digest; boundary=\"b\"\r\n",
            "\n", "\r\n", "--a\n", "--a--\n", "--b\r\n", "--b--", "text\n", "Content-Type: message/rfc822\n",
            "Content-Transfer-Encoding: base64\n", "--", "\n--a",
        ]), 0..40)) {
            let raw = pieces.concat();
            for part in walk(raw.as_bytes(), &Limits::default()).unwrap() {
                prop_assert!(part.body.start <= part.body.end && part.body.end <= raw.len());
            }
        }
    }
}
