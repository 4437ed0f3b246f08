use serde_json::json;

use super::fixtures::{event, kept, source, told};
use crate::base::ErrorKind;
use crate::domain::{NextPage, Source, SourceFailure};
use crate::google::scripted::{Answer, Scripted, json, query, refused};

const EARLY: &str = "2026-03-01T09:00:00.000Z";
const LATE: &str = "2026-03-01T10:00:00.500Z";

#[tokio::test]
async fn a_snapshot_pages_by_the_token_and_ends_with_the_cursor() {
    let api = Scripted::list([
        json(json!({"timeZone": "Europe/Berlin", "items": [event("a", EARLY)], "nextPageToken": "p2"})),
        // Trap 3: an empty page is not the end.
        json(json!({"items": [], "nextPageToken": "p3"})),
        json(json!({"nextPageToken": "p4"})),
        json(json!({"items": [event("b", EARLY)], "nextSyncToken": "s1"})),
    ]);
    let source = source(&api);
    assert_eq!(source.start().await.unwrap(), None);
    let (mut page, mut all, mut end) = (None, Vec::new(), None);
    while end.is_none() {
        let read = source.snapshot(page.as_deref()).await.unwrap();
        all.extend(told(&read));
        match read.next {
            NextPage::Page(next) => page = Some(next),
            NextPage::Done(cursor) => end = Some(cursor),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((all, end), (vec!["a".to_owned(), "b".to_owned()], Some(Some("s1".to_owned()))));
    let asked = api.asked();
    let pages: Vec<_> = asked.iter().map(|request| query(request, "pageToken")).collect();
    assert_eq!(pages, [None, Some("p2"), Some("p3"), Some("p4")]);
    for request in &asked {
        let url = "https://www.googleapis.com/calendar/v3/calendars/ana%23x%40tideline%2Eexample/events";
        assert_eq!(request.url, url);
        // With any of these no sync token would come, or none that is worth anything.
        for key in ["syncToken", "orderBy", "q", "timeMin", "timeMax", "updatedMin", "iCalUID"] {
            assert_eq!(query(request, key), None);
        }
    }
}

#[tokio::test]
async fn trap_12_each_page_of_changes_has_the_sync_token_and_the_same_parameters() {
    let page = |next: &str| json(json!({"items": [], "nextPageToken": next}));
    let end = || json(json!({"items": [event("a", EARLY)], "nextSyncToken": "s2"}));
    let api = Scripted::list([page("p2"), page("p3"), page("p2"), page("p3"), end(), end()]);
    let source = source(&api);
    source.changes("s1", None).await.unwrap();
    source.changes("s1", Some("p2")).await.unwrap();
    // Killed here, a run begins again with the old cursor.
    source.changes("s1", None).await.unwrap();
    source.changes("s1", Some("p2")).await.unwrap();
    let last = source.changes("s1", Some("p3")).await.unwrap();
    assert_eq!((told(&last), last.next), (vec!["a".to_owned()], NextPage::Done(Some("s2".into()))));
    source.snapshot(None).await.unwrap();
    let asked = api.asked();
    let (snapshot, changes) = asked.split_last().unwrap();
    assert!(changes.iter().all(|request| query(request, "syncToken") == Some("s1")));
    for request in changes {
        for (key, value) in &snapshot.query {
            assert_eq!(query(request, key), Some(value.as_str()), "{key}");
            assert!(*key == "fields" || source.fingerprint().contains(&format!("{key}={value}")));
        }
    }
}

async fn failure(answer: Answer, cursor: Option<&str>, page: Option<&str>) -> SourceFailure {
    let api = Scripted::list([answer]);
    let source = source(&api);
    let read = match cursor {
        Some(cursor) => source.changes(cursor, page).await,
        None => source.snapshot(page).await,
    };
    read.unwrap_err()
}

#[tokio::test]
async fn trap_10_a_refused_sync_token_is_an_expired_cursor_and_never_an_empty_page() {
    let expired = || {
        [
            refused(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required."),
            refused(
                410,
                "updatedMinTooLongAgo",
                "The requested minimum modification time lies too far in the past.",
            ),
            refused(400, "fullSyncRequired", ""),
            refused(400, "invalid", "Invalid sync token value."),
            refused(400, "badRequest", "Invalid value for: syncToken"),
            refused(410, "", "Gone"),
        ]
    };
    for answer in expired() {
        assert!(matches!(failure(answer, Some("s1"), None).await, SourceFailure::CursorExpired));
    }
    for answer in expired() {
        assert!(matches!(failure(answer, Some("s1"), Some("p2")).await, SourceFailure::CursorExpired));
    }
    // Without a sync token it cannot be that.
    for answer in expired() {
        assert!(matches!(failure(answer, None, None).await, SourceFailure::Other(_)));
    }
}

#[tokio::test]
async fn trap_10_other_refusals_leave_the_cursor_alone() {
    for (status, reason, message, kind) in [
        (410, "deleted", "Resource has been deleted", ErrorKind::NotFound),
        (404, "notFound", "Not Found", ErrorKind::NotFound),
        (403, "rateLimitExceeded", "Rate Limit Exceeded", ErrorKind::RateLimited),
        (403, "quotaExceeded", "Calendar usage limits exceeded.", ErrorKind::Forbidden),
        (400, "badRequest", "Bad Request", ErrorKind::InvalidInput),
        (401, "authError", "Invalid Credentials", ErrorKind::NeedsReauth),
        (503, "backendError", "sync token", ErrorKind::Upstream),
    ] {
        match failure(refused(status, reason, message), Some("s1"), None).await {
            SourceFailure::Other(error) => assert_eq!(error.kind(), kind, "{reason}"),
            other => panic!("{reason}: {other:?}"),
        }
    }
    let page = || refused(400, "invalid", "Invalid page token value.");
    assert!(matches!(failure(page(), None, Some("p2")).await, SourceFailure::PageExpired));
    assert!(matches!(failure(page(), Some("s1"), Some("p2")).await, SourceFailure::PageExpired));
    assert!(matches!(failure(page(), Some("s1"), None).await, SourceFailure::Other(_)));
}

#[tokio::test]
async fn a_listing_without_an_end_does_not_pretend_one() {
    let api = Scripted::by(|_| json(json!({"items": [event("a", EARLY)]})));
    let source = source(&api);
    assert_eq!(source.snapshot(None).await.unwrap().next, NextPage::Nothing);
    match source.changes("s1", None).await {
        Err(SourceFailure::Other(error)) => assert_eq!(error.kind(), ErrorKind::Upstream),
        other => panic!("{other:?}"),
    }
    let empty = Scripted::by(|_| json(json!({"nextPageToken": "", "nextSyncToken": ""})));
    assert_eq!(super::fixtures::source(&empty).snapshot(None).await.unwrap().next, NextPage::Nothing);
}

#[tokio::test]
async fn deleted_events_are_gone_and_cancelled_exceptions_are_remembered() {
    let original = json!({"dateTime": "2026-03-09T09:00:00Z"});
    let items = json!([
        {"id": "single", "status": "cancelled"},
        {"id": "m_20260309T090000Z", "status": "cancelled", "recurringEventId": "m", "originalStartTime": original},
        event("m", EARLY),
    ]);
    let api = Scripted::list([json(json!({"items": items, "nextSyncToken": "s2"}))]);
    let page = source(&api).changes("s1", None).await.unwrap();
    assert_eq!(told(&page), ["-single", "~m_20260309T090000Z", "m"]);
}

#[tokio::test]
async fn trap_13_any_field_may_be_missing_and_one_bad_event_harms_no_other() {
    let items = json!([
        {"id": "bare"},
        {"id": "nulls", "summary": null, "attendees": null, "recurrence": null, "start": null, "conferenceData": {"entryPoints": null}},
        {"id": "unknown", "status": "postponed", "eventType": "party", "colour": {"deep": [1]}},
        {"id": "bad", "attendees": "everybody"},
        {"status": "confirmed"},
        "not even an object",
        event("good", EARLY),
    ]);
    let api = Scripted::list([json(json!({"items": items, "nextSyncToken": "s2"}))]);
    let page = source(&api).changes("s1", None).await.unwrap();
    assert_eq!(told(&page), ["bare", "nulls", "unknown", "?bad", "good"]);
    assert_eq!(*kept(&page, 1), json!({"id": "nulls", "conferenceData": {}}));
}

#[tokio::test]
async fn of_two_states_of_one_event_the_newer_counts_wherever_it_stands() {
    let named = |id: &str, updated: &str, title: &str, sequence: u32| {
        let mut event = event(id, updated);
        event["summary"] = json!(title);
        event["sequence"] = json!(sequence);
        event
    };
    let cancelled = |id: &str, updated: &str| json!({"id": id, "status": "cancelled", "updated": updated});
    let items = json!([
        named("late-first", LATE, "new", 0),
        named("late-first", EARLY, "old", 9),
        named("early-first", EARLY, "old", 0),
        named("early-first", LATE, "new", 0),
        named("same-time", EARLY, "new", 10),
        named("same-time", EARLY, "old", 9),
        named("equal", EARLY, "old", 1),
        named("equal", EARLY, "new", 1),
        cancelled("back", EARLY),
        named("back", LATE, "new", 0),
        cancelled("deleted", LATE),
        named("deleted", EARLY, "old", 0),
        named("untold", LATE, "old", 0),
        {"id": "untold", "status": "cancelled"},
    ]);
    let api = Scripted::list([json(json!({"items": items, "nextSyncToken": "s2"}))]);
    let page = source(&api).changes("s1", None).await.unwrap();
    assert_eq!(
        told(&page),
        ["late-first", "early-first", "same-time", "equal", "back", "-deleted", "-untold"]
    );
    for place in 0..5 {
        assert_eq!(kept(&page, place)["summary"], "new", "{}", page.told[place].id);
    }
}

#[tokio::test]
async fn the_calendars_zone_stands_in_where_an_event_tells_none() {
    let items = json!([
        {"id": "day", "start": {"date": "2026-03-02"}, "end": {"date": "2026-03-03"}},
        event("own", EARLY),
    ]);
    let answer = json!({"timeZone": "Asia/Tokyo", "items": items, "nextSyncToken": "s1"});
    let api = Scripted::list([json(answer)]);
    let page = source(&api).snapshot(None).await.unwrap();
    assert_eq!(kept(&page, 0)["start"], json!({"date": "2026-03-02", "timeZone": "Asia/Tokyo"}));
    assert_eq!(kept(&page, 1)["start"]["timeZone"], "Europe/Berlin");
}
