//! What Google answers when it refuses: the envelope of its JSON APIs.

use serde_json::{Value, json};

use crate::http::Answer;

/// A refusal.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) code: u16,
    pub(crate) reason: String,
    pub(crate) message: String,
    domain: &'static str,
    status: Option<&'static str>,
    more: Option<Box<More>>,
}

/// What few refusals have.
#[derive(Debug, Clone, Default)]
struct More {
    location: Option<(&'static str, String)>,
    details: Option<Value>,
    headers: Vec<(String, String)>,
}

pub(crate) type Result<T> = std::result::Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            message: message.into(),
            domain: "global",
            status: None,
            more: None,
        }
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "notFound", message)
    }

    /// A parameter of the query that is missing or wrong.
    pub(crate) fn parameter(name: &str, message: impl Into<String>) -> Self {
        Self::new(400, "invalid", message).at("parameter", name)
    }

    pub(crate) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(400, "invalidArgument", message).with_status("INVALID_ARGUMENT")
    }

    pub(crate) fn required(name: &str) -> Self {
        Self::new(400, "required", format!("Required parameter: {name}")).at("parameter", name)
    }

    pub(crate) fn at(mut self, kind: &'static str, name: &str) -> Self {
        self.more().location = Some((kind, name.to_owned()));
        self
    }

    pub(crate) fn in_domain(mut self, domain: &'static str) -> Self {
        self.domain = domain;
        self
    }

    pub(crate) fn with_status(mut self, status: &'static str) -> Self {
        self.status = Some(status);
        self
    }

    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.more().details = Some(details);
        self
    }

    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.more().headers.push((name.to_owned(), value.into()));
        self
    }

    /// The credentials are missing, unknown or expired.
    pub(crate) fn credentials() -> Self {
        let mut error = Self::new(401, "authError", "Invalid Credentials").at("header", "Authorization");
        error.status = Some("UNAUTHENTICATED");
        error.with_header(
            "WWW-Authenticate",
            "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"",
        )
    }

    /// The token's scopes do not allow the method.
    pub(crate) fn scopes(service: &str, method: &str) -> Self {
        let details = json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
            "metadata": {"service": format!("{service}.googleapis.com"), "method": method},
        }]);
        Self::new(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
            .with_status("PERMISSION_DENIED")
            .with_details(details)
            .with_header(
                "WWW-Authenticate",
                "Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\"",
            )
    }

    /// The answer; Gmail's errors name a canonical status, the older ones of Drive and
    /// Calendar often do not.
    pub(crate) fn answer(&self, names_status: bool) -> Answer {
        let mut entry = json!({"message": self.message, "domain": self.domain, "reason": self.reason});
        let more = self.more.as_deref();
        if let Some((kind, name)) = more.and_then(|more| more.location.as_ref()) {
            entry["locationType"] = json!(kind);
            entry["location"] = json!(name);
        }
        let mut error = json!({"code": self.code, "message": self.message, "errors": [entry]});
        if self.status.is_some() || names_status {
            error["status"] = json!(self.status.unwrap_or_else(|| canonical(self.code)));
        }
        if let Some(details) = more.and_then(|more| more.details.as_ref()) {
            error["details"] = details.clone();
        }
        let mut answer = Answer::json(self.code, json!({"error": error}));
        answer.headers.extend(more.into_iter().flat_map(|more| more.headers.iter().cloned()));
        answer
    }
}

fn canonical(code: u16) -> &'static str {
    match code {
        400 | 416 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 | 410 => "NOT_FOUND",
        409 => "ALREADY_EXISTS",
        412 => "FAILED_PRECONDITION",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}
