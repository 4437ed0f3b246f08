//! `insert`, `import` and `send`.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::{mailbox, mime, parse_id};
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::batch;
use crate::http::routes::Call;
use crate::world::World;

/// The message and what goes with it: from JSON, or from an upload.
fn read(call: &Call) -> Result<(Vec<u8>, Map<String, Value>)> {
    let missing = || {
        ApiError::invalid_argument(
            "'raw' RFC822 payload message string or uploading message via /upload/* URL required",
        )
    };
    let content_type = call.request.header("content-type").unwrap_or_default();
    if content_type.starts_with("multipart/") {
        let boundary = batch::parameter(content_type, "boundary").ok_or_else(missing)?;
        let parts = batch::split(&call.request.body, &boundary);
        let [json, raw] = parts[..] else { return Err(missing()) };
        let object = serde_json::from_slice(batch::head(json).1).unwrap_or_default();
        return Ok((batch::head(raw).1.to_vec(), object));
    }
    if content_type.starts_with("message/rfc822") {
        return Ok((call.request.body.clone(), Map::new()));
    }
    let body = call.request.json()?;
    let text = body.get("raw").and_then(Value::as_str).ok_or_else(missing)?.trim_end_matches('=');
    let raw = URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text));
    let raw = raw.map_err(|_| {
        ApiError::invalid_argument("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed")
    })?;
    Ok((raw, body))
}

fn thread(body: &Map<String, Value>) -> Result<Option<u64>> {
    body.get("threadId").and_then(Value::as_str).map(parse_id).transpose()
}

fn added(world: &mut World, call: &Call, id: u64) -> Result<Answer> {
    let message = mailbox(world, call)?.messages.get(&id).ok_or_else(super::not_found)?;
    let mut out = json!({"id": format!("{id:016x}"), "threadId": format!("{:016x}", message.thread)});
    if !message.labels.is_empty() {
        out["labelIds"] = json!(message.labels);
    }
    Ok(Answer::json(200, out))
}

pub(super) fn insert(world: &mut World, call: &Call) -> Result<Answer> {
    let (raw, body) = read(call)?;
    let labels = body.get("labelIds").and_then(Value::as_array).into_iter().flatten();
    let labels: BTreeSet<String> = labels.filter_map(Value::as_str).map(str::to_owned).collect();
    let known = &mailbox(world, call)?.labels;
    if let Some(unknown) = labels.iter().find(|label| !known.contains_key(*label)) {
        return Err(ApiError::invalid_argument(format!("Invalid label: {unknown}")));
    }
    let default = if call.method.id.ends_with("import") { "dateHeader" } else { "receivedTime" };
    let date = match call.query().get("internalDateSource").unwrap_or(default) {
        "dateHeader" => mime::value(&mime::headers(&raw), "date").and_then(mail_date),
        _ => None,
    };
    let id = world.add_message(&call.account, Arc::from(raw), labels, thread(&body)?, date);
    added(world, call, id.ok_or_else(super::not_found)?)
}

/// Sends: a copy for the sender, and one for each recipient who has an account here.
pub(super) fn send(world: &mut World, call: &Call) -> Result<Answer> {
    let (raw, body) = read(call)?;
    let headers = mime::headers(&raw);
    let recipients: BTreeSet<String> = ["to", "cc", "bcc"]
        .iter()
        .filter_map(|name| mime::value(&headers, name))
        .flat_map(addresses)
        .collect();
    if recipients.is_empty() {
        return Err(ApiError::new(400, "invalidArgument", "Recipient address required"));
    }
    mailbox(world, call)?;
    let raw: Arc<[u8]> = Arc::from(raw);
    let sent = BTreeSet::from(["SENT".to_owned()]);
    let id = world.add_message(&call.account, Arc::clone(&raw), sent, thread(&body)?, None);
    for recipient in recipients {
        if world.mail.contains_key(&recipient) {
            let labels = BTreeSet::from(["INBOX".to_owned(), "UNREAD".to_owned()]);
            world.add_message(&recipient, Arc::clone(&raw), labels, None, None);
        }
    }
    added(world, call, id.ok_or_else(super::not_found)?)
}

/// Addresses in a header, in lower case.
fn addresses(text: &str) -> Vec<String> {
    let found = text.split(|c: char| c.is_whitespace() || ",;<>\"()".contains(c));
    found.filter(|word| word.contains('@')).map(str::to_lowercase).collect()
}

fn mail_date(text: &str) -> Option<i64> {
    let text = text.split('(').next()?.trim();
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond())
}
