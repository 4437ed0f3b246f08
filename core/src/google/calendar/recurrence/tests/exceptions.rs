use serde_json::{Value, json};

use super::{event, series, window};
use crate::google::calendar::event::CalendarEvent;
use crate::google::calendar::recurrence::instances;

fn daily() -> CalendarEvent {
    series("Europe/Berlin", "2026-03-01T10:00:00", &["RRULE:FREQ=DAILY;COUNT=5"])
}

/// An exception for the occurrence of a day, which begins at another time then.
fn moved(day: &str, to: &str) -> CalendarEvent {
    event(json!({
        "id": format!("m_{}T090000Z", day.replace('-', "")),
        "recurringEventId": "m",
        "originalStartTime": {"dateTime": format!("{day}T10:00:00+01:00"), "timeZone": "Europe/Berlin"},
        "start": {"dateTime": to},
        "end": {"dateTime": to},
    }))
}

fn found(
    master: Option<&CalendarEvent>,
    exceptions: &[CalendarEvent],
    from: &str,
    until: &str,
) -> Vec<String> {
    let exceptions: Vec<&CalendarEvent> = exceptions.iter().collect();
    let found = instances(master, &exceptions, &window(from, until)).unwrap();
    found.iter().map(|each| format!("{} {}", each.id, each.start)).collect()
}

#[test]
fn an_exception_stands_for_its_occurrence() {
    let all =
        found(Some(&daily()), &[moved("2026-03-02", "2026-03-02T15:00:00Z")], "2026-03-01", "2026-03-04");
    assert_eq!(
        all,
        [
            "m_20260301T090000Z 2026-03-01T09:00:00Z",
            "m_20260302T090000Z 2026-03-02T15:00:00Z",
            "m_20260303T090000Z 2026-03-03T09:00:00Z",
        ]
    );
}

#[test]
fn where_an_exception_is_now_decides_whether_it_is_in_the_window() {
    let window = ("2026-03-02", "2026-03-03");
    let into = [moved("2026-03-05", "2026-03-02T20:00:00Z")];
    assert_eq!(
        found(Some(&daily()), &into, window.0, window.1),
        ["m_20260302T090000Z 2026-03-02T09:00:00Z", "m_20260305T090000Z 2026-03-02T20:00:00Z"]
    );
    let out = [moved("2026-03-02", "2026-03-05T20:00:00Z")];
    assert_eq!(found(Some(&daily()), &out, window.0, window.1), Vec::<String>::new());
}

#[test]
fn trap_13_a_cancelled_exception_has_neither_start_nor_title() {
    let cancelled = |mut told: Value| {
        told["status"] = json!("cancelled");
        event(told)
    };
    let expected = ["m_20260301T090000Z 2026-03-01T09:00:00Z", "m_20260303T090000Z 2026-03-03T09:00:00Z"];
    let original = json!({"dateTime": "2026-03-02T09:00:00Z"});
    let documented =
        json!({"id": "m_20260302T090000Z", "recurringEventId": "m", "originalStartTime": original});
    let minimal = json!({"id": "m_20260302T090000Z", "recurringEventId": "m"});
    for told in [documented, minimal] {
        assert_eq!(found(Some(&daily()), &[cancelled(told)], "2026-03-01", "2026-03-04"), expected);
    }
    // Nothing at all is known of the series, or it was cancelled itself.
    let told = json!({"id": "m_20260302T090000Z", "recurringEventId": "m"});
    assert_eq!(found(None, &[cancelled(told)], "2026-03-01", "2026-03-04"), Vec::<String>::new());
    let gone = cancelled(json!({"id": "m"}));
    let left = [moved("2026-03-02", "2026-03-02T15:00:00Z")];
    assert_eq!(found(Some(&gone), &left, "2026-03-01", "2026-03-04"), Vec::<String>::new());
}

#[test]
fn trap_13_an_exception_counts_where_its_series_is_not_known() {
    let invited = [moved("2026-03-02", "2026-03-02T15:00:00Z")];
    assert_eq!(
        found(None, &invited, "2026-03-01", "2026-03-04"),
        ["m_20260302T090000Z 2026-03-02T15:00:00Z"]
    );
    let exceptions: Vec<&CalendarEvent> = invited.iter().collect();
    let found = instances(None, &exceptions, &window("2026-03-01", "2026-03-04")).unwrap();
    assert_eq!(found[0].series, Some("m"));
    assert_eq!(found[0].original_start.unwrap().to_string(), "2026-03-02T09:00:00Z");
}

#[test]
fn exceptions_of_whole_days_are_found_by_their_day() {
    let mut fair = super::days("2026-03-01", "2026-03-02", &["RRULE:FREQ=DAILY;COUNT=3"]);
    fair.start.as_mut().unwrap().time_zone = Some("Asia/Tokyo".into());
    let cancelled = event(json!({
        "id": "m_20260302", "status": "cancelled", "recurringEventId": "m", "originalStartTime": {"date": "2026-03-02"},
    }));
    let unnamed = event(json!({"id": "m_20260303", "status": "cancelled", "recurringEventId": "m"}));
    let all = found(Some(&fair), &[cancelled, unnamed], "2026-02-01", "2026-04-01");
    assert_eq!(all, ["m_20260301 2026-02-28T15:00:00Z"]);
}

#[test]
fn a_single_event_is_its_own_occurrence() {
    let times = json!({"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "No/Where"});
    let single = event(json!({"id": "s", "start": times, "end": {"dateTime": "2026-03-02T08:00:00Z"}}));
    // It needs no zone, and it does not end before it begins.
    let found = instances(Some(&single), &[], &window("2026-03-01", "2026-03-04")).unwrap();
    assert_eq!((found[0].id.as_str(), found[0].series, found[0].original_start), ("s", None, None));
    assert_eq!(found[0].start.to_string(), "2026-03-02T09:00:00Z");
    assert_eq!(found[0].end, found[0].start);
    // A series does need it.
    let series = CalendarEvent { recurrence: vec!["RRULE:FREQ=DAILY".into()], ..single };
    let refused = instances(Some(&series), &[], &window("2026-03-01", "2026-03-04")).unwrap_err();
    assert_eq!(refused.kind(), crate::base::ErrorKind::Malformed);
}
