//! Calls for an account, against a fake Google.

use std::sync::Arc;
use std::time::Duration;

use besunny_fake_google::{Fault, FaultKind, When};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::base::Clock;
use crate::domain::AccountStatus;
use crate::google::client::Google;
use crate::google::testing::Fixture;
use crate::net::testing::{Reply, Responder};

const PROFILE: &str = "gmail.users.getProfile";

/// An account that is linked, and its APIs.
async fn set_up() -> (Fixture, Arc<Google>, Account, Arc<dyn Api>) {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let account = fixture.linked(&google).await;
    let api = google.api(account.clone());
    (fixture, google, account, api)
}

fn profile(api: &dyn Api) -> ApiRequest {
    ApiRequest::get("gmail.profile", format!("{}/gmail/v1/users/me/profile", api.endpoints().gmail), 1)
}

fn fault(fixture: &Fixture, kind: FaultKind, when: When) {
    fixture.fake.fault(Fault::new(kind, "gmail.", when));
}

fn rate_limit(
    status: u16,
    reason: &str,
    retry_after: Option<u64>,
    retry_in_message: Option<u64>,
) -> FaultKind {
    FaultKind::RateLimit { status, reason: reason.into(), retry_after, retry_in_message }
}

fn other(failure: ApiFailure) -> Error {
    match failure {
        ApiFailure::Other(error) => error,
        ApiFailure::Refused(refusal) => panic!("refused: {refusal:?}"),
    }
}

#[tokio::test]
async fn calls_with_the_accounts_token_and_counts() {
    let (fixture, google, account, api) = set_up().await;
    let answer = api.call(profile(&*api)).await.expect("an answer");
    let body: Value = answer.json("gmail.profile").expect("JSON");
    assert_eq!(body["emailAddress"], json!(account.email));
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
    assert_eq!(google.usage.units(account.id, fixture.clock.now()), 1);
    assert_eq!(google.usage.calls()["gmail.profile"].tries, 1);
    let mut missing = profile(&*api);
    missing.url = format!("{}/gmail/v1/users/me/messages/0", api.endpoints().gmail);
    match api.call(missing).await {
        Err(ApiFailure::Refused(refusal)) => {
            assert_eq!((refusal.status, refusal.reason.as_str()), (404, "notFound"))
        }
        _ => panic!("an answer"),
    }
    assert_eq!(google.usage.calls()["gmail.profile"].failed, 1);
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once() {
    let (fixture, _google, account, api) = set_up().await;
    fixture.fake.expire_access_tokens(&account.email);
    assert!(api.call(profile(&*api)).await.is_ok());
    assert_eq!(
        (fixture.fake.token_calls().refreshes, fixture.account(&account).await.status),
        (1, AccountStatus::Active)
    );
}

#[tokio::test]
async fn an_account_whose_fresh_token_is_refused_is_given_up() {
    let (fixture, _google, account, api) = set_up().await;
    fault(&fixture, FaultKind::Unauthorized, When::Always);
    let error = Error::from(api.call(profile(&*api)).await.err().expect("refused"));
    assert_eq!(error.kind(), ErrorKind::NeedsReauth);
    assert_eq!(fixture.fake.token_calls().refreshes, 1);
    assert_eq!(fixture.account(&account).await.status, AccountStatus::NeedsReauth);
    // Nothing is asked of Google any more.
    let happened = fixture.fake.faults_happened();
    assert_eq!(
        Error::from(api.call(profile(&*api)).await.err().expect("refused")).kind(),
        ErrorKind::NeedsReauth
    );
    assert_eq!(fixture.fake.faults_happened(), happened);
}

#[tokio::test]
async fn trap_29_a_short_demand_is_waited_for() {
    for kind in [
        rate_limit(429, "rateLimitExceeded", Some(1), None),
        rate_limit(403, "userRateLimitExceeded", None, Some(1)),
    ] {
        let (fixture, google, _account, api) = set_up().await;
        fault(&fixture, kind, When::Next(1));
        let started = Instant::now();
        assert!(api.call(profile(&*api)).await.is_ok());
        assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
        assert_eq!(google.usage.calls()["gmail.profile"].limited, 1);
    }
}

#[tokio::test]
async fn trap_29_a_long_demand_is_handed_back_and_kept_by_all() {
    let (fixture, _google, _account, api) = set_up().await;
    fault(&fixture, rate_limit(429, "rateLimitExceeded", Some(60), None), When::Next(1));
    let error = other(api.call(profile(&*api)).await.err().expect("limited"));
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    let retry_at = error.retry_at().expect("an instant");
    assert_eq!(retry_at, fixture.clock.now().after(Duration::from_secs(60)));
    // The next one does not ask before.
    let error = other(api.call(profile(&*api)).await.err().expect("limited"));
    assert_eq!((error.kind(), error.retry_at()), (ErrorKind::RateLimited, Some(retry_at)));
    fixture.advance(60);
    assert!(api.call(profile(&*api)).await.is_ok());
}

#[tokio::test]
async fn a_used_up_day_ends_at_midnight_in_california() {
    let (fixture, _google, _account, api) = set_up().await;
    fault(&fixture, rate_limit(403, "dailyLimitExceeded", None, None), When::Next(1));
    // The fake's clock stands at noon (UTC) of 1 July 2026.
    let midnight: Timestamp = "2026-07-02T07:00:00Z".parse().expect("a time");
    for _ in 0..2 {
        let error = other(api.call(profile(&*api)).await.err().expect("limited"));
        assert_eq!((error.kind(), error.retry_at()), (ErrorKind::RateLimited, Some(midnight)));
    }
    let winter: Timestamp = "2026-01-01T08:00:00Z".parse().expect("a time");
    assert_eq!(midnight_pacific(winter).to_string(), "2026-01-02T08:00:00Z");
}

#[tokio::test]
async fn a_server_that_fails_is_tried_as_often_as_is_asked() {
    let (fixture, _google, _account, api) = set_up().await;
    fault(&fixture, FaultKind::Unavailable { status: 502, html: true }, When::Next(2));
    assert!(api.call(profile(&*api)).await.is_ok());
    fault(&fixture, FaultKind::Unavailable { status: 503, html: true }, When::Next(1));
    let once = ApiRequest { tries: 1, ..profile(&*api) };
    match api.call(once).await {
        Err(ApiFailure::Refused(refusal)) => assert_eq!((refusal.status, refusal.reason.as_str()), (503, "")),
        _ => panic!("an answer"),
    }
    fault(&fixture, FaultKind::Reset, When::Next(1));
    assert!(api.call(profile(&*api)).await.is_ok());
}

#[tokio::test]
async fn a_server_that_fails_too_often_is_left_alone() {
    let (fixture, google, _account, api) = set_up().await;
    fault(&fixture, FaultKind::Unavailable { status: 500, html: false }, When::Always);
    let once = ApiRequest { tries: 1, ..profile(&*api) };
    for _ in 0..8 {
        assert!(api.call(once.clone()).await.is_err());
    }
    assert_eq!(google.usage.calls()["gmail.profile"].tries, 5);
    let error = other(api.call(once.clone()).await.err().expect("left alone"));
    assert_eq!(error.kind(), ErrorKind::Upstream);
    assert!(error.retry_at().is_some());
    fixture.fake.clear_faults();
    fixture.advance(30);
    assert!(api.call(once).await.is_ok());
}

#[tokio::test]
async fn the_pace_of_the_quota_is_kept() {
    let (fixture, _google, account, _api) = set_up().await;
    fixture.change(|options| options.quota.gmail.per_user = 60);
    let google = fixture.google();
    let api = google.api(account.clone());
    // Ten at once, then one every 1.2 seconds; what would take longer than ten is refused.
    for _ in 0..10 {
        assert!(api.call(profile(&*api)).await.is_ok());
    }
    let dear = ApiRequest { units: 10, ..profile(&*api) };
    let error = other(api.call(dear).await.err().expect("too dear"));
    assert_eq!(error.retry_at(), Some(fixture.clock.now().after(Duration::from_secs(12))));
    assert_eq!(fixture.fake.calls(PROFILE), 10);
}

#[tokio::test]
async fn no_token_goes_to_others_than_google() {
    let (_fixture, google, account, api) = set_up().await;
    let other = Responder::start(|_| Reply::new(200, "{}"));
    let request = ApiRequest { url: other.url("/steal"), ..profile(&*api) };
    let error = self::other(api.call(request).await.err().expect("refused"));
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(other.seen().is_empty());
    assert_eq!(google.usage.units(account.id, google.clock.now()), 0);
}

#[test]
fn tells_googles_addresses_from_others() {
    let is =
        |url: &str, endpoints: &GoogleEndpoints| is_googles(&Url::parse(url).expect("an address"), endpoints);
    let real = GoogleEndpoints::default();
    for url in [
        "https://gmail.googleapis.com/x",
        "https://www.googleapis.com/x",
        "https://docs.google.com/export",
        "https://doc-0s.googleusercontent.com/x",
    ] {
        assert!(is(url, &real), "{url}");
    }
    for url in [
        "http://docs.google.com/x",
        "https://evilgoogle.com/",
        "https://google.com.evil.example/",
        "https://googleapis.com.evil.example/",
        "https://127.0.0.1/",
    ] {
        assert!(!is(url, &real), "{url}");
    }
    let fake = GoogleEndpoints::at("http://127.0.0.1:5000");
    assert!(is("http://127.0.0.1:5000/x", &fake));
    assert!(!is("http://127.0.0.1:5001/x", &fake) && !is("https://docs.google.com/x", &fake));
}

#[test]
fn knows_whose_quota_a_call_counts_against() {
    assert_eq!(service_of("gmail.history"), Service::Gmail);
    assert_eq!(service_of("drive.changes"), Service::Drive);
    assert_eq!(service_of("calendar.events"), Service::Calendar);
}
