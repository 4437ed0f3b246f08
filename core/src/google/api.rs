//! A call to one of Google's APIs, on behalf of an account.

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::endpoints::GoogleEndpoints;
use crate::base::{Error, ErrorKind};

/// How a call asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

/// What a call sends.
#[derive(Clone, PartialEq)]
pub(crate) enum Payload {
    Nothing,
    Json(Value),
    Bytes { content_type: String, bytes: Vec<u8> },
}

/// A call.
#[derive(Clone)]
pub(crate) struct ApiRequest {
    /// What is done, as errors name it: `gmail.history`.
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    /// Without a query; path segments are encoded already.
    pub(crate) url: String,
    /// Not encoded yet.
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) payload: Payload,
    /// What it costs of the account's quota, in Google's units.
    pub(crate) units: u32,
    /// The most bytes that are read of the answer; more is `limit_exceeded`.
    pub(crate) max_bytes: u64,
    /// How often it is tried when the server fails (5xx) or asks for fewer calls.
    pub(crate) tries: u32,
}

/// The most bytes of an answer that is JSON.
pub(crate) const MAX_JSON: u64 = 64 << 20;

impl ApiRequest {
    pub(crate) fn get(operation: &'static str, url: String, units: u32) -> Self {
        Self {
            operation,
            method: Method::Get,
            url,
            query: Vec::new(),
            headers: Vec::new(),
            payload: Payload::Nothing,
            units,
            max_bytes: MAX_JSON,
            tries: 3,
        }
    }

    pub(crate) fn post(operation: &'static str, url: String, body: Value, units: u32) -> Self {
        Self { method: Method::Post, payload: Payload::Json(body), ..Self::get(operation, url, units) }
    }

    #[must_use]
    pub(crate) fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    #[must_use]
    pub(crate) fn maybe(self, key: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.query(key, value),
            None => self,
        }
    }
}

/// An answer with a status of success.
#[derive(Clone)]
pub(crate) struct ApiResponse {
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl ApiResponse {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Reads a JSON body; `upstream` when it is none.
    pub(crate) fn json<T: DeserializeOwned>(&self, operation: &'static str) -> Result<T, ApiFailure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The position only: the text of the error could quote what is private.
            let message = "Google answered something that is not the JSON it documents";
            Error::new(ErrorKind::Upstream, operation, message)
                .with("line", error.line())
                .with("column", error.column())
                .into()
        })
    }
}

/// An answer of Google's that refuses, after all tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiRefusal {
    pub(crate) operation: &'static str,
    pub(crate) status: u16,
    /// The `reason` of the first error: `notFound`, `rateLimitExceeded`, `fullSyncRequired`;
    /// empty where the body is not Google's envelope.
    pub(crate) reason: String,
    pub(crate) message: String,
}

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) enum ApiFailure {
    /// Google refused it.
    Refused(ApiRefusal),
    /// It did not get so far, or the answer made no sense.
    Other(Error),
}

impl From<Error> for ApiFailure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<ApiFailure> for Error {
    fn from(failure: ApiFailure) -> Self {
        match failure {
            ApiFailure::Refused(refusal) => refusal.into(),
            ApiFailure::Other(error) => error,
        }
    }
}

impl From<ApiRefusal> for Error {
    fn from(refusal: ApiRefusal) -> Self {
        let is_rate = refusal.is_rate_limit();
        let (kind, message) = match refusal.status {
            // Said of an address for notifications, not of the token.
            401 if refusal.reason.starts_with("webhookUrl") => {
                (ErrorKind::InvalidInput, "Google does not accept the address for notifications")
            }
            401 => (ErrorKind::NeedsReauth, "Google does not accept the account's token"),
            _ if is_rate => (ErrorKind::RateLimited, "Google asks for fewer calls"),
            403 => (ErrorKind::Forbidden, "Google does not allow this"),
            404 | 410 => (ErrorKind::NotFound, "Google does not have it, or not for this account"),
            400..500 => (ErrorKind::InvalidInput, "Google refuses the call"),
            _ => (ErrorKind::Upstream, "Google failed"),
        };
        Self::new(kind, refusal.operation, message)
            .with("status", refusal.status)
            .with("reason", refusal.reason)
            .with("google", refusal.message.chars().take(200).collect::<String>())
    }
}

impl ApiRefusal {
    /// Whether fewer calls would help.
    pub(crate) fn is_rate_limit(&self) -> bool {
        let reasons = ["rateLimitExceeded", "userRateLimitExceeded", "sharingRateLimitExceeded"];
        self.status == 429 || (self.status == 403 && reasons.contains(&self.reason.as_str()))
    }
}

/// Google's APIs for one account: adds its token, keeps to its quota, tries again where that
/// helps.
#[async_trait]
pub(crate) trait Api: Send + Sync {
    fn endpoints(&self) -> &GoogleEndpoints;

    async fn call(&self, request: ApiRequest) -> Result<ApiResponse, ApiFailure>;
}
