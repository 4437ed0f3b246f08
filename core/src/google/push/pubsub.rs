//! Gmail's notifications, as Pub/Sub posts them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::Value;

use crate::base::Timestamp;

/// The largest body that is read. A notification of Gmail's has about 400 bytes; another
/// publisher's may have 10 megabytes.
pub(super) const MAX_BODY: usize = 256 << 10;
/// The longest address (RFC 5321) and history id that are believed.
const MAX_ADDRESS: usize = 320;
const MAX_HISTORY_ID: usize = 40;

/// What Gmail tells: something in a mailbox changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailboxNotice {
    /// Whose mailbox.
    pub(crate) email: String,
    /// Where its history is by now, a decimal number. Not to be asked from: what this is about
    /// lies before it.
    pub(crate) history_id: Option<String>,
    /// Pub/Sub's name of the message. The same may come several times.
    pub(crate) message_id: Option<String>,
    pub(crate) published_at: Option<Timestamp>,
    /// How often it was sent by now, where the subscription counts.
    pub(crate) delivery_attempt: Option<u32>,
}

/// A message as posted: wrapped in JSON or, where the subscription says so, as it is, with
/// what is known about it in headers.
pub(super) struct Message {
    pub(super) subscription: Option<String>,
    data: Vec<u8>,
    message_id: Option<String>,
    published_at: Option<String>,
    delivery_attempt: Option<u32>,
}

/// Both spellings of a name come side by side, so neither can be an alias of the other.
#[derive(Deserialize)]
struct Wrapped {
    message: WrappedMessage,
    subscription: Option<String>,
    #[serde(rename = "deliveryAttempt")]
    delivery_attempt: Option<u32>,
    #[serde(rename = "delivery_attempt")]
    delivery_attempt_too: Option<u32>,
}

#[derive(Deserialize)]
struct WrappedMessage {
    #[serde(default)]
    data: String,
    #[serde(rename = "messageId")]
    message_id: Option<String>,
    #[serde(rename = "message_id")]
    message_id_too: Option<String>,
    #[serde(rename = "publishTime")]
    publish_time: Option<String>,
    #[serde(rename = "publish_time")]
    publish_time_too: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    email_address: String,
    history_id: Option<Value>,
}

impl Message {
    /// Takes a body apart; `None` when it is neither form. Names of headers may have any case.
    pub(super) fn read(headers: &[(String, String)], body: &[u8]) -> Option<Self> {
        if body.len() > MAX_BODY {
            return None;
        }
        if let Ok(wrapped) = serde_json::from_slice::<Wrapped>(body) {
            let Wrapped { message, subscription, delivery_attempt, delivery_attempt_too } = wrapped;
            return Some(Self {
                subscription,
                data: any_base64(&message.data)?,
                message_id: message.message_id.or(message.message_id_too),
                published_at: message.publish_time.or(message.publish_time_too),
                delivery_attempt: delivery_attempt.or(delivery_attempt_too),
            });
        }
        let header = |name: &str| header(headers, &format!("x-goog-pubsub-{name}")).map(str::to_owned);
        Some(Self {
            subscription: header("subscription-name"),
            data: body.to_vec(),
            message_id: header("message-id"),
            published_at: header("publish-time"),
            delivery_attempt: header("delivery-attempt").and_then(|text| text.parse().ok()),
        })
    }

    /// What it tells; `None` when it is not about a mailbox.
    pub(super) fn notice(&self) -> Option<MailboxNotice> {
        let data: Data = serde_json::from_slice(&self.data).ok()?;
        let email = data.email_address.trim();
        if email.len() > MAX_ADDRESS || !email.contains('@') {
            return None;
        }
        Some(MailboxNotice {
            email: email.to_owned(),
            history_id: data.history_id.as_ref().and_then(decimal),
            message_id: self.message_id.clone(),
            published_at: self.published_at.as_ref().and_then(|text| text.parse().ok()),
            delivery_attempt: self.delivery_attempt,
        })
    }
}

/// A header by its name in lower case, whatever the case in which it came.
pub(super) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim())
}

/// Documented as a string, and sent as a number.
fn decimal(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_u64()?.to_string(),
        _ => return None,
    };
    let is_decimal = (1..=MAX_HISTORY_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_decimal.then_some(text)
}

/// Base64 of either alphabet, padded or not.
fn any_base64(text: &str) -> Option<Vec<u8>> {
    const LAX: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_encode_padding(false)
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
    );
    let text = text.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
    LAX.decode(text).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// A message as Pub/Sub posts it.
    pub(crate) fn posted(data: &str) -> String {
        json!({
            "message": {
                "data": STANDARD.encode(data), "messageId": "17", "message_id": "17",
                "publishTime": "2026-03-01T09:00:00.5Z", "publish_time": "2026-03-01T09:00:00.5Z",
            },
            "subscription": "projects/p/subscriptions/s", "deliveryAttempt": 3,
        })
        .to_string()
    }

    fn notice(headers: &[(&str, &str)], body: &str) -> Option<MailboxNotice> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Message::read(&headers, body.as_bytes())?.notice()
    }

    #[test]
    fn reads_wrapped_messages_with_both_spellings() {
        let read = notice(&[], &posted(r#"{"emailAddress":"ana@example.org","historyId":"9876543210"}"#));
        let read = read.expect("a notice");
        assert_eq!(read.email, "ana@example.org");
        assert_eq!(read.history_id.as_deref(), Some("9876543210"));
        assert_eq!((read.message_id.as_deref(), read.delivery_attempt), (Some("17"), Some(3)));
        assert_eq!(read.published_at.map(|at| at.to_string()).as_deref(), Some("2026-03-01T09:00:00.5Z"));
    }

    #[test]
    fn trap_1_a_history_id_is_a_string_or_a_number_of_any_length() {
        let id =
            |id: &str| notice(&[], &posted(&format!(r#"{{"emailAddress":"a@b.example","historyId":{id}}}"#)));
        let id = |text: &str| id(text).expect("a notice").history_id;
        assert_eq!(id("1234").as_deref(), Some("1234"));
        assert_eq!(id("\"123456789012345678901\"").as_deref(), Some("123456789012345678901"));
        assert_eq!(id("18446744073709551615").as_deref(), Some("18446744073709551615"));
        // More than 64 bits as a number lose digits in JSON: rather none than a wrong one.
        assert_eq!(id("123456789012345678901"), None);
        assert_eq!(
            (id("\"\""), id("\"12x\""), id("-1"), id("null"), id("{}")),
            (None, None, None, None, None)
        );
    }

    #[test]
    fn reads_base64_of_every_kind() {
        // Bytes that give + and /, or - and _.
        let data = r#"{"emailAddress":"ÿþ~?>@example.org","historyId":1}"#;
        for encoded in [
            STANDARD.encode(data),
            STANDARD_NO_PAD.encode(data),
            URL_SAFE.encode(data),
            URL_SAFE_NO_PAD.encode(data),
        ] {
            let body = json!({"message": {"data": encoded}}).to_string();
            assert_eq!(notice(&[], &body).expect("a notice").email, "ÿþ~?>@example.org");
        }
    }

    #[test]
    fn reads_messages_without_a_wrapper() {
        let headers = [
            ("X-Goog-Pubsub-Message-Id", "18"),
            ("x-goog-pubsub-subscription-name", "projects/p/subscriptions/s"),
        ];
        let read = notice(&headers, r#"{"emailAddress":"a@b.example","historyId":5}"#).expect("a notice");
        assert_eq!((read.email.as_str(), read.message_id.as_deref()), ("a@b.example", Some("18")));
    }

    #[test]
    fn everything_else_is_no_notice() {
        for body in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"message":{}}"#,
            r#"{"message":{"data":"%%%"}}"#,
            r#"{"emailAddress":"nobody"}"#,
        ] {
            assert_eq!(notice(&[], body), None, "{body}");
        }
        assert_eq!(notice(&[], &posted("hello")), None);
        assert_eq!(
            notice(&[], &format!(r#"{{"emailAddress":"a@b.example{}"}}"#, " ".repeat(MAX_BODY))),
            None
        );
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300), data in ".{0,60}", wrapped in ".{0,60}") {
            let _ = Message::read(&[], &body).map(|message| message.notice());
            let _ = notice(&[], &posted(&data));
            let _ = notice(&[], &json!({"message": {"data": wrapped}}).to_string());
        }
    }
}
