//! What a notification is answered.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::{Error, ErrorKind};
use crate::domain::{Service, text_enum};

text_enum! {
    /// What became of a notification.
    WebhookVerdict, "verdict" {
        /// It was taken.
        Accepted = "accepted",
        /// There is nothing to do: the hello of a new channel, or a channel that is not known
        /// any more.
        Ignored = "ignored",
        /// It proves neither who sent it nor that it is meant for us.
        Unauthenticated = "unauthenticated",
        /// Who sent it is known, and is somebody else than expected.
        Forbidden = "forbidden",
        /// It does not say what it is about.
        Malformed = "malformed",
        /// It could not be taken now; whoever sent it is to try again.
        Unavailable = "unavailable",
    }
}

/// What a notification is answered, whatever web framework does it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WebhookOutcome {
    /// The HTTP status.
    pub status: u16,
    /// The body: JSON, except that a string is sent as plain text.
    pub body: Value,
    /// What became of it.
    pub verdict: WebhookVerdict,
}

impl WebhookOutcome {
    /// The body as it is sent.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.body {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        }
    }

    /// What [`WebhookOutcome::text`] is, for the header `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        if self.body.is_string() { "text/plain; charset=utf-8" } else { "application/json" }
    }

    /// An answer in the form that callers of the service's endpoint know.
    ///
    /// Google tries again after 5xx, and Pub/Sub after whatever is not 2xx, for days. So what
    /// is authentic and can never be understood is answered with success all the same.
    pub(crate) fn new(service: Service, verdict: WebhookVerdict, message: &str) -> Self {
        let status = match verdict {
            WebhookVerdict::Accepted | WebhookVerdict::Ignored => 200,
            WebhookVerdict::Malformed if service == Service::Gmail => 200,
            WebhookVerdict::Unauthenticated => 401,
            WebhookVerdict::Forbidden => 403,
            WebhookVerdict::Malformed => 400,
            WebhookVerdict::Unavailable => 503,
        };
        let is_taken = status == 200;
        let body = match (service, is_taken) {
            (Service::Calendar, true) => json!({"ok": true, "message": message}),
            (Service::Calendar, false) => json!({"ok": false, "error": message}),
            (Service::Gmail, false) => json!({"success": false, "error": message}),
            _ => json!({"success": is_taken, "message": message}),
        };
        Self { status, body, verdict }
    }

    /// It was taken, and is worth a look.
    pub(crate) fn accepted(service: Service) -> Self {
        let body = match service {
            Service::Gmail => json!({"success": true}),
            Service::Drive => json!({"success": true, "message": "Notification accepted"}),
            Service::Calendar => json!({"ok": true}),
        };
        Self { status: 200, body, verdict: WebhookVerdict::Accepted }
    }

    /// The hello of a new channel.
    pub(crate) fn greeted(service: Service) -> Self {
        let mut outcome = Self::new(service, WebhookVerdict::Ignored, "Channel confirmed");
        if service == Service::Calendar {
            outcome.body = json!("OK");
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_in_the_form_of_each_endpoint() {
        use Service::{Calendar, Drive, Gmail};
        use WebhookVerdict::{Ignored, Malformed, Unauthenticated, Unavailable};
        let said = |outcome: WebhookOutcome| (outcome.status, outcome.body.to_string());
        let says = |status: u16, body: &str| (status, body.to_owned());
        assert_eq!(said(WebhookOutcome::accepted(Gmail)), says(200, r#"{"success":true}"#));
        assert_eq!(said(WebhookOutcome::accepted(Calendar)), says(200, r#"{"ok":true}"#));
        assert_eq!(said(WebhookOutcome::greeted(Calendar)), says(200, r#""OK""#));
        assert_eq!(
            said(WebhookOutcome::greeted(Drive)),
            says(200, r#"{"message":"Channel confirmed","success":true}"#)
        );
        let of = |service, verdict| said(WebhookOutcome::new(service, verdict, "x"));
        assert_eq!(of(Drive, Ignored), says(200, r#"{"message":"x","success":true}"#));
        assert_eq!(of(Drive, Malformed), says(400, r#"{"message":"x","success":false}"#));
        assert_eq!(of(Gmail, Malformed), says(200, r#"{"message":"x","success":true}"#));
        assert_eq!(of(Gmail, Unauthenticated), says(401, r#"{"error":"x","success":false}"#));
        let greeting = WebhookOutcome::greeted(Calendar);
        assert_eq!((greeting.text().as_str(), greeting.content_type()), ("OK", "text/plain; charset=utf-8"));
        let taken = WebhookOutcome::accepted(Calendar);
        assert_eq!((taken.text().as_str(), taken.content_type()), (r#"{"ok":true}"#, "application/json"));
        assert_eq!(of(Calendar, Unavailable), says(503, r#"{"error":"x","ok":false}"#));
    }
}
