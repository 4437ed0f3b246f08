//! When an event begins or ends: a day, or a time in a time zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value, json};

/// A day or a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Moment {
    Day(Date),
    Time(Zoned),
}

/// A time zone by name; what is unknown is UTC.
pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

impl Moment {
    /// Reads `{date}` or `{dateTime, timeZone}`. A time without an offset is in the time zone
    /// that is named, or in the calendar's.
    pub(crate) fn parse(value: &Value, calendar_zone: &str) -> Option<Self> {
        if let Some(date) = value.get("date").and_then(Value::as_str) {
            return Some(Self::Day(date.parse().ok()?));
        }
        let text = value.get("dateTime").and_then(Value::as_str)?;
        let name = value.get("timeZone").and_then(Value::as_str).unwrap_or(calendar_zone);
        let zone = TimeZone::get(name).ok()?;
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Some(Self::Time(timestamp.to_zoned(zone)));
        }
        Some(Self::Time(text.parse::<DateTime>().ok()?.to_zoned(zone).ok()?))
    }

    /// Milliseconds since 1970; a day begins at midnight in the calendar's time zone.
    pub(crate) fn millis(&self, calendar_zone: &str) -> i64 {
        match self {
            Self::Day(date) => {
                date.to_zoned(zone(calendar_zone)).map_or(0, |at| at.timestamp().as_millisecond())
            }
            Self::Time(at) => at.timestamp().as_millisecond(),
        }
    }

    /// As the resource has it.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Day(date) => json!({"date": date.to_string()}),
            Self::Time(at) => {
                let time = at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
                let time =
                    time.strip_suffix("+00:00").map_or_else(|| time.clone(), |time| format!("{time}Z"));
                let mut out = Map::new();
                out.insert("dateTime".to_owned(), json!(time));
                if let Some(name) = at.time_zone().iana_name() {
                    out.insert("timeZone".to_owned(), json!(name));
                }
                Value::Object(out)
            }
        }
    }

    /// What the id of an instance that begins then ends with.
    pub(crate) fn stamp(&self) -> String {
        match self {
            Self::Day(date) => date.strftime("%Y%m%d").to_string(),
            Self::Time(at) => at.with_time_zone(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string(),
        }
    }

    /// The day and time on the clock of its place.
    pub(crate) fn civil(&self) -> DateTime {
        match self {
            Self::Day(date) => date.to_datetime(jiff::civil::Time::midnight()),
            Self::Time(at) => at.datetime(),
        }
    }

    /// The same kind of moment at another day and time of its place.
    pub(crate) fn at(&self, civil: DateTime) -> Option<Self> {
        Some(match self {
            Self::Day(_) => Self::Day(civil.date()),
            Self::Time(at) => Self::Time(civil.to_zoned(at.time_zone().clone()).ok()?),
        })
    }
}
