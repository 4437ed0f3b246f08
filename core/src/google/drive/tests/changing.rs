use serde_json::json;

use super::fixtures::{file, kind, options, path, shared, source, source_with, state_of};
use crate::domain::{News, NextPage, Source};
use crate::google::drive::DriveOptions;
use crate::google::scripted::{Scripted, json, query, refused};

#[tokio::test]
async fn each_page_of_changes_is_a_cursor_and_the_last_one_the_next() {
    let api = Scripted::list([
        json(json!({"changes": [{"changeType": "file", "fileId": "a", "file": file("a", json!({}))}],
            "nextPageToken": "18"})),
        json(json!({"changes": [], "newStartPageToken": "19"})),
    ]);
    let source = source(&api);
    let page = source.changes("17", None).await.unwrap();
    assert_eq!(page.next, NextPage::Cursor("18".into()));
    assert_eq!(page.told.len(), 1);
    let page = source.changes("18", None).await.unwrap();
    assert_eq!((page.told.len(), page.next), (0, NextPage::Done(Some("19".into()))));
    let asked = api.asked();
    assert_eq!((query(&asked[0], "pageToken"), query(&asked[1], "pageToken")), (Some("17"), Some("18")));
    for request in &asked {
        assert_eq!(path(request), "changes");
        assert_eq!(query(request, "pageSize"), Some("1000"));
        assert_eq!(query(request, "includeRemoved"), Some("true"));
        assert_eq!(query(request, "supportsAllDrives"), Some("true"));
        assert_eq!(query(request, "includeItemsFromAllDrives"), Some("true"));
        let fields = query(request, "fields").unwrap();
        for field in ["nextPageToken", "newStartPageToken", "changes(", "removed", "fileId", "file("] {
            assert!(fields.contains(field), "{field} is not asked for");
        }
    }
}

#[tokio::test]
async fn a_page_goes_on_from_its_own_token() {
    let api = Scripted::list([json(json!({"newStartPageToken": "19"}))]);
    source(&api).changes("17", Some("18")).await.unwrap();
    assert_eq!(query(&api.asked()[0], "pageToken"), Some("18"));
}

#[tokio::test]
async fn trap_09_a_shared_drive_has_a_log_of_its_own() {
    let api = Scripted::list([json(json!({"newStartPageToken": "19"}))]);
    source_with(&api, shared("d1")).changes("17", None).await.unwrap();
    assert_eq!(query(&api.asked()[0], "driveId"), Some("d1"));
}

#[tokio::test]
async fn what_is_removed_is_gone_and_what_is_trashed_is_told() {
    let api = Scripted::list([json(json!({"newStartPageToken": "19", "changes": [
        {"changeType": "file", "fileId": "a", "removed": true},
        {"changeType": "file", "fileId": "b", "file": file("b", json!({"trashed": true, "version": "9"}))},
        {"changeType": "file", "fileId": "b", "file": file("b", json!({"version": "8"}))},
        {"changeType": "drive", "driveId": "d1", "drive": {"id": "d1"}},
        {"changeType": "drive", "driveId": "d2", "fileId": "d2", "removed": true},
        {"fileId": "c"},
        {"changeType": "file"},
    ]}))]);
    let told = source(&api).changes("17", None).await.unwrap().told;
    let ids: Vec<_> = told.iter().map(|told| told.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "b", "c"], "in the log's order, stale rows too");
    assert_eq!((&told[0].what, &told[3].what), (&News::Gone, &News::Gone));
    assert!(state_of(&told[1]).trashed && state_of(&told[1]).version == 9);
}

#[tokio::test]
async fn a_file_that_moved_to_a_drive_with_its_own_source_is_gone() {
    let moved = json!({"newStartPageToken": "19", "changes": [
        {"changeType": "file", "fileId": "a", "file": file("a", json!({"driveId": "d1"}))}]});
    let api = Scripted::by(move |_| json(moved.clone()));
    let mine = DriveOptions { separate: vec!["d1".into()], ..options() };
    assert_eq!(source_with(&api, mine).changes("17", None).await.unwrap().told[0].what, News::Gone);
    assert_eq!(source_with(&api, shared("d2")).changes("17", None).await.unwrap().told[0].what, News::Gone);
    let told = source_with(&api, shared("d1")).changes("17", None).await.unwrap().told;
    assert_eq!(state_of(&told[0]).drive.as_deref(), Some("d1"));
}

#[tokio::test]
async fn a_cursor_that_drive_refuses_has_expired() {
    for (status, reason, message, expected) in [
        (400, "invalid", "Invalid Value", "cursor expired"),
        (400, "badRequest", "Invalid page token", "cursor expired"),
        (410, "gone", "", "cursor expired"),
        (400, "badRequest", "Invalid field selection", "invalid_input"),
        (404, "notFound", "Shared drive not found", "not_found"),
        (403, "userRateLimitExceeded", "", "rate_limited"),
    ] {
        let api = Scripted::list([refused(status, reason, message)]);
        assert_eq!(kind(source(&api).changes("17", None).await.unwrap_err()), expected, "{status} {reason}");
    }
}

#[tokio::test]
async fn changes_that_lead_nowhere_are_an_error() {
    let api = Scripted::list([json(json!({"changes": []}))]);
    assert_eq!(kind(source(&api).changes("17", None).await.unwrap_err()), "upstream");
}
