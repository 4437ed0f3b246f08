//! The days and instants of events, and the zones they are meant in.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;

use super::event::{CalendarEvent, EventTime};
use crate::base::{Error, ErrorKind, Result, Timestamp};

/// When an event begins or ends, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// With the beginning of a day, wherever one is.
    Day(Date),
    /// At an instant.
    Instant(jiff::Timestamp),
}

impl Moment {
    /// The instant; of a day, when it begins in `zone`.
    pub(super) fn instant(self, zone: &TimeZone) -> Result<jiff::Timestamp> {
        match self {
            Self::Day(day) => instant(day.to_datetime(jiff::civil::Time::midnight()), zone),
            Self::Instant(instant) => Ok(instant),
        }
    }
}

impl EventTime {
    /// Reads it.
    ///
    /// # Errors
    /// `malformed` when it is neither a day nor an instant.
    pub(super) fn moment(&self) -> Result<Moment> {
        if let Some(date_time) = &self.date_time {
            if let Ok(instant) = date_time.parse::<jiff::Timestamp>() {
                return Ok(Moment::Instant(instant));
            }
            // Without an offset it is the wall clock of its zone.
            let civil: DateTime = date_time.parse().map_err(|_| unreadable(date_time))?;
            return Ok(Moment::Instant(instant(civil, &self.zone()?)?));
        }
        let date = self.date.as_deref().unwrap_or_default();
        date.parse().map(Moment::Day).map_err(|_| unreadable(date))
    }

    /// The zone whose wall clock counts: the one it names; else the offset it has; else UTC.
    ///
    /// # Errors
    /// `malformed` for a zone that the time zone database does not have.
    pub(super) fn zone(&self) -> Result<TimeZone> {
        if let Some(name) = &self.time_zone {
            return zone(name);
        }
        let offset = self.date_time.as_deref().and_then(|text| Pieces::parse(text).ok()?.to_numeric_offset());
        Ok(offset.map_or(TimeZone::UTC, TimeZone::fixed))
    }
}

/// When an event takes place.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) start: Moment,
    pub(super) length: Length,
    /// The zone whose wall clock counts.
    pub(super) zone: TimeZone,
}

/// How long an event takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// Whole days, however long each of them is.
    Days(i32),
    /// So long by any clock.
    Exact(Duration),
}

/// How long an event takes that does not tell when it ends.
const UNTOLD: Length = Length::Exact(Duration::from_secs(3_600));

impl Span {
    /// When the event takes place, of a series the first time. `None` where it does not say: a
    /// deleted event need not. One that does not say when it ends takes an hour, or its day.
    ///
    /// # Errors
    /// `malformed` for times or a zone that cannot be read.
    pub(super) fn of(event: &CalendarEvent) -> Result<Option<Self>> {
        let Some(told) = &event.start else { return Ok(None) };
        let start = told.moment()?;
        let end = event.end.as_ref().map(EventTime::moment).transpose()?;
        let length = match (start, end) {
            (Moment::Day(first), Some(Moment::Day(after))) => Length::Days((after - first).get_days().max(1)),
            (Moment::Day(_), _) => Length::Days(1),
            (Moment::Instant(start), Some(Moment::Instant(end))) => {
                Length::Exact(end.duration_since(start).try_into().unwrap_or_default())
            }
            (Moment::Instant(_), _) => UNTOLD,
        };
        // A single instant is the same in all zones.
        let needs_zone = !event.recurrence.is_empty() || matches!(start, Moment::Day(_));
        let zone = if needs_zone { told.zone()? } else { TimeZone::UTC };
        Ok(Some(Self { start, length, zone }))
    }

    /// When an occurrence ends that begins at `start`.
    pub(super) fn end(&self, start: jiff::Timestamp) -> Result<jiff::Timestamp> {
        match self.length {
            Length::Exact(length) => start.checked_add(length).map_err(|_| beyond()),
            Length::Days(days) => {
                let first = self.zone.to_datetime(start).date();
                let after = first.checked_add(jiff::Span::new().days(days)).map_err(|_| beyond())?;
                Moment::Day(after).instant(&self.zone)
            }
        }
    }
}

/// The zone of an IANA name.
pub(super) fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| {
        Error::new(ErrorKind::Malformed, "calendar.zone", "the time zone database does not have this zone")
            .with("zone", name.chars().take(64).collect::<String>())
    })
}

/// When a wall clock shows a time. One that it skips is counted by the offset before; of one that
/// it shows twice the first is meant (RFC 5545, 3.3.5).
pub(super) fn instant(civil: DateTime, zone: &TimeZone) -> Result<jiff::Timestamp> {
    zone.to_ambiguous_timestamp(civil).compatible().map_err(|_| beyond())
}

/// A domain instant.
pub(super) fn stamp(instant: jiff::Timestamp) -> Timestamp {
    Timestamp::from_micros(instant.as_microsecond())
}

/// A calendar's instant; saturates at the ends of the calendar.
pub(super) fn unstamp(instant: Timestamp) -> jiff::Timestamp {
    let edge = if instant.as_micros() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(instant.as_micros()).unwrap_or(edge)
}

fn unreadable(text: &str) -> Error {
    Error::new(ErrorKind::Malformed, "calendar.time", "an event has a time that cannot be read")
        .with("value", text.chars().take(64).collect::<String>())
}

/// The error for what lies outside of the calendar.
pub(super) fn beyond() -> Error {
    Error::new(ErrorKind::LimitExceeded, "calendar.time", "an event reaches beyond the year 9999")
}
