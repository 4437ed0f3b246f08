//! Every change of a calendar goes through here: what is stored, who else gets a copy, who is
//! told.

use serde_json::{Map, Value, json};

use super::model::{Calendar, Event};
use super::moment::Moment;
use super::{recurrence, render};
use crate::clock::rfc3339;
use crate::error::{ApiError, Result};
use crate::world::World;

/// So many instances of a series are remembered when it changes, as far as they lie ahead.
const MOST_GHOSTS: usize = 400;
const YEAR: i64 = 366 * 86_400_000;

/// Fields that a caller cannot set.
const OWN: [&str; 7] = ["kind", "etag", "updated", "created", "htmlLink", "hangoutLink", "creator"];

fn invalid(message: &str) -> ApiError {
    ApiError::new(400, "invalid", message)
}

/// `start` or `end` as it is kept: with an offset, and the time zone where there is one.
fn time(body: &Map<String, Value>, name: &str, calendar: &Calendar) -> Result<Option<Moment>> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let moment = Moment::parse(value, &calendar.time_zone);
            moment.map(Some).ok_or_else(|| invalid(&format!("Invalid {name} time.")))
        }
    }
}

/// Checks and completes what is to be stored.
fn complete(body: &mut Map<String, Value>, calendar: &Calendar) -> Result<()> {
    let (start, end) = (time(body, "start", calendar)?, time(body, "end", calendar)?);
    let Some(start) = start else {
        return Err(ApiError::new(400, "required", "Missing start time."));
    };
    let Some(end) = end else { return Err(ApiError::new(400, "required", "Missing end time.")) };
    let is_day = |moment: &Moment| matches!(moment, Moment::Day(_));
    if is_day(&start) != is_day(&end) {
        return Err(invalid("Start and end times must either both be date or both be dateTime."));
    }
    if end.millis(&calendar.time_zone) < start.millis(&calendar.time_zone) {
        return Err(
            ApiError::new(400, "timeRangeEmpty", "The specified time range is empty.").in_domain("calendar")
        );
    }
    let lines: Vec<&str> = body
        .get("recurrence")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !recurrence::are_lines_valid(&lines) {
        return Err(invalid("Invalid recurrence rule."));
    }
    let has_zone = |name: &str| body.get(name).is_some_and(|own| own.get("timeZone").is_some());
    if !lines.is_empty() && !is_day(&start) && !has_zone("start") {
        return Err(ApiError::new(400, "required", "Missing time zone definition for start time."));
    }
    body.insert("start".to_owned(), start.json());
    body.insert("end".to_owned(), end.json());
    Ok(())
}

impl World {
    /// Makes a calendar.
    pub(crate) fn add_calendar(&mut self, id: &str, owner: &str, summary: &str, time_zone: &str) {
        let calendar = Calendar {
            id: id.to_owned(),
            summary: summary.to_owned(),
            time_zone: time_zone.to_owned(),
            updated: self.now(),
            ..Calendar::default()
        };
        self.calendars.calendars.insert(id.to_owned(), calendar);
        self.set_calendar_role(id, owner, Some("owner"));
    }

    /// Gives somebody a role on a calendar and puts it into their list, or takes both (`None`).
    pub(crate) fn set_calendar_role(&mut self, id: &str, account: &str, role: Option<&str>) -> bool {
        let Some(calendar) = self.calendars.calendars.get_mut(id) else { return false };
        match role {
            Some(role) => calendar.roles.insert(account.to_owned(), role.to_owned()),
            None => calendar.roles.remove(account),
        };
        self.list_changed(account, id, |entry| entry.is_deleted = role.is_none());
        true
    }

    /// Changes a calendar's entry in somebody's list.
    pub(crate) fn list_changed(
        &mut self,
        account: &str,
        calendar: &str,
        change: impl FnOnce(&mut super::model::ListEntry),
    ) {
        let list = self.calendars.lists.entry(account.to_owned()).or_default();
        list.last += 1;
        let entry = list.entries.entry(calendar.to_owned()).or_default();
        entry.seq = list.last;
        change(entry);
        let (now, linger) = (self.now(), self.settings.stop_linger);
        let resource = format!("calendar.list/{account}");
        self.push.notify(&mut self.faults, &resource, "exists", None, linger, now);
    }

    /// Stores an event and tells those who watch the calendar.
    pub(super) fn store(&mut self, calendar: &str, event: Event) {
        let now = self.now();
        let visible_at = self.visible_at("change.calendar", calendar);
        let linger = self.settings.stop_linger;
        let Some(own) = self.calendars.calendars.get_mut(calendar) else { return };
        own.put(event, now, visible_at);
        let resource = format!("calendar.events/{calendar}");
        self.push.notify(&mut self.faults, &resource, "exists", None, linger, now);
    }

    /// Makes an event of `creator`'s; it is copied to attendees who have a calendar here.
    pub(crate) fn insert_event(
        &mut self,
        calendar: &str,
        creator: &str,
        mut body: Map<String, Value>,
        with_conference: bool,
    ) -> Result<Event> {
        let own = self.calendars.calendars.get(calendar).ok_or_else(super::not_found)?;
        complete(&mut body, own)?;
        let given = body.get("id").and_then(Value::as_str).map(str::to_owned);
        if let Some(id) = &given {
            let is_form = (5..=1024).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte));
            if !is_form {
                return Err(invalid("Invalid resource id value."));
            }
            if own.events.contains_key(id) {
                return Err(ApiError::new(409, "duplicate", "The requested identifier already exists."));
            }
        }
        let summary = own.summary.clone();
        OWN.iter().for_each(|name| {
            body.remove(*name);
        });
        let id = given.unwrap_or_else(|| self.ids.base32_hex(26));
        let now = self.now();
        let default = |body: &mut Map<String, Value>, name: &str, value: Value| {
            body.entry(name).or_insert(value);
        };
        body.insert("id".to_owned(), json!(id));
        body.insert("created".to_owned(), json!(rfc3339(now)));
        body.insert("htmlLink".to_owned(), json!(format!("https://www.google.com/calendar/event?eid={id}")));
        body.insert("creator".to_owned(), json!({"email": creator}));
        default(
            &mut body,
            "organizer",
            if calendar == creator {
                json!({"email": calendar})
            } else {
                json!({"email": calendar, "displayName": summary})
            },
        );
        default(&mut body, "iCalUID", json!(format!("{id}@google.com")));
        default(&mut body, "status", json!("confirmed"));
        default(&mut body, "sequence", json!(0));
        default(&mut body, "reminders", json!({"useDefault": true}));
        default(&mut body, "eventType", json!("default"));
        if let Some(Value::Array(attendees)) = body.get_mut("attendees") {
            for attendee in attendees.iter_mut().filter_map(Value::as_object_mut) {
                attendee.entry("responseStatus").or_insert(json!("needsAction"));
            }
        }
        self.begin_conference(calendar, &id, &mut body, with_conference);
        let event = Event { body, ..Event::default() };
        self.store(calendar, event.clone());
        self.copy_to_attendees(calendar, &event);
        self.stored(calendar, &id)
    }

    /// An event as it is stored now.
    pub(super) fn stored(&self, calendar: &str, id: &str) -> Result<Event> {
        let event = self.calendars.calendars.get(calendar).and_then(|own| own.events.get(id));
        event.cloned().ok_or_else(super::not_found)
    }

    /// Gives the organizer's event to the attendees' own calendars, under the same id.
    pub(super) fn copy_to_attendees(&mut self, calendar: &str, event: &Event) {
        let organizer = event.body.get("organizer").and_then(|own| own.get("email")).and_then(Value::as_str);
        if organizer != Some(calendar) {
            return;
        }
        let attendees = event.body.get("attendees").and_then(Value::as_array).cloned().unwrap_or_default();
        for attendee in attendees.iter().filter_map(|own| own.get("email")?.as_str()) {
            // Only whose calendar is their own gets one, not one that is a resource.
            if attendee == calendar || !self.accounts.contains_key(attendee) {
                continue;
            }
            let Some(own) = self.calendars.calendars.get(attendee) else { continue };
            let ghosts = own.events.get(event.id()).map(|before| before.ghosts.clone()).unwrap_or_default();
            self.store(attendee, Event { body: event.body.clone(), ghosts, ..Event::default() });
        }
    }

    /// Changes fields of an event or of an instance, which becomes an exception by it. `null`
    /// takes a field away. With `replaces`, what is not named goes, but for what is Google's.
    pub(crate) fn change_event(
        &mut self,
        calendar: &str,
        id: &str,
        changes: Map<String, Value>,
        replaces: bool,
        with_conference: bool,
    ) -> Result<Event> {
        let mut event = self.find_event(calendar, id)?;
        let before = event.clone();
        if replaces {
            let kept = [
                "id",
                "created",
                "htmlLink",
                "creator",
                "organizer",
                "iCalUID",
                "sequence",
                "recurringEventId",
                "originalStartTime",
                "eventType",
                "conferenceData",
                "hangoutLink",
            ];
            event.body.retain(|name, _| kept.contains(&name.as_str()));
            event.body.insert("status".to_owned(), json!("confirmed"));
        }
        for (name, value) in changes {
            let is_fixed = OWN.contains(&name.as_str())
                || ["id", "iCalUID", "recurringEventId", "originalStartTime", "organizer"]
                    .contains(&name.as_str())
                || (name == "conferenceData" && !with_conference);
            if is_fixed {
                continue;
            }
            if value.is_null() {
                event.body.remove(&name)
            } else {
                event.body.insert(name, value)
            };
        }
        let own = self.calendars.calendars.get(calendar).ok_or_else(super::not_found)?;
        complete(&mut event.body, own)?;
        if ["start", "end", "recurrence", "location"]
            .iter()
            .any(|name| before.body.get(*name) != event.body.get(*name))
        {
            let sequence = before.body.get("sequence").and_then(Value::as_i64).unwrap_or(0);
            event.body.insert("sequence".to_owned(), json!(sequence + 1));
        }
        let zone = own.time_zone.clone();
        self.remember_instances(&before, &mut event, &zone);
        self.begin_conference(calendar, id, &mut event.body, with_conference);
        self.store(calendar, event.clone());
        self.mark_ghosts(calendar, id);
        self.copy_to_attendees(calendar, &event);
        self.stored(calendar, id)
    }

    /// Cancels an event, a series or an instance.
    pub(crate) fn cancel_event(&mut self, calendar: &str, id: &str) -> Result<()> {
        let mut event = self.find_event(calendar, id)?;
        if event.is_cancelled() {
            return Err(ApiError::new(410, "deleted", "Resource has been deleted"));
        }
        let before = event.clone();
        event.body.insert("status".to_owned(), json!("cancelled"));
        let zone =
            self.calendars.calendars.get(calendar).map(|own| own.time_zone.clone()).unwrap_or_default();
        self.remember_instances(&before, &mut event, &zone);
        self.store(calendar, event.clone());
        self.mark_ghosts(calendar, id);
        self.copy_to_attendees(calendar, &event);
        if before.is_series() {
            // The exceptions go with their series.
            let own = self.calendars.calendars.get(calendar);
            let left =
                own.into_iter().flat_map(|own| own.exceptions_of(id)).filter(|event| !event.is_cancelled());
            for exception in left.map(|event| event.id().to_owned()).collect::<Vec<_>>() {
                self.cancel_event(calendar, &exception)?;
            }
        }
        Ok(())
    }

    /// An event that is stored, or an instance of a series.
    pub(crate) fn find_event(&self, calendar: &str, id: &str) -> Result<Event> {
        let own = self.calendars.calendars.get(calendar).ok_or_else(super::not_found)?;
        if let Some(event) = own.events.get(id) {
            return Ok(event.clone());
        }
        let (series, stamp) = id.rsplit_once('_').ok_or_else(super::not_found)?;
        let series = own.events.get(series).filter(|own| own.is_series()).ok_or_else(super::not_found)?;
        let start = recurrence::start_of_stamp(series, &own.time_zone, stamp).ok_or_else(super::not_found)?;
        let mut event = render::instance(series, &start, &own.time_zone);
        event.ghosts.clear();
        if series.is_cancelled() {
            event.body.insert("status".to_owned(), json!("cancelled"));
        }
        Ok(event)
    }

    /// Notes instances that there will not be any more, for those who list instances.
    fn remember_instances(&self, before: &Event, after: &mut Event, zone: &str) {
        if !before.is_series() {
            return;
        }
        let now = self.now();
        let ids = |event: &Event| -> Vec<String> {
            let starts = recurrence::starts(event, zone, now - YEAR, now + YEAR, MOST_GHOSTS);
            starts.iter().map(|start| format!("{}_{}", event.id(), start.stamp())).collect()
        };
        let left = if after.is_cancelled() { Vec::new() } else { ids(after) };
        after.ghosts.retain(|id, _| !left.contains(id));
        for id in ids(before).into_iter().filter(|id| !left.contains(id)) {
            // The place of the change is known when it is stored.
            after.ghosts.insert(id, u64::MAX);
        }
    }

    fn mark_ghosts(&mut self, calendar: &str, id: &str) {
        let event = self.calendars.calendars.get_mut(calendar).and_then(|own| own.events.get_mut(id));
        if let Some(event) = event {
            let seq = event.seq;
            event.ghosts.values_mut().filter(|own| **own == u64::MAX).for_each(|own| *own = seq);
        }
    }
}
