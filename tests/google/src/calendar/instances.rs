//! `events.instances`: a series, one by one, exceptions included.

use serde_json::json;

use super::list::{Wanted, envelope, instances};
use super::model::Event;
use super::moment::Moment;
use super::render::View;
use super::sync::PageToken;
use super::{calendar, not_found};
use crate::error::Result;
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

const MOST: usize = 2_500;

pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let (id, role) = calendar(world, call)?;
    let query = call.query();
    let wanted = Wanted::of(query)?;
    let shows_deleted = query.flag("showDeleted", false)?;
    let size = query.size("maxResults", 250, 2500)?;
    let page = query.get("pageToken").map(|token| PageToken::read(token, 0)).transpose()?;
    let own = world.calendars.calendars.get(&id).ok_or_else(not_found)?;
    let series =
        own.events.get(call.param("eventId")).filter(|event| event.is_series()).ok_or_else(not_found)?;
    let zone = own.time_zone.as_str();
    let view = View { calendar: own, role: &role, max_attendees: None };
    let start = |event: &Event| {
        event.body.get("start").and_then(|own| Moment::parse(own, zone)).map_or(0, |own| own.millis(zone))
    };
    let mut all: Vec<(i64, String, Event)> = Vec::new();
    for exception in own.exceptions_of(series.id()) {
        let is_shown = shows_deleted || !exception.is_cancelled();
        if is_shown && wanted.is_in_window(exception, zone) {
            all.push((start(exception), exception.id().to_owned(), exception.clone()));
        }
    }
    if !series.is_cancelled() {
        for instance in instances(own, series, wanted.min, wanted.max, MOST) {
            if !own.events.contains_key(instance.id()) {
                all.push((start(&instance), instance.id().to_owned(), instance));
            }
        }
    }
    if let Some(original) = query.get("originalStart") {
        all.retain(|(_, _, event)| {
            let own = event.body.get("originalStartTime");
            own.is_some_and(|own| {
                ["date", "dateTime"]
                    .iter()
                    .any(|name| own.get(name).and_then(|own| own.as_str()) == Some(original))
            })
        });
    }
    all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    if let Some(page) = page {
        all.retain(|(at, id, _)| (*at, id) > (page.place.0, &page.place.1));
    }
    let mut out = envelope(own, &role);
    if all.len() > size {
        all.truncate(size);
        if let Some((at, id, _)) = all.last() {
            out["nextPageToken"] = json!(PageToken { target: 0, place: (*at, id.clone()) }.write(0));
        }
    }
    out["items"] = all.iter().map(|(_, _, event)| view.listed(event)).collect();
    Ok(Answer::json(200, out))
}
