use serde_json::json;

use super::fixtures::{file, kind, options, path, shared, source, source_with, state_of};
use crate::base::ErrorKind;
use crate::domain::{NextPage, Source};
use crate::google::drive::DriveOptions;
use crate::google::scripted::{Scripted, json, query, refused};

#[tokio::test]
async fn a_snapshot_starts_from_the_present_of_its_drive() {
    let api = Scripted::by(|_| json(json!({"startPageToken": "17"})));
    assert_eq!(source(&api).start().await.unwrap().as_deref(), Some("17"));
    assert_eq!(source_with(&api, shared("d1")).start().await.unwrap().as_deref(), Some("17"));
    let asked = api.asked();
    assert_eq!(path(&asked[0]), "changes/startPageToken");
    assert_eq!((query(&asked[0], "driveId"), query(&asked[1], "driveId")), (None, Some("d1")));
    for request in &asked {
        assert_eq!(query(request, "supportsAllDrives"), Some("true"));
        assert_eq!(query(request, "fields"), Some("startPageToken"));
    }
    let api = Scripted::list([json(json!({}))]);
    assert_eq!(source(&api).start().await.unwrap_err().kind(), ErrorKind::Upstream);
}

#[tokio::test]
async fn files_are_told_with_all_there_is_to_know_the_trashed_ones_too() {
    let api = Scripted::list([
        json(json!({"files": [file("a", json!({"md5Checksum": "m"})), file("b", json!({"trashed": true}))],
            "nextPageToken": "p2"})),
        json(json!({"files": [file("c", json!({"mimeType": "application/vnd.google-apps.folder"}))]})),
    ]);
    let source = source(&api);
    let page = source.snapshot(None).await.unwrap();
    assert_eq!(page.next, NextPage::Page("p2".into()));
    assert_eq!((page.told[0].id.as_str(), state_of(&page.told[0]).content_version.as_str()), ("a", "m"));
    assert!(state_of(&page.told[1]).trashed);
    let page = source.snapshot(Some("p2")).await.unwrap();
    assert_eq!(page.next, NextPage::Done(None));
    assert_eq!(state_of(&page.told[0]).unread.as_deref(), Some("folder"));
    let asked = api.asked();
    assert_eq!((query(&asked[0], "pageToken"), query(&asked[1], "pageToken")), (None, Some("p2")));
    for request in &asked {
        assert_eq!(query(request, "pageSize"), Some("1000"));
        assert_eq!(query(request, "corpora"), Some("user"));
        assert_eq!(query(request, "driveId"), None);
        assert_eq!(query(request, "supportsAllDrives"), Some("true"));
        assert_eq!(query(request, "includeItemsFromAllDrives"), Some("true"));
        let fields = query(request, "fields").unwrap();
        for field in ["nextPageToken", "incompleteSearch", "files(", "md5Checksum", "trashed", "version"] {
            assert!(fields.contains(field), "{field} is not asked for");
        }
    }
}

#[tokio::test]
async fn a_shared_drive_is_listed_as_such() {
    let api = Scripted::list([json(json!({"files": [
        file("a", json!({"driveId": "d1"})), file("b", json!({"driveId": "d2"})), file("c", json!({})),
    ]}))]);
    let page = source_with(&api, shared("d1")).snapshot(None).await.unwrap();
    assert_eq!(page.told.iter().map(|told| told.id.as_str()).collect::<Vec<_>>(), ["a"]);
    let asked = api.asked();
    assert_eq!((query(&asked[0], "corpora"), query(&asked[0], "driveId")), (Some("drive"), Some("d1")));
}

#[tokio::test]
async fn files_of_drives_with_a_source_of_their_own_are_left_to_it() {
    let api = Scripted::list([json(json!({"files": [
        file("a", json!({"driveId": "d1"})), file("b", json!({"driveId": "d2"})), file("c", json!({})),
    ]}))]);
    let options = DriveOptions { separate: vec!["d1".into()], ..options() };
    let page = source_with(&api, options).snapshot(None).await.unwrap();
    assert_eq!(page.told.iter().map(|told| told.id.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}

#[tokio::test]
async fn a_listing_that_is_not_complete_is_none() {
    let api = Scripted::list([json(json!({"files": [file("a", json!({}))], "incompleteSearch": true}))]);
    assert_eq!(kind(source(&api).snapshot(None).await.unwrap_err()), "upstream");
}

#[tokio::test]
async fn a_page_that_drive_does_not_know_any_more_has_expired() {
    let api = Scripted::by(|_| refused(400, "invalid", "Invalid Value"));
    assert_eq!(kind(source(&api).snapshot(Some("p")).await.unwrap_err()), "page expired");
    assert_eq!(kind(source(&api).snapshot(None).await.unwrap_err()), "invalid_input");
    let api = Scripted::by(|_| refused(400, "badRequest", "Bad fields"));
    assert_eq!(kind(source(&api).snapshot(Some("p")).await.unwrap_err()), "invalid_input");
}
