//! When a series takes place.
//!
//! Expansion is done here and not by a crate: it has to be bounded by what is asked for, because
//! anybody can send an invitation with any rule to anybody's calendar, and it has to keep
//! occurrences at times that a wall clock skips or shows twice.
//!
//! | | |
//! |---|---|
//! | wall clock | a series keeps to the clock of its zone (`start.timeZone`), whatever the offset is then; a time that is skipped is taken by the offset before, one that is shown twice is the first |
//! | first | the event itself is always the first occurrence, also where its rule does not fit it, and counts for `COUNT` |
//! | `UNTIL` | inclusive; of a bare day, all of it |
//! | `EXDATE` | leaves out what begins at that instant, or on that day in a series of whole days |
//! | exceptions | stand for the occurrence that was to begin at their `originalStartTime`, wherever they are now; a cancelled one leaves it out |
//! | alone | exceptions of a series that is not known (who was invited to a single occurrence) count by themselves; those of one that was cancelled are cancelled with it |
//! | length | so long by any clock; whole days, of a series of such |
//! | more often than daily | `unsupported`: Google has no such rules |

mod dates;
mod lines;
mod rule;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::lines::{Lines, Told, told};
use self::rule::Rule;
use super::event::{CalendarEvent, EventTime};
use super::time::{Moment, Span, beyond, instant, stamp, unstamp};
use crate::base::{Result, Timestamp};

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// What ends by then is before it.
    pub(crate) from: Timestamp,
    /// What begins then is behind it.
    pub(crate) until: Timestamp,
}

impl Window {
    fn has(&self, start: Timestamp, end: Timestamp) -> bool {
        start < self.until && (end > self.from || start >= self.from)
    }
}

/// A time at which an event takes place.
#[derive(Clone, Debug)]
pub(super) struct Instance<'a> {
    /// The event that says what it is like: its series, or the exception that stands for it.
    pub(super) event: &'a CalendarEvent,
    /// Google's name of it.
    pub(super) id: String,
    /// The series it belongs to.
    pub(super) series: Option<&'a str>,
    /// When it was to begin, for one of a series.
    pub(super) original_start: Option<Timestamp>,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    /// Whether it takes whole days.
    pub(super) is_all_day: bool,
}

/// The times in a window at which an event takes place: a single one, or a series with its
/// exceptions; by their start, then by id. `master` is `None` where the series is not known.
///
/// # Errors
/// `malformed` for times, zones, rules and dates that cannot be read, `unsupported` for rules that
/// are not expanded, `limit_exceeded` for those that have too many dates.
pub(super) fn instances<'a>(
    master: Option<&'a CalendarEvent>,
    exceptions: &[&'a CalendarEvent],
    window: &Window,
) -> Result<Vec<Instance<'a>>> {
    let mut found = Vec::new();
    let span = match master {
        Some(master) if master.is_cancelled() => return Ok(found),
        Some(master) => Span::of(master)?,
        None => None,
    };
    if let (Some(master), Some(span)) = (master, &span) {
        let is_series = !master.recurrence.is_empty();
        let mut starts = if is_series {
            starts(&master.recurrence, span, window)?
        } else {
            BTreeSet::from([span.start.instant(&span.zone)?])
        };
        for exception in exceptions {
            if let Some(original) = original_start(exception, Some(&span.zone))? {
                starts.remove(&original);
            }
        }
        for start in starts {
            let (id, series, original) = if is_series {
                (instance_id(&master.id, start, span), Some(master.id.as_str()), Some(start))
            } else {
                (master.id.clone(), None, None)
            };
            found.push(instance(master, id, series, original, (start, span))?);
        }
    }
    for exception in exceptions.iter().filter(|exception| !exception.is_cancelled()) {
        let Some(own) = Span::of(exception)? else { continue };
        let original = original_start(exception, span.as_ref().map(|span| &span.zone))?;
        let start = own.start.instant(&own.zone)?;
        let series = exception.recurring_event_id.as_deref();
        found.push(instance(exception, exception.id.clone(), series, original, (start, &own))?);
    }
    found.retain(|instance| window.has(instance.start, instance.end));
    found.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    Ok(found)
}

fn instance<'a>(
    event: &'a CalendarEvent,
    id: String,
    series: Option<&'a str>,
    original: Option<jiff::Timestamp>,
    (start, span): (jiff::Timestamp, &Span),
) -> Result<Instance<'a>> {
    Ok(Instance {
        event,
        id,
        series,
        original_start: original.map(stamp),
        start: stamp(start),
        end: stamp(span.end(start)?),
        is_all_day: matches!(span.start, Moment::Day(_)),
    })
}

/// When the occurrences of a series begin that can reach into a window.
fn starts(lines: &[String], span: &Span, window: &Window) -> Result<BTreeSet<jiff::Timestamp>> {
    let lines = Lines::read(lines, span)?;
    let first = span.start.instant(&span.zone)?;
    let (from, to) = days(span, window)?;
    let mut starts = BTreeSet::new();
    if lines.rules.is_empty() || lines.rules.iter().any(|rule| is_within(rule, first, span)) {
        starts.insert(first);
    }
    for rule in lines.rules {
        starts.extend(of_rule(rule, span, (from, to))?);
    }
    starts.extend(lines.added);
    for rule in lines.excluded_rules {
        for start in of_rule(rule, span, (from, to))? {
            starts.remove(&start);
        }
    }
    for start in &lines.excluded {
        starts.remove(start);
    }
    Ok(starts)
}

/// The days on which an occurrence can begin that reaches into the window; a day more at both
/// ends, for what wall clocks do.
fn days(span: &Span, window: &Window) -> Result<(Date, Date)> {
    let start = span.start.instant(&span.zone)?;
    let length = span.end(start)?.duration_since(start);
    let earliest = unstamp(window.from).saturating_sub(length).map_err(|_| beyond())?;
    let day = |at| span.zone.to_datetime(at).date();
    let one = jiff::Span::new().days(1);
    Ok((day(earliest).saturating_sub(one), day(unstamp(window.until)).saturating_add(one)))
}

/// When the occurrences of a rule begin, after the first of the series.
fn of_rule(mut rule: Rule, span: &Span, (from, to): (Date, Date)) -> Result<Vec<jiff::Timestamp>> {
    let start = match span.start {
        Moment::Day(day) => day.to_datetime(jiff::civil::Time::midnight()),
        Moment::Instant(at) => span.zone.to_datetime(at),
    };
    if matches!(span.start, Moment::Day(_)) {
        for list in [&mut rule.hours, &mut rule.minutes, &mut rule.seconds] {
            list.clear();
        }
    }
    let rule = rule.completed(start);
    let mut starts = Vec::new();
    for civil in dates::dates(&rule, start, from, to)? {
        let at = instant(civil, &span.zone)?;
        if is_within(&rule, at, span) {
            starts.push(at);
        }
    }
    Ok(starts)
}

/// Whether an occurrence is not behind the rule's `UNTIL`.
fn is_within(rule: &Rule, start: jiff::Timestamp, span: &Span) -> bool {
    let civil = span.zone.to_datetime(start);
    match (rule.until, span.start) {
        (None, _) => true,
        (Some(Told::Day(day)), _) => civil.date() <= day,
        (Some(Told::Wall(wall)), Moment::Instant(_)) => civil <= wall,
        (Some(Told::Wall(wall)), Moment::Day(_)) => civil.date() <= wall.date(),
        (Some(Told::Utc(until)), Moment::Instant(_)) => start <= until,
        (Some(Told::Utc(until)), Moment::Day(_)) => civil.date() <= TimeZone::UTC.to_datetime(until).date(),
    }
}

/// Which occurrence an exception stands for. A day is one in the zone of the series.
fn original_start(exception: &CalendarEvent, zone: Option<&TimeZone>) -> Result<Option<jiff::Timestamp>> {
    let is_told = |told: &&EventTime| told.date.is_some() || told.date_time.is_some();
    if let Some(told) = exception.original_start_time.as_ref().filter(is_told) {
        let own;
        let zone = match zone {
            Some(zone) => zone,
            None => {
                own = told.zone()?;
                &own
            }
        };
        return told.moment()?.instant(zone).map(Some);
    }
    // A cancelled one may tell nothing but its id.
    let Some(read) = exception.id.rsplit_once('_').and_then(|(_, suffix)| told(suffix)) else {
        return Ok(None);
    };
    match read {
        Told::Day(day) => Moment::Day(day).instant(zone.unwrap_or(&TimeZone::UTC)).map(Some),
        Told::Wall(_) => Ok(None),
        Told::Utc(at) => Ok(Some(at)),
    }
}

/// Google's name of an occurrence. A series that was split off another ("this and following") is
/// called `{first series}_R{from when}`, its occurrences by the first series alone.
fn instance_id(series: &str, start: jiff::Timestamp, span: &Span) -> String {
    let is_range =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'T');
    let base = series.rsplit_once("_R").filter(|(_, range)| is_range(range)).map_or(series, |(base, _)| base);
    match span.start {
        Moment::Day(_) => format!("{base}_{}", span.zone.to_datetime(start).date().strftime("%Y%m%d")),
        Moment::Instant(_) => format!("{base}_{}", start.strftime("%Y%m%dT%H%M%SZ")),
    }
}
