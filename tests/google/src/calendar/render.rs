//! Events as resources: for whoever looks, and as instances of a series.

use serde_json::{Map, Value, json};

use super::model::{Calendar, Event};
use super::moment::Moment;
use crate::clock::rfc3339;

/// What somebody sees of an event.
pub(crate) struct View<'a> {
    pub(crate) calendar: &'a Calendar,
    pub(crate) role: &'a str,
    pub(crate) max_attendees: Option<usize>,
}

/// Who sees only that somebody is busy gets these fields.
const BUSY: [&str; 14] = [
    "kind",
    "etag",
    "id",
    "status",
    "start",
    "end",
    "recurrence",
    "recurringEventId",
    "originalStartTime",
    "iCalUID",
    "visibility",
    "updated",
    "eventType",
    "transparency",
];

impl View<'_> {
    /// The whole resource.
    pub(crate) fn event(&self, event: &Event) -> Value {
        let mut out = event.body.clone();
        out.insert("kind".to_owned(), json!("calendar#event"));
        out.insert("etag".to_owned(), json!(etag(event)));
        out.insert("updated".to_owned(), json!(rfc3339(event.updated)));
        self.personalise(&mut out);
        let is_private = matches!(event.text("visibility"), "private" | "confidential")
            && !matches!(self.role, "owner" | "writer");
        if is_private || self.role == "freeBusyReader" {
            out.retain(|name, _| BUSY.contains(&name.as_str()));
            out.insert("visibility".to_owned(), json!("private"));
        }
        Value::Object(out)
    }

    /// What a list says: of a cancelled event only what is guaranteed.
    pub(crate) fn listed(&self, event: &Event) -> Value {
        if event.is_cancelled() { cancelled(event) } else { self.event(event) }
    }

    /// `self` stands at the person whose calendar it is.
    fn personalise(&self, out: &mut Map<String, Value>) {
        let is_self =
            |value: &Value| value.get("email").and_then(Value::as_str) == Some(self.calendar.id.as_str());
        for name in ["organizer", "creator"] {
            if let Some(person) = out.get_mut(name).filter(|person| is_self(person)) {
                person["self"] = json!(true);
            }
        }
        let Some(Value::Array(attendees)) = out.get_mut("attendees") else { return };
        for attendee in attendees.iter_mut() {
            if is_self(attendee) {
                attendee["self"] = json!(true);
            }
        }
        if self.max_attendees.is_some_and(|most| attendees.len() > most) {
            attendees.retain(is_self);
            out.insert("attendeesOmitted".to_owned(), json!(true));
        }
    }
}

pub(crate) fn etag(event: &Event) -> String {
    format!("\"{}{:03}\"", event.updated, event.seq % 1000)
}

fn cancelled(event: &Event) -> Value {
    let mut out =
        json!({"kind": "calendar#event", "etag": etag(event), "id": event.id(), "status": "cancelled"});
    for name in ["recurringEventId", "originalStartTime"] {
        if let Some(value) = event.body.get(name) {
            out[name] = value.clone();
        }
    }
    out
}

/// The instance of a series that begins at `start`, as an event of its own.
pub(crate) fn instance(series: &Event, start: &Moment, calendar_zone: &str) -> Event {
    let mut body = series.body.clone();
    body.remove("recurrence");
    body.insert("id".to_owned(), json!(format!("{}_{}", series.id(), start.stamp())));
    body.insert("recurringEventId".to_owned(), json!(series.id()));
    body.insert("originalStartTime".to_owned(), start.json());
    body.insert("start".to_owned(), start.json());
    let first = series.body.get("start").and_then(|own| Moment::parse(own, calendar_zone));
    let last = series.body.get("end").and_then(|own| Moment::parse(own, calendar_zone));
    if let (Some(first), Some(last)) = (first, last) {
        // As long on the clock of its place: whoever meets until ten does so in winter, too.
        let end = first.civil().until(last.civil()).and_then(|length| start.civil().checked_add(length));
        let end = end.ok().and_then(|end| last.at(end));
        // An end in another time zone follows the elapsed time instead.
        let elapsed = last.millis(calendar_zone) - first.millis(calendar_zone);
        let end = match (&first, &last, end) {
            (Moment::Time(a), Moment::Time(b), _) if a.time_zone() != b.time_zone() => {
                let at = start.millis(calendar_zone) + elapsed;
                Some(Moment::Time(crate::clock::timestamp(at).to_zoned(b.time_zone().clone())))
            }
            (_, _, end) => end,
        };
        if let Some(end) = end {
            body.insert("end".to_owned(), end.json());
        }
    }
    Event { body, seq: series.seq, updated: series.updated, ghosts: Default::default() }
}

/// An instance that is no more.
pub(crate) fn ghost(series: &Event, id: &str) -> Value {
    let mut out = json!({"kind": "calendar#event", "etag": etag(series), "id": id, "status": "cancelled",
        "recurringEventId": series.id()});
    if let Some(stamp) = id.strip_prefix(series.id()).and_then(|rest| rest.strip_prefix('_')) {
        out["originalStartTime"] = stamp_json(stamp);
    }
    out
}

fn stamp_json(stamp: &str) -> Value {
    match (stamp.get(..4), stamp.get(4..6), stamp.get(6..8), stamp.get(9..15)) {
        (Some(y), Some(m), Some(d), None) => json!({"date": format!("{y}-{m}-{d}")}),
        (Some(y), Some(m), Some(d), Some(time)) => {
            json!({"dateTime": format!("{y}-{m}-{d}T{}:{}:{}Z", &time[..2], &time[2..4], &time[4..6])})
        }
        _ => Value::Null,
    }
}
