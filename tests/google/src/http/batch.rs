//! Batches: `multipart/mixed` with a request in each part, and an answer to each.

use serde_json::json;

use super::{Answer, Request, dispatch};
use crate::error::ApiError;
use crate::faults::{Effect, Place};
use crate::world::Shared;

/// More parts than this are refused.
const MOST: usize = 100;
/// As many of a batch's parts run at once on a mailbox that is not warmed up.
const CONCURRENT: usize = 25;

/// Answers a batch: 200 whatever becomes of its parts.
pub(crate) fn answer(shared: &Shared, request: &Request) -> Answer {
    match answer_parts(shared, request) {
        Ok(answer) => answer,
        Err(error) => error.answer(true),
    }
}

fn answer_parts(shared: &Shared, request: &Request) -> Result<Answer, ApiError> {
    let bad = |message: &str| ApiError::new(400, "badRequest", message);
    if request.method != "POST" {
        return Err(ApiError::not_found("Not Found"));
    }
    let content_type = request.header("content-type").unwrap_or_default();
    let boundary = parameter(content_type, "boundary")
        .filter(|_| content_type.to_ascii_lowercase().starts_with("multipart/mixed"))
        .ok_or_else(|| bad("Failed to parse batch request, error: no multipart boundary"))?;
    let parts = split(&request.body, &boundary);
    if parts.is_empty() {
        return Err(bad("The batch request contains no parts."));
    }
    if parts.len() > MOST {
        return Err(bad("The batch request contains too many calls. The limit is 100."));
    }
    let mut world = shared.lock();
    let now = world.now();
    let account = world.oauth.caller(request.bearer(), now).map(|caller| caller.account).unwrap_or_default();
    let place = Place::Call { method: "batch", account: &account, has_page: false };
    let effects = world.faults.at(place, now);
    let delay =
        effects.iter().map(|effect| if let Effect::Delay { millis } = effect { *millis } else { 0 }).sum();
    if let Some(answer) = effects.iter().find_map(|effect| effect.answer(super::routes::Service::Gmail, now))
    {
        return Ok(Answer { delay, ..answer });
    }
    let is_cold = effects.contains(&Effect::ColdMailbox);
    let boundary = format!("batch_{}", world.noise.url_text(24));
    let mut body = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let (part_headers, inner) = head(part);
        let too_many = Effect::TooManyConcurrent;
        let meddling = if is_cold && number >= CONCURRENT { std::slice::from_ref(&too_many) } else { &[] };
        let answer = match parse(inner) {
            Some(mut inner) if inner.path.starts_with("/batch") => {
                inner.body.clear();
                bad("Batch requests cannot be nested.").answer(true)
            }
            Some(mut inner) => {
                inner.inherit("authorization", request.header("authorization"));
                dispatch::api(&mut world, inner, meddling)
            }
            None => bad("Failed to parse batch request part.").answer(true),
        };
        let id = part_headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-id"));
        write(&mut body, &boundary, id.map(|(_, id)| id.as_str()), answer);
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let mut answer = Answer::bytes(200, &format!("multipart/mixed; boundary={boundary}"), body);
    answer.delay = delay;
    Ok(answer)
}

fn write(body: &mut Vec<u8>, boundary: &str, id: Option<&str>, answer: Answer) {
    let answer = if answer.is_reset {
        // A part cannot break its connection.
        Answer::json(
            503,
            json!({"error": {"code": 503, "message": "The service is currently unavailable.",
            "errors": [{"domain": "global", "reason": "backendError", "message": "Backend Error"}]}}),
        )
    } else {
        answer
    };
    let mut head = format!("--{boundary}\r\nContent-Type: application/http\r\n");
    if let Some(id) = id {
        let id = id.trim();
        let id =
            id.strip_prefix('<').map_or_else(|| format!("response-{id}"), |id| format!("<response-{id}"));
        head.push_str(&format!("Content-ID: {id}\r\n"));
    }
    head.push_str(&format!("\r\nHTTP/1.1 {} {}\r\n", answer.status, phrase(answer.status)));
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let (content_type, bytes) = answer.into_bytes();
    if !content_type.is_empty() {
        head.push_str(&format!("Content-Type: {content_type}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", bytes.len()));
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(&bytes);
    body.extend_from_slice(b"\r\n");
}

fn phrase(status: u16) -> &'static str {
    axum::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Unknown")
}

/// A parameter of a header's value, without its quotes.
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|pair| {
        let (own, value) = pair.split_once('=')?;
        own.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The parts between the lines `--boundary`.
pub(crate) fn split<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let mut begin = None;
    let mut at = 0;
    while at < body.len() {
        let end =
            body[at..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |found| at + found + 1);
        let line = body[at..end].trim_ascii_end();
        if let Some(rest) = line.strip_prefix(delimiter.as_slice())
            && (rest.is_empty() || rest == b"--")
        {
            if let Some(begin) = begin {
                let part: &[u8] = &body[begin..at];
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                parts.push(part.strip_suffix(b"\r").unwrap_or(part));
            }
            begin = Some(end);
            if rest == b"--" {
                break;
            }
        }
        at = end;
    }
    parts
}

/// Headers, and what comes after the empty line.
pub(crate) fn head(part: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let mut headers = Vec::new();
    let mut at = 0;
    while at < part.len() {
        let end =
            part[at..].iter().position(|byte| *byte == b'\n').map_or(part.len(), |found| at + found + 1);
        let line = String::from_utf8_lossy(part[at..end].trim_ascii_end()).into_owned();
        at = end;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    (headers, &part[at..])
}

/// A request as it is on the wire; the line may lack the version, and name a host.
fn parse(bytes: &[u8]) -> Option<Request> {
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |found| found + 1);
    let line = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?, words.next()?);
    let target = match target.split_once("://") {
        Some((_, rest)) => &rest[rest.find('/')?..],
        None => target,
    };
    let (headers, body) = head(&bytes[end..]);
    Some(Request::new(method, target, headers, body.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_split_and_read() {
        let body = b"preamble\r\n--b1\r\nContent-ID: <x + 1>\r\n\r\nGET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n\r\n--b1\r\n\
            Content-Type: application/http\n\nPOST https://h/p/q\nContent-Type: application/json\n\n{}\n--b1--\r\nrest";
        let parts = split(body, "b1");
        assert_eq!(parts.len(), 2);
        let (headers, inner) = head(parts[0]);
        assert_eq!(headers, [("Content-ID".to_owned(), "<x + 1>".to_owned())]);
        let request = parse(inner).unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/a"));
        assert_eq!(request.query.get("b"), Some("c"));
        let request = parse(head(parts[1]).1).unwrap();
        assert_eq!((request.path.as_str(), request.body.as_slice()), ("/p/q", &b"{}"[..]));
        assert!(parse(b"").is_none() && parse(b"GET https://nothing").is_none());
    }
}
