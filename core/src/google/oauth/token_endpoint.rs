//! The token endpoint: where codes, refresh tokens and assertions become access tokens.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;

use crate::base::{Clock, Error, ErrorKind, IdGenerator, Result, Secret, Timestamp};
use crate::google::options::Configured;
use crate::net::{Http, HttpRequest, HttpResponse, LONGEST_WAIT, RetryPolicy, demanded_wait, fraction};

/// How long one try may take. With [`TRIES`] and their waits it stays within the time for
/// which a refresh holds its turn.
const TIMEOUT: Duration = Duration::from_secs(12);
pub(super) const TRIES: u32 = 3;
/// How long an access token lives where Google does not say; it always says.
const USUAL_LIFE: u64 = 3_600;
/// Errors that are the server's own, whatever the status.
const PASSING: [&str; 3] = ["internal_failure", "server_error", "temporarily_unavailable"];

/// Asks for tokens and has them revoked.
pub(crate) struct TokenEndpoint {
    pub(in crate::google) http: Arc<Http>,
    pub(in crate::google) configured: Arc<Configured>,
    pub(in crate::google) clock: Arc<dyn Clock>,
    pub(in crate::google) ids: Arc<dyn IdGenerator>,
}

/// Tokens as given.
pub(super) struct Tokens {
    pub(super) access: Secret,
    pub(super) access_expires_at: Timestamp,
    pub(super) refresh: Option<Secret>,
    pub(super) scope: Option<String>,
    pub(super) id_token: Option<Secret>,
}

#[derive(Deserialize)]
struct Given {
    access_token: Secret,
    expires_in: Option<u64>,
    refresh_token: Option<Secret>,
    scope: Option<String>,
    id_token: Option<Secret>,
    token_type: Option<String>,
}

#[derive(Default, Deserialize)]
struct Refused {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
    #[serde(default)]
    error_subtype: String,
}

/// Why there are no tokens.
#[derive(Debug)]
pub(super) enum TokenFailure {
    /// Google refuses, for good.
    Refused(TokenRefusal),
    /// It could not be asked, or failed.
    Other(Error),
}

/// A refusal in Google's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenRefusal {
    pub(super) status: u16,
    pub(super) error: String,
    pub(super) description: String,
}

impl TokenRefusal {
    /// `error: description`, for people.
    pub(super) fn reason(&self) -> String {
        match self.description.as_str() {
            "" => self.error.clone(),
            description => format!("{}: {description}", self.error),
        }
    }

    /// An error of a kind about this.
    pub(super) fn as_error(&self, kind: ErrorKind, operation: &'static str, message: &'static str) -> Error {
        Error::new(kind, operation, message).with("status", self.status).with("google", self.reason())
    }
}

impl From<Error> for TokenFailure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl TokenEndpoint {
    /// Asks for tokens with the fields of a grant, up to `tries` times while the server fails.
    pub(super) async fn ask(
        &self,
        operation: &'static str,
        fields: &[(&str, &str)],
        tries: u32,
    ) -> Result<Tokens, TokenFailure> {
        // From before the question: the token is never believed to live longer than it does.
        let now = self.clock.now();
        let answer = self.post(operation, "/token", fields, tries).await?;
        let given: Given = serde_json::from_slice(&answer.body).map_err(|_| {
            // Nothing of the body: it may hold tokens.
            Error::new(
                ErrorKind::Upstream,
                operation,
                "the token endpoint answered something else than tokens",
            )
        })?;
        let is_bearer = given.token_type.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        if !is_bearer || given.access_token.is_empty() {
            let message = "the token endpoint gave no bearer token";
            return Err(Error::new(ErrorKind::Upstream, operation, message).into());
        }
        let life = Duration::from_secs(given.expires_in.unwrap_or(USUAL_LIFE).min(24 * 3_600));
        Ok(Tokens {
            access: given.access_token,
            access_expires_at: now.after(life),
            refresh: given.refresh_token.filter(|token| !token.is_empty()),
            scope: given.scope,
            id_token: given.id_token,
        })
    }

    /// Posts a form; an answer of success, or why there is none.
    pub(super) async fn post(
        &self,
        operation: &'static str,
        path: &str,
        fields: &[(&str, &str)],
        tries: u32,
    ) -> Result<HttpResponse, TokenFailure> {
        let url = format!("{}{path}", self.configured.options.endpoints.oauth2);
        let mut request = HttpRequest::new(operation, Method::POST, &url)?.form(fields);
        request.timeout = TIMEOUT.min(self.configured.options.request_timeout);
        let policy = RetryPolicy { cap: Duration::from_secs(4), ..RetryPolicy::tries(tries) };
        for failed in 1.. {
            let (error, demanded) = match self.http.send(request.clone()).await {
                Err(error) => (error, None),
                Ok(answer) if answer.status == 200 => return Ok(answer),
                Ok(answer) => self.refused(operation, &answer)?,
            };
            match policy.wait(failed, fraction(&*self.ids, &*self.clock), demanded) {
                Some(wait) if error.kind().is_retryable() && wait <= LONGEST_WAIT => {
                    tracing::debug!(operation, failed, "the token endpoint failed; trying again");
                    tokio::time::sleep(wait).await;
                }
                _ => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::Internal, operation, "out of tries").into())
    }

    /// What an answer means that has no tokens: a passing failure, with how long it asks us to
    /// wait; or a refusal.
    fn refused(
        &self,
        operation: &'static str,
        answer: &HttpResponse,
    ) -> Result<(Error, Option<Duration>), TokenFailure> {
        // A body that is no JSON (an HTML page of a proxy) says nothing.
        let body: Refused = serde_json::from_slice(&answer.body).unwrap_or_default();
        let demanded = demanded_wait(&answer.headers, &body.error_description, self.clock.now());
        let is_passing =
            answer.status >= 500 || answer.status == 429 || PASSING.contains(&body.error.as_str());
        if is_passing {
            let (kind, message) = match answer.status {
                429 => (ErrorKind::RateLimited, "Google asks for fewer calls"),
                _ => (ErrorKind::Upstream, "the token endpoint failed"),
            };
            let mut error = Error::new(kind, operation, message).with("status", answer.status);
            if let Some(wait) = demanded {
                error = error.with_retry_at(self.clock.now().after(wait));
            }
            return Ok((error, demanded));
        }
        if body.error.is_empty() {
            let message = "the token endpoint answered something else than tokens";
            return Err(Error::new(ErrorKind::Upstream, operation, message)
                .with("status", answer.status)
                .into());
        }
        let mut description = plain(&body.error_description, 200);
        if !body.error_subtype.is_empty() {
            description = format!("{description} ({})", plain(&body.error_subtype, 40));
        }
        Err(TokenFailure::Refused(TokenRefusal {
            status: answer.status,
            error: plain(&body.error, 40),
            description,
        }))
    }
}

/// A text for people, short and without control characters.
pub(super) fn plain(text: &str, longest: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(longest).collect::<String>().trim().to_owned()
}

/// What a refusal means that is about the client, not about one account.
pub(super) fn about_the_client(refusal: &TokenRefusal, operation: &'static str) -> Error {
    let message = match refusal.error.as_str() {
        "invalid_client" => {
            "Google does not know the OAuth client, or its secret is wrong: check client_id and client_secret"
        }
        "unauthorized_client" => "the token belongs to another OAuth client: check client_id",
        "redirect_uri_mismatch" => "the redirect_uri is not registered for the OAuth client",
        _ => "Google refuses the request for tokens",
    };
    refusal.as_error(ErrorKind::NotConfigured, operation, message)
}
