//! `events.watch`, `calendarList.watch` and `channels.stop`.

use super::sync::{SyncToken, fingerprint, full_sync_required};
use super::{calendar, not_found};
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::query::encode;
use crate::http::routes::{Call, Service};
use crate::push::channels::{WEEK, Watched};
use crate::world::World;

pub(super) fn events(world: &mut World, call: &Call) -> Result<Answer> {
    let (id, _) = calendar(world, call)?;
    let own = world.calendars.calendars.get(&id).ok_or_else(not_found)?;
    if own.is_push_refused {
        let message = "Push notifications are not supported by this resource.";
        return Err(ApiError::new(400, "pushNotSupportedForRequestedResource", message));
    }
    if let Some(token) = call.query().get("syncToken") {
        let token = SyncToken::read(token, &id, fingerprint(call.query()))?;
        if token.seq < own.floor {
            return Err(full_sync_required());
        }
    }
    let uri = format!("https://www.googleapis.com/calendar/v3/calendars/{}/events?alt=json", encode(&id));
    open(world, call, format!("calendar.events/{id}"), uri)
}

pub(super) fn calendar_list(world: &mut World, call: &Call) -> Result<Answer> {
    let uri = "https://www.googleapis.com/calendar/v3/users/me/calendarList?alt=json".to_owned();
    open(world, call, format!("calendar.list/{}", call.account), uri)
}

fn open(world: &mut World, call: &Call, resource: String, uri: String) -> Result<Answer> {
    let watched = Watched { resource, uri, longest: WEEK, default: WEEK, service: Service::Calendar, call };
    Ok(Answer::json(200, world.open_channel(watched)?))
}

pub(super) fn stop(world: &mut World, call: &Call) -> Result<Answer> {
    world.close_channel(call)?;
    Ok(Answer::nothing())
}
