//! An event as Google tells it, shortened to what is used; its JSON is what is kept of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{Error, ErrorKind, Result, Timestamp};
use crate::domain::{EventState, ObjectState};
use crate::google::lenient::or_default;

/// The fields of an event that are asked for; the fields of [`CalendarEvent`] in Google's words.
pub(super) const FIELDS: &str = "id,iCalUID,status,eventType,summary,description,location,start,end,\
    recurrence,recurringEventId,originalStartTime,organizer(email,self),creator(email,self),\
    attendees(email,displayName,responseStatus,organizer,self,resource),attendeesOmitted,hangoutLink,\
    conferenceData(entryPoints(entryPointType,uri),conferenceSolution(key(type),name)),visibility,\
    transparency,sequence,updated,etag,htmlLink";

/// Bytes that are kept of a description; Google takes 8,192 characters.
const MAX_DESCRIPTION: usize = 32 << 10;

/// Bytes that are kept of a title or place.
const MAX_LINE: usize = 4 << 10;

/// Attendees that are kept.
const MAX_ATTENDEES: usize = 1_000;

/// An event: a single one, a series, or an exception of a series. Any field may be missing: a
/// deleted event has its id and nothing else.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CalendarEvent {
    pub(crate) id: String,
    #[serde(rename = "iCalUID")]
    pub(crate) ical_uid: Option<String>,
    /// `confirmed`, `tentative` or `cancelled`.
    pub(crate) status: Option<String>,
    /// `default`, `focusTime`, `outOfOffice`, `workingLocation`, `birthday`, `fromGmail`.
    pub(crate) event_type: Option<String>,
    pub(crate) summary: Option<String>,
    /// May be HTML.
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) start: Option<EventTime>,
    /// Of an event of whole days, the day after its last.
    pub(crate) end: Option<EventTime>,
    /// Lines of RFC 5545: `RRULE`, `RDATE`, `EXDATE`. Of a series only.
    #[serde(deserialize_with = "or_default")]
    pub(crate) recurrence: Vec<String>,
    /// The series that this is an exception of.
    pub(crate) recurring_event_id: Option<String>,
    /// Which of its occurrences this stands for.
    pub(crate) original_start_time: Option<EventTime>,
    pub(crate) organizer: Option<Person>,
    pub(crate) creator: Option<Person>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) attendees: Vec<Guest>,
    /// Whether there are more attendees than are told.
    pub(crate) attendees_omitted: Option<bool>,
    pub(crate) hangout_link: Option<String>,
    pub(crate) conference_data: Option<Conference>,
    pub(crate) visibility: Option<String>,
    pub(crate) transparency: Option<String>,
    pub(crate) sequence: Option<i64>,
    /// RFC 3339.
    pub(crate) updated: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) html_link: Option<String>,
}

/// A day or an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EventTime {
    /// `2026-03-01`, of an event of whole days.
    pub(crate) date: Option<String>,
    /// RFC 3339.
    pub(crate) date_time: Option<String>,
    /// The IANA name of the zone whose wall clock counts. Where Google tells none, the
    /// calendar's is put in.
    pub(crate) time_zone: Option<String>,
}

/// Who made an event, or called it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Person {
    pub(crate) email: Option<String>,
    /// Whether it is the calendar's owner.
    #[serde(rename = "self")]
    pub(crate) is_self: Option<bool>,
}

/// Who is invited.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Guest {
    pub(crate) email: Option<String>,
    pub(crate) display_name: Option<String>,
    /// `needsAction`, `declined`, `tentative` or `accepted`.
    pub(crate) response_status: Option<String>,
    pub(crate) organizer: Option<bool>,
    /// Whether it is the calendar's owner.
    #[serde(rename = "self")]
    pub(crate) is_self: Option<bool>,
    /// Whether it is a room or the like.
    pub(crate) resource: Option<bool>,
}

/// How to take part from afar. It is made after the event, and may come with a later change.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Conference {
    #[serde(deserialize_with = "or_default")]
    pub(crate) entry_points: Vec<EntryPoint>,
    pub(crate) conference_solution: Option<Solution>,
}

/// A way to take part.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EntryPoint {
    /// `video`, `phone`, `sip` or `more`.
    pub(crate) entry_point_type: Option<String>,
    pub(crate) uri: Option<String>,
}

/// Whose service it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Solution {
    pub(crate) key: Option<SolutionKey>,
    pub(crate) name: Option<String>,
}

/// Names a service.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SolutionKey {
    /// `hangoutsMeet`, `addOn`; `eventHangout` and `eventNamedHangout` are no more.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

impl fmt::Debug for CalendarEvent {
    /// What it is about is private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalendarEvent")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("recurring_event_id", &self.recurring_event_id)
            .finish_non_exhaustive()
    }
}

impl CalendarEvent {
    /// Reads an event of Google's. `zone` is the calendar's, where it is known.
    pub(super) fn from_google(item: Value, zone: Option<&str>) -> Result<Self> {
        let mut event = Self::read(item, "calendar.event")?;
        for text in [&mut event.summary, &mut event.location] {
            shorten(text, MAX_LINE);
        }
        shorten(&mut event.description, MAX_DESCRIPTION);
        // The owner's answer must not be among what is left out.
        if event.attendees.len() > MAX_ATTENDEES {
            event.attendees.sort_by_key(|guest| guest.is_self != Some(true));
            event.attendees.truncate(MAX_ATTENDEES);
            event.attendees_omitted = Some(true);
        }
        for time in [&mut event.start, &mut event.end, &mut event.original_start_time].into_iter().flatten() {
            if time.time_zone.is_none() {
                time.time_zone = zone.map(str::to_owned);
            }
        }
        Ok(event)
    }

    /// Reads what was kept of an event.
    ///
    /// # Errors
    /// `malformed` when it is nothing of the kind.
    pub(crate) fn of(state: &EventState) -> Result<Self> {
        Self::read(state.event.clone(), "calendar.stored_event")
    }

    fn read(value: Value, operation: &'static str) -> Result<Self> {
        let id = id_of(&value).unwrap_or_default().to_owned();
        // The text of serde's error could quote what is private.
        serde_json::from_value(value).map_err(|_| {
            Error::new(
                ErrorKind::Malformed,
                operation,
                "an event has a field of another form than documented",
            )
            .with("event", id)
        })
    }

    /// The event as it is kept.
    ///
    /// # Errors
    /// `internal` when it has no JSON form.
    pub(super) fn into_state(self) -> Result<ObjectState> {
        let cancelled = self.is_cancelled();
        let event = serde_json::to_value(self).map_err(|error| {
            Error::new(ErrorKind::Internal, "calendar.event", "an event has no JSON form").caused_by(error)
        })?;
        Ok(ObjectState::Event(EventState { cancelled, event: without_nothing(event) }))
    }

    /// Whether it was deleted.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.status.as_deref() == Some("cancelled")
    }
}

/// The id of an event of Google's.
pub(super) fn id_of(item: &Value) -> Option<&str> {
    item.get("id")?.as_str().filter(|id| !id.is_empty())
}

fn shorten(text: &mut Option<String>, max: usize) {
    if let Some(text) = text {
        text.truncate(text.floor_char_boundary(max));
    }
}

/// Leaves out what is nothing: most fields of most events.
fn without_nothing(value: Value) -> Value {
    let is_something = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| is_something(value));
            Value::Object(kept.map(|(name, value)| (name, without_nothing(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nothing).collect()),
        other => other,
    }
}

/// Which version an event is: when it was last changed, in microseconds, how often, and its
/// etag, which reminders change as well.
pub(super) fn version_of(state: &ObjectState) -> Option<String> {
    let ObjectState::Event(event) = state else { return None };
    let text = |name: &str| event.event.get(name).and_then(Value::as_str);
    let updated: Timestamp = text("updated")?.parse().ok()?;
    let sequence = event.event.get("sequence").and_then(Value::as_i64).unwrap_or_default();
    Some(format!("{:020} {sequence:010} {}", updated.as_micros().max(0), text("etag").unwrap_or_default()))
}

/// Whether the version `told` is not older than the one that is `known`: the same event can
/// come twice in a listing, and the newer of them counts wherever it stands.
pub(super) fn is_current(told: Option<&str>, known: Option<&str>) -> bool {
    let age = |version: &str| version.rsplit_once(' ').map(|(age, _)| age.to_owned());
    match (told.and_then(age), known.and_then(age)) {
        (Some(told), Some(known)) => told >= known,
        _ => true,
    }
}
