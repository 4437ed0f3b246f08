use super::{days, series, starts};

/// Zone, start on its wall clock, lines, window; and what a calendar on the wall says.
type Case = (
    &'static str,
    &'static str,
    &'static [&'static str],
    (&'static str, &'static str),
    &'static [&'static str],
);

const CASES: &[Case] = &[
    // Nine o'clock stays nine o'clock when Berlin changes its clocks on 29 March 2026.
    (
        "Europe/Berlin",
        "2026-01-05T09:00:00",
        &["RRULE:FREQ=WEEKLY;BYDAY=MO"],
        ("2026-03-20", "2026-04-10"),
        &["2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z", "2026-04-06T07:00:00Z"],
    ),
    // Havana skips from 0:00 to 1:00 on 8 March, and shows 0:00 to 1:00 twice on 1 November 2026.
    (
        "America/Havana",
        "2026-01-01T00:30:00",
        &["RRULE:FREQ=DAILY"],
        ("2026-03-07T12:00:00Z", "2026-03-10"),
        &["2026-03-08T05:30:00Z", "2026-03-09T04:30:00Z"],
    ),
    (
        "America/Havana",
        "2026-01-01T00:30:00",
        &["RRULE:FREQ=DAILY"],
        ("2026-10-31", "2026-11-03"),
        &["2026-10-31T04:30:00Z", "2026-11-01T04:30:00Z", "2026-11-02T05:30:00Z"],
    ),
    // Counted from the start, not from the window.
    (
        "UTC",
        "2026-02-01T10:00:00",
        &["RRULE:FREQ=DAILY;COUNT=30"],
        ("2026-03-01", "2026-04-01"),
        &["2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"],
    ),
    // UNTIL is inclusive, in UTC, and of a bare day all of it.
    (
        "America/New_York",
        "2026-03-02T20:00:00",
        &["RRULE:FREQ=DAILY;UNTIL=20260305T010000Z"],
        ("2026-03-01", "2026-04-01"),
        &["2026-03-03T01:00:00Z", "2026-03-04T01:00:00Z", "2026-03-05T01:00:00Z"],
    ),
    (
        "America/New_York",
        "2026-03-02T20:00:00",
        &["RRULE:FREQ=DAILY;UNTIL=20260303"],
        ("2026-03-01", "2026-04-01"),
        &["2026-03-03T01:00:00Z", "2026-03-04T01:00:00Z"],
    ),
    // A series that was cut off before its start.
    (
        "UTC",
        "2026-03-02T20:00:00",
        &["RRULE:FREQ=DAILY;UNTIL=20260301T000000Z"],
        ("2026-03-01", "2026-04-01"),
        &[],
    ),
    // Months without the day are passed over.
    (
        "UTC",
        "2026-01-31T10:00:00",
        &["RRULE:FREQ=MONTHLY"],
        ("2026-01-01", "2026-06-01"),
        &["2026-01-31T10:00:00Z", "2026-03-31T10:00:00Z", "2026-05-31T10:00:00Z"],
    ),
    // The last working day of the month.
    (
        "UTC",
        "2026-01-30T10:00:00",
        &["RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"],
        ("2026-01-01", "2026-06-01"),
        &[
            "2026-01-30T10:00:00Z",
            "2026-02-27T10:00:00Z",
            "2026-03-31T10:00:00Z",
            "2026-04-30T10:00:00Z",
            "2026-05-29T10:00:00Z",
        ],
    ),
    // Numbered weekdays beside plain ones are either: all Mondays, and fifth Tuesdays.
    (
        "UTC",
        "2026-03-02T10:00:00",
        &["RRULE:FREQ=MONTHLY;BYDAY=MO,5TU"],
        ("2026-03-20", "2026-04-10"),
        &["2026-03-23T10:00:00Z", "2026-03-30T10:00:00Z", "2026-03-31T10:00:00Z", "2026-04-06T10:00:00Z"],
    ),
    // Friday the thirteenth; the second Sunday of March; the last day of February.
    (
        "UTC",
        "2026-02-13T10:00:00",
        &["RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13"],
        ("2026-01-01", "2027-01-01"),
        &["2026-02-13T10:00:00Z", "2026-03-13T10:00:00Z", "2026-11-13T10:00:00Z"],
    ),
    (
        "UTC",
        "2024-03-10T10:00:00",
        &["RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"],
        ("2026-01-01", "2028-01-01"),
        &["2026-03-08T10:00:00Z", "2027-03-14T10:00:00Z"],
    ),
    (
        "UTC",
        "2024-02-29T10:00:00",
        &["RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"],
        ("2026-01-01", "2029-01-01"),
        &["2026-02-28T10:00:00Z", "2027-02-28T10:00:00Z", "2028-02-29T10:00:00Z"],
    ),
    // Week 1 of 2026 begins on 29 December 2025.
    (
        "UTC",
        "2024-01-01T10:00:00",
        &["RRULE:FREQ=YEARLY;BYWEEKNO=1"],
        ("2025-12-01", "2027-06-01"),
        &["2025-12-29T10:00:00Z", "2027-01-04T10:00:00Z"],
    ),
    // What weeks begin with counts where they are skipped (RFC 5545, page 45).
    (
        "America/New_York",
        "1997-08-05T09:00:00",
        &["RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO"],
        ("1997-01-01", "1998-01-01"),
        &["1997-08-05T13:00:00Z", "1997-08-10T13:00:00Z", "1997-08-19T13:00:00Z", "1997-08-24T13:00:00Z"],
    ),
    (
        "America/New_York",
        "1997-08-05T09:00:00",
        &["RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU"],
        ("1997-01-01", "1998-01-01"),
        &["1997-08-05T13:00:00Z", "1997-08-17T13:00:00Z", "1997-08-19T13:00:00Z", "1997-08-31T13:00:00Z"],
    ),
    // The start is the first, also where the rule does not fit it, and counts.
    (
        "UTC",
        "2026-03-03T10:00:00",
        &["RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3"],
        ("2026-03-01", "2026-04-01"),
        &["2026-03-03T10:00:00Z", "2026-03-09T10:00:00Z", "2026-03-16T10:00:00Z"],
    ),
    // Dates without a rule, in zones of their own; some left out; two rules at once.
    (
        "Asia/Ho_Chi_Minh",
        "2026-03-01T08:00:00",
        &[
            "RDATE;TZID=Asia/Ho_Chi_Minh:20260301T080000,20260308T080000",
            "RDATE:20260310T010000Z",
            "RDATE;VALUE=DATE:20260312",
            "EXDATE;TZID=Europe/London:20260310T010000",
        ],
        ("2026-03-01", "2026-04-01"),
        &["2026-03-01T01:00:00Z", "2026-03-08T01:00:00Z", "2026-03-12T01:00:00Z"],
    ),
    (
        "UTC",
        "2026-03-02T10:00:00",
        &[
            "RRULE:FREQ=WEEKLY;COUNT=3",
            "RRULE:FREQ=MONTHLY;BYMONTHDAY=10",
            "EXRULE:FREQ=WEEKLY;INTERVAL=2",
            "EXDATE:20260309T100000Z,20260310",
        ],
        ("2026-03-01", "2026-05-01"),
        &["2026-03-02T10:00:00Z", "2026-03-10T10:00:00Z", "2026-04-10T10:00:00Z"],
    ),
];

#[test]
fn a_series_takes_place_when_a_calendar_on_the_wall_says() {
    for (zone, start, lines, (from, until), expected) in CASES {
        let found = starts(&series(zone, start, lines), from, until).unwrap();
        assert_eq!(found, *expected, "{zone} {start} {lines:?}");
    }
}

#[test]
fn what_has_begun_is_in_the_window_and_what_has_ended_is_not() {
    let daily = series("UTC", "2026-03-01T10:00:00", &["RRULE:FREQ=DAILY"]);
    let found = |from, until| starts(&daily, from, until).unwrap();
    assert_eq!(found("2026-03-02T10:59:59Z", "2026-03-03T10:00:00Z"), ["2026-03-02T10:00:00Z"]);
    assert_eq!(found("2026-03-02T11:00:00Z", "2026-03-03T10:00:01Z"), ["2026-03-03T10:00:00Z"]);
}

#[test]
fn whole_days_stay_whole_days() {
    // Three days each, over the change of clocks; the zone is the calendar's.
    let mut fair = days(
        "2026-03-14",
        "2026-03-17",
        &["RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3", "EXDATE;VALUE=DATE:20260411"],
    );
    fair.start.as_mut().unwrap().time_zone = Some("Europe/Berlin".into());
    let found = super::instances(Some(&fair), &[], &super::window("2026-03-01", "2026-05-01")).unwrap();
    let told: Vec<String> = found
        .iter()
        .map(|each| format!("{} {} {} {}", each.id, each.start, each.end, each.is_all_day))
        .collect();
    assert_eq!(
        told,
        [
            "m_20260314 2026-03-13T23:00:00Z 2026-03-16T23:00:00Z true",
            "m_20260328 2026-03-27T23:00:00Z 2026-03-30T22:00:00Z true",
        ]
    );
    let until = |until: &str| {
        let rule = format!("RRULE:FREQ=DAILY;UNTIL={until};BYHOUR=9");
        starts(&days("2026-03-01", "2026-03-02", &[&rule]), "2026-01-01", "2027-01-01").unwrap().len()
    };
    assert_eq!([until("20260303"), until("20260303T235959Z"), until("20260303T000000")], [3, 3, 3]);
}

#[test]
fn occurrences_are_named_as_google_names_them() {
    let ids = |id: &str| {
        let mut daily = series("Europe/Berlin", "2026-03-01T10:00:00", &["RRULE:FREQ=DAILY;COUNT=1"]);
        daily.id = id.to_owned();
        let found = super::instances(Some(&daily), &[], &super::window("2026-03-01", "2026-05-01")).unwrap();
        (found[0].id.clone(), found[0].series.map(str::to_owned))
    };
    assert_eq!(ids("abc"), ("abc_20260301T090000Z".into(), Some("abc".into())));
    // A series that was split off another.
    let split = "abc_R20260215T090000";
    assert_eq!(ids(split), ("abc_20260301T090000Z".into(), Some(split.into())));
    assert_eq!(ids("abc_Rest").0, "abc_Rest_20260301T090000Z");
}

#[test]
fn an_offset_is_no_zone() {
    // The instant is told in the calendar's zone; the series keeps to its own.
    let start = serde_json::json!({"dateTime": "2026-03-01T15:00:00+01:00", "timeZone": "America/New_York"});
    let master =
        super::event(serde_json::json!({"id": "m", "start": start, "recurrence": ["RRULE:FREQ=WEEKLY"]}));
    let found = starts(&master, "2026-03-01", "2026-03-10").unwrap();
    assert_eq!(found, ["2026-03-01T14:00:00Z", "2026-03-08T13:00:00Z"]);
}
