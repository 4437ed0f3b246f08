//! Schedules: when a job is enqueued again and again.

use std::fmt;
use std::str::FromStr;

use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use serde::{Deserialize, Serialize};

use super::NewJob;
use super::job::check_name;
use crate::base::{Error, ErrorKind, JobId, Result, TenantId, Timestamp};

/// A cron expression in a time zone: minute, hour, day of month, month, day of week, or
/// `@daily` and the like.
///
/// Each time the clock on the wall should show counts once. One that the wall clock skips,
/// in the spring, happens when it has skipped, together with the others that it skipped
/// then; one that it shows twice, in the autumn, happens the first time.
#[derive(Clone)]
pub struct Cron {
    expression: croner::Cron,
    zone: TimeZone,
}

impl Cron {
    /// Reads an expression and the IANA name of a time zone (`Europe/Lisbon`, `UTC`).
    ///
    /// # Errors
    /// `invalid_input` when either cannot be read, or when it never happens (30 February).
    pub fn parse(expression: &str, zone: &str) -> Result<Self> {
        let invalid = |message: &str, value: &str| {
            Error::new(ErrorKind::InvalidInput, "cron.parse", message)
                .with("value", value.chars().take(64).collect::<String>())
        };
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let parsed = parser.parse(expression).map_err(|error| {
            invalid("a cron expression is minute, hour, day of month, month, day of week", expression)
                .caused_by(error.to_string())
        })?;
        let zone = TimeZone::get(zone)
            .map_err(|_| invalid("a time zone is an IANA name such as Europe/Lisbon", zone))?;
        let cron = Self { expression: parsed, zone };
        if cron.next_after(Timestamp::from_seconds(1_704_067_200)).is_none() {
            return Err(invalid("this never happens", expression));
        }
        Ok(cron)
    }

    /// The first occurrence after `instant`; `None` when there is none in reach of the
    /// calendar.
    #[must_use]
    pub fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let instant = jiff::Timestamp::from_microsecond(instant.as_micros()).ok()?;
        let mut civil = self.zone.to_datetime(instant);
        loop {
            civil = self.expression.find_next_occurrence(&civil, false).ok()?;
            let occurrence = self.instant_of(civil)?;
            // In the second round of the autumn hour, what the wall clock shows next has been.
            if occurrence > instant {
                return Some(Timestamp::from_micros(occurrence.as_microsecond()));
            }
        }
    }

    fn instant_of(&self, civil: DateTime) -> Option<jiff::Timestamp> {
        let at = |offset: Offset| offset.to_timestamp(civil).ok();
        match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(offset),
            AmbiguousOffset::Fold { before, .. } => at(before),
            AmbiguousOffset::Gap { after, .. } => {
                // By the later offset, a skipped time lies just before the clock skips.
                self.zone.following(at(after)?).next().map(|transition| transition.timestamp())
            }
        }
    }
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cron")
            .field("expression", &self.expression.as_str())
            .field("zone", &self.zone.iana_name())
            .finish()
    }
}

impl FromStr for Cron {
    type Err = Error;

    /// Reads an expression in UTC.
    fn from_str(expression: &str) -> Result<Self, Error> {
        Self::parse(expression, "UTC")
    }
}

/// A schedule to keep. The same name again replaces it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSchedule {
    /// Names it, uniquely for its owner.
    pub name: String,
    /// When; see [`Cron`].
    pub cron: String,
    /// In which time zone, by its IANA name.
    #[serde(default = "utc")]
    pub zone: String,
    /// What is enqueued at each occurrence; its `run_at` and `unique_key` are set then, and its
    /// `delay` counts from there.
    pub job: NewJob,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl NewSchedule {
    /// A schedule.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        cron: impl Into<String>,
        zone: impl Into<String>,
        job: NewJob,
    ) -> Self {
        Self { name: name.into(), cron: cron.into(), zone: zone.into(), job }
    }

    /// Puts the schedule together as it is stored: its first occurrence is the next one
    /// after `now`.
    ///
    /// # Errors
    /// `invalid_input` for an unfit name, expression, zone or job.
    pub fn into_schedule(self, tenant: TenantId, now: Timestamp) -> Result<Schedule> {
        let operation = "jobs.schedule";
        check_name(operation, "a schedule's name has 1 to 150 bytes", &self.name)?;
        if self.name.len() > 150 {
            // Name and occurrence together are the unique key of a job.
            return Err(Error::new(
                ErrorKind::InvalidInput,
                operation,
                "a schedule's name has 1 to 150 bytes",
            ));
        }
        let next_at = Cron::parse(&self.cron, &self.zone)?.next_after(now);
        // Refused now rather than at each occurrence.
        self.job.clone().into_job(JobId::from_bytes([0; 16]), tenant, now)?;
        Ok(Schedule {
            tenant,
            name: self.name,
            cron: self.cron,
            zone: self.zone,
            job: self.job,
            next_at,
            last_at: None,
            created_at: now,
        })
    }
}

/// A schedule as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Schedule {
    /// Its owner.
    pub tenant: TenantId,
    /// Names it, uniquely for its owner.
    pub name: String,
    /// When.
    pub cron: String,
    /// In which time zone.
    pub zone: String,
    /// What is enqueued.
    pub job: NewJob,
    /// The next occurrence; `None` when there is none in reach of the calendar.
    pub next_at: Option<Timestamp>,
    /// The last occurrence that was enqueued.
    pub last_at: Option<Timestamp>,
    /// When it was first kept.
    pub created_at: Timestamp,
}

impl Schedule {
    /// Puts a schedule together; used by stores.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "one for each column")]
    pub fn stored(
        tenant: TenantId,
        name: String,
        cron: String,
        zone: String,
        job: NewJob,
        next_at: Option<Timestamp>,
        last_at: Option<Timestamp>,
        created_at: Timestamp,
    ) -> Self {
        Self { tenant, name, cron, zone, job, next_at, last_at, created_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let cron = Cron::parse(expression, zone).expect("parses");
        let mut at: Timestamp = after.parse().expect("an instant");
        let mut found = Vec::new();
        for _ in 0..count {
            at = cron.next_after(at).expect("an occurrence");
            found.push(at.to_string());
        }
        found
    }

    #[test]
    fn a_skipped_time_happens_once_when_the_clock_has_skipped() {
        // Lisbon skips from 01:00 to 02:00 on 29 March 2026, at 01:00 UTC.
        let daily = next("30 1 * * *", "Europe/Lisbon", "2026-03-28T00:00:00Z", 3);
        assert_eq!(daily, ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
        let quarters = next("*/15 * * * *", "Europe/Lisbon", "2026-03-29T00:30:00Z", 3);
        assert_eq!(quarters, ["2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z"]);
    }

    #[test]
    fn a_time_shown_twice_happens_once() {
        // Lisbon shows 01:00 to 02:00 twice on 25 October 2026, from 00:00 UTC on.
        let daily = next("30 1 * * *", "Europe/Lisbon", "2026-10-24T12:00:00Z", 2);
        assert_eq!(daily, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
        let within = next("30 1 * * *", "Europe/Lisbon", "2026-10-25T01:10:00Z", 1);
        assert_eq!(within, ["2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn days_of_month_and_week_are_either() {
        let found = next("0 9 13 * FRI", "UTC", "2026-02-11T00:00:00Z", 3);
        assert_eq!(found, ["2026-02-13T09:00:00Z", "2026-02-20T09:00:00Z", "2026-02-27T09:00:00Z"]);
    }

    #[test]
    fn what_cannot_be_read_or_never_happens_is_refused() {
        for (expression, zone) in [
            ("* * * *", "UTC"),
            ("61 * * * *", "UTC"),
            ("* * * * * *", "UTC"),
            ("0 0 30 2 *", "UTC"),
            ("* * * * *", "Mars/Olympus"),
        ] {
            let refused = Cron::parse(expression, zone).err().map(|error| error.kind());
            assert_eq!(refused, Some(ErrorKind::InvalidInput), "{expression} {zone}");
        }
    }
}
