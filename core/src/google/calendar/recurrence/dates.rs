//! The dates of a rule, on the wall clock of its series.
//!
//! A rule goes on in periods: its years, months, weeks or days. The days of a period that fit are
//! the rule's, at its times of the day. Where a rule does not count its occurrences, periods
//! before the days that are asked for are passed over, not run through: what it costs does not
//! depend on how old a series is.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::rule::{Frequency, Rule};
use crate::base::{Error, ErrorKind, Result};

/// Days and times that are looked at for one rule: more than twenty years of one that counts
/// an occurrence a day, at 288 times.
const MAX_STEPS: usize = 500_000;

/// Dates of one rule that are given.
const MAX_DATES: usize = 1_000;

/// The dates of a rule after `start`, which is the first of its series, on the days from `from`
/// to `to`; in order. The rule is complete ([`Rule::completed`]).
///
/// # Errors
/// `limit_exceeded` for a rule that has too many dates there, or takes too long to count.
pub(super) fn dates(rule: &Rule, start: DateTime, from: Date, to: Date) -> Result<Vec<DateTime>> {
    let times = times(rule);
    let mut found = Vec::new();
    // The start always counts as the first (RFC 5545, COUNT).
    let mut left = rule.count.map(|count| count - 1);
    let mut period = Some(Period::first(rule, start.date()));
    if left.is_none() {
        period = period.and_then(|period| period.skipped(rule, from));
    }
    let mut steps = 0;
    while let Some(current) = period
        && current.first <= to
        && left != Some(0)
    {
        for date in chosen(rule, &times, current, &mut steps) {
            if date <= start {
                continue;
            }
            match &mut left {
                Some(0) => break,
                Some(left) => *left -= 1,
                None => {}
            }
            if (from..=to).contains(&date.date()) {
                found.push(date);
            }
        }
        if steps > MAX_STEPS || found.len() > MAX_DATES {
            let message = "a series takes place too often to be followed";
            return Err(Error::new(ErrorKind::LimitExceeded, "calendar.recurrence", message)
                .with("start", start)
                .with("until", to));
        }
        period = current.next(rule, 1);
    }
    Ok(found)
}

/// The times of a day, in order.
fn times(rule: &Rule) -> Vec<Time> {
    let small = |value: &i16| i8::try_from(*value).unwrap_or_default();
    let mut times = BTreeSet::new();
    for hour in rule.hours.iter().map(small) {
        for minute in rule.minutes.iter().map(small) {
            for second in rule.seconds.iter().map(small) {
                times.extend(Time::new(hour, minute, second, 0));
            }
        }
    }
    times.into_iter().collect()
}

/// The dates of a period, in order.
fn chosen(rule: &Rule, times: &[Time], period: Period, steps: &mut usize) -> Vec<DateTime> {
    let mut all = Vec::new();
    let mut day = Some(period.first);
    while let Some(current) = day.filter(|day| *day <= period.last) {
        *steps += 1;
        if fits(rule, current) {
            *steps += times.len();
            all.extend(times.iter().map(|time| current.to_datetime(*time)));
        }
        day = current.tomorrow().ok();
    }
    if rule.positions.is_empty() {
        return all;
    }
    let places: BTreeSet<usize> = rule
        .positions
        .iter()
        .filter_map(|&position| match usize::try_from(position) {
            Ok(position) => position.checked_sub(1),
            Err(_) => all.len().checked_sub(position.unsigned_abs().into()),
        })
        .collect();
    places.into_iter().filter_map(|place| all.get(place).copied()).collect()
}

/// Whether a day is one of the rule's.
fn fits(rule: &Rule, day: Date) -> bool {
    let (month_day, month_length) = (i16::from(day.day()), i16::from(day.days_in_month()));
    let (year_day, year_length) = (day.day_of_year(), day.days_in_year());
    is_any(&rule.months, day.month().into(), None)
        && is_any(&rule.month_days, month_day, Some(month_length))
        && is_any(&rule.year_days, year_day, Some(year_length))
        && (rule.weeks.is_empty() || {
            let (week, weeks) = week_of(day, rule.week_start);
            is_any(&rule.weeks, week, Some(weeks))
        })
        && (rule.days.is_empty() || {
            // Numbered within the year only where the rule goes on by years and names no month.
            let is_of_year = rule.frequency == Frequency::Yearly && rule.months.is_empty();
            let (place, length) =
                if is_of_year { (year_day, year_length) } else { (month_day, month_length) };
            let (from_start, from_end) = ((place - 1) / 7 + 1, -((length - place) / 7 + 1));
            rule.days.iter().any(|wanted| {
                wanted.weekday == day.weekday()
                    && wanted.nth.is_none_or(|nth| nth == from_start || nth == from_end)
            })
        })
}

/// Whether a list that says anything says `value`; it may count from the end, too.
fn is_any(list: &[i16], value: i16, length: Option<i16>) -> bool {
    let from_end = length.map(|length| value - length - 1);
    list.is_empty() || list.iter().any(|&wanted| wanted == value || Some(wanted) == from_end)
}

/// The number of the week a day is in, and how many weeks that week's year has: a week belongs to
/// the year that has most of its days.
fn week_of(day: Date, week_start: Weekday) -> (i16, i16) {
    let number = |day: Date| {
        // The fourth day of its week.
        let middle = day.saturating_sub(days(day.weekday().since(week_start).into())).saturating_add(days(3));
        (middle.year(), (middle.day_of_year() - 1) / 7 + 1)
    };
    let (year, week) = number(day);
    // 28 December is in its year's last week, whatever weeks begin with.
    let weeks = Date::new(year, 12, 28).map_or(52, |day| number(day).1);
    (week, weeks)
}

/// A year, month, week or day that a rule may have dates in.
#[derive(Clone, Copy)]
struct Period {
    first: Date,
    last: Date,
}

impl Period {
    fn first(rule: &Rule, start: Date) -> Self {
        let first = match rule.frequency {
            Frequency::Yearly => start.first_of_year(),
            Frequency::Monthly => start.first_of_month(),
            Frequency::Weekly => start.saturating_sub(days(start.weekday().since(rule.week_start).into())),
            Frequency::Daily => start,
        };
        Self::of(rule, first)
    }

    fn of(rule: &Rule, first: Date) -> Self {
        let last = match rule.frequency {
            Frequency::Yearly => first.last_of_year(),
            Frequency::Monthly => first.last_of_month(),
            Frequency::Weekly => first.saturating_add(days(6)),
            Frequency::Daily => first,
        };
        Self { first, last }
    }

    /// The period that lies so many intervals ahead; `None` beyond the calendar.
    fn next(self, rule: &Rule, intervals: i64) -> Option<Self> {
        let count = intervals.checked_mul(rule.interval.into())?;
        let span = jiff::Span::new();
        let ahead = match rule.frequency {
            Frequency::Yearly => span.try_years(count),
            Frequency::Monthly => span.try_months(count),
            Frequency::Weekly => span.try_weeks(count),
            Frequency::Daily => span.try_days(count),
        };
        let first = self.first.checked_add(ahead.ok()?).ok()?;
        Some(Self::of(rule, first))
    }

    /// The last period that begins by `from`, or this one.
    fn skipped(self, rule: &Rule, from: Date) -> Option<Self> {
        let (own, its) = (self.first, from);
        let months = i64::from(its.year() - own.year()) * 12 + i64::from(its.month() - own.month());
        let days = its.duration_since(own).as_hours() / 24;
        let ahead = match rule.frequency {
            Frequency::Yearly => i64::from(its.year() - own.year()),
            Frequency::Monthly => months,
            Frequency::Weekly => days / 7,
            Frequency::Daily => days,
        };
        self.next(rule, ahead.max(0) / i64::from(rule.interval))
    }
}

fn days(count: i64) -> jiff::Span {
    jiff::Span::new().try_days(count).unwrap_or_default()
}
