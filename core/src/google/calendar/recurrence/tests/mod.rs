mod exceptions;
mod generated;
mod limits;
mod rules;

use serde_json::{Value, json};

use super::{Window, instances};
use crate::base::Result;
use crate::google::calendar::event::CalendarEvent;

fn event(value: Value) -> CalendarEvent {
    CalendarEvent::from_google(value, None).unwrap()
}

fn window(from: &str, until: &str) -> Window {
    Window { from: from.parse().unwrap(), until: until.parse().unwrap() }
}

/// A series of an hour each time. `start` is wall clock.
fn series(zone: &str, start: &str, lines: &[&str]) -> CalendarEvent {
    let start = json!({"dateTime": start, "timeZone": zone});
    let mut made = event(json!({"id": "m", "start": start, "recurrence": lines}));
    // Without an end it takes an hour.
    made.end = None;
    made
}

/// A series of whole days.
fn days(start: &str, end: &str, lines: &[&str]) -> CalendarEvent {
    event(json!({"id": "m", "start": {"date": start}, "end": {"date": end}, "recurrence": lines}))
}

/// When a series takes place in a window.
fn starts(master: &CalendarEvent, from: &str, until: &str) -> Result<Vec<String>> {
    let found = instances(Some(master), &[], &window(from, until))?;
    Ok(found.iter().map(|instance| instance.start.to_string()).collect())
}
