//! Labels: those that each mailbox has, and the user's own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::mailbox::Mailbox;
use super::{mailbox, not_found};
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) name: String,
    is_system: bool,
}

const SYSTEM: [&str; 14] = [
    "CHAT",
    "SENT",
    "INBOX",
    "IMPORTANT",
    "TRASH",
    "DRAFT",
    "SPAM",
    "CATEGORY_FORUMS",
    "CATEGORY_UPDATES",
    "CATEGORY_PERSONAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_SOCIAL",
    "STARRED",
    "UNREAD",
];

pub(super) fn system() -> BTreeMap<String, Label> {
    SYSTEM
        .iter()
        .map(|name| ((*name).to_owned(), Label { name: (*name).to_owned(), is_system: true }))
        .collect()
}

fn resource(id: &str, label: &Label) -> Value {
    json!({
        "id": id, "name": label.name, "type": if label.is_system { "system" } else { "user" },
        "messageListVisibility": "show", "labelListVisibility": "labelShow",
    })
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let mailbox = mailbox(world, call)?;
    let labels: Vec<Value> = mailbox.labels.iter().map(|(id, label)| resource(id, label)).collect();
    Ok(Answer::json(200, json!({"labels": labels})))
}

/// One label, with how much it holds.
pub(super) fn get(world: &mut World, call: &Call) -> Result<Answer> {
    let mailbox = mailbox(world, call)?;
    let id = call.param("id");
    let mut label = mailbox.labels.get(id).map(|label| resource(id, label)).ok_or_else(not_found)?;
    let of_label: Vec<_> = mailbox.messages.values().filter(|message| message.labels.contains(id)).collect();
    let unread: Vec<_> = of_label.iter().filter(|message| message.labels.contains("UNREAD")).collect();
    let threads: BTreeSet<u64> = of_label.iter().map(|message| message.thread).collect();
    let unread_threads: BTreeSet<u64> = unread.iter().map(|message| message.thread).collect();
    label["messagesTotal"] = json!(of_label.len());
    label["messagesUnread"] = json!(unread.len());
    label["threadsTotal"] = json!(threads.len());
    label["threadsUnread"] = json!(unread_threads.len());
    Ok(Answer::json(200, label))
}

/// Makes a label with a name; its id.
pub(crate) fn add(mailbox: &mut Mailbox, name: &str) -> Result<String> {
    if name.trim().is_empty() {
        return Err(ApiError::invalid_argument("Invalid label name"));
    }
    if mailbox.labels.values().any(|label| label.name.eq_ignore_ascii_case(name)) {
        return Err(ApiError::new(409, "aborted", "Label name exists or conflicts").with_status("ABORTED"));
    }
    let id = (1..).map(|number| format!("Label_{number}")).find(|id| !mailbox.labels.contains_key(id));
    let id = id.unwrap_or_default();
    mailbox.labels.insert(id.clone(), Label { name: name.to_owned(), is_system: false });
    Ok(id)
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    let mailbox = mailbox(world, call)?;
    let id = add(mailbox, body.get("name").and_then(Value::as_str).unwrap_or_default())?;
    let label = mailbox.labels.get(&id).ok_or_else(not_found)?;
    Ok(Answer::json(200, resource(&id, label)))
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    let mailbox = mailbox(world, call)?;
    let id = call.param("id");
    let label = mailbox.labels.get_mut(id).ok_or_else(not_found)?;
    if label.is_system {
        return Err(ApiError::invalid_argument("Invalid update request"));
    }
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        label.name = name.to_owned();
    }
    Ok(Answer::json(200, resource(id, label)))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Answer> {
    let (now, place) = (world.now(), world.visible_at("change.gmail", &call.account));
    let mailbox = mailbox(world, call)?;
    let id = call.param("id").to_owned();
    match mailbox.labels.get(&id) {
        None => return Err(not_found()),
        Some(label) if label.is_system => return Err(ApiError::invalid_argument("Invalid delete request")),
        Some(_) => {}
    }
    mailbox.labels.remove(&id);
    let of_label = mailbox.messages.values().filter(|message| message.labels.contains(&id));
    for message in of_label.map(|message| message.id).collect::<Vec<_>>() {
        mailbox.relabel(message, &[], std::slice::from_ref(&id), now, place);
    }
    Ok(Answer::nothing())
}
