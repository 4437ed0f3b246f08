//! The instances of a series.

use std::collections::BTreeSet;

use jiff::Zoned;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::model::Event;
use super::moment::{Moment, zone};
use super::rule::{Rule, Until};

/// So many instances are looked at; a series that has more ends there.
const MOST: usize = 20_000;

/// Whether Google would take these lines.
pub(crate) fn are_lines_valid(lines: &[&str]) -> bool {
    lines.iter().all(|line| {
        line.strip_prefix("RRULE:").map_or_else(
            || ["EXDATE", "RDATE", "EXRULE"].iter().any(|name| line.starts_with(name)),
            |rule| Rule::parse(rule).is_some(),
        )
    })
}

/// Starts of instances in order, from the first that begins at `from` or later to the last
/// that begins before `to` (milliseconds), `limit` at most. Exceptions are not looked at.
pub(crate) fn starts(series: &Event, calendar_zone: &str, from: i64, to: i64, limit: usize) -> Vec<Moment> {
    let Some(first) = series.body.get("start").and_then(|start| Moment::parse(start, calendar_zone)) else {
        return Vec::new();
    };
    let lines = series.recurrence();
    let mut excluded = BTreeSet::new();
    let mut found: Vec<(i64, Moment)> = Vec::new();
    let add = |found: &mut Vec<(i64, Moment)>, moment: Moment| {
        let at = moment.millis(calendar_zone);
        if at >= from && at < to {
            found.push((at, moment));
        }
        at < to
    };
    for line in &lines {
        if line.starts_with("EXDATE") {
            excluded.extend(dates(line, &first).iter().map(Moment::stamp));
        } else if line.starts_with("RDATE") {
            for moment in dates(line, &first) {
                add(&mut found, moment);
            }
        }
    }
    let mut has_rule = false;
    for rule in lines.iter().filter_map(|line| Rule::parse(line.strip_prefix("RRULE:")?)) {
        has_rule = true;
        let civil = first.civil();
        let mut count = 0;
        for day in rule.days(civil.date()).take(MOST) {
            let Some(moment) = first.at(day.to_datetime(civil.time())) else { continue };
            let is_over = match &rule.until {
                Until::Never => false,
                Until::Count(most) => count >= *most,
                Until::Stamp(stamp) => is_after(&moment, stamp),
            };
            count += 1;
            if is_over || !add(&mut found, moment) {
                break;
            }
            if found.len() > limit.saturating_mul(2).saturating_add(excluded.len()) {
                break;
            }
        }
    }
    if !has_rule {
        add(&mut found, first);
    }
    found.sort_by_key(|own| own.0);
    found.dedup_by_key(|own| own.0);
    let starts = found.into_iter().map(|own| own.1).filter(|moment| !excluded.contains(&moment.stamp()));
    starts.take(limit).collect()
}

/// The start that the end of an instance's id names, if the series has one then.
pub(crate) fn start_of_stamp(series: &Event, calendar_zone: &str, stamp: &str) -> Option<Moment> {
    let first = Moment::parse(series.body.get("start")?, calendar_zone)?;
    let moment = read(stamp, &TimeZone::UTC, &first)?;
    let at = moment.millis(calendar_zone);
    starts(series, calendar_zone, at, at + 1, 1).pop().filter(|start| start.stamp() == stamp)
}

fn is_after(moment: &Moment, stamp: &str) -> bool {
    match moment {
        Moment::Day(date) => date.strftime("%Y%m%d").to_string().as_str() > stamp.get(..8).unwrap_or(stamp),
        Moment::Time(_) if stamp.len() == 8 => moment.civil().strftime("%Y%m%d").to_string().as_str() > stamp,
        Moment::Time(_) => moment.stamp().as_str() > stamp,
    }
}

/// The moments of an `EXDATE` or `RDATE` line.
fn dates(line: &str, first: &Moment) -> Vec<Moment> {
    let Some((head, values)) = line.split_once(':') else { return Vec::new() };
    let named = head.split(';').find_map(|pair| pair.strip_prefix("TZID=")).map(zone);
    let zone = named.unwrap_or_else(|| match first {
        Moment::Time(at) => at.time_zone().clone(),
        Moment::Day(_) => TimeZone::UTC,
    });
    values.split(',').filter_map(|value| read(value.trim(), &zone, first)).collect()
}

/// `20260701`, `20260701T090000` or `20260701T070000Z`, as the kind of moment that `first` is.
fn read(text: &str, zone: &TimeZone, first: &Moment) -> Option<Moment> {
    let (text, is_utc) = text.strip_suffix('Z').map_or((text, false), |text| (text, true));
    match first {
        Moment::Day(_) => Some(Moment::Day(Date::strptime("%Y%m%d", text.get(..8)?).ok()?)),
        Moment::Time(first) => {
            let civil = if text.len() == 8 {
                Date::strptime("%Y%m%d", text).ok()?.to_datetime(first.datetime().time())
            } else {
                DateTime::strptime("%Y%m%dT%H%M%S", text).ok()?
            };
            let zone = if is_utc { TimeZone::UTC } else { zone.clone() };
            let at: Zoned = civil.to_zoned(zone).ok()?;
            Some(Moment::Time(at.with_time_zone(first.time_zone().clone())))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn series(start: serde_json::Value, lines: &[&str]) -> Event {
        let body = json!({"id": "abc", "start": start, "recurrence": lines});
        Event { body: body.as_object().unwrap().clone(), ..Event::default() }
    }

    fn stamps(series: &Event, limit: usize) -> Vec<String> {
        starts(series, "UTC", 0, i64::MAX, limit).iter().map(Moment::stamp).collect()
    }

    #[test]
    fn the_clock_on_the_wall_counts() {
        let start = json!({"dateTime": "2026-10-24T09:00:00+02:00", "timeZone": "Europe/Berlin"});
        let own = series(start, &["RRULE:FREQ=DAILY;COUNT=3"]);
        assert_eq!(stamps(&own, 9), ["20261024T070000Z", "20261025T080000Z", "20261026T080000Z"]);
        assert!(start_of_stamp(&own, "UTC", "20261025T080000Z").is_some());
        assert!(start_of_stamp(&own, "UTC", "20261025T070000Z").is_none());
        assert!(start_of_stamp(&own, "UTC", "nonsense").is_none());
    }

    #[test]
    fn dates_are_added_and_taken_out_and_rules_end() {
        let start = json!({"dateTime": "2026-07-01T09:00:00Z", "timeZone": "UTC"});
        let lines = [
            "RRULE:FREQ=DAILY;UNTIL=20260704T090000Z",
            "EXDATE;TZID=Europe/Berlin:20260702T110000",
            "RDATE:20260801T090000Z",
        ];
        assert_eq!(
            stamps(&series(start, &lines), 9),
            ["20260701T090000Z", "20260703T090000Z", "20260704T090000Z", "20260801T090000Z"]
        );
        let days =
            series(json!({"date": "2026-07-01"}), &["RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20260708"]);
        assert_eq!(stamps(&days, 2), ["20260701", "20260715"]);
    }
}
