//! `history.list`: what changed since a historyId.

use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::mailbox::{Event, Record};
use super::{mailbox, not_found};
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let now = world.now();
    let retention = world.settings.history_retention;
    let (is_empty, is_expired) = (world.is_empty_page(), world.is_cursor_expired());
    let query = call.query();
    let start =
        query.get("startHistoryId").ok_or_else(|| ApiError::invalid_argument("Missing startHistoryId"))?;
    let start: u64 = start.parse().map_err(|_| ApiError::invalid_argument("Invalid startHistoryId"))?;
    let size = query.size("maxResults", 100, 500)?;
    let types: Vec<&str> = query.all("historyTypes").collect();
    let known = ["messageAdded", "messageDeleted", "labelAdded", "labelRemoved"];
    if let Some(unknown) = types.iter().find(|kind| !known.contains(kind)) {
        return Err(ApiError::invalid_argument(format!("Invalid value at 'history_types': \"{unknown}\"")));
    }
    let label = query.get("labelId");
    let after = query.get("pageToken").map(|token| read_token(token, start)).transpose()?.unwrap_or(start);
    let mailbox = mailbox(world, call)?;
    mailbox.expire(now - retention);
    if is_expired || start < mailbox.floor || start > mailbox.last {
        return Err(not_found());
    }
    let visible = mailbox.last_visible(now);
    let mut out = Map::new();
    out.insert("historyId".to_owned(), json!(visible.to_string()));
    if is_empty {
        out.insert("nextPageToken".to_owned(), json!(write_token(start, after)));
        return Ok(Answer::json(200, Value::Object(out)));
    }
    let mut records = Vec::new();
    let mut last = after;
    if after < visible {
        for (id, record) in mailbox.history.range((Bound::Excluded(after), Bound::Included(visible))) {
            if fits(record, &types, label) {
                if records.len() == size {
                    out.insert("nextPageToken".to_owned(), json!(write_token(start, last)));
                    break;
                }
                records.push(resource(*id, record));
            }
            last = *id;
        }
    }
    // Absent, not empty.
    if !records.is_empty() {
        out.insert("history".to_owned(), Value::Array(records));
    }
    Ok(Answer::json(200, Value::Object(out)))
}

fn fits(record: &Record, types: &[&str], label: Option<&str>) -> bool {
    let (kind, touched): (_, &[String]) = match &record.event {
        Event::Added => ("messageAdded", &[]),
        Event::Deleted => ("messageDeleted", &[]),
        Event::LabelsAdded(labels) => ("labelAdded", labels),
        Event::LabelsRemoved(labels) => ("labelRemoved", labels),
    };
    let has = |label: &str| record.labels.iter().chain(touched).any(|own| own == label);
    (types.is_empty() || types.contains(&kind)) && label.is_none_or(has)
}

fn resource(id: u64, record: &Record) -> Value {
    let short =
        json!({"id": format!("{:016x}", record.message), "threadId": format!("{:016x}", record.thread)});
    let mut message = short.clone();
    if !record.labels.is_empty() {
        message["labelIds"] = json!(record.labels);
    }
    let (name, entry) = match &record.event {
        Event::Added => ("messagesAdded", json!({"message": message})),
        Event::Deleted => ("messagesDeleted", json!({"message": message})),
        Event::LabelsAdded(labels) => ("labelsAdded", json!({"message": message, "labelIds": labels})),
        Event::LabelsRemoved(labels) => ("labelsRemoved", json!({"message": message, "labelIds": labels})),
    };
    json!({"id": id.to_string(), "messages": [short], name: [entry]})
}

/// A token goes with the start that it began with.
fn write_token(start: u64, after: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("h{start}:{after}"))
}

fn read_token(token: &str, start: u64) -> Result<u64> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (own, after) = text.strip_prefix('h')?.split_once(':')?;
        (own.parse() == Ok(start)).then(|| after.parse().ok())?
    };
    read().ok_or_else(|| ApiError::invalid_argument("Invalid pageToken"))
}
