//! Cloud Pub/Sub between Gmail and a subscriber's endpoint.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Push;
use super::deliver::{Message, Pending, Target};
use crate::clock::rfc3339;
use crate::faults::{Effect, Faults, Place};

/// A push subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// `projects/P/subscriptions/S`
    pub name: String,
    /// `projects/P/topics/T`
    pub topic: String,
    /// Where pushes go.
    pub endpoint: String,
    /// The service account in the bearer token; without one there is no token.
    #[serde(default)]
    pub service_account: Option<String>,
    /// The audience of the token; the endpoint, where it is not set.
    #[serde(default)]
    pub audience: Option<String>,
    /// Whether the bare data is the body, and the rest in `x-goog-pubsub-*` headers.
    #[serde(default)]
    pub no_wrapper: bool,
    /// The retry policy's bounds in milliseconds; the wait doubles from the first to the
    /// second.
    #[serde(default = "default_backoff")]
    pub backoff: (i64, i64),
    /// Attempts before a message is given up, where there is a dead-letter policy.
    #[serde(default)]
    pub max_attempts: Option<u32>,
    /// Whether `historyId` in the data is a JSON number, as it is in practice, or text, as it
    /// is documented.
    #[serde(default = "yes")]
    pub numeric_history_id: bool,
}

fn default_backoff() -> (i64, i64) {
    (10_000, 600_000)
}

fn yes() -> bool {
    true
}

impl Subscription {
    /// A subscription of the standard client's project, with tokens for `push@fake-project...`.
    #[must_use]
    pub fn new(name: &str, topic: &str, endpoint: &str) -> Self {
        Self {
            name: format!("projects/fake-project/subscriptions/{name}"),
            topic: format!("projects/fake-project/topics/{topic}"),
            endpoint: endpoint.to_owned(),
            service_account: Some("push@fake-project.iam.gserviceaccount.com".to_owned()),
            audience: None,
            no_wrapper: false,
            backoff: default_backoff(),
            max_attempts: None,
            numeric_history_id: true,
        }
    }
}

impl Push {
    /// Makes a topic, or says anew whether Gmail may publish to it.
    pub(crate) fn set_topic(&mut self, name: &str, may_publish: bool) {
        self.topics.insert(name.to_owned(), may_publish);
    }

    /// Makes or replaces a subscription, and its topic if it is not there.
    pub(crate) fn subscribe(&mut self, subscription: Subscription) {
        self.topics.entry(subscription.topic.clone()).or_insert(true);
        self.tokens.remove(&subscription.name);
        self.subscriptions.insert(subscription.name.clone(), subscription);
    }

    /// Removes a subscription and what is on its way to it.
    pub(crate) fn unsubscribe(&mut self, name: &str) -> bool {
        self.pending.retain(
            |_, pending| !matches!(&pending.target, Target::Subscription { name: own, .. } if own == name),
        );
        self.subscriptions.remove(name).is_some()
    }

    pub(super) fn subscription(&self, name: &str) -> Option<&Subscription> {
        self.subscriptions.get(name)
    }

    /// Whether Gmail may publish to a topic; `None` when there is no such topic.
    pub(crate) fn may_publish(&self, topic: &str) -> Option<bool> {
        self.topics.get(topic).copied()
    }

    /// Publishes that a mailbox changed; whether the watch lives on.
    #[must_use]
    pub(crate) fn publish(
        &mut self,
        faults: &mut Faults,
        topic: &str,
        account: &str,
        history_id: u64,
        now: i64,
    ) -> bool {
        let subscriptions = self.subscriptions.values().filter(|own| own.topic == topic);
        let names: Vec<(String, bool)> =
            subscriptions.map(|own| (own.name.clone(), own.numeric_history_id)).collect();
        let message_id = format!("{}", 10_000_000_000_000_000 + self.rng.below(9_000_000_000_000_000));
        for (name, is_numeric) in names {
            let effects = faults.at(Place::Push { name: "push.pubsub", account }, now);
            self.stats.published += 1;
            if effects.contains(&Effect::DeadWatch) {
                self.stats.dropped += 1;
                return false;
            }
            let id = if is_numeric { json!(history_id) } else { json!(history_id.to_string()) };
            let data = STANDARD.encode(json!({"emailAddress": account, "historyId": id}).to_string());
            let message = Message { data, message_id: message_id.clone(), published: now };
            self.send(&effects, Target::Subscription { name, message }, now);
        }
        true
    }

    /// Puts a notification on its way, as faults have it.
    pub(super) fn send(&mut self, effects: &[Effect], target: Target, now: i64) {
        if effects.contains(&Effect::DropPush) {
            self.stats.dropped += 1;
            return;
        }
        let mut due = now;
        for effect in effects {
            if let Effect::DelayPush { millis } = effect {
                self.stats.delayed += 1;
                due += *millis as i64;
            }
        }
        if effects.contains(&Effect::DuplicatePush) {
            self.stats.duplicated += 1;
            let mut again = target.clone();
            if let Target::Subscription { message, .. } = &mut again {
                message.published += 7;
            }
            self.enqueue(again, due, now);
        }
        self.enqueue(target, due, now);
    }

    pub(super) fn enqueue(&mut self, target: Target, due: i64, now: i64) {
        let id = self.next_id();
        self.pending.insert((due, id), Pending { id, target, attempts: 0, since: now });
    }
}

/// The body that Pub/Sub posts.
pub(super) fn envelope(subscription: &Subscription, message: &Message, attempt: u32) -> Vec<u8> {
    let time = rfc3339(message.published);
    let mut body = json!({
        "message": {
            "data": message.data,
            "messageId": message.message_id, "message_id": message.message_id,
            "publishTime": time, "publish_time": time,
        },
        "subscription": subscription.name,
    });
    if subscription.max_attempts.is_some() {
        body["deliveryAttempt"] = json!(attempt);
    }
    body.to_string().into_bytes()
}
