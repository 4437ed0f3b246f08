//! The answer to a batch: `multipart/mixed`, with an HTTP answer in each part.
//!
//! One pass over the lines. Line ends may be CRLF or LF; the order of the parts, what stands
//! before and after them, and how the boundary is quoted do not matter. A part that is no HTTP
//! answer, or is cut off, is left out: whoever asked finds that it is missing.

use crate::base::{Error, ErrorKind, Result};

const OPERATION: &str = "gmail.batch";

/// The answer to one call of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InnerAnswer<'a> {
    /// The part's `Content-ID`, without angle brackets; empty where it has none.
    pub(super) id: &'a str,
    pub(super) status: u16,
    pub(super) body: &'a [u8],
}

/// The answers in the body of a batch.
///
/// # Errors
/// `upstream` when it is not multipart, or none of its parts can be found.
pub(super) fn answers<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<InnerAnswer<'a>>> {
    let nonsense = |message: &'static str| Error::new(ErrorKind::Upstream, OPERATION, message);
    let boundary = boundary(content_type)
        .ok_or_else(|| nonsense("Gmail answered a batch with something that is not multipart"))?;
    let mut answers = Vec::new();
    let mut part_from = None;
    let mut found_any = false;
    for (from, to) in lines(body) {
        let Some(is_last) = delimits(&body[from..to], boundary.as_bytes()) else { continue };
        found_any = true;
        if let Some(start) = part_from.take() {
            // The line end before a delimiter belongs to the delimiter.
            answers.extend(answer(without_line_end(&body[start..from.max(start)])));
        }
        if is_last {
            break;
        }
        part_from = Some(to);
    }
    // What was begun and not ended by a delimiter was cut off, and may lack its end.
    if found_any { Ok(answers) } else { Err(nonsense("Gmail answered a batch without any part")) }
}

/// The `boundary` of a multipart content type.
fn boundary(content_type: &str) -> Option<String> {
    let (kind, mut rest) = content_type.split_once(';')?;
    if !kind.trim().get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/")) {
        return None;
    }
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = parameter(after.trim_start());
        // A word without a value may stand before it.
        let name = name.rsplit(';').next().unwrap_or_default();
        if name.trim().eq_ignore_ascii_case("boundary") {
            // An empty one would end a part at every line that begins with two dashes.
            return Some(value).filter(|value| !value.is_empty());
        }
        rest = after;
    }
}

/// The value of a parameter, and what follows its semicolon.
fn parameter(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = text.split_once(';').unwrap_or((text, ""));
        return (value.trim_end().to_owned(), after);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let after = &quoted[at + 1..];
                return (value, after.split_once(';').map_or("", |(_, after)| after));
            }
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    (value, "")
}

/// Whether a line delimits parts, and if so, whether it ends the last one.
fn delimits(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    match rest.strip_prefix(b"--") {
        Some(padding) if padding.trim_ascii().is_empty() => Some(true),
        // A longer boundary that begins alike is another's.
        _ => rest.trim_ascii().is_empty().then_some(false),
    }
}

/// A part as an answer; `None` if it is none.
fn answer(part: &[u8]) -> Option<InnerAnswer<'_>> {
    let (fields, http) = head(part);
    let id = field(fields, "content-id").unwrap_or_default().trim_matches(['<', '>', ' ', '\t']);
    // Some servers put an empty line before the status line.
    let http = http.trim_ascii_start();
    let (line, rest) = lines(http).next().map(|(from, to)| (&http[from..to], &http[to..]))?;
    let status = status(std::str::from_utf8(line).ok()?)?;
    let (_, body) = head(rest);
    Some(InnerAnswer { id, status, body })
}

/// The status of `HTTP/1.1 200 OK`.
fn status(line: &str) -> Option<u16> {
    let mut words = line.split_ascii_whitespace();
    let version = words.next()?.get(..5)?;
    let status = words.next()?.parse().ok()?;
    (version.eq_ignore_ascii_case("HTTP/") && (100..600).contains(&status)).then_some(status)
}

/// What stands before the first empty line, and what after it.
fn head(bytes: &[u8]) -> (&[u8], &[u8]) {
    let empty = lines(bytes).find(|&(from, to)| without_line_end(&bytes[from..to]).is_empty());
    empty.map_or((bytes, &[]), |(from, to)| (&bytes[..from], &bytes[to..]))
}

/// The value of the first field of that name, which is in lower case.
fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    lines(head).find_map(|(from, to)| {
        let line = std::str::from_utf8(&head[from..to]).ok()?;
        let (own, value) = line.split_once(':')?;
        own.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Where each line begins and ends, its line end included.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |end| end + 1);
        at += length;
        Some((at - length, at))
    })
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TYPE: &str = "multipart/mixed; boundary=batch_x";

    fn two(eol: &str) -> String {
        [
            "preamble",
            "--batch_x",
            "Content-Type: application/http",
            "Content-ID: <response-item-1>",
            "",
            "HTTP/1.1 200 OK",
            "Content-Type: application/json; charset=UTF-8",
            "",
            "{",
            "  \"id\": \"1\"",
            "}",
            "--batch_x  ",
            "content-id: response-item-0",
            "",
            "HTTP/1.1 404 Not Found",
            "",
            "",
            "--batch_x--",
            "epilogue --batch_x",
            "",
        ]
        .join(eol)
    }

    #[test]
    fn parts_come_with_id_status_and_body_whatever_the_line_ends() {
        for eol in ["\r\n", "\n"] {
            let body = two(eol);
            let answers = answers(TYPE, body.as_bytes()).unwrap();
            let seen: Vec<_> = answers.iter().map(|answer| (answer.id, answer.status)).collect();
            assert_eq!(seen, [("response-item-1", 200), ("response-item-0", 404)]);
            assert_eq!(answers[0].body, ["{", "  \"id\": \"1\"", "}"].join(eol).as_bytes());
            assert_eq!(answers[1].body, b"");
        }
    }

    #[test]
    fn a_boundary_may_be_quoted_and_stand_anywhere() {
        for (content_type, expected) in [
            ("multipart/mixed; boundary=b", Some("b")),
            ("Multipart/Mixed;charset=\"a;b=c\"; BOUNDARY=\"a b\\\"c\" ; x=y", Some("a b\"c")),
            ("multipart/mixed; boundary=b ; charset=utf-8", Some("b")),
            ("multipart/mixed; odd; boundary=b", Some("b")),
            ("multipart/mixed; boundary=\"open", Some("open")),
            ("multipart/mixed; boundary=", None),
            ("multipart/mixed; boundary=\"\"", None),
            ("multipart/mixed; charset=utf-8", None),
            ("multipart/mixed", None),
            ("application/json; boundary=b", None),
            ("", None),
        ] {
            assert_eq!(boundary(content_type).as_deref(), expected, "{content_type}");
        }
    }

    #[test]
    fn a_content_that_looks_like_a_field_or_a_boundary_is_content() {
        let body = "--batch_x\nContent-ID: <a>\n\nHTTP/1.1 200 OK\n\nContent-ID: <b>\n--batch_xy\n --batch_x\n--batch_x--";
        let answers = answers(TYPE, body.as_bytes()).unwrap();
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].id, "a");
        assert_eq!(answers[0].body, b"Content-ID: <b>\n--batch_xy\n --batch_x");
    }

    #[test]
    fn a_part_that_is_cut_off_or_no_answer_is_left_out() {
        let body = two("\r\n");
        let cut = &body[..body.find("--batch_x--").unwrap()];
        assert_eq!(answers(TYPE, cut.as_bytes()).unwrap().len(), 1);
        let nonsense = "--batch_x\nContent-ID: <a>\n\nno answer\n--batch_x\n--batch_x--";
        assert_eq!(answers(TYPE, nonsense.as_bytes()).unwrap(), []);
    }

    #[test]
    fn what_is_no_batch_is_a_typed_error() {
        for (content_type, body) in [(TYPE, "<html>"), (TYPE, ""), ("text/html", "--batch_x--")] {
            let error = answers(content_type, body.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Upstream);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_parts_or_a_typed_error(
            content_type in "(multipart/mixed; ?boundary=)?[ -~]{0,20}",
            pieces in prop::collection::vec(prop_oneof![
                Just(b"--b".to_vec()), Just(b"--b--".to_vec()), Just(b"\r\n".to_vec()), Just(b"\n".to_vec()),
                Just(b"HTTP/1.1 200 OK".to_vec()), Just(b"Content-ID: <response-item-0>".to_vec()),
                prop::collection::vec(any::<u8>(), 0..8),
            ], 0..40),
        ) {
            let body = pieces.concat();
            for content_type in [content_type.as_str(), "multipart/mixed; boundary=b"] {
                match answers(content_type, &body) {
                    Ok(answers) => for answer in answers {
                        prop_assert!((100..600).contains(&answer.status));
                        prop_assert!(answer.body.len() <= body.len());
                    },
                    Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Upstream),
                }
            }
        }

        #[test]
        fn what_was_put_in_comes_out(
            bodies in prop::collection::vec("[ -~]{0,40}", 1..12),
            eol in prop_oneof![Just("\r\n"), Just("\n")],
            quoted: bool,
        ) {
            let mut body = String::new();
            for (index, text) in bodies.iter().enumerate() {
                body += &["--=_b 1", &format!("Content-ID: <response-item-{index}>"), "", "HTTP/1.1 200 OK",
                    "X-Any: y", "", text, ""].join(eol);
            }
            body += "--=_b 1--";
            let boundary = if quoted { "\"=_b 1\"" } else { "=_b 1" };
            let read = answers(&format!("multipart/mixed; boundary={boundary}"), body.as_bytes()).unwrap();
            prop_assert_eq!(read.len(), bodies.len());
            for (index, (answer, text)) in read.iter().zip(&bodies).enumerate() {
                prop_assert_eq!(answer.id, format!("response-item-{index}"));
                prop_assert_eq!(answer.body, text.as_bytes());
            }
        }
    }
}
