//! Google's APIs for one account: its token, its pace, tries where they help.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use reqwest::Method as Verb;
use tokio::time::{Instant, sleep};
use url::Url;

use super::api::{Api, ApiFailure, ApiRefusal, ApiRequest, ApiResponse, Method, Payload};
use super::client::{Google, PaceKey};
use super::endpoints::GoogleEndpoints;
use super::envelope;
use super::oauth::AccessToken;
use crate::base::{Error, ErrorKind, Result, Timestamp};
use crate::domain::{Account, Service};
use crate::net::{HttpRequest, HttpResponse, LONGEST_WAIT, Pace, RetryPolicy, demanded_wait, fraction};

/// How many redirections a download may take: links for exports lead to other servers.
const REDIRECTS: u8 = 5;
/// How long nobody calls for an account that was told to slow down, where it was not told
/// for how long.
const SLOWING: Duration = Duration::from_secs(2);

/// The APIs for one account.
pub(crate) struct AccountApi {
    google: Arc<Google>,
    account: Account,
}

/// How a try ended that has no answer of success.
enum Miss {
    /// Another try may help, after the wait that is demanded.
    Passing(ApiFailure, Option<Duration>),
    /// The token is refused.
    Token(ApiRefusal),
    /// Nothing helps now.
    Final(ApiFailure),
}

#[async_trait]
impl Api for AccountApi {
    fn endpoints(&self) -> &GoogleEndpoints {
        &self.google.configured.options.endpoints
    }

    async fn call(&self, request: ApiRequest) -> Result<ApiResponse, ApiFailure> {
        let answer = self.called(&request).await;
        if answer.is_err() {
            self.google.usage.failed(request.operation);
        }
        answer
    }
}

impl AccountApi {
    pub(super) fn new(google: Arc<Google>, account: Account) -> Self {
        Self { google, account }
    }

    async fn called(&self, request: &ApiRequest) -> Result<ApiResponse, ApiFailure> {
        let google = &*self.google;
        let mut prepared = prepare(request, self.endpoints())?;
        prepared.timeout = google.configured.options.request_timeout;
        let deadline = Instant::now() + google.configured.options.total_timeout;
        let policy = RetryPolicy::tries(request.tries.max(1));
        let mut token = google.tokens.access(&self.account).await?;
        let (mut failed, mut is_refreshed) = (0, false);
        loop {
            let miss = match self.once(request, &prepared, &token).await? {
                Ok(answer) => return Ok(answer),
                Err(miss) => miss,
            };
            let (failure, demanded) = match miss {
                Miss::Final(failure) => return Err(failure),
                Miss::Token(refusal) if is_refreshed => {
                    // Fresh from Google, and refused by Google: only its owner can help.
                    google.tokens.give_up(&self.account, &format!("401 {}", refusal.message)).await?;
                    return Err(ApiFailure::Refused(refusal));
                }
                Miss::Token(_) => {
                    token = google.tokens.refresh_now(&self.account, &token).await?;
                    is_refreshed = true;
                    continue;
                }
                Miss::Passing(failure, demanded) => (failure, demanded),
            };
            failed += 1;
            let chance = fraction(&*google.ids, &*google.clock);
            match policy.wait(failed, chance, demanded) {
                Some(wait) if wait <= LONGEST_WAIT && Instant::now() + wait < deadline => sleep(wait).await,
                _ => return Err(self.given_up(failure, demanded)),
            }
        }
    }

    /// One try: paced, with a token, and weighed.
    async fn once(
        &self,
        request: &ApiRequest,
        prepared: &HttpRequest,
        token: &AccessToken,
    ) -> Result<Result<ApiResponse, Miss>> {
        let google = &*self.google;
        let (operation, account) = (request.operation, &self.account);
        let service = service_of(operation);
        google.budget.acquire(operation, &self.keys(service), request.units).await?;
        let permit = google.breaker.admit(operation, &prepared.host())?;
        google.usage.tried(operation, account.id, request.units, google.clock.now());
        let authorization = format!("Bearer {}", token.secret.expose());
        let answer = match google.http.send(prepared.clone().header("authorization", authorization)).await {
            Ok(answer) => answer,
            Err(error) if error.kind() == ErrorKind::Upstream => {
                permit.failed();
                return Ok(Err(Miss::Passing(error.into(), None)));
            }
            // Too large, or not to be sent at all: the server is well.
            Err(error) => {
                permit.succeeded();
                return Err(error);
            }
        };
        if answer.status >= 500 {
            permit.failed()
        } else {
            permit.succeeded()
        }
        if matches!(answer.status, 200..=299 | 304 | 308) {
            let HttpResponse { headers, body, .. } = answer;
            return Ok(Ok(ApiResponse { headers, body }));
        }
        Ok(Err(self.weigh(service, operation, &answer)))
    }

    /// What an answer means that is no success.
    fn weigh(&self, service: Service, operation: &'static str, answer: &HttpResponse) -> Miss {
        let google = &*self.google;
        let now = google.clock.now();
        let (refusal, delay) = envelope::read(operation, answer.status, &answer.body);
        // Calendar and Drive say so of an address for notifications, not of the token.
        if refusal.status == 401 && !refusal.reason.starts_with("webhookUrl") {
            return Miss::Token(refusal);
        }
        if refusal.reason == "dailyLimitExceeded" {
            let until = midnight_pacific(now);
            google.usage.limited(operation);
            for (key, pace) in self.keys(service) {
                google.budget.hold(&key, pace, until);
            }
            let message = "the day's quota of the project is used up";
            let error = Error::new(ErrorKind::RateLimited, operation, message).with_retry_at(until);
            return Miss::Final(error.into());
        }
        let demanded = demanded_wait(&answer.headers, &refusal.message, now).or(delay);
        if refusal.is_rate_limit() {
            google.usage.limited(operation);
            // Whoever else calls for this account is to wait as well.
            let (key, pace) = self.user_key(service);
            google.budget.hold(&key, pace, now.after(demanded.unwrap_or(SLOWING)));
            return Miss::Passing(ApiFailure::Refused(refusal), demanded);
        }
        match refusal.status {
            500.. => Miss::Passing(ApiFailure::Refused(refusal), demanded),
            _ => Miss::Final(ApiFailure::Refused(refusal)),
        }
    }

    /// After the last try. A demand to slow down says from when it is worth calling again.
    fn given_up(&self, failure: ApiFailure, demanded: Option<Duration>) -> ApiFailure {
        match failure {
            ApiFailure::Refused(refusal) if refusal.is_rate_limit() || demanded.is_some() => {
                let at = self.google.clock.now().after(demanded.unwrap_or(SLOWING));
                Error::from(refusal).with_retry_at(at).into()
            }
            failure => failure,
        }
    }

    fn user_key(&self, service: Service) -> (PaceKey, Pace) {
        let units_per_minute = self.google.configured.options.quota.service(service).per_user;
        (PaceKey::User(service, self.account.subject.clone()), Pace { units_per_minute })
    }

    fn keys(&self, service: Service) -> [(PaceKey, Pace); 2] {
        let units_per_minute = self.google.configured.options.quota.service(service).per_project;
        [self.user_key(service), (PaceKey::Project(service), Pace { units_per_minute })]
    }
}

/// A call as HTTP has it, without the token.
fn prepare(request: &ApiRequest, endpoints: &GoogleEndpoints) -> Result<HttpRequest> {
    let verb = match request.method {
        Method::Get => Verb::GET,
        Method::Post => Verb::POST,
    };
    let mut prepared = HttpRequest::new(request.operation, verb, &request.url)?;
    if !is_googles(&prepared.url, endpoints) {
        // Addresses come in answers as well; a token goes to Google only.
        let message = "the address is not one of Google's, and would be given the account's token";
        return Err(
            Error::new(ErrorKind::InvalidInput, request.operation, message).with("host", prepared.host())
        );
    }
    if !request.query.is_empty() {
        prepared.url.query_pairs_mut().extend_pairs(&request.query);
    }
    prepared.headers =
        request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    prepared.body = match &request.payload {
        Payload::Nothing => None,
        Payload::Json(value) => Some(("application/json".to_owned(), value.to_string().into_bytes())),
        Payload::Bytes { content_type, bytes } => Some((content_type.clone(), bytes.clone())),
    };
    prepared.max_bytes = request.max_bytes;
    prepared.redirects = REDIRECTS;
    Ok(prepared)
}

/// Whether an address is at one of the endpoints or, where these are Google's own, elsewhere
/// with Google.
fn is_googles(url: &Url, endpoints: &GoogleEndpoints) -> bool {
    let bases = [&endpoints.gmail, &endpoints.www, &endpoints.openid, &endpoints.oauth2];
    let bases: Vec<Url> = bases.into_iter().filter_map(|base| Url::parse(base).ok()).collect();
    let is_below = |url: &Url, domain: &str| {
        url.host_str().and_then(|host| host.strip_suffix(domain)).is_some_and(|rest| rest.ends_with('.'))
    };
    let are_own = bases.iter().any(|base| is_below(base, "googleapis.com"));
    let domains = ["googleapis.com", "google.com", "googleusercontent.com"];
    bases.iter().any(|base| base.origin() == url.origin())
        || (are_own && url.scheme() == "https" && domains.iter().any(|domain| is_below(url, domain)))
}

/// Whose quota an operation counts against, by the first part of its name.
fn service_of(operation: &str) -> Service {
    let name = operation.split('.').next().unwrap_or_default();
    // Calendar's quota is the smallest: right for whatever has no name of its own.
    name.parse().unwrap_or(Service::Calendar)
}

/// When the day of Google's quotas ends.
fn midnight_pacific(now: Timestamp) -> Timestamp {
    let next = || {
        let zone = TimeZone::get("America/Los_Angeles").ok()?;
        let today = jiff::Timestamp::from_microsecond(now.as_micros()).ok()?.to_zoned(zone);
        today.tomorrow().ok()?.start_of_day().ok()
    };
    next().map_or_else(
        || now.after(Duration::from_secs(24 * 3_600)),
        |midnight| Timestamp::from_micros(midnight.timestamp().as_microsecond()),
    )
}

#[cfg(test)]
mod tests;
