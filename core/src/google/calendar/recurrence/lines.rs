//! The lines of a series (RFC 5545, 3.8.5): rules, single dates, and dates left out.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::rule::{Rule, refused};
use crate::base::{ErrorKind, Result};
use crate::google::calendar::time::{Moment, Span, instant, zone};

/// Rules of one series.
const MAX_RULES: usize = 32;

/// Single dates of one series: twenty-seven years of days.
const MAX_DATES: usize = 10_000;

/// A date or time as a line tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told {
    /// `20260301`.
    Day(Date),
    /// `20260301T090000`: what the wall clock shows.
    Wall(DateTime),
    /// `20260301T090000Z`.
    Utc(jiff::Timestamp),
}

/// What the lines of a series say.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    pub(super) rules: Vec<Rule>,
    pub(super) added: Vec<jiff::Timestamp>,
    pub(super) excluded_rules: Vec<Rule>,
    pub(super) excluded: Vec<jiff::Timestamp>,
}

impl Lines {
    /// Reads the lines of the series that first takes place at `span`.
    ///
    /// # Errors
    /// `malformed`, `unsupported` or `limit_exceeded` for a line that is not taken.
    pub(super) fn read(lines: &[String], span: &Span) -> Result<Self> {
        let mut read = Self::default();
        for line in lines.iter().flat_map(|line| line.lines()).filter(|line| !line.trim().is_empty()) {
            let malformed = || refused(ErrorKind::Malformed, "a series has a line that is none", line);
            let (head, value) = line.split_once(':').ok_or_else(malformed)?;
            let mut parameters = head.split(';').map(str::trim);
            let name = parameters.next().unwrap_or_default();
            match name.to_ascii_uppercase().as_str() {
                "RRULE" => read.rules.push(Rule::parse(value)?),
                "EXRULE" => read.excluded_rules.push(Rule::parse(value)?),
                "RDATE" => dates(value, parameters, span, true, &mut read.added)?,
                "EXDATE" => dates(value, parameters, span, false, &mut read.excluded)?,
                _ => return Err(malformed()),
            }
            if read.rules.len() + read.excluded_rules.len() > MAX_RULES {
                return Err(refused(ErrorKind::LimitExceeded, "a series has too many rules", line));
            }
            if read.added.len() + read.excluded.len() > MAX_DATES {
                return Err(refused(ErrorKind::LimitExceeded, "a series has too many single dates", line));
            }
        }
        Ok(read)
    }
}

/// Reads the dates of a line. A bare day in a series of times is the day's occurrence when it is
/// added; as an exclusion it excludes nothing, as at Google.
fn dates<'a>(
    value: &str,
    parameters: impl Iterator<Item = &'a str>,
    span: &Span,
    adds: bool,
    into: &mut Vec<jiff::Timestamp>,
) -> Result<()> {
    let mut own_zone: Option<TimeZone> = None;
    for (key, parameter) in parameters.filter_map(|parameter| parameter.split_once('=')) {
        match key.to_ascii_uppercase().as_str() {
            "TZID" => own_zone = Some(zone(parameter.trim_matches('"'))?),
            "VALUE" if parameter.eq_ignore_ascii_case("PERIOD") => {
                return Err(refused(
                    ErrorKind::Unsupported,
                    "a series adds periods of their own length",
                    value,
                ));
            }
            _ => {}
        }
    }
    let zone = own_zone.as_ref().unwrap_or(&span.zone);
    for text in value.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        let read = told(text)
            .ok_or_else(|| refused(ErrorKind::Malformed, "a series has a date that cannot be read", text))?;
        let at = match (span.start, read) {
            // Whole days: the day that is named, and no zone moves it.
            (Moment::Day(_), Told::Day(day)) => Moment::Day(day).instant(&span.zone)?,
            (Moment::Day(_), Told::Wall(civil)) => Moment::Day(civil.date()).instant(&span.zone)?,
            (Moment::Day(_), Told::Utc(at)) => {
                Moment::Day(TimeZone::UTC.to_datetime(at).date()).instant(&span.zone)?
            }
            (Moment::Instant(_), Told::Utc(at)) => at,
            (Moment::Instant(_), Told::Wall(civil)) => instant(civil, zone)?,
            (Moment::Instant(start), Told::Day(day)) if adds => {
                instant(day.to_datetime(span.zone.to_datetime(start).time()), &span.zone)?
            }
            (Moment::Instant(_), Told::Day(_)) => continue,
        };
        into.push(at);
    }
    Ok(())
}

/// Reads `20260301`, `20260301T090000` or `20260301T090000Z`.
pub(super) fn told(text: &str) -> Option<Told> {
    let (body, is_utc) = match text.strip_suffix(['Z', 'z']) {
        Some(body) => (body, true),
        None => (text, false),
    };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i16>().ok())?;
    let two = |text: &str, at: usize| i8::try_from(number(text.get(at..at + 2)?)?).ok();
    let day = body.get(..8)?;
    let date = Date::new(number(&day[..4])?, two(day, 4)?, two(day, 6)?).ok()?;
    let Some(time) = body.get(8..).filter(|rest| !rest.is_empty()) else {
        return (!is_utc).then_some(Told::Day(date));
    };
    let time = time.strip_prefix(['T', 't']).filter(|time| time.len() == 6)?;
    let time = jiff::civil::Time::new(two(time, 0)?, two(time, 2)?, two(time, 4)?, 0).ok()?;
    let civil = date.to_datetime(time);
    if is_utc { Some(Told::Utc(TimeZone::UTC.to_timestamp(civil).ok()?)) } else { Some(Told::Wall(civil)) }
}
