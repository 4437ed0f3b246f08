//! `profile`, and the methods of `messages` that read, label and delete.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::payload::{self, Format};
use super::query::Search;
use super::{mailbox, mime, not_found, parse_id};
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

pub(super) fn profile(world: &mut World, call: &Call) -> Result<Answer> {
    let now = world.now();
    let mailbox = mailbox(world, call)?;
    let last = mailbox.last_visible(now);
    Ok(Answer::json(
        200,
        json!({
            "emailAddress": mailbox.email,
            "messagesTotal": mailbox.messages.len(),
            "threadsTotal": mailbox.threads.len(),
            "historyId": last.to_string(),
        }),
    ))
}

/// Whether the token allows nothing but metadata.
pub(super) fn is_metadata_only(call: &Call) -> bool {
    !call.has_scope(super::READ)
}

pub(super) fn metadata_refused(what: &str) -> ApiError {
    ApiError::new(403, "forbidden", format!("Metadata scope {what}")).with_status("PERMISSION_DENIED")
}

/// What a list asks for, in messages or in threads.
pub(super) struct Listing {
    pub(super) search: Search,
    pub(super) labels: Vec<String>,
    pub(super) shows_all: bool,
    pub(super) size: usize,
    /// The place after which to go on.
    pub(super) after: Option<(i64, u64)>,
}

impl Listing {
    pub(super) fn of(world: &mut World, call: &Call) -> Result<Self> {
        let now = world.now();
        let query = call.query();
        if query.get("q").is_some() && is_metadata_only(call) {
            return Err(metadata_refused("does not support 'q' parameter"));
        }
        let mailbox = mailbox(world, call)?;
        let labels: Vec<String> = query.all("labelIds").map(str::to_owned).collect();
        if let Some(unknown) = labels.iter().find(|label| !mailbox.labels.contains_key(*label)) {
            return Err(ApiError::invalid_argument(format!("Invalid label: {unknown}")));
        }
        let after = query.get("pageToken").map(read_token).transpose()?;
        let search = Search::parse(query.get("q").unwrap_or_default(), mailbox, now);
        let shows_all = query.flag("includeSpamTrash", false)?
            || search.is_anywhere()
            || labels.iter().any(|label| label == "SPAM" || label == "TRASH");
        Ok(Self { search, labels, shows_all, size: query.size("maxResults", 100, 500)?, after })
    }

    pub(super) fn fits(&self, message: &super::mailbox::Message) -> bool {
        let is_hidden = message.labels.contains("SPAM") || message.labels.contains("TRASH");
        (self.shows_all || !is_hidden)
            && self.labels.iter().all(|label| message.labels.contains(label))
            && self.search.fits(message)
    }
}

/// A place in the order, as a token.
pub(super) fn write_token((date, id): (i64, u64)) -> String {
    URL_SAFE_NO_PAD.encode(format!("m{date}:{id}"))
}

fn read_token(token: &str) -> Result<(i64, u64)> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (date, id) = text.strip_prefix('m')?.split_once(':')?;
        Some((date.parse().ok()?, id.parse().ok()?))
    };
    read().ok_or_else(|| ApiError::invalid_argument("Invalid pageToken"))
}

/// Newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let listing = Listing::of(world, call)?;
    let is_empty = world.is_empty_page();
    let mailbox = mailbox(world, call)?;
    let mut out = Map::new();
    let after = listing.after.unwrap_or((i64::MAX, u64::MAX));
    if is_empty {
        out.insert("nextPageToken".into(), json!(write_token(after)));
        out.insert("resultSizeEstimate".into(), json!(0));
        return Ok(Answer::json(200, Value::Object(out)));
    }
    let entry =
        |id: u64, thread: u64| json!({"id": format!("{id:016x}"), "threadId": format!("{thread:016x}")});
    let mut messages = Vec::new();
    let mut next = None;
    let mut last = after;
    // A search for one Message-ID need not look at all mail.
    let by_rfc_id = listing.search.rfc_id().map(|id| {
        let ids = mailbox.by_rfc_id.get(id).into_iter().flatten();
        ids.filter_map(|id| mailbox.messages.get(id))
            .map(|message| (message.date, message.id))
            .collect::<std::collections::BTreeSet<_>>()
    });
    for place in by_rfc_id.as_ref().unwrap_or(&mailbox.order).range(..after).rev() {
        let Some(message) = mailbox.messages.get(&place.1).filter(|message| listing.fits(message)) else {
            continue;
        };
        if messages.len() == listing.size {
            next = Some(write_token(last));
            break;
        }
        messages.push(entry(message.id, message.thread));
        last = *place;
    }
    let estimate = messages.len() + usize::from(next.is_some()) * 100;
    if !messages.is_empty() {
        out.insert("messages".into(), Value::Array(messages));
    }
    if let Some(next) = next {
        out.insert("nextPageToken".into(), json!(next));
    }
    out.insert("resultSizeEstimate".into(), json!(estimate));
    Ok(Answer::json(200, Value::Object(out)))
}

/// The format that a `get` asks for, if the token allows it.
pub(super) fn format(call: &Call) -> Result<Format> {
    let format = Format::parse(call.query().get("format"));
    let format = format.ok_or_else(|| ApiError::invalid_argument("Invalid value for format"))?;
    if is_metadata_only(call) && matches!(format, Format::Full | Format::Raw) {
        let name = if format == Format::Raw { "RAW" } else { "FULL" };
        return Err(metadata_refused(&format!("doesn't allow format {name}")));
    }
    Ok(format)
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Answer> {
    let id = parse_id(call.param("id"))?;
    let format = format(call)?;
    let message = mailbox(world, call)?.messages.get(&id).cloned().ok_or_else(not_found)?;
    let wanted: Vec<&str> = call.query().all("metadataHeaders").collect();
    Ok(Answer::json(200, payload::message(&message, format, &wanted, &mut world.noise)))
}

pub(super) fn attachment(world: &mut World, call: &Call) -> Result<Answer> {
    let message = parse_id(call.param("messageId"))?;
    let message = mailbox(world, call)?.messages.get(&message).ok_or_else(not_found)?;
    let tree = mime::parse(&message.raw);
    let part = payload::attachment(&tree, call.param("id"));
    let part = part.ok_or_else(|| ApiError::invalid_argument("Invalid attachment token"))?;
    let data = URL_SAFE_NO_PAD.encode(&part.body);
    Ok(Answer::json(200, json!({"size": part.body.len(), "data": data})))
}

/// Labels to add and to remove, checked.
fn labels(world: &mut World, call: &Call, body: &Map<String, Value>) -> Result<(Vec<String>, Vec<String>)> {
    let mailbox = mailbox(world, call)?;
    let read = |name: &str| -> Result<Vec<String>> {
        let labels = body.get(name).and_then(Value::as_array).into_iter().flatten();
        let labels: Vec<String> = labels.filter_map(Value::as_str).map(str::to_owned).collect();
        if labels.len() > 100 {
            return Err(ApiError::invalid_argument("Too many labels"));
        }
        match labels.iter().find(|label| !mailbox.labels.contains_key(*label)) {
            Some(unknown) => Err(ApiError::invalid_argument(format!("Invalid label: {unknown}"))),
            None => Ok(labels),
        }
    };
    Ok((read("addLabelIds")?, read("removeLabelIds")?))
}

fn minimal(world: &mut World, call: &Call, id: u64) -> Result<Answer> {
    let message = mailbox(world, call)?.messages.get(&id).ok_or_else(not_found)?;
    let mut body = json!({"id": format!("{id:016x}"), "threadId": format!("{:016x}", message.thread)});
    if !message.labels.is_empty() {
        body["labelIds"] = json!(message.labels);
    }
    Ok(Answer::json(200, body))
}

fn change(world: &mut World, call: &Call, add: &[String], remove: &[String]) -> Result<Answer> {
    let id = parse_id(call.param("id"))?;
    if !mailbox(world, call)?.messages.contains_key(&id) {
        return Err(not_found());
    }
    world.relabel(&call.account, id, add, remove);
    minimal(world, call, id)
}

pub(super) fn modify(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    let (add, remove) = labels(world, call, &body)?;
    if add.is_empty() && remove.is_empty() {
        return Err(ApiError::invalid_argument("No label add or removes specified"));
    }
    change(world, call, &add, &remove)
}

pub(super) fn trash(world: &mut World, call: &Call) -> Result<Answer> {
    change(world, call, &["TRASH".to_owned()], &["INBOX".to_owned(), "SPAM".to_owned()])
}

pub(super) fn untrash(world: &mut World, call: &Call) -> Result<Answer> {
    change(world, call, &[], &["TRASH".to_owned()])
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Answer> {
    let id = parse_id(call.param("id"))?;
    if !mailbox(world, call)?.messages.contains_key(&id) {
        return Err(not_found());
    }
    world.delete_message(&call.account, id);
    Ok(Answer::nothing())
}

fn ids(body: &Map<String, Value>) -> Result<Vec<u64>> {
    let ids = body
        .get("ids")
        .and_then(Value::as_array)
        .ok_or_else(|| ApiError::invalid_argument("No message ids specified"))?;
    if ids.len() > 1000 {
        return Err(ApiError::invalid_argument("Too many message ids"));
    }
    ids.iter().map(|id| parse_id(id.as_str().unwrap_or_default())).collect()
}

pub(super) fn batch_modify(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    let (add, remove) = labels(world, call, &body)?;
    for id in ids(&body)? {
        world.relabel(&call.account, id, &add, &remove);
    }
    Ok(Answer::nothing())
}

pub(super) fn batch_delete(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    mailbox(world, call)?;
    for id in ids(&body)? {
        world.delete_message(&call.account, id);
    }
    Ok(Answer::nothing())
}
