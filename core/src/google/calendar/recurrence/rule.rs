//! A recurrence rule (RFC 5545, 3.3.10): reading it, and refusing what it must not say.

use std::ops::RangeInclusive;

use jiff::civil::{DateTime, Weekday};

use super::lines::{Told, told};
use crate::base::{Error, ErrorKind, Result};

/// Bytes of a rule.
const MAX_RULE: usize = 4 << 10;

/// Times of one day that a rule may name: every five minutes.
const MAX_TIMES: usize = 288;

/// How a rule goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    Yearly,
    Monthly,
    Weekly,
    Daily,
}

/// A weekday; with a number, the first, second, last (`-1`), ... of its month or year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) nth: Option<i16>,
    pub(super) weekday: Weekday,
}

/// A rule. Empty lists are what it does not say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) frequency: Frequency,
    pub(super) interval: u32,
    pub(super) count: Option<u32>,
    pub(super) until: Option<Told>,
    pub(super) week_start: Weekday,
    pub(super) months: Vec<i16>,
    pub(super) weeks: Vec<i16>,
    pub(super) year_days: Vec<i16>,
    pub(super) month_days: Vec<i16>,
    pub(super) days: Vec<Day>,
    pub(super) hours: Vec<i16>,
    pub(super) minutes: Vec<i16>,
    pub(super) seconds: Vec<i16>,
    pub(super) positions: Vec<i16>,
}

impl Rule {
    /// Reads what follows `RRULE:`.
    ///
    /// # Errors
    /// `malformed` for what is no rule; `unsupported` for rules that repeat within the day and for
    /// extensions; `limit_exceeded` for one that is longer than any honest one.
    pub(super) fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_RULE {
            return Err(refused(ErrorKind::LimitExceeded, "a recurrence rule is too long", text));
        }
        let mut frequency = None;
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            week_start: Weekday::Monday,
            months: Vec::new(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            days: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            positions: Vec::new(),
        };
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| malformed(text))?;
            let numbers = |range| numbers(value, range).ok_or_else(|| malformed(text));
            match name.to_ascii_uppercase().as_str() {
                "FREQ" => frequency = Some(read_frequency(value, text)?),
                "INTERVAL" => rule.interval = positive(value).ok_or_else(|| malformed(text))?,
                "COUNT" => rule.count = Some(positive(value).ok_or_else(|| malformed(text))?),
                "UNTIL" => rule.until = Some(told(value).ok_or_else(|| malformed(text))?),
                "WKST" => rule.week_start = weekday(value).ok_or_else(|| malformed(text))?,
                "BYMONTH" => rule.months = numbers(1..=12)?,
                "BYWEEKNO" => rule.weeks = numbers(-53..=53)?,
                "BYYEARDAY" => rule.year_days = numbers(-366..=366)?,
                "BYMONTHDAY" => rule.month_days = numbers(-31..=31)?,
                "BYDAY" => rule.days = days(value).ok_or_else(|| malformed(text))?,
                "BYHOUR" => rule.hours = numbers(0..=23)?,
                "BYMINUTE" => rule.minutes = numbers(0..=59)?,
                "BYSECOND" => rule.seconds = numbers(0..=59)?,
                "BYSETPOS" => rule.positions = numbers(-366..=366)?,
                // The only calendar there is here, and the only way to skip.
                "RSCALE" if value.eq_ignore_ascii_case("GREGORIAN") => {}
                "SKIP" if value.eq_ignore_ascii_case("OMIT") => {}
                _ => return Err(refused(ErrorKind::Unsupported, "a recurrence rule has an extension", text)),
            }
        }
        rule.frequency = frequency.ok_or_else(|| malformed(text))?;
        rule.check(text)?;
        Ok(rule)
    }

    /// Refuses parts that do not go together.
    fn check(&self, text: &str) -> Result<()> {
        use Frequency::{Monthly, Weekly, Yearly};
        let is_numbered = self.days.iter().any(|day| day.nth.is_some());
        let may_be_numbered = match self.frequency {
            Yearly => self.weeks.is_empty(),
            frequency => frequency == Monthly,
        };
        let says_which = [
            &self.months,
            &self.weeks,
            &self.year_days,
            &self.month_days,
            &self.hours,
            &self.minutes,
            &self.seconds,
        ];
        let of_a_year = !(self.weeks.is_empty() && self.year_days.is_empty());
        let is_wrong = (of_a_year && self.frequency != Yearly)
            || (!self.month_days.is_empty() && self.frequency == Weekly)
            || (is_numbered && !may_be_numbered)
            || (!self.positions.is_empty()
                && self.days.is_empty()
                && says_which.iter().all(|list| list.is_empty()));
        if is_wrong {
            return Err(malformed(text));
        }
        let times = [&self.hours, &self.minutes, &self.seconds]
            .iter()
            .map(|list| list.len().max(1))
            .product::<usize>();
        if times > MAX_TIMES {
            return Err(refused(
                ErrorKind::LimitExceeded,
                "a recurrence rule names too many times of a day",
                text,
            ));
        }
        Ok(())
    }

    /// The rule with what it leaves to the start of its series (RFC 5545: "information, not
    /// contained in the rule, is derived from the start").
    pub(super) fn completed(mut self, start: DateTime) -> Self {
        let names_none = self.weeks.is_empty()
            && self.year_days.is_empty()
            && self.month_days.is_empty()
            && self.days.is_empty();
        let says_day = !names_none;
        let weekday = Day { nth: None, weekday: start.weekday() };
        let fill = |list: &mut Vec<i16>, value: i16| {
            if list.is_empty() {
                list.push(value);
            }
        };
        match self.frequency {
            Frequency::Yearly if !says_day => {
                fill(&mut self.months, start.month().into());
                self.month_days.push(start.day().into());
            }
            Frequency::Yearly if !self.weeks.is_empty() && self.days.is_empty() => self.days.push(weekday),
            Frequency::Monthly if !says_day => self.month_days.push(start.day().into()),
            Frequency::Weekly if self.days.is_empty() => self.days.push(weekday),
            _ => {}
        }
        fill(&mut self.hours, start.hour().into());
        fill(&mut self.minutes, start.minute().into());
        fill(&mut self.seconds, start.second().into());
        self
    }
}

fn read_frequency(value: &str, rule: &str) -> Result<Frequency> {
    match value.to_ascii_uppercase().as_str() {
        "YEARLY" => Ok(Frequency::Yearly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "WEEKLY" => Ok(Frequency::Weekly),
        "DAILY" => Ok(Frequency::Daily),
        "HOURLY" | "MINUTELY" | "SECONDLY" => {
            // Google offers none of these; as meetings they make no sense.
            Err(refused(ErrorKind::Unsupported, "a recurrence rule repeats within the day", rule))
        }
        _ => Err(malformed(rule)),
    }
}

fn positive(value: &str) -> Option<u32> {
    value.parse().ok().filter(|number| *number > 0)
}

/// Numbers in `range`, sorted, each once. Where they can be negative, they count from the end,
/// and there is no 0.
fn numbers(value: &str, range: RangeInclusive<i16>) -> Option<Vec<i16>> {
    let fits = |number: &i16| range.contains(number) && (*number != 0 || *range.start() == 0);
    let read = |text: &str| text.trim().parse().ok().filter(fits);
    let mut numbers = value.split(',').map(read).collect::<Option<Vec<i16>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

fn days(value: &str) -> Option<Vec<Day>> {
    let read = |text: &str| {
        let text = text.trim();
        let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
        let nth = match number {
            "" => None,
            number => Some(number.parse::<i16>().ok().filter(|nth| *nth != 0 && nth.abs() <= 53)?),
        };
        Some(Day { nth, weekday: weekday(name)? })
    };
    value.split(',').map(read).collect()
}

fn weekday(name: &str) -> Option<Weekday> {
    match name.to_ascii_uppercase().as_str() {
        "MO" => Some(Weekday::Monday),
        "TU" => Some(Weekday::Tuesday),
        "WE" => Some(Weekday::Wednesday),
        "TH" => Some(Weekday::Thursday),
        "FR" => Some(Weekday::Friday),
        "SA" => Some(Weekday::Saturday),
        "SU" => Some(Weekday::Sunday),
        _ => None,
    }
}

fn malformed(rule: &str) -> Error {
    refused(ErrorKind::Malformed, "an event has a recurrence rule that is none", rule)
}

/// The error for a rule or date that is not taken.
pub(super) fn refused(kind: ErrorKind, message: &str, value: &str) -> Error {
    Error::new(kind, "calendar.recurrence", message)
        .with("value", value.chars().take(200).collect::<String>())
}
