//! Notification channels of Drive and Calendar.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Push;
use super::deliver::{Notice, Target};
use crate::error::{ApiError, Result};
use crate::faults::{Effect, Faults, Place};
use crate::http::routes::{Call, Service};
use crate::rng::hash;
use crate::world::World;

const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const WEEK: i64 = 7 * DAY;

/// A channel.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) address: String,
    pub(crate) token: Option<String>,
    pub(crate) resource: String,
    pub(crate) resource_id: String,
    pub(crate) resource_uri: String,
    pub(crate) expires: i64,
    service: Service,
    number: u64,
    stopped: Option<i64>,
    is_dead: bool,
}

/// A channel as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelInfo {
    /// The id that the subscriber chose.
    pub id: String,
    /// Whose channel it is.
    pub account: String,
    /// Google's name of what is watched.
    pub resource_id: String,
    /// Where notifications go.
    pub address: String,
    /// The number of the last notification.
    pub number: u64,
    /// When it ends, in milliseconds since 1970.
    pub expires: i64,
}

/// What can be watched.
pub(crate) struct Watched<'a> {
    /// The name within the fake.
    pub(crate) resource: String,
    pub(crate) uri: String,
    pub(crate) longest: i64,
    pub(crate) default: i64,
    pub(crate) service: Service,
    pub(crate) call: &'a Call,
}

impl World {
    /// Sets up a channel, and sends its `sync`; the channel as it is answered.
    pub(crate) fn open_channel(&mut self, watched: Watched<'_>) -> Result<Value> {
        let now = self.now();
        let call = watched.call;
        let body = call.request.json()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let id = text("id").ok_or_else(|| ApiError::required("id"))?;
        if id.len() > 64 {
            return Err(ApiError::parameter("id", "Channel id too long"));
        }
        if !matches!(text("type"), Some("web_hook" | "webhook")) {
            return Err(ApiError::parameter("type", "Unknown channel type"));
        }
        let address = text("address").ok_or_else(|| ApiError::required("address"))?;
        self.check_address(address)?;
        let token = text("token");
        if token.is_some_and(|token| token.chars().count() > 256) {
            return Err(ApiError::parameter("token", "Channel token too long"));
        }
        let key = (call.project.clone(), id.to_owned());
        if self.push.channels.contains_key(&key) {
            let message = format!("Channel id {id} not unique");
            return Err(ApiError::new(400, "channelIdNotUnique", message).in_domain("push"));
        }
        let expires = now + lifetime(&body, now, &watched)?.min(watched.longest);
        let channel = Channel {
            id: id.to_owned(),
            account: call.account.clone(),
            address: address.to_owned(),
            token: token.map(str::to_owned),
            resource_id: resource_id(&watched.resource),
            resource: watched.resource,
            resource_uri: watched.uri,
            // Google keeps whole seconds.
            expires: expires / 1000 * 1000,
            service: watched.service,
            number: 0,
            stopped: None,
            is_dead: false,
        };
        let mut answer = json!({
            "kind": "api#channel", "id": channel.id, "resourceId": channel.resource_id,
            "resourceUri": channel.resource_uri, "expiration": channel.expires.to_string(),
        });
        if let Some(token) = &channel.token {
            answer["token"] = json!(token);
        }
        self.push.by_resource.entry(channel.resource.clone()).or_default().insert(key.clone());
        self.push.channels.insert(key.clone(), channel);
        self.push.notify_channel(&mut self.faults, &key, "sync", None, now);
        Ok(answer)
    }

    fn check_address(&self, address: &str) -> Result<()> {
        let rest = address.strip_prefix("http://");
        let is_here = rest.is_some_and(|rest| {
            ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| {
                rest.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
            })
        });
        if address.starts_with("https://") || (is_here && !self.settings.require_https) {
            return Ok(());
        }
        let message = format!("WebHook callback must be HTTPS: {address}");
        Err(ApiError::new(400, "push.webhookUrlNotHttps", message).in_domain("global"))
    }

    /// `channels.stop`.
    pub(crate) fn close_channel(&mut self, call: &Call) -> Result<()> {
        let now = self.now();
        let linger = self.settings.stop_linger;
        let body = call.request.json()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, resource_id) = (text("id"), text("resourceId"));
        let key = (call.project.clone(), id.clone());
        let unknown =
            || ApiError::not_found(format!("Channel '{id}' not found for project '{}'", call.project));
        let channel = self.push.channels.get_mut(&key).ok_or_else(unknown)?;
        let is_own = channel.resource_id == resource_id
            && channel.account == call.account
            && channel.service == call.method.service();
        if !is_own || channel.expires <= now {
            return Err(unknown());
        }
        // May be stopped more than once while it lingers.
        let stopped = *channel.stopped.get_or_insert(now);
        if now - stopped >= linger {
            self.push.remove_channel(&key);
        }
        Ok(())
    }
}

/// Milliseconds that a channel is to live, as it is asked for.
fn lifetime(body: &Map<String, Value>, now: i64, watched: &Watched<'_>) -> Result<i64> {
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let invalid = |name: &str| ApiError::parameter(name, format!("Invalid value for {name}"));
    if let Some(value) = body.get("expiration") {
        let until = number(value).ok_or_else(|| invalid("expiration"))?;
        if until <= now {
            return Err(ApiError::parameter("expiration", "Channel expiration must be in the future"));
        }
        return Ok(until - now);
    }
    match body.get("params").and_then(|params| params.get("ttl")) {
        Some(value) => {
            let seconds =
                number(value).filter(|seconds| *seconds > 0).ok_or_else(|| invalid("params.ttl"))?;
            Ok(seconds.saturating_mul(1000))
        }
        None => Ok(watched.default),
    }
}

/// The same each time for a resource, and says nothing about it.
fn resource_id(resource: &str) -> String {
    let halves = [hash(resource.as_bytes()), hash(&hash(resource.as_bytes()).to_be_bytes())];
    let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_be_bytes()).collect();
    format!("{}fake", URL_SAFE_NO_PAD.encode(bytes))
}

impl Push {
    /// Tells those who watch a resource. `may` says whether an account still may.
    pub(crate) fn notify(
        &mut self,
        faults: &mut Faults,
        resource: &str,
        state: &'static str,
        changed: Option<&'static str>,
        linger: i64,
        now: i64,
    ) {
        let Some(keys) = self.by_resource.get(resource) else { return };
        for key in keys.clone() {
            let Some(channel) = self.channels.get(&key) else { continue };
            let is_over =
                channel.expires <= now || channel.stopped.is_some_and(|stopped| now - stopped >= linger);
            if is_over {
                self.remove_channel(&key);
            } else {
                self.notify_channel(faults, &key, state, changed, now);
            }
        }
    }

    fn notify_channel(
        &mut self,
        faults: &mut Faults,
        key: &(String, String),
        state: &'static str,
        changed: Option<&'static str>,
        now: i64,
    ) {
        let gap = 1 + self.rng.below(2_000);
        let Some(channel) = self.channels.get_mut(key).filter(|channel| !channel.is_dead) else { return };
        // The first is number 1, those after it have gaps.
        channel.number += if channel.number == 0 { 1 } else { gap };
        let notice = Notice { channel: channel.clone(), number: channel.number, state, changed };
        let place = Place::Push { name: "push.channel", account: &notice.channel.account };
        self.stats.published += 1;
        let effects = faults.at(place, now);
        if effects.contains(&Effect::DeadWatch) {
            self.stats.dropped += 1;
            if let Some(channel) = self.channels.get_mut(key) {
                channel.is_dead = true;
            }
            return;
        }
        self.send(&effects, Target::Channel(Box::new(notice)), now);
    }

    fn remove_channel(&mut self, key: &(String, String)) {
        if let Some(channel) = self.channels.remove(key)
            && let Some(keys) = self.by_resource.get_mut(&channel.resource)
        {
            keys.remove(key);
        }
    }

    /// Lets a channel die without a word; whether it was there.
    pub(crate) fn kill_channel(&mut self, id: &str) -> bool {
        let mut channels = self.channels.values_mut().filter(|channel| channel.id == id);
        channels.next().is_some_and(|channel| {
            channel.is_dead = true;
            true
        })
    }

    /// Those that live, by project and id.
    pub(crate) fn live_channels(&self, now: i64) -> Vec<ChannelInfo> {
        let live =
            self.channels.values().filter(|channel| channel.expires > now && channel.stopped.is_none());
        live.map(|channel| ChannelInfo {
            id: channel.id.clone(),
            account: channel.account.clone(),
            resource_id: channel.resource_id.clone(),
            address: channel.address.clone(),
            number: channel.number,
            expires: channel.expires,
        })
        .collect()
    }
}
