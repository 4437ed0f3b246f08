use serde_json::json;

use crate::domain::SourceFailure;
use crate::google::calendar::{CalendarEntry, calendars};
use crate::google::scripted::{Scripted, json, query, refused};

#[tokio::test]
async fn all_pages_are_read_and_entries_that_cannot_be_are_passed_over() {
    let first = json!([
        {"id": "ana@tideline.example", "summary": "ana@tideline.example", "summaryOverride": "Me", "primary": true,
         "accessRole": "owner", "selected": true, "timeZone": "Europe/Lisbon"},
        {"summary": "nameless"},
        {"id": 7},
    ]);
    let second = json!([
        {"id": "busy@tideline.example", "accessRole": "freeBusyReader"},
        {"id": "old@tideline.example", "accessRole": "reader", "deleted": true},
        {"id": "en.portuguese#holiday@group.v.calendar.google.com", "accessRole": "reader", "hidden": null},
    ]);
    let api = Scripted::list([
        json(json!({"items": first, "nextPageToken": "p2"})),
        json(json!({"items": [], "nextPageToken": "p3"})),
        json(json!({"items": second, "nextSyncToken": "s1"})),
    ]);
    let list = calendars(&*api, None).await.unwrap();
    assert_eq!(list.cursor.as_deref(), Some("s1"));
    let own = CalendarEntry {
        id: "ana@tideline.example".into(),
        summary: Some("ana@tideline.example".into()),
        summary_override: Some("Me".into()),
        primary: true,
        access_role: Some("owner".into()),
        selected: true,
        time_zone: Some("Europe/Lisbon".into()),
        ..CalendarEntry::default()
    };
    assert_eq!(list.calendars[0], own);
    let shown: Vec<bool> = list.calendars.iter().map(CalendarEntry::shows_events).collect();
    assert_eq!(shown, [true, false, false, true]);
    let asked = api.asked();
    assert_eq!(asked[0].url, "https://www.googleapis.com/calendar/v3/users/me/calendarList");
    assert_eq!(query(&asked[2], "pageToken"), Some("p3"));
}

#[tokio::test]
async fn changes_take_the_cursor_with_every_page() {
    let api = Scripted::list([
        json(json!({"items": [], "nextPageToken": "p2"})),
        json(json!({"items": [], "nextSyncToken": "s2"})),
        refused(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required."),
    ]);
    assert_eq!(calendars(&*api, Some("s1")).await.unwrap().cursor.as_deref(), Some("s2"));
    assert!(api.asked().iter().all(|request| query(request, "syncToken") == Some("s1")));
    assert!(matches!(calendars(&*api, Some("s1")).await, Err(SourceFailure::CursorExpired)));
}

#[tokio::test]
async fn a_list_that_does_not_end_is_an_error() {
    let api = Scripted::by(|_| json(json!({"items": [], "nextPageToken": "again"})));
    assert!(matches!(calendars(&*api, None).await, Err(SourceFailure::Other(_))));
}
