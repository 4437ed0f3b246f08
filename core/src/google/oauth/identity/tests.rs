//! Tokens of Google's, and of those who are not Google.

use serde_json::json;

use super::*;
use crate::base::{Timestamp, VirtualClock};
use crate::net::HttpOptions;
use crate::net::testing::{Reply, Responder};
use crate::security::{test_jwk, test_signing_key};

pub(crate) const NOW: i64 = 1_770_000_000;

/// Something that publishes the first test key as `one`.
pub(crate) fn publisher() -> Responder {
    Responder::start(|request| match request.path.as_str() {
        "/oauth2/v3/certs" => {
            Reply::new(200, json!({"keys": [test_jwk(0, "one"), {"kty": "EC", "kid": "two"}]}).to_string())
                .header("Cache-Control", "public, max-age=20000")
        }
        _ => Reply::new(404, "<html>"),
    })
}

/// A token that says `claims` beside what all of Google's say.
pub(crate) fn token(key: usize, kid: &str, claims: &Value) -> String {
    let mut all = json!({
        "iss": "https://accounts.google.com", "aud": "us", "sub": "7",
        "iat": NOW, "exp": NOW + 3_600,
    });
    for (name, value) in claims.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    test_signing_key(key).sign(Some(kid), &all).expect("a token")
}

fn keys(base: &str) -> GoogleKeys {
    let clock = VirtualClock::new(Timestamp::from_seconds(NOW));
    GoogleKeys::new(Arc::new(Http::new(HttpOptions::default())), base, Arc::new(clock))
}

async fn kind(keys: &GoogleKeys, token: &str) -> Option<ErrorKind> {
    keys.verify(token, "us").await.err().map(|error| error.kind())
}

#[tokio::test]
async fn what_google_signed_for_us_passes_and_nothing_else() {
    let server = publisher();
    let keys = keys(&server.url(""));
    let good = json!({"email": "ana@example.org", "email_verified": "true", "hd": "example.org"});
    let claims = keys.verify(&token(0, "one", &good), "us").await.expect("verified");
    assert_eq!((claims.sub.as_str(), claims.email_verified), ("7", true));
    assert_eq!(kind(&keys, &token(0, "one", &json!({"iss": "accounts.google.com"}))).await, None);
    for (key, kid, claims) in [
        (1, "one", json!({})),
        (1, "two", json!({})),
        (0, "unknown", json!({})),
        (0, "one", json!({"iss": "https://evil.example"})),
        (0, "one", json!({"aud": "them"})),
        (0, "one", json!({"aud": ["us", "them"]})),
        (0, "one", json!({"exp": null})),
    ] {
        let token = token(key, kid, &claims);
        assert_eq!(kind(&keys, &token).await, Some(ErrorKind::Unauthenticated), "{kid} {claims}");
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn trap_22_clocks_may_differ_a_little() {
    let server = publisher();
    let keys = keys(&server.url(""));
    for (iat, exp, passes) in [
        (NOW + 1, NOW + 3_600, true),
        (NOW - 3_600, NOW - 1, true),
        (NOW + 30, NOW + 3_630, true),
        (NOW - 3_629, NOW - 29, true),
        (NOW + 120, NOW + 3_720, false),
        (NOW - 3_720, NOW - 120, false),
    ] {
        let token = token(0, "one", &json!({"iat": iat, "exp": exp}));
        assert_eq!(kind(&keys, &token).await.is_none(), passes, "{iat} {exp}");
    }
}

#[tokio::test]
async fn without_keys_it_is_upstreams_fault_and_worth_another_try() {
    let server = Responder::start(|_| Reply::new(500, "<html>"));
    let error = keys(&server.url("")).verify(&token(0, "one", &json!({})), "us").await.expect_err("no keys");
    assert_eq!(error.kind(), ErrorKind::Upstream);
    assert!(error.retry_at().is_some());
}

#[test]
fn reads_how_long_keys_hold() {
    assert_eq!(max_age("public, max-age=22800, must-revalidate"), Some(Duration::from_secs(22_800)));
    assert_eq!(max_age("Max-Age=\"5\""), Some(Duration::from_secs(5)));
    assert_eq!(max_age("no-store"), None);
}
