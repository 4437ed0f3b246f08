use proptest::prelude::*;

use super::{days, series, starts};
use crate::base::ErrorKind;

fn refusal(lines: &[&str]) -> Option<ErrorKind> {
    let master = series("UTC", "2026-03-01T10:00:00", lines);
    starts(&master, "2026-03-01", "2026-05-07").err().map(|error| error.kind())
}

#[test]
fn what_is_no_rule_is_a_typed_error() {
    for line in [
        "RRULE:",
        "RRULE:FREQ=SOMETIMES",
        "RRULE:INTERVAL=2",
        "RRULE:FREQ=DAILY;INTERVAL=0",
        "RRULE:FREQ=DAILY;INTERVAL=-1",
        "RRULE:FREQ=DAILY;COUNT=0",
        "RRULE:FREQ=DAILY;COUNT=99999999999",
        "RRULE:FREQ=DAILY;UNTIL=tomorrow",
        "RRULE:FREQ=DAILY;UNTIL=20261301T000000Z",
        "RRULE:FREQ=DAILY;BYMONTH=0",
        "RRULE:FREQ=DAILY;BYMONTH=-1",
        "RRULE:FREQ=DAILY;BYHOUR=24",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=32",
        "RRULE:FREQ=WEEKLY;BYMONTHDAY=1",
        "RRULE:FREQ=WEEKLY;BYDAY=1MO",
        "RRULE:FREQ=WEEKLY;BYDAY=éO",
        "RRULE:FREQ=WEEKLY;BYDAY=M€",
        "RRULE:FREQ=WEEKLY;BYDAY=",
        "RRULE:FREQ=MONTHLY;BYDAY=0MO",
        "RRULE:FREQ=MONTHLY;BYWEEKNO=1",
        "RRULE:FREQ=MONTHLY;BYYEARDAY=1",
        "RRULE:FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO",
        "RRULE:FREQ=MONTHLY;BYSETPOS=1",
        "RRULE:FREQ=DAILY;;COUNT",
        "RDATE:2026-03-01",
        "RDATE:20260301T25",
        "RDATE;TZID=No/Where:20260301T100000",
        "DTSTART:20260301T100000Z",
        "nothing",
    ] {
        assert_eq!(refusal(&[line]), Some(ErrorKind::Malformed), "{line}");
    }
}

#[test]
fn what_is_not_expanded_says_so() {
    for line in [
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=MINUTELY;INTERVAL=59",
        "RRULE:FREQ=HOURLY",
        "RRULE:FREQ=YEARLY;RSCALE=CHINESE",
        "RRULE:FREQ=DAILY;X-MOON=FULL",
        "RDATE;VALUE=PERIOD:20260301T100000Z/PT1H",
    ] {
        assert_eq!(refusal(&[line]), Some(ErrorKind::Unsupported), "{line}");
    }
    assert_eq!(refusal(&["RRULE:RSCALE=GREGORIAN;FREQ=DAILY;SKIP=OMIT"]), None);
}

fn all(values: std::ops::Range<u32>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn hostile_series_end_soon_with_a_typed_error() {
    let every_second =
        format!("RRULE:FREQ=YEARLY;BYHOUR={};BYMINUTE={};BYSECOND={}", all(0..24), all(0..60), all(0..60));
    let every_five =
        format!("RRULE:FREQ=DAILY;BYHOUR={};BYMINUTE=0,5,10,15,20,25,30,35,40,45,50,55", all(0..24));
    let long = format!("RRULE:FREQ=DAILY;BYMONTH={}", "1,".repeat(4_000));
    let dates = format!("RDATE:{}", "20260301T100000Z,".repeat(10_001));
    for lines in
        [&[every_second.as_str()][..], &[&every_five], &[&long], &[&dates], &["RRULE:FREQ=DAILY"; 33]]
    {
        assert_eq!(refusal(lines), Some(ErrorKind::LimitExceeded), "{:.60}", lines[0]);
    }
    let counted = |start: &str| {
        let rule = format!("{every_five};COUNT=4000000000");
        starts(&series("UTC", start, &[&rule]), "2026-03-01", "2026-05-07").unwrap_err().kind()
    };
    assert_eq!(
        [counted("1700-01-01T00:00:00"), counted("-009999-01-03T00:00:00")],
        [ErrorKind::LimitExceeded; 2]
    );
    // An event of a thousand years, every day.
    let overlapping = days("1000-01-01", "2000-01-01", &["RRULE:FREQ=DAILY"]);
    assert_eq!(
        starts(&overlapping, "2026-03-01", "2026-05-07").unwrap_err().kind(),
        ErrorKind::LimitExceeded
    );
}

#[test]
fn rules_that_never_happen_end_and_so_do_those_at_the_end_of_the_calendar() {
    for line in [
        "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "RRULE:FREQ=YEARLY;INTERVAL=4294967295",
        "RRULE:FREQ=WEEKLY;INTERVAL=4294967295",
        "RRULE:FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "RRULE:FREQ=DAILY;BYHOUR=9;BYSETPOS=2",
    ] {
        let master = series("UTC", "2026-03-01T10:00:00", &[line]);
        assert_eq!(starts(&master, "2026-03-01", "2026-05-07").unwrap(), ["2026-03-01T10:00:00Z"], "{line}");
        assert_eq!(starts(&master, "2027-03-01", "2027-05-07").unwrap(), Vec::<String>::new(), "{line}");
    }
    let last = series("UTC", "9998-12-31T10:00:00", &["RRULE:FREQ=DAILY"]);
    assert_eq!(starts(&last, "9999-12-20", "9999-12-22").unwrap().len(), 2);
    assert_eq!(starts(&last, "9999-12-20", "9999-12-30").unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert_eq!(starts(&last, "2026-03-01", "2026-05-07").unwrap(), Vec::<String>::new());
}

/// Generous, for slow machines: what is measured is whether the age of a series counts.
#[test]
fn ten_years_of_history_cost_nothing() {
    let old = series("Europe/Berlin", "2016-01-04T09:00:00", &["RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"]);
    let counted =
        series("Europe/Berlin", "2016-01-04T09:00:00", &["RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=2000"]);
    for _ in 0..100 {
        assert_eq!(starts(&old, "2026-03-01", "2026-05-07").unwrap().len(), 48);
        assert_eq!(starts(&counted, "2026-03-01", "2026-05-07").unwrap().len(), 20);
    }
}

proptest! {
    #[test]
    fn any_line_is_read_or_refused(line in any::<String>(), start in "[0-9]{4}-[01][0-9]-[0-3][0-9]") {
        let master = super::event(serde_json::json!({
            "id": "m", "start": {"date": start}, "recurrence": [line.clone(), format!("RRULE:{line}"), format!("RDATE:{line}")],
        }));
        let _ = starts(&master, "2026-03-01", "2026-05-07");
    }

    #[test]
    fn any_rule_is_bounded_and_in_order(
        frequency in prop::sample::select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
        interval in prop::sample::select(vec![1_u32, 2, 7, 400, u32::MAX]),
        parts in prop::collection::vec(prop::sample::select(vec![
            ";BYDAY=MO,-1SU", ";BYDAY=TU,WE", ";BYMONTHDAY=-31,31,1", ";BYMONTH=2,12", ";BYYEARDAY=366,-366,60", ";BYWEEKNO=53,-53,1",
            ";BYSETPOS=-1,1,366", ";BYHOUR=0,23", ";BYMINUTE=0,59", ";COUNT=7", ";UNTIL=20260401", ";WKST=SU", ";COUNT=4000000000",
        ]), 0..5),
        zone in prop::sample::select(vec!["UTC", "America/Havana", "Pacific/Apia", "Australia/Lord_Howe"]),
        year in -9_000_i32..9_990,
    ) {
        let year = if year < 0 { format!("-{:06}", -year) } else { format!("{year:04}") };
        let line = format!("RRULE:FREQ={frequency};INTERVAL={interval}{}", parts.concat());
        let master = series(zone, &format!("{year}-02-28T00:30:00"), &[&line]);
        match starts(&master, "2026-03-01", "2026-05-07") {
            Ok(found) => prop_assert!(found.is_sorted() && found.len() <= 1_001),
            Err(error) => prop_assert!(matches!(error.kind(), ErrorKind::Malformed | ErrorKind::LimitExceeded)),
        }
    }
}
