//! Calendar API v3.

pub(crate) mod calendar_list;
pub(crate) mod change;
pub(crate) mod conference;
pub(crate) mod events;
pub(crate) mod instances;
pub(crate) mod list;
pub(crate) mod model;
pub(crate) mod moment;
pub(crate) mod recurrence;
pub(crate) mod render;
pub(crate) mod rule;
pub(crate) mod sync;
pub(crate) mod watch;

pub(crate) use model::Calendars;

use crate::error::{ApiError, Result};
use crate::http::routes::{Call, Method};
use crate::world::World;

const READ: &[&str] = &["calendar", "calendar.readonly", "calendar.events", "calendar.events.readonly"];
const LIST: &[&str] =
    &["calendar", "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly"];
const READ_CALENDAR: &[&str] =
    &["calendar", "calendar.readonly", "calendar.calendars", "calendar.calendars.readonly"];
const WRITE_CALENDAR: &[&str] = &["calendar", "calendar.calendars", "calendar.app.created"];
const WRITE_LIST: &[&str] = &["calendar", "calendar.calendarlist"];
const WRITE: &[&str] = &["calendar", "calendar.events"];
const ANY: &[&str] = &[
    "calendar",
    "calendar.readonly",
    "calendar.events",
    "calendar.events.readonly",
    "calendar.calendarlist",
    "calendar.calendarlist.readonly",
];

macro_rules! methods {
    ($($id:literal $verb:literal $path:literal $scopes:ident $run:path;)*) => {
        &[$(Method { id: $id, verb: $verb, path: concat!("calendar/v3/", $path), scopes: $scopes, cost: (1, 1), run: $run },)*]
    };
}

/// The methods that there are; of paths that fit two, the first counts.
pub(crate) const METHODS: &[Method] = methods![
    "calendar.calendarList.list" "GET" "users/me/calendarList" LIST calendar_list::list;
    "calendar.calendarList.watch" "POST" "users/me/calendarList/watch" LIST watch::calendar_list;
    "calendar.calendarList.get" "GET" "users/me/calendarList/{calendarId}" LIST calendar_list::get;
    "calendar.calendarList.insert" "POST" "users/me/calendarList" WRITE_LIST calendar_list::insert;
    "calendar.calendarList.patch" "PATCH" "users/me/calendarList/{calendarId}" WRITE_LIST calendar_list::patch;
    "calendar.calendarList.delete" "DELETE" "users/me/calendarList/{calendarId}" WRITE_LIST calendar_list::delete;
    "calendar.calendars.get" "GET" "calendars/{calendarId}" READ_CALENDAR calendar_list::calendar;
    "calendar.calendars.insert" "POST" "calendars" WRITE_CALENDAR calendar_list::new_calendar;
    "calendar.calendars.delete" "DELETE" "calendars/{calendarId}" WRITE_CALENDAR calendar_list::delete_calendar;
    "calendar.channels.stop" "POST" "channels/stop" ANY watch::stop;
    "calendar.events.list" "GET" "calendars/{calendarId}/events" READ list::list;
    "calendar.events.watch" "POST" "calendars/{calendarId}/events/watch" READ watch::events;
    "calendar.events.import" "POST" "calendars/{calendarId}/events/import" WRITE events::import;
    "calendar.events.insert" "POST" "calendars/{calendarId}/events" WRITE events::insert;
    "calendar.events.get" "GET" "calendars/{calendarId}/events/{eventId}" READ events::get;
    "calendar.events.update" "PUT" "calendars/{calendarId}/events/{eventId}" WRITE events::update;
    "calendar.events.patch" "PATCH" "calendars/{calendarId}/events/{eventId}" WRITE events::patch;
    "calendar.events.delete" "DELETE" "calendars/{calendarId}/events/{eventId}" WRITE events::delete;
    "calendar.events.instances" "GET" "calendars/{calendarId}/events/{eventId}/instances" READ instances::list;
];

pub(crate) fn not_found() -> ApiError {
    ApiError::not_found("Not Found")
}

/// The id of the calendar that the path names, and the caller's role on it.
pub(crate) fn calendar(world: &World, call: &Call) -> Result<(String, String)> {
    let id = match call.param("calendarId") {
        "primary" => call.account.as_str(),
        id => id,
    };
    let calendar = world.calendars.calendars.get(id).filter(|calendar| !calendar.is_deleted);
    let role = calendar.and_then(|calendar| calendar.roles.get(&call.account));
    role.map(|role| (id.to_owned(), role.clone())).ok_or_else(not_found)
}

/// The same, if the caller may write to it.
pub(crate) fn writable(world: &World, call: &Call) -> Result<String> {
    let (id, role) = calendar(world, call)?;
    if matches!(role.as_str(), "owner" | "writer") {
        return Ok(id);
    }
    let message = "You need to have writer access to this calendar.";
    Err(ApiError::new(403, "requiredAccessLevel", message).in_domain("calendar"))
}
