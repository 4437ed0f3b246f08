//! Requests and answers, apart from any connection: a part of a batch is a request too.

pub(crate) mod batch;
pub(crate) mod dispatch;
pub(crate) mod query;
pub(crate) mod routes;
pub(crate) mod serve;

use serde_json::{Map, Value};

pub(crate) use query::Query;

use crate::error::{ApiError, Result};

/// What came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Still percent-encoded, and without the query.
    pub(crate) path: String,
    pub(crate) query: Query,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// `target` is the path with its query.
    pub(crate) fn new(method: &str, target: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self { method: method.to_owned(), path: path.to_owned(), query: Query::parse(query), headers, body }
    }

    /// The first header of a name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(found.1.as_str())
    }

    /// Adds headers that are not there yet.
    pub(crate) fn inherit(&mut self, header: &str, value: Option<&str>) {
        if let (None, Some(value)) = (self.header(header), value) {
            self.headers.push((header.to_owned(), value.to_owned()));
        }
    }

    /// The bearer token, from the header or the query.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let of_header = self.header("authorization").and_then(|value| {
            let (scheme, token) = value.trim().split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        of_header.or_else(|| self.query.get("access_token"))
    }

    /// The body as an object; nothing counts as `{}`.
    pub(crate) fn json(&self) -> Result<Map<String, Value>> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            _ => Err(ApiError::new(400, "parseError", "Parse Error")),
        }
    }
}

/// What goes out, and how.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    /// Real milliseconds that the answer is held back.
    pub(crate) delay: u64,
    /// No answer at all: the connection breaks.
    pub(crate) is_reset: bool,
}

/// What an answer holds.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Json(Value),
    Bytes(String, Vec<u8>),
}

impl Answer {
    pub(crate) fn json(status: u16, value: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(value), delay: 0, is_reset: false }
    }

    pub(crate) fn bytes(status: u16, content_type: &str, bytes: Vec<u8>) -> Self {
        let body = Body::Bytes(content_type.to_owned(), bytes);
        Self { status, headers: Vec::new(), body, delay: 0, is_reset: false }
    }

    pub(crate) fn html(status: u16, title: &str, text: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html>\n<html lang=en>\n<title>{title}</title>\n<p><b>{status}.</b> <ins>{text}</ins>\n</html>\n"
        );
        Self::bytes(status, "text/html; charset=UTF-8", page.into_bytes())
    }

    /// 204, as methods without a response answer.
    pub(crate) fn nothing() -> Self {
        Self::bytes(204, "", Vec::new())
    }

    pub(crate) fn redirect(to: String) -> Self {
        Self::html(302, "Moved Temporarily", "The document has moved.").with("Location", to)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Type and bytes of the body.
    pub(crate) fn into_bytes(self) -> (String, Vec<u8>) {
        match self.body {
            Body::Json(value) => {
                ("application/json; charset=UTF-8".to_owned(), serde_json::to_vec(&value).unwrap_or_default())
            }
            Body::Bytes(content_type, bytes) => (content_type, bytes),
        }
    }
}
