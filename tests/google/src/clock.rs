//! Time: a clock that stands still until it is told to move, or the machine's own.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The clock of a fake. Milliseconds since 1970 everywhere.
#[derive(Debug)]
pub(crate) struct Clock {
    is_virtual: AtomicBool,
    /// The time itself, or what is added to the machine's.
    millis: AtomicI64,
}

/// The end of the year 9998.
const LAST: i64 = 253_370_764_799_999;

impl Clock {
    /// Stands at `start`, or runs with the machine when that is `None`.
    pub(crate) fn new(start: Option<i64>) -> Self {
        Self { is_virtual: AtomicBool::new(start.is_some()), millis: AtomicI64::new(start.unwrap_or(0)) }
    }

    pub(crate) fn now(&self) -> i64 {
        let millis = self.millis.load(Ordering::SeqCst);
        if self.is_virtual() { millis } else { machine() + millis }
    }

    pub(crate) fn is_virtual(&self) -> bool {
        self.is_virtual.load(Ordering::SeqCst)
    }

    /// Moves on; a running clock goes on running from there.
    pub(crate) fn advance(&self, millis: i64) {
        // As far as times can be written.
        let millis = millis.clamp(0, (LAST - self.now()).max(0));
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Moves to an instant, but never back.
    pub(crate) fn set(&self, to: i64) {
        self.advance(to.saturating_sub(self.now()));
    }
}

fn machine() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// What a number of milliseconds is, as jiff has it; far-off numbers are the ends of time.
pub(crate) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// `2026-11-25T18:01:00.000Z`, as Drive and Calendar write it.
pub(crate) fn rfc3339(millis: i64) -> String {
    format!("{:.3}", timestamp(millis))
}

/// `Tue, 19 Nov 2026 01:13:52 GMT`.
pub(crate) fn http_date(millis: i64) -> String {
    timestamp(millis).to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads a time with an offset; one without counts as UTC when `lenient`.
pub(crate) fn parse(text: &str, lenient: bool) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_millisecond());
    }
    if !lenient {
        return None;
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_moves_only_when_told_and_never_back() {
        let clock = Clock::new(Some(1_000));
        assert_eq!((clock.now(), clock.is_virtual()), (1_000, true));
        clock.advance(5);
        clock.set(900);
        clock.advance(-7);
        assert_eq!(clock.now(), 1_005);
        clock.advance(i64::MAX);
        clock.advance(i64::MAX);
        assert!(rfc3339(clock.now()).starts_with("9998"));
    }

    #[test]
    fn times_are_written_as_google_writes_them() {
        assert_eq!(rfc3339(1_795_050_832_000), "2026-11-19T01:13:52.000Z");
        assert_eq!(http_date(1_795_050_832_000), "Thu, 19 Nov 2026 01:13:52 GMT");
        assert_eq!(parse("2026-11-19T02:13:52+01:00", false), Some(1_795_050_832_000));
        assert_eq!(parse("2026-11-19T01:13:52", true), Some(1_795_050_832_000));
        assert_eq!(parse("2026-11-19T01:13:52", false), None);
    }
}
