//! One RRULE of RFC 5545, as days.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// When a rule ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Until {
    Never,
    Count(usize),
    /// `YYYYMMDD`, or with a time at UTC.
    Stamp(String),
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    frequency: Frequency,
    interval: i64,
    pub(crate) until: Until,
    months: Vec<i8>,
    days_of_month: Vec<i8>,
    /// Weekdays, each with its ordinal or 0.
    weekdays: Vec<(i8, Weekday)>,
    positions: Vec<i32>,
    week_start: Weekday,
}

/// So many periods without any day, and the rule counts as over.
const MOST_EMPTY: u32 = 1_000;

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

fn numbers<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',').map(|number| number.parse().ok()).collect()
}

impl Rule {
    /// Reads what follows `RRULE:`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            until: Until::Never,
            months: Vec::new(),
            days_of_month: Vec::new(),
            weekdays: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Monday,
        };
        let mut has_frequency = false;
        for pair in text.split(';').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=')?;
            match name {
                "FREQ" => {
                    has_frequency = true;
                    rule.frequency = match value {
                        "DAILY" => Frequency::Daily,
                        "WEEKLY" => Frequency::Weekly,
                        "MONTHLY" => Frequency::Monthly,
                        "YEARLY" => Frequency::Yearly,
                        _ => return None,
                    };
                }
                "INTERVAL" => {
                    rule.interval = value.parse().ok().filter(|number| (1..10_000).contains(number))?
                }
                "COUNT" => rule.until = Until::Count(value.parse().ok()?),
                "UNTIL" => rule.until = Until::Stamp(value.to_owned()),
                "BYMONTH" => rule.months = numbers(value)?,
                "BYMONTHDAY" => rule.days_of_month = numbers(value)?,
                "BYSETPOS" => rule.positions = numbers(value)?,
                "WKST" => rule.week_start = weekday(value)?,
                "BYDAY" => {
                    for day in value.split(',') {
                        let (ordinal, name) = day.split_at_checked(day.len().checked_sub(2)?)?;
                        let ordinal = if ordinal.is_empty() { 0 } else { ordinal.parse().ok()? };
                        rule.weekdays.push((ordinal, weekday(name)?));
                    }
                }
                // Times of the day are those of the start.
                "BYHOUR" | "BYMINUTE" | "BYSECOND" => {}
                _ => return None,
            }
        }
        has_frequency.then_some(rule)
    }

    /// Days from `start` on, in order.
    pub(crate) fn days(&self, start: Date) -> impl Iterator<Item = Date> + use<> {
        let mut period = 0;
        let mut empty = 0;
        let mut ready: Vec<Date> = Vec::new();
        let rule = self.clone();
        std::iter::from_fn(move || {
            while ready.is_empty() {
                if empty > MOST_EMPTY {
                    return None;
                }
                ready = rule.period(start, period)?;
                ready.retain(|day| *day >= start);
                ready.reverse();
                empty = if ready.is_empty() { empty + 1 } else { 0 };
                period += 1;
            }
            ready.pop()
        })
    }

    /// The days of the n-th day, week, month or year.
    fn period(&self, start: Date, number: i64) -> Option<Vec<Date>> {
        let steps = number.checked_mul(self.interval)?;
        let span = |span: Span| start.checked_add(span).ok();
        let mut days = match self.frequency {
            Frequency::Daily => vec![span(Span::new().try_days(steps).ok()?)?],
            Frequency::Weekly => {
                let back = start.weekday().since(self.week_start);
                let first = start.checked_sub(i64::from(back).days()).ok()?;
                let first = first.checked_add(Span::new().try_days(steps.checked_mul(7)?).ok()?).ok()?;
                let week = (0..7).filter_map(|day| first.checked_add(day.days()).ok());
                week.filter(|day| {
                    if self.weekdays.is_empty() {
                        day.weekday() == start.weekday()
                    } else {
                        self.weekdays.iter().any(|own| own.1 == day.weekday())
                    }
                })
                .collect()
            }
            Frequency::Monthly => {
                let first = start.first_of_month().checked_add(Span::new().try_months(steps).ok()?).ok()?;
                self.of_month(first, start)
            }
            Frequency::Yearly => {
                let year = i16::try_from(i64::from(start.year()).checked_add(steps)?).ok()?;
                let months = if self.months.is_empty() { vec![start.month()] } else { self.months.clone() };
                let firsts = months.iter().filter_map(|month| Date::new(year, *month, 1).ok());
                let mut days: Vec<Date> = firsts.flat_map(|first| self.of_month(first, start)).collect();
                days.sort();
                // The year must exist, though it may have no such day.
                Date::new(year, 1, 1).ok()?;
                days
            }
        };
        if self.frequency != Frequency::Yearly && !self.months.is_empty() {
            days.retain(|day| self.months.contains(&day.month()));
        }
        if self.frequency == Frequency::Daily {
            days.retain(|day| {
                (self.weekdays.is_empty() || self.weekdays.iter().any(|own| own.1 == day.weekday()))
                    && (self.days_of_month.is_empty() || self.is_day_of_month(*day))
            });
        }
        if !self.positions.is_empty() {
            let count = days.len() as i32;
            let at = |position: &i32| if *position > 0 { position - 1 } else { count + position };
            let wanted: Vec<i32> = self.positions.iter().map(at).collect();
            let mut place = -1;
            days.retain(|_| {
                place += 1;
                wanted.contains(&place)
            });
        }
        Some(days)
    }

    fn of_month(&self, first: Date, start: Date) -> Vec<Date> {
        let length = first.days_in_month();
        let all = (1..=length).filter_map(|day| Date::new(first.year(), first.month(), day).ok());
        all.filter(|day| match (self.days_of_month.is_empty(), self.weekdays.is_empty()) {
            (true, true) => day.day() == start.day(),
            (false, true) => self.is_day_of_month(*day),
            (true, false) => self.is_weekday_of_month(*day),
            (false, false) => self.is_day_of_month(*day) && self.is_weekday_of_month(*day),
        })
        .collect()
    }

    fn is_day_of_month(&self, day: Date) -> bool {
        let from_end = day.day() - day.days_in_month() - 1;
        self.days_of_month.iter().any(|own| *own == day.day() || *own == from_end)
    }

    fn is_weekday_of_month(&self, day: Date) -> bool {
        let ordinal = (day.day() - 1) / 7 + 1;
        let from_end = -((day.days_in_month() - day.day()) / 7 + 1);
        self.weekdays.iter().any(|(own, weekday)| {
            *weekday == day.weekday() && (*own == 0 || *own == ordinal || *own == from_end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(rule: &str, start: &str, count: usize) -> Vec<String> {
        let rule = Rule::parse(rule).unwrap();
        rule.days(start.parse().unwrap()).take(count).map(|day| day.to_string()).collect()
    }

    #[test]
    fn frequencies_and_their_parts() {
        assert_eq!(
            days("FREQ=DAILY;INTERVAL=2", "2026-02-27", 3),
            ["2026-02-27", "2026-03-01", "2026-03-03"]
        );
        assert_eq!(
            days("FREQ=WEEKLY;BYDAY=MO,WE", "2026-07-01", 3),
            ["2026-07-01", "2026-07-06", "2026-07-08"]
        );
        assert_eq!(days("FREQ=MONTHLY;BYDAY=-1FR", "2026-07-31", 2), ["2026-07-31", "2026-08-28"]);
        assert_eq!(days("FREQ=MONTHLY", "2026-01-31", 2), ["2026-01-31", "2026-03-31"]);
        assert_eq!(days("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31", 2), ["2026-01-31", "2026-02-28"]);
        assert_eq!(
            days("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "2026-08-03", 2),
            ["2026-08-03", "2026-09-01"]
        );
        assert_eq!(days("FREQ=YEARLY", "2024-02-29", 2), ["2024-02-29", "2028-02-29"]);
        assert_eq!(days("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11-26", 2), ["2026-11-26", "2027-11-25"]);
    }

    #[test]
    fn rules_without_days_end_and_others_are_refused() {
        assert!(days("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "2026-02-01", 1).is_empty());
        for bad in [
            "",
            "FREQ=HOURLY",
            "INTERVAL=2",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=WEEKLY;BYDAY=X",
            "FREQ=WEEKLY;BYDAY=é",
            "FREQ",
        ] {
            assert_eq!(Rule::parse(bad), None, "{bad}");
        }
    }
}
