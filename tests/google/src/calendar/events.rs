//! `events`: one at a time.

use serde_json::{Map, Value};

use super::model::Event;
use super::render::{View, etag};
use super::{calendar, not_found, writable};
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

fn answer(world: &World, calendar: &str, event: &Event, call: &Call) -> Result<Answer> {
    let own = world.calendars.calendars.get(calendar).ok_or_else(not_found)?;
    let role = own.roles.get(&call.account).map_or("reader", String::as_str);
    let query = call.query();
    let max_attendees =
        query.get("maxAttendees").map(|_| query.size("maxAttendees", 100, 1000)).transpose()?;
    let view = View { calendar: own, role, max_attendees };
    Ok(Answer::json(200, view.event(event)).with("ETag", etag(event)))
}

/// `If-Match`, for those who change.
fn check_match(event: &Event, call: &Call) -> Result<()> {
    match call.request.header("if-match") {
        Some(tag) if tag != "*" && tag != etag(event) => {
            Err(ApiError::new(412, "conditionNotMet", "Precondition Failed").at("header", "If-Match"))
        }
        _ => Ok(()),
    }
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Answer> {
    let (id, _) = calendar(world, call)?;
    let event = world.find_event(&id, call.param("eventId"))?;
    if call.request.header("if-none-match") == Some(etag(&event).as_str()) {
        return Ok(Answer::bytes(304, "", Vec::new()));
    }
    answer(world, &id, &event, call)
}

fn with_conference(call: &Call) -> bool {
    call.query().get("conferenceDataVersion") == Some("1")
}

pub(super) fn insert(world: &mut World, call: &Call) -> Result<Answer> {
    let id = writable(world, call)?;
    let mut body = call.request.json()?;
    for name in ["organizer", "iCalUID", "recurringEventId", "originalStartTime", "sequence"] {
        body.remove(name);
    }
    let event = world.insert_event(&id, &call.account, body, with_conference(call))?;
    answer(world, &id, &event, call)
}

/// A private copy of somebody else's event.
pub(super) fn import(world: &mut World, call: &Call) -> Result<Answer> {
    let id = writable(world, call)?;
    let mut body = call.request.json()?;
    if body.get("iCalUID").and_then(Value::as_str).is_none() {
        return Err(ApiError::new(400, "required", "Missing iCalUID."));
    }
    body.remove("id");
    let event = world.insert_event(&id, &call.account, body, with_conference(call))?;
    answer(world, &id, &event, call)
}

fn change(world: &mut World, call: &Call, body: Map<String, Value>, replaces: bool) -> Result<Answer> {
    let id = writable(world, call)?;
    let event_id = call.param("eventId");
    let before = world.find_event(&id, event_id)?;
    check_match(&before, call)?;
    let organizer = before.body.get("organizer").and_then(|own| own.get("email")).and_then(Value::as_str);
    // Guests change their own answer, reminders and colour; the rest is the organizer's.
    let is_guest = organizer.is_some_and(|organizer| organizer != id);
    if is_guest
        && ["start", "end", "recurrence"]
            .iter()
            .any(|name| body.get(*name).is_some_and(|own| before.body.get(*name) != Some(own)))
    {
        let message = "Shared properties can only be changed by the organizer of the event.";
        return Err(ApiError::new(403, "forbiddenForNonOrganizer", message).in_domain("calendar"));
    }
    let event = world.change_event(&id, event_id, body, replaces, with_conference(call))?;
    answer(world, &id, &event, call)
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    change(world, call, body, true)
}

pub(super) fn patch(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    change(world, call, body, false)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Answer> {
    let id = writable(world, call)?;
    let event = world.find_event(&id, call.param("eventId"))?;
    check_match(&event, call)?;
    world.cancel_event(&id, call.param("eventId"))?;
    Ok(Answer::nothing())
}
