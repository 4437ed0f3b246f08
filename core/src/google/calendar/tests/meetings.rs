use serde_json::{Value, json};

use crate::base::{ErrorKind, MeetingId, Timestamp};
use crate::domain::EventStatus;
use crate::google::calendar::meetings::MeetingDraft;
use crate::google::calendar::recurrence::Window;
use crate::google::calendar::{CalendarEvent, MeetingRules, meetings_of};

const DOMAIN: &str = "besunny.ai";
const LINK: &str = "https://meet.google.com/abc-defg-hij";

fn now() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

fn drafts(events: &[Value], rules: &MeetingRules) -> Vec<MeetingDraft> {
    let events: Vec<CalendarEvent> =
        events.iter().map(|event| CalendarEvent::from_google(event.clone(), Some("UTC")).unwrap()).collect();
    meetings_of(&events, rules, &rules.window(now()), DOMAIN).unwrap()
}

fn ids(events: &[Value], rules: &MeetingRules) -> Vec<String> {
    drafts(events, rules).into_iter().map(|draft| draft.occurrence.event_id).collect()
}

fn meeting(id: &str, start: &str) -> Value {
    json!({"id": id, "hangoutLink": LINK, "start": {"dateTime": start}, "organizer": {"self": true}})
}

fn with(mut event: Value, name: &str, value: Value) -> Value {
    event[name] = value;
    event
}

#[test]
fn which_events_are_meetings() {
    let today = || meeting("a", "2026-03-10T15:00:00Z");
    let mut linkless = today();
    linkless["hangoutLink"] = Value::Null;
    let declined = with(today(), "attendees", json!([{"self": true, "responseStatus": "declined"}]));
    let whole_day = with(today(), "start", json!({"date": "2026-03-10"}));
    let defaults = MeetingRules::default();
    for (event, is_meeting) in [
        (today(), true),
        (linkless.clone(), false),
        (declined.clone(), true),
        (whole_day.clone(), false),
        (with(today(), "status", json!("cancelled")), false),
        (with(today(), "status", json!("tentative")), true),
        (with(today(), "eventType", json!("default")), true),
        (with(today(), "eventType", json!("fromGmail")), true),
        (with(today(), "eventType", json!("not known yet")), true),
        (with(today(), "eventType", json!("focusTime")), false),
        (with(today(), "eventType", json!("outOfOffice")), false),
        (with(today(), "eventType", json!("workingLocation")), false),
        (with(today(), "eventType", json!("birthday")), false),
        (with(today(), "visibility", json!("private")), true),
        (with(today(), "start", Value::Null), false),
    ] {
        assert_eq!(ids(std::slice::from_ref(&event), &defaults).len(), usize::from(is_meeting), "{event}");
    }
    let all = MeetingRules { require_link: false, include_all_day: true, ..defaults };
    assert_eq!(ids(&[linkless, with(whole_day, "id", json!("b"))], &all), ["a", "b"]);
    let strict = MeetingRules { include_declined: false, ..defaults };
    assert_eq!(ids(&[declined], &strict), Vec::<String>::new());
}

#[test]
fn the_window_reaches_a_week_back_and_two_months_ahead() {
    let rules = MeetingRules::default();
    let expected = Window {
        from: "2026-03-03T12:00:00Z".parse().unwrap(),
        until: "2026-05-09T12:00:00Z".parse().unwrap(),
    };
    assert_eq!(rules.window(now()), expected);
    let events = [
        meeting("too-old", "2026-03-03T10:59:00Z"),
        meeting("still-running", "2026-03-03T11:30:00Z"),
        meeting("soon-enough", "2026-05-09T11:59:00Z"),
        meeting("too-far", "2026-05-09T12:00:00Z"),
    ];
    assert_eq!(ids(&events, &rules), ["soon-enough", "still-running"]);
}

#[test]
fn a_series_gives_a_meeting_for_each_occurrence() {
    let series = with(meeting("m", "2026-03-02T10:00:00Z"), "recurrence", json!(["RRULE:FREQ=WEEKLY"]));
    let series = with(series, "iCalUID", json!("m@google.com"));
    let original = |time: &str| json!({"dateTime": time});
    let moved = with(meeting("m_20260316T100000Z", "2026-03-17T14:00:00Z"), "recurringEventId", json!("m"));
    let moved = with(moved, "originalStartTime", original("2026-03-16T10:00:00Z"));
    let moved = with(moved, "hangoutLink", json!("https://meet.google.com/abc-defg-xyz"));
    let cancelled = json!({"id": "m_20260323T100000Z", "status": "cancelled", "recurringEventId": "m", "originalStartTime": original("2026-03-23T10:00:00Z")});
    let unlinked =
        with(meeting("m_20260330T100000Z", "2026-03-30T10:00:00Z"), "recurringEventId", json!("m"));
    let unlinked = with(unlinked, "originalStartTime", original("2026-03-30T10:00:00Z"));
    let unlinked = with(unlinked, "hangoutLink", Value::Null);
    // In any order.
    let found = drafts(&[unlinked, cancelled, series, moved], &MeetingRules::default());
    let told: Vec<String> = found
        .iter()
        .map(|draft| format!("{} {}", draft.occurrence.event_id, draft.occurrence.start))
        .take(4)
        .collect();
    assert_eq!(
        told,
        [
            "m_20260309T100000Z 2026-03-09T10:00:00Z",
            "m_20260316T100000Z 2026-03-17T14:00:00Z",
            "m_20260406T100000Z 2026-04-06T10:00:00Z",
            "m_20260413T100000Z 2026-04-13T10:00:00Z",
        ]
    );
    let occurrence = &found[0].occurrence;
    assert_eq!(occurrence.series_id.as_deref(), Some("m"));
    assert_eq!(occurrence.ical_uid.as_deref(), Some("m@google.com"));
    assert_eq!(occurrence.original_start, Some(occurrence.start));
    assert_eq!(found[1].occurrence.meeting_url.as_deref(), Some("https://meet.google.com/abc-defg-xyz"));
    assert_eq!(found[1].occurrence.original_start.unwrap().to_string(), "2026-03-16T10:00:00Z");
}

#[test]
fn a_series_that_cannot_be_expanded_is_a_typed_error() {
    let series = with(meeting("m", "2026-03-02T10:00:00Z"), "recurrence", json!(["RRULE:FREQ=SECONDLY"]));
    let events = [CalendarEvent::from_google(series, None).unwrap()];
    let rules = MeetingRules::default();
    let error = meetings_of(&events, &rules, &rules.window(now()), DOMAIN).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn virtual_addresses_among_the_attendees_are_found() {
    let attendees = json!([
        {"email": "otto@kiln.example"},
        {"email": "AI+Bob@BeSunny.ai"},
        {"email": "ai+ana@besunny.ai"},
        {"email": "ai+ana@BESUNNY.AI"},
        {"email": "ai+eve@besunny.ai.evil.example"},
        {"email": "ai+zed1@besunny.ai", "resource": true},
    ]);
    let event = with(meeting("a", "2026-03-10T15:00:00Z"), "attendees", attendees);
    let draft = drafts(&[event], &MeetingRules::default()).remove(0);
    let names: Vec<&str> = draft.virtual_attendees.iter().map(|address| address.username.as_str()).collect();
    assert_eq!(names, ["Bob", "ana"]);
    let made = |owner: Option<&str>| {
        let owner = owner.map(|name| name.parse().unwrap());
        let id = MeetingId::from_bytes([1; 16]);
        draft.clone().into_meeting(id, "calendar:primary", owner.as_ref(), now()).virtual_attendee
    };
    assert_eq!(made(Some("ana")).as_deref(), Some("ai+ana@besunny.ai"));
    assert_eq!(made(Some("bob")), None, "case is kept");
    assert_eq!(made(None), None);
}

#[test]
fn a_meeting_has_what_the_calendar_says() {
    let event = json!({
        "id": "a",
        "iCalUID": "a@google.com",
        "summary": "  ",
        "description": "<p>Bring the slate</p><a href=\"https://zoom.us/j/93712345678?pwd=x\">Join</a>",
        "start": {"dateTime": "2026-03-10T15:00:00+01:00"},
        "end": {"dateTime": "2026-03-10T15:30:00+01:00"},
        "attendees": [
            {"email": "ana@tideline.example", "self": true, "responseStatus": "tentative"},
            {"email": "otto@kiln.example", "displayName": "Otto", "organizer": true, "responseStatus": "accepted"},
        ],
    });
    let draft = drafts(&[event], &MeetingRules::default()).remove(0);
    let meeting = draft.into_meeting(MeetingId::from_bytes([1; 16]), "calendar:primary", None, now());
    assert_eq!(meeting.title, "Untitled Meeting");
    assert_eq!(meeting.description.as_deref(), Some("Bring the slate\n\nJoin"));
    assert_eq!(meeting.meeting_url, "https://zoom.us/j/93712345678?pwd=x");
    assert_eq!(
        (meeting.start.to_string(), meeting.end.to_string()),
        ("2026-03-10T14:00:00Z".into(), "2026-03-10T14:30:00Z".into())
    );
    assert_eq!((meeting.status, meeting.calendar.as_str()), (EventStatus::Tentative, "calendar:primary"));
    assert_eq!(meeting.attendees.len(), 2);
    assert!(meeting.attendees[1].organizer);
    assert_eq!(
        (meeting.series_id, meeting.original_start, meeting.ical_uid.as_deref()),
        (None, None, Some("a@google.com"))
    );
}
