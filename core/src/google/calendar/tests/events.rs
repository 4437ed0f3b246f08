use serde_json::{Value, json};

use crate::base::ErrorKind;
use crate::domain::{EventState, ObjectState};
use crate::google::calendar::CalendarEvent;
use crate::google::calendar::event::{is_current, version_of};

fn state(event: Value) -> ObjectState {
    CalendarEvent::from_google(event, None).unwrap().into_state().unwrap()
}

fn version(updated: &str, sequence: i64, etag: &str) -> Option<String> {
    version_of(&state(json!({"id": "a", "updated": updated, "sequence": sequence, "etag": etag})))
}

/// A whole event, as Calendar tells it.
fn whole() -> Value {
    json!({
        "kind": "calendar#event",
        "etag": "\"3181159875584000\"",
        "id": "m_20260302T090000Z",
        "status": "confirmed",
        "htmlLink": "https://www.google.com/calendar/event?eid=x",
        "created": "2026-01-01T10:00:00.000Z",
        "updated": "2026-02-01T10:00:00.792Z",
        "summary": "Crew call",
        "description": "Bring the <b>slate</b>.",
        "location": "Room 4",
        "creator": {"email": "ana@tideline.example", "self": true},
        "organizer": {"email": "otto@kiln.example", "displayName": "Otto"},
        "start": {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-03-02T11:00:00+01:00", "timeZone": "Europe/Berlin"},
        "recurringEventId": "m",
        "originalStartTime": {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        "iCalUID": "m@google.com",
        "sequence": 3,
        "attendees": [{"email": "ana@tideline.example", "self": true, "responseStatus": "accepted", "optional": true}],
        "hangoutLink": "https://meet.google.com/abc-defg-hij",
        "conferenceData": {
            "entryPoints": [{"entryPointType": "video", "uri": "https://meet.google.com/abc-defg-hij", "label": "x"}],
            "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet", "iconUri": "https://x.example"},
            "conferenceId": "abc-defg-hij",
        },
        "reminders": {"useDefault": true},
        "attachments": [{"fileUrl": "https://drive.google.com/open?id=1"}],
        "extendedProperties": {"private": {"x": "y"}},
        "eventType": "default",
        "transparency": "transparent",
        "visibility": "private",
    })
}

#[test]
fn an_event_is_kept_shortened_and_reads_back() {
    let ObjectState::Event(kept) = state(whole()) else { panic!("an event") };
    for left_out in ["kind", "created", "reminders", "attachments", "extendedProperties", "recurrence"] {
        assert!(kept.event.get(left_out).is_none(), "{left_out}");
    }
    let names = ["id", "iCalUID", "start", "recurringEventId", "originalStartTime", "updated", "sequence"];
    for as_it_was in names {
        assert_eq!(kept.event[as_it_was], whole()[as_it_was], "{as_it_was}");
    }
    assert_eq!(kept.event["organizer"], json!({"email": "otto@kiln.example"}));
    let read = CalendarEvent::of(&kept).unwrap();
    assert_eq!(read, CalendarEvent::from_google(whole(), None).unwrap());
    assert_eq!(
        read.conference_data.unwrap().conference_solution.unwrap().name.as_deref(),
        Some("Google Meet")
    );
    let odd = EventState { cancelled: false, event: json!("no event") };
    assert_eq!(CalendarEvent::of(&odd).unwrap_err().kind(), ErrorKind::Malformed);
}

#[test]
fn what_is_kept_is_bounded() {
    let guests: Vec<Value> =
        (0..1_500).map(|number| json!({"email": format!("g{number}@x.example")})).collect();
    let mut event =
        json!({"summary": "é".repeat(9_000), "description": "日".repeat(20_000), "attendees": guests});
    event["attendees"][1_499] = json!({"email": "ana@tideline.example", "self": true});
    let event = CalendarEvent::from_google(event, None).unwrap();
    assert_eq!(event.summary.unwrap().len(), 4_096);
    assert_eq!(event.description.unwrap().len(), 32_766);
    assert_eq!((event.attendees.len(), event.attendees_omitted), (1_000, Some(true)));
    assert_eq!(event.attendees[0].is_self, Some(true));
}

#[test]
fn versions_sort_by_time_then_by_sequence() {
    let older = version("2026-02-01T10:00:00Z", 9, "\"1\"");
    let newer = version("2026-02-01T10:00:00.001Z", 0, "\"2\"");
    let resent = version("2026-02-01T11:00:00.001+01:00", 10, "\"3\"");
    assert!(older < newer && newer < resent);
    assert!(
        is_current(newer.as_deref(), older.as_deref()) && !is_current(older.as_deref(), newer.as_deref())
    );
    assert!(
        is_current(resent.as_deref(), newer.as_deref()) && !is_current(newer.as_deref(), resent.as_deref())
    );
    // A reminder changes the etag alone: the later counts.
    let reminded = version("2026-02-01T10:00:00Z", 9, "\"0\"");
    assert_ne!(reminded, older);
    assert!(
        is_current(reminded.as_deref(), older.as_deref())
            && is_current(older.as_deref(), reminded.as_deref())
    );
    // Nothing tells the age.
    assert!(is_current(None, older.as_deref()) && is_current(older.as_deref(), None));
    assert_eq!(version_of(&state(json!({"id": "a", "updated": "yesterday"}))), None);
}

#[test]
fn an_event_shows_nothing_private() {
    let shown = format!("{:?}", CalendarEvent::from_google(whole(), None).unwrap());
    assert!(
        shown.contains("m_20260302T090000Z") && !shown.contains("Crew") && !shown.contains("slate"),
        "{shown}"
    );
}
