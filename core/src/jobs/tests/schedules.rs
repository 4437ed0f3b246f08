//! A year of schedules.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time, Weekday, date};
use jiff::tz::TimeZone;
use serde_json::json;

use super::fixtures::{Does, Fixture, START};
use crate::base::{Clock, Scope, Timestamp};
use crate::domain::{Access, NewJob, NewSchedule};

/// A year, and the day after it.
const DAYS: i64 = 366;

/// The instants at which the wall clock of a zone shows times that are wanted, found without
/// cron: by going through the days of the year. What the wall clock skips happens when it has
/// skipped.
fn expected(zone: &str, wanted: impl Fn(Date) -> Vec<Time>) -> Vec<Timestamp> {
    let zone = TimeZone::get(zone).expect("a zone");
    let (start, end) = (START, START.after(Duration::from_secs(DAYS as u64 * 86_400)));
    let mut instants = Vec::new();
    let first = date(2025, 12, 30);
    for day in first.series(jiff::ToSpan::days(1)).take(DAYS as usize + 5) {
        for time in wanted(day) {
            let shown = DateTime::from_parts(day, time);
            let zoned = zone.to_ambiguous_zoned(shown).compatible().expect("in range");
            // `compatible` shifts a skipped time by what is skipped; back to where it skips.
            let instant = if zoned.datetime() == shown {
                zoned.timestamp()
            } else {
                zone.preceding(zoned.timestamp() + jiff::ToSpan::nanoseconds(1))
                    .next()
                    .expect("a change")
                    .timestamp()
            };
            instants.push(Timestamp::from_micros(instant.as_microsecond()));
        }
    }
    instants.sort_unstable();
    instants.dedup();
    instants.retain(|&at| at > start && at <= end);
    instants
}

fn at(hour: i8, minute: i8) -> Time {
    jiff::civil::time(hour, minute, 0, 0)
}

fn every_four_hours() -> Vec<Time> {
    (0..24).step_by(4).map(|hour| at(hour, 30)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_schedules_fires_each_instant_once_with_three_schedulers() {
    let fixture = Fixture::new().await;
    let is_weekday = |day: Date| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let schedules: Vec<(&str, &str, &str, Vec<Timestamp>)> = vec![
        ("gap", "30 1 * * *", "Europe/Lisbon", expected("Europe/Lisbon", |_| vec![at(1, 30)])),
        ("gap ny", "30 2 * * *", "America/New_York", expected("America/New_York", |_| vec![at(2, 30)])),
        (
            "fold ny",
            "15,45 1 * * *",
            "America/New_York",
            expected("America/New_York", |_| vec![at(1, 15), at(1, 45)]),
        ),
        // Half an hour is skipped, and shown twice, in the other half of the year.
        (
            "lord howe",
            "0,15 2 * * *",
            "Australia/Lord_Howe",
            expected("Australia/Lord_Howe", |_| vec![at(2, 0), at(2, 15)]),
        ),
        (
            "office",
            "0 9 * * MON-FRI",
            "Europe/Berlin",
            expected("Europe/Berlin", |day| if is_weekday(day) { vec![at(9, 0)] } else { vec![] }),
        ),
        (
            "month",
            "0 0 1 * *",
            "Asia/Kolkata",
            expected("Asia/Kolkata", |day| if day.day() == 1 { vec![at(0, 0)] } else { vec![] }),
        ),
        // This zone changes its clocks at midnight.
        ("midnight", "@daily", "America/Santiago", expected("America/Santiago", |_| vec![at(0, 0)])),
        ("hours", "0 */6 * * *", "UTC", expected("UTC", |_| vec![at(0, 0), at(6, 0), at(12, 0), at(18, 0)])),
        ("often", "30 */4 * * *", "Europe/Lisbon", expected("Europe/Lisbon", |_| every_four_hours())),
    ];
    let mut write = fixture.store.begin(&Scope::service(), Access::Write).await.expect("begins");
    for (name, cron, zone, _) in &schedules {
        let new = NewSchedule::new(*name, *cron, *zone, NewJob::new("fire", json!({ "name": name })));
        let schedule = new.into_schedule(Scope::service().tenant(), START).expect("a schedule");
        write.put_schedule(&schedule).await.expect("puts");
    }
    write.commit().await.expect("commits");

    let fired: Arc<Mutex<BTreeMap<String, Vec<Timestamp>>>> = Arc::default();
    let schedulers = [fixture.queue(), fixture.queue(), fixture.queue()];
    for scheduler in &schedulers {
        let (fired, clock) = (Arc::clone(&fired), fixture.clock.clone());
        let handler = Does(move |attempt: crate::jobs::Attempt| {
            let name = attempt.job.payload["name"].as_str().expect("a name").to_owned();
            assert_eq!(attempt.job.run_at, clock.now(), "late");
            fired.lock().expect("unpoisoned").entry(name).or_default().push(attempt.job.run_at);
            async { Ok(()) }
        });
        scheduler.register("fire", Arc::new(handler)).expect("registers");
    }
    let end = START.after(Duration::from_secs(DAYS as u64 * 86_400));
    loop {
        let runs = schedulers.each_ref().map(|scheduler| scheduler.run_due());
        let [a, b, c] = runs;
        let (a, b, c) = tokio::join!(a, b, c);
        assert!(a.is_ok() && b.is_ok() && c.is_ok(), "{a:?} {b:?} {c:?}");
        let mut read = fixture.store.begin(&Scope::service(), Access::Read).await.expect("begins");
        let outlook = read.job_outlook(&["fire".to_owned()], fixture.clock.now()).await.expect("reads");
        match outlook.next_at {
            Some(next) if next <= end => fixture.clock.set(next),
            _ => break,
        }
    }
    let fired = fired.lock().expect("unpoisoned");
    for (name, _, _, expected) in &schedules {
        let mut found = fired[*name].clone();
        found.sort_unstable();
        assert!(expected.len() >= 12, "{name}");
        assert_eq!(&found, expected, "{name}");
    }
}
