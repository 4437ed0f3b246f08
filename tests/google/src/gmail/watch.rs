//! `watch` and `stop`, and what a change of a mailbox sets off.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::mailbox;
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

const WEEK: i64 = 7 * 86_400_000;
/// Gmail publishes one event a second for a user, and drops the others.
const EVENT_GAP: i64 = 1_000;

/// A watch of a project on a mailbox.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(crate) topic: String,
    labels: BTreeSet<String>,
    is_exclusive: bool,
    pub(crate) expires: i64,
    /// Nothing comes from it any more, though nobody was told.
    pub(crate) is_dead: bool,
    last_event: Option<i64>,
}

impl Watch {
    fn concerns(&self, labels: &BTreeSet<String>) -> bool {
        self.labels.is_empty() || self.labels.iter().any(|label| labels.contains(label)) != self.is_exclusive
    }
}

pub(super) fn watch(world: &mut World, call: &Call) -> Result<Answer> {
    let now = world.now();
    let body = call.request.json()?;
    let topic = body.get("topicName").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !topic.starts_with(&format!("projects/{}/topics/", call.project)) {
        let message = format!("Invalid topicName does not match projects/{}/topics/*", call.project);
        return Err(ApiError::invalid_argument(message));
    }
    match world.push.may_publish(&topic) {
        None => {
            let message = format!(
                "Error sending test message to Cloud PubSub {topic} : Resource not found (resource={}).",
                topic.rsplit('/').next().unwrap_or_default()
            );
            return Err(ApiError::not_found(message).with_status("NOT_FOUND"));
        }
        Some(false) => {
            let message = format!(
                "Error sending test message to Cloud PubSub {topic} : User not authorized to perform this action."
            );
            return Err(ApiError::new(403, "forbidden", message).with_status("PERMISSION_DENIED"));
        }
        Some(true) => {}
    }
    let behavior = body.get("labelFilterBehavior").or_else(|| body.get("labelFilterAction"));
    let is_exclusive = match behavior.and_then(Value::as_str).unwrap_or("include") {
        "include" | "INCLUDE" => false,
        "exclude" | "EXCLUDE" => true,
        other => {
            return Err(ApiError::invalid_argument(format!(
                "Invalid value at 'label_filter_behavior': \"{other}\""
            )));
        }
    };
    let labels = body.get("labelIds").and_then(Value::as_array).into_iter().flatten();
    let labels: BTreeSet<String> = labels.filter_map(Value::as_str).map(str::to_owned).collect();
    let mailbox = mailbox(world, call)?;
    if let Some(unknown) = labels.iter().find(|label| !mailbox.labels.contains_key(*label)) {
        return Err(ApiError::invalid_argument(format!("Invalid label: {unknown}")));
    }
    let before = mailbox.watches.get(&call.project).filter(|watch| watch.expires > now);
    if before.is_some_and(|before| before.topic != topic) {
        let message =
            "Only one user push notification client allowed per developer (call /stop then try again)";
        return Err(ApiError::new(400, "failedPrecondition", message).with_status("FAILED_PRECONDITION"));
    }
    let expires = now + WEEK;
    let watch =
        Watch { topic: topic.clone(), labels, is_exclusive, expires, is_dead: false, last_event: Some(now) };
    mailbox.watches.insert(call.project.clone(), watch);
    let history_id = mailbox.last_visible(now);
    let last = mailbox.last;
    let World { push, faults, .. } = world;
    let lives = push.publish(faults, &topic, &call.account, last, now);
    if let Some(watch) = world.mail.get_mut(&call.account).and_then(|own| own.watches.get_mut(&call.project))
    {
        watch.is_dead = !lives;
    }
    Ok(Answer::json(200, json!({"historyId": history_id.to_string(), "expiration": expires.to_string()})))
}

pub(super) fn stop(world: &mut World, call: &Call) -> Result<Answer> {
    mailbox(world, call)?.watches.remove(&call.project);
    Ok(Answer::nothing())
}

impl World {
    /// Tells those who watch the mailbox.
    fn mail_changed(&mut self, account: &str, labels: &BTreeSet<String>) {
        let now = self.now();
        let Some(mailbox) = self.mail.get_mut(account) else { return };
        let last = mailbox.last;
        for watch in mailbox.watches.values_mut() {
            if watch.expires <= now || watch.is_dead || !watch.concerns(labels) {
                continue;
            }
            if watch.last_event.is_some_and(|before| now - before < EVENT_GAP) {
                self.push.stats.throttled += 1;
                continue;
            }
            watch.last_event = Some(now);
            watch.is_dead = !self.push.publish(&mut self.faults, &watch.topic, account, last, now);
        }
    }

    /// Puts a message into a mailbox; its id. `None` when there is no such mailbox.
    pub(crate) fn add_message(
        &mut self,
        account: &str,
        raw: Arc<[u8]>,
        labels: BTreeSet<String>,
        thread: Option<u64>,
        date: Option<i64>,
    ) -> Option<u64> {
        let now = self.now();
        let visible_at = self.visible_at("change.gmail", account);
        let mailbox = self.mail.get_mut(account)?;
        let id = mailbox.add(raw, labels.clone(), thread, date.unwrap_or(now), now, visible_at);
        self.mail_changed(account, &labels);
        Some(id)
    }

    /// Adds and removes labels; whether there is such a message.
    pub(crate) fn relabel(&mut self, account: &str, id: u64, add: &[String], remove: &[String]) -> bool {
        let now = self.now();
        let visible_at = self.visible_at("change.gmail", account);
        let Some(mailbox) = self.mail.get_mut(account).filter(|mailbox| mailbox.messages.contains_key(&id))
        else {
            return false;
        };
        if let Some(touched) = mailbox.relabel(id, add, remove, now, visible_at) {
            self.mail_changed(account, &touched);
        }
        true
    }

    /// Deletes a message for good; whether there was one.
    pub(crate) fn delete_message(&mut self, account: &str, id: u64) -> bool {
        let now = self.now();
        let visible_at = self.visible_at("change.gmail", account);
        let deleted = self.mail.get_mut(account).and_then(|mailbox| mailbox.delete(id, now, visible_at));
        if let Some(labels) = &deleted {
            self.mail_changed(account, labels);
        }
        deleted.is_some()
    }
}
