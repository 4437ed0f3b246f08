//! What Google's refusals say: their JSON envelope, and the bodies that are none.

use std::time::Duration;

use serde::Deserialize;

use super::api::ApiRefusal;

/// The longest message that is kept of a refusal.
const MAX_MESSAGE: usize = 500;
const MAX_REASON: usize = 80;

#[derive(Deserialize)]
struct Envelope {
    error: Body,
}

/// `{"error": {...}}` of the APIs, or `{"error": "invalid_grant"}` of the token endpoint.
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Full(Full),
    Code(String),
}

#[derive(Deserialize)]
struct Full {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Item>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    reason: String,
}

/// `google.rpc.ErrorInfo` has a reason, `google.rpc.RetryInfo` a delay.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    retry_delay: String,
}

/// Reads a refusal, and how long its details ask us to wait.
pub(super) fn read(operation: &'static str, status: u16, body: &[u8]) -> (ApiRefusal, Option<Duration>) {
    let mut refusal = ApiRefusal { operation, status, reason: String::new(), message: String::new() };
    let mut delay = None;
    match serde_json::from_slice(body).map(|envelope: Envelope| envelope.error) {
        Ok(Body::Full(full)) => {
            let first = full.errors.iter().map(|item| &item.reason).find(|reason| !reason.is_empty());
            let detail =
                || full.details.iter().map(|detail| &detail.reason).find(|reason| !reason.is_empty());
            refusal.reason = first.or_else(detail).unwrap_or(&full.status).chars().take(MAX_REASON).collect();
            refusal.message = full.message.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE).collect();
            delay = full.details.iter().find_map(|detail| seconds(&detail.retry_delay));
        }
        Ok(Body::Code(code)) => refusal.reason = code.chars().take(MAX_REASON).collect(),
        // The page of a proxy, or nothing: the status has to do.
        Err(_) => {}
    }
    (refusal, delay)
}

/// A duration in protobuf's JSON: `12s`, `0.5s`.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(body: &str) -> (String, String) {
        let (refusal, _) = read("gmail.history", 403, body.as_bytes());
        (refusal.reason, refusal.message)
    }

    #[test]
    fn reads_both_envelopes_and_minds_no_other_body() {
        let both = |reason: &str, message: &str| (reason.to_owned(), message.to_owned());
        let usual = r#"{"error":{"code":403,"message":"Rate Limit Exceeded","errors":[{"domain":"usageLimits","reason":"rateLimitExceeded","message":"x"}],"status":"PERMISSION_DENIED"}}"#;
        assert_eq!(reason(usual), both("rateLimitExceeded", "Rate Limit Exceeded"));
        let newer = r#"{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED","details":[{"@type":"t","reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}"#;
        assert_eq!(reason(newer), both("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "m"));
        assert_eq!(reason(r#"{"error":{"status":"UNAVAILABLE"}}"#), both("UNAVAILABLE", ""));
        assert_eq!(reason(r#"{"error":"invalid_grant"}"#), both("invalid_grant", ""));
        for body in
            ["", "<html>502 Bad Gateway</html>", "{}", "[]", r#"{"error":7}"#, r#"{"error":{"errors":7}}"#]
        {
            assert_eq!(reason(body), both("", ""), "{body}");
        }
    }

    #[test]
    fn reads_the_delay_of_the_details() {
        let body = r#"{"error":{"details":[{"reason":"RATE_LIMIT_EXCEEDED"},{"retryDelay":"1.5s"}]}}"#;
        assert_eq!(read("x", 429, body.as_bytes()).1, Some(Duration::from_millis(1_500)));
    }
}
