//! Taking notifications of mailboxes: only from the one subscription that is ours.

use std::sync::Arc;

use super::outcome::{WebhookOutcome, WebhookVerdict};
use super::pubsub::{MAX_BODY, MailboxNotice, Message, header};
use crate::base::ErrorKind;
use crate::domain::Service;
use crate::google::oauth::{Claims, GoogleKeys};
use crate::google::options::PushOptions;

/// Takes notifications of mailboxes.
pub(crate) struct PushReceiver {
    options: Option<PushOptions>,
    keys: Arc<GoogleKeys>,
}

fn outcome(verdict: WebhookVerdict, message: &str) -> WebhookOutcome {
    WebhookOutcome::new(Service::Gmail, verdict, message)
}

impl PushReceiver {
    pub(crate) fn new(options: Option<PushOptions>, keys: Arc<GoogleKeys>) -> Self {
        Self { options, keys }
    }

    /// What a notification tells or, where there is nothing to be done about it, what to
    /// answer. Names of headers may have any case.
    pub(crate) async fn mailbox(
        &self,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<MailboxNotice, WebhookOutcome> {
        let Some(options) = &self.options else {
            return Err(outcome(WebhookVerdict::Unavailable, "notifications are not configured here"));
        };
        if body.len() > MAX_BODY {
            return Err(WebhookOutcome {
                status: 413,
                ..outcome(WebhookVerdict::Malformed, "the message is too large")
            });
        }
        self.authenticate(options, headers).await?;
        // From here on it is Google's: what cannot be understood now never will be, and is
        // acknowledged, or it would come again for days.
        let unreadable = || {
            tracing::warn!(bytes = body.len(), "a message of the subscription is about no mailbox");
            outcome(WebhookVerdict::Malformed, "the message is about no mailbox")
        };
        let message = Message::read(headers, body).ok_or_else(unreadable)?;
        // A message without a wrapper need not name its subscription; its signature does, by
        // audience and account.
        if message.subscription.as_ref().is_some_and(|name| *name != options.subscription) {
            return Err(outcome(WebhookVerdict::Forbidden, "the message is of another subscription"));
        }
        message.notice().ok_or_else(unreadable)
    }

    async fn authenticate(
        &self,
        options: &PushOptions,
        headers: &[(String, String)],
    ) -> Result<Claims, WebhookOutcome> {
        let token = header(headers, "authorization").and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(token) = token else {
            return Err(outcome(WebhookVerdict::Unauthenticated, "the message carries no token"));
        };
        let claims =
            self.keys.verify(token, &options.audience).await.map_err(|error| match error.kind() {
                ErrorKind::Unauthenticated => {
                    tracing::debug!(%error, "a notification was refused");
                    outcome(WebhookVerdict::Unauthenticated, error.message())
                }
                _ => {
                    tracing::warn!(%error, "a notification could not be verified");
                    outcome(WebhookVerdict::Unavailable, "Google's keys cannot be had now")
                }
            })?;
        // Anybody with an account at Google can have a token for whatever audience: it is the
        // address that makes it Pub/Sub's.
        let is_ours =
            claims.email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(&options.service_account));
        if !is_ours || !claims.email_verified {
            return Err(outcome(WebhookVerdict::Forbidden, "the message is signed by another account"));
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::pubsub::tests::posted;
    use super::*;
    use crate::base::{FixedClock, Timestamp};
    use crate::google::oauth::{NOW, publisher, token};
    use crate::google::options::tests::options;
    use crate::net::testing::{Reply, Responder};
    use crate::net::{Http, HttpOptions};

    fn receiver(base: &str) -> PushReceiver {
        let clock = Arc::new(FixedClock(Timestamp::from_seconds(NOW)));
        let keys = GoogleKeys::new(Arc::new(Http::new(HttpOptions::default())), base, clock);
        PushReceiver::new(options(base).push, Arc::new(keys))
    }

    fn claims() -> Value {
        json!({
            "aud": "https://app.example/push", "email": "push@p.iam.gserviceaccount.com", "email_verified": true,
        })
    }

    fn signed(change: &Value) -> Vec<(String, String)> {
        let mut claims = claims();
        for (name, value) in change.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        vec![("Authorization".to_owned(), format!("Bearer {}", token(0, "one", &claims)))]
    }

    fn body() -> String {
        posted(r#"{"emailAddress":"ana@example.org","historyId":"5"}"#)
    }

    #[tokio::test]
    async fn takes_what_the_subscription_signed() {
        let server = publisher();
        let receiver = receiver(&server.url(""));
        let notice = receiver.mailbox(&signed(&json!({})), body().as_bytes()).await.expect("a notice");
        assert_eq!(notice.email, "ana@example.org");
    }

    #[tokio::test]
    async fn refuses_what_others_signed_or_nobody() {
        let server = publisher();
        let receiver = receiver(&server.url(""));
        let verdict = async |headers: &[(String, String)], body: &str| {
            receiver.mailbox(headers, body.as_bytes()).await.err().map(|o| (o.status, o.verdict))
        };
        use WebhookVerdict::{Forbidden, Malformed, Unauthenticated};
        let unauthenticated = Some((401, Unauthenticated));
        assert_eq!(verdict(&[], &body()).await, unauthenticated);
        assert_eq!(verdict(&[("authorization".into(), "Basic eA==".into())], &body()).await, unauthenticated);
        assert_eq!(
            verdict(&[("authorization".into(), "Bearer x.y.z".into())], &body()).await,
            unauthenticated
        );
        assert_eq!(
            verdict(&signed(&json!({"aud": "https://other.example"})), &body()).await,
            unauthenticated
        );
        assert_eq!(verdict(&signed(&json!({"exp": NOW - 60})), &body()).await, unauthenticated);
        for change in
            [json!({"email": "someone@gmail.com"}), json!({"email": null}), json!({"email_verified": false})]
        {
            assert_eq!(verdict(&signed(&change), &body()).await, Some((403, Forbidden)), "{change}");
        }
        let other = body().replace("subscriptions/s", "subscriptions/other");
        assert_eq!(verdict(&signed(&json!({})), &other).await, Some((403, Forbidden)));
        let large = " ".repeat(MAX_BODY + 1);
        assert_eq!(verdict(&signed(&json!({})), &large).await, Some((413, Malformed)));
    }

    #[tokio::test]
    async fn trap_4_authentic_nonsense_is_acknowledged() {
        let server = publisher();
        let receiver = receiver(&server.url(""));
        for body in ["", "{}", &posted("hello"), &posted(r#"{"emailAddress":7}"#)] {
            let outcome =
                receiver.mailbox(&signed(&json!({})), body.as_bytes()).await.expect_err("no notice");
            assert_eq!((outcome.status, outcome.verdict), (200, WebhookVerdict::Malformed), "{body}");
        }
    }

    #[tokio::test]
    async fn without_googles_keys_it_is_to_come_again() {
        let server = Responder::start(|_| Reply::new(500, ""));
        let outcome = receiver(&server.url("")).mailbox(&signed(&json!({})), body().as_bytes()).await;
        assert_eq!(outcome.expect_err("no keys").status, 503);
    }

    #[tokio::test]
    async fn trap_23_keys_of_google_rotate_while_we_run() {
        use besunny_fake_google::TokenKind;

        use crate::google::testing::Fixture;
        let fixture = Fixture::new().await;
        let google = fixture.google();
        let push = fixture.options.lock().expect("a lock").push.clone().expect("options");
        let take = async |token: &str| {
            let headers = [("authorization".to_owned(), format!("Bearer {token}"))];
            let body = posted(r#"{"emailAddress":"ana@lumen.example","historyId":7}"#)
                .replace("projects/p/subscriptions/s", &push.subscription);
            google.push.mailbox(&headers, body.as_bytes()).await.err().map_or(200, |outcome| outcome.status)
        };
        let of = |kind| fixture.fake.oidc_token(kind, &push.service_account, &push.audience);
        let before = of(TokenKind::Valid);
        assert_eq!((take(&before).await, take(&of(TokenKind::SkewedOneSecond)).await), (200, 200));
        fixture.fake.rotate_keys();
        fixture.advance(61);
        assert_eq!((take(&of(TokenKind::Valid)).await, take(&before).await), (200, 200));
        for kind in [
            TokenKind::Expired,
            TokenKind::FromTheFuture,
            TokenKind::UnknownKey,
            TokenKind::WrongSignature,
            TokenKind::HmacWithPublicKey,
            TokenKind::Unsigned,
            TokenKind::WrongIssuer,
        ] {
            assert_eq!(take(&of(kind)).await, 401, "{kind:?}");
        }
        assert_eq!(take(&of(TokenKind::UnverifiedEmail)).await, 403);
        assert_eq!(fixture.fake.certs_fetched(), 2);
    }
}
