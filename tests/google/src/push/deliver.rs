//! Deliveries: handed out when due, and settled by the answer that they got.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Push;
use super::channels::Channel;
use super::pubsub::envelope;
use crate::clock::http_date;
use crate::world::World;

/// Where a push goes, and what it says.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Subscription { name: String, message: Message },
    Channel(Box<Notice>),
}

/// A message of Pub/Sub.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) data: String,
    pub(super) message_id: String,
    pub(super) published: i64,
}

/// A notification of a channel, with the channel as it was then.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    pub(super) channel: Channel,
    pub(super) number: u64,
    pub(super) state: &'static str,
    pub(super) changed: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) id: u64,
    pub(super) target: Target,
    pub(super) attempts: u32,
    pub(super) since: i64,
}

/// A push that is due: what to post, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// For the report.
    pub id: u64,
    /// When it was due, in milliseconds since 1970.
    pub due: i64,
    /// The account that it is about, for channels; empty for Pub/Sub, where the body says it.
    pub account: String,
    /// Where to post it.
    pub url: String,
    /// All headers but those of the transport.
    pub headers: Vec<(String, String)>,
    /// The body; empty for channels.
    pub body: String,
    /// The first is 1.
    pub attempt: u32,
}

impl Delivery {
    /// The first header of a name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(found.1.as_str())
    }
}

/// Messages are kept so long when nobody accepts them.
const RETENTION: i64 = 7 * 86_400_000;
/// Channels are tried so often.
const CHANNEL_ATTEMPTS: u32 = 8;
/// A bearer token is used again until it is this old.
const TOKEN_USE: i64 = 1_800_000;

/// How much is handed out at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Whose {
    All,
    /// Those whose address a task can post to.
    Postable,
}

impl World {
    /// Hands out pushes that are due, in the order in which they are, `limit` at most.
    pub(crate) fn take_pushes(&mut self, limit: usize, whose: Whose) -> Vec<Delivery> {
        let now = self.now();
        let Push { pending, subscriptions, .. } = &self.push;
        let url = |pending: &Pending| match &pending.target {
            Target::Subscription { name, .. } => subscriptions.get(name).map(|own| own.endpoint.clone()),
            Target::Channel(notice) => Some(notice.channel.address.clone()),
        };
        let is_wanted = |url: &Option<String>| {
            whose == Whose::All || url.as_deref().is_none_or(|url| super::send::address(url).is_some())
        };
        let due: Vec<((i64, u64), Option<String>)> = pending
            .range(..=(now, u64::MAX))
            .map(|(key, pending)| (*key, url(pending)))
            .filter(|(_, url)| is_wanted(url))
            .take(limit)
            .collect();
        let mut taken = Vec::new();
        for (key, url) in due {
            let Some(mut pending) = self.push.pending.remove(&key) else { continue };
            let Some(url) = url else { continue };
            pending.attempts += 1;
            taken.push(self.delivery(&pending, url, key.0, now));
            self.push.in_flight.insert(pending.id, pending);
        }
        taken
    }

    fn delivery(&mut self, pending: &Pending, url: String, due: i64, now: i64) -> Delivery {
        let mut delivery = Delivery {
            id: pending.id,
            due,
            account: String::new(),
            url,
            headers: Vec::new(),
            body: String::new(),
            attempt: pending.attempts,
        };
        let mut add = |name: &str, value: String| delivery.headers.push((name.to_owned(), value));
        match &pending.target {
            Target::Channel(notice) => {
                let channel = &notice.channel;
                add("Accept", "*/*".to_owned());
                add(
                    "User-Agent",
                    "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)".to_owned(),
                );
                add("X-Goog-Channel-ID", channel.id.clone());
                add("X-Goog-Channel-Expiration", http_date(channel.expires));
                add("X-Goog-Resource-State", notice.state.to_owned());
                if let Some(changed) = notice.changed {
                    add("X-Goog-Changed", changed.to_owned());
                }
                add("X-Goog-Message-Number", notice.number.to_string());
                add("X-Goog-Resource-ID", channel.resource_id.clone());
                add("X-Goog-Resource-URI", channel.resource_uri.clone());
                if let Some(token) = &channel.token {
                    add("X-Goog-Channel-Token", token.clone());
                }
                delivery.account = channel.account.clone();
            }
            Target::Subscription { name, message } => {
                let Some(subscription) = self.push.subscription(name).cloned() else { return delivery };
                add("User-Agent", "CloudPubSub-Google".to_owned());
                add("Content-Type", "application/json".to_owned());
                if let Some(account) = &subscription.service_account {
                    let audience =
                        subscription.audience.clone().unwrap_or_else(|| subscription.endpoint.clone());
                    let token = self.push_token(name, account, &audience, now);
                    delivery.headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
                }
                if subscription.no_wrapper {
                    delivery.headers.push(("x-goog-pubsub-subscription-name".to_owned(), name.clone()));
                    delivery
                        .headers
                        .push(("x-goog-pubsub-message-id".to_owned(), message.message_id.clone()));
                    let time = crate::clock::rfc3339(message.published);
                    delivery.headers.push(("x-goog-pubsub-publish-time".to_owned(), time));
                    use base64::Engine;
                    let data =
                        base64::engine::general_purpose::STANDARD.decode(&message.data).unwrap_or_default();
                    delivery.body = String::from_utf8_lossy(&data).into_owned();
                } else {
                    let body = envelope(&subscription, message, pending.attempts);
                    delivery.body = String::from_utf8_lossy(&body).into_owned();
                }
            }
        }
        delivery
    }

    /// The bearer token of a subscription, which is used again for half an hour.
    fn push_token(&mut self, name: &str, account: &str, audience: &str, now: i64) -> String {
        let key = self.oauth.keys.signing();
        if let Some((made, kid, token)) = self.push.tokens.get(name)
            && now - made < TOKEN_USE
            && *kid == key.id
        {
            return token.clone();
        }
        let token = key.jwt(&push_claims(account, audience, now));
        self.push.tokens.insert(name.to_owned(), (now, key.id.clone(), token.clone()));
        token
    }

    /// Says how a push was answered; `None` means not at all. Whether it was on its way.
    pub(crate) fn report_push(&mut self, id: u64, status: Option<u16>) -> bool {
        let now = self.now();
        let Some(pending) = self.push.in_flight.remove(&id) else { return false };
        let (is_accepted, wait) = match &pending.target {
            Target::Subscription { name, .. } => {
                let is_accepted = matches!(status, Some(102 | 200 | 201 | 202 | 204));
                (is_accepted, self.push.subscription(name).and_then(|own| again(own, &pending, now)))
            }
            Target::Channel(notice) => {
                let is_accepted = matches!(status, Some(102 | 200 | 201 | 202 | 204));
                let is_repeated = matches!(status, None | Some(500 | 502 | 503 | 504))
                    && pending.attempts < CHANNEL_ATTEMPTS
                    && notice.channel.expires > now;
                (is_accepted, is_repeated.then(|| 1_000 << pending.attempts.min(16)))
            }
        };
        match wait {
            _ if is_accepted => self.push.stats.accepted += 1,
            None => self.push.stats.given_up += 1,
            Some(wait) => {
                self.push.stats.retried += 1;
                self.push.pending.insert((now + wait, pending.id), pending);
            }
        }
        true
    }
}

/// How long until a message is tried again, if it is.
fn again(subscription: &super::Subscription, pending: &Pending, now: i64) -> Option<i64> {
    let (shortest, longest) = subscription.backoff;
    let is_over = now - pending.since >= RETENTION
        || subscription.max_attempts.is_some_and(|most| pending.attempts >= most);
    let doubled = shortest.max(1).saturating_mul(1 << (pending.attempts - 1).min(20));
    (!is_over).then(|| doubled.min(longest.max(shortest)))
}

/// What the token of a subscription says.
pub(crate) fn push_claims(account: &str, audience: &str, now: i64) -> serde_json::Value {
    let iat = now.div_euclid(1000);
    let sub = 100_000_000_000_000_000_000_u128 + u128::from(crate::rng::hash(account.as_bytes()));
    json!({
        "aud": audience, "azp": sub.to_string(), "email": account, "email_verified": true,
        "exp": iat + 3600, "iat": iat, "iss": "https://accounts.google.com", "sub": sub.to_string(),
    })
}

impl Push {
    /// How many pushes wait or are on their way.
    pub(crate) fn unsettled(&self) -> usize {
        self.pending.len() + self.in_flight.len()
    }

    /// Forgets what waits and is on its way; how much it was.
    pub(crate) fn forget_pending(&mut self) -> usize {
        let count = self.unsettled();
        self.pending.clear();
        self.in_flight.clear();
        count
    }
}
