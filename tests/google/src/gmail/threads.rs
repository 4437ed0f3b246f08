//! `threads`: what belongs together.

use serde_json::{Value, json};

use super::messages::{Listing, format, write_token};
use super::{mailbox, not_found, parse_id, payload};
use crate::error::Result;
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

/// Threads with a message that fits, by their newest such message.
pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let listing = Listing::of(world, call)?;
    let mailbox = mailbox(world, call)?;
    let after = listing.after.unwrap_or((i64::MAX, u64::MAX));
    let mut threads: Vec<Value> = Vec::new();
    let (mut next, mut last) = (None, after);
    for place in mailbox.order.range(..after).rev() {
        let Some(message) = mailbox.messages.get(&place.1).filter(|message| listing.fits(message)) else {
            continue;
        };
        // The newest of its thread stands for it.
        let newest = mailbox.threads.get(&message.thread).into_iter().flatten();
        let newest = newest.filter_map(|id| mailbox.messages.get(id)).filter(|own| listing.fits(own));
        if newest.map(|own| (own.date, own.id)).max() != Some(*place) {
            continue;
        }
        if threads.len() == listing.size {
            next = Some(write_token(last));
            break;
        }
        threads.push(json!({"id": format!("{:016x}", message.thread), "historyId": message.history_id.to_string(), "snippet": ""}));
        last = *place;
    }
    let mut body = json!({"resultSizeEstimate": threads.len()});
    if !threads.is_empty() {
        body["threads"] = Value::Array(threads);
    }
    if let Some(next) = next {
        body["nextPageToken"] = json!(next);
    }
    Ok(Answer::json(200, body))
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Answer> {
    let id = parse_id(call.param("id"))?;
    let format = format(call)?;
    let mailbox = mailbox(world, call)?;
    let ids = mailbox.threads.get(&id).ok_or_else(not_found)?;
    let messages: Vec<_> = ids.iter().filter_map(|id| mailbox.messages.get(id)).cloned().collect();
    let last = messages.iter().map(|message| message.history_id).max().unwrap_or_default();
    let wanted: Vec<&str> = call.query().all("metadataHeaders").collect();
    let messages: Vec<Value> =
        messages.iter().map(|message| payload::message(message, format, &wanted, &mut world.noise)).collect();
    Ok(Answer::json(
        200,
        json!({"id": format!("{id:016x}"), "historyId": last.to_string(), "messages": messages}),
    ))
}
