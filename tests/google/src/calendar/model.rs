//! Calendars, their events, and the order in which those changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

/// An event as it is stored: a single one, a series, or an exception of a series.
#[derive(Debug, Clone, Default)]
pub(crate) struct Event {
    /// The fields of the resource that do not depend on who looks.
    pub(crate) body: Map<String, Value>,
    /// Its place in the order of changes.
    pub(crate) seq: u64,
    pub(crate) updated: i64,
    /// Instances that there were before a change of the series, with the change's place.
    pub(crate) ghosts: BTreeMap<String, u64>,
}

impl Event {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn id(&self) -> &str {
        self.text("id")
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.text("status") == "cancelled"
    }

    /// The rules of a series.
    pub(crate) fn recurrence(&self) -> Vec<&str> {
        let lines = self.body.get("recurrence").and_then(Value::as_array);
        lines.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    pub(crate) fn is_series(&self) -> bool {
        !self.recurrence().is_empty()
    }

    /// The series that it is an exception of.
    pub(crate) fn series(&self) -> Option<&str> {
        self.body.get("recurringEventId").and_then(Value::as_str)
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Calendar {
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) time_zone: String,
    /// Roles by address: `owner`, `writer`, `reader`, `freeBusyReader`.
    pub(crate) roles: BTreeMap<String, String>,
    pub(crate) events: BTreeMap<String, Event>,
    /// Each event at its last change.
    pub(crate) log: BTreeMap<u64, String>,
    pub(crate) last: u64,
    /// Changes that cannot be seen yet, and from when on they can.
    pub(super) late: BTreeMap<u64, i64>,
    /// Sync tokens from before this are refused.
    pub(crate) floor: u64,
    /// Exceptions by series.
    pub(crate) exceptions: HashMap<String, BTreeSet<String>>,
    pub(crate) updated: i64,
    pub(crate) is_push_refused: bool,
    pub(crate) is_deleted: bool,
}

impl Calendar {
    /// Stores an event as changed now.
    pub(crate) fn put(&mut self, mut event: Event, now: i64, visible_at: i64) {
        let id = event.id().to_owned();
        if let Some(before) = self.events.get(&id) {
            self.log.remove(&before.seq);
            self.late.remove(&before.seq);
        }
        self.last += 1;
        event.seq = self.last;
        event.updated = now;
        self.updated = now;
        self.log.insert(self.last, id.clone());
        if visible_at > now {
            self.late.insert(self.last, visible_at);
        }
        if let Some(series) = event.series() {
            self.exceptions.entry(series.to_owned()).or_default().insert(id.clone());
        }
        self.events.insert(id, event);
    }

    /// The last change up to which all can be seen.
    pub(crate) fn last_visible(&mut self, now: i64) -> u64 {
        self.late.retain(|_, visible_at| *visible_at > now);
        self.late.first_key_value().map_or(self.last, |(late, _)| late - 1)
    }

    /// The exceptions of a series.
    pub(crate) fn exceptions_of<'a>(&'a self, series: &str) -> impl Iterator<Item = &'a Event> {
        let ids = self.exceptions.get(series).into_iter().flatten();
        ids.filter_map(|id| self.events.get(id))
    }
}

/// A calendar in somebody's list.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListEntry {
    pub(crate) seq: u64,
    pub(crate) is_deleted: bool,
    /// `hidden`, `selected`, `summaryOverride`, colours.
    pub(crate) extra: Map<String, Value>,
}

/// Somebody's list of calendars.
#[derive(Debug, Clone, Default)]
pub(crate) struct CalendarList {
    pub(crate) entries: BTreeMap<String, ListEntry>,
    pub(crate) last: u64,
    pub(crate) floor: u64,
}

/// Everything in Calendar.
#[derive(Debug, Default)]
pub(crate) struct Calendars {
    pub(crate) calendars: BTreeMap<String, Calendar>,
    pub(crate) lists: BTreeMap<String, CalendarList>,
    /// Conferences that come into being: when, of which event.
    pub(crate) conferences: BTreeMap<(i64, u64), (String, String)>,
    pub(crate) next: u64,
}
