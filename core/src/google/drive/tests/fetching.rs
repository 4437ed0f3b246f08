use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::fixtures::{DOCUMENT, fetched, file, options, path, shared, source, source_with, stored, wanted};
use crate::base::{Error, ErrorKind};
use crate::domain::{Content, Fetched, Source};
use crate::google::drive::DriveOptions;
use crate::google::scripted::{Scripted, bytes, json, query, refused};

/// MD5 of `hello`.
const HELLO: &str = "5d41402abc4b2a76b9719d911017c592";

fn hello() -> Content {
    Content::File { bytes: b"hello".to_vec(), media_type: "text/plain".into() }
}

#[tokio::test]
async fn a_text_comes_with_its_bytes_and_they_are_checked() {
    let api = Scripted::by(|request| match query(request, "alt") {
        Some("media") => bytes("text/plain", b"hello"),
        _ => json(file("a", json!({"md5Checksum": HELLO, "size": "5"}))),
    });
    let result = source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap();
    let (state, content) = fetched(result);
    assert_eq!((state.content_version.as_str(), state.unread, content), (HELLO, None, hello()));
    let asked = api.asked();
    assert_eq!(asked.len(), 2, "the checksum proves that state and content belong together");
    assert_eq!((asked[0].units, asked[1].units, asked[1].max_bytes), (5, 200, 32 << 20));
    for request in &asked {
        assert_eq!((path(request), query(request, "supportsAllDrives")), ("files/a", Some("true")));
    }
    assert!(query(&asked[0], "fields").unwrap().contains("md5Checksum"));
}

#[tokio::test]
async fn what_is_stored_is_not_read_again() {
    let api = Scripted::by(|_| json(file("a", json!({"md5Checksum": HELLO, "name": "new.txt"}))));
    let result = source(&api).fetch(&[stored("a", HELLO)]).await.remove(0).unwrap();
    let (state, content) = fetched(result);
    assert_eq!((state.name.as_str(), content), ("new.txt", Content::Same));
}

#[tokio::test]
async fn what_is_not_there_is_gone() {
    for (status, reason) in [
        (404, "notFound"),
        (410, "gone"),
        (403, "insufficientFilePermissions"),
        (403, "appNotAuthorizedToFile"),
    ] {
        let api = Scripted::by(move |_| refused(status, reason, ""));
        assert_eq!(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap(), Fetched::Gone, "{reason}");
    }
    // Deleted between the metadata and the content.
    let api = Scripted::list([json(file("a", json!({}))), refused(404, "notFound", "")]);
    assert_eq!(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap(), Fetched::Gone);
    let api = Scripted::by(|_| json(file("a", json!({"driveId": "d1"}))));
    let other = source_with(&api, shared("d2"));
    assert_eq!(other.fetch(&[wanted("a")]).await.remove(0).unwrap(), Fetched::Gone);
}

#[tokio::test]
async fn what_cannot_be_read_is_described_and_says_why() {
    for (more, reason) in [
        (json!({"mimeType": "application/vnd.google-apps.folder"}), "folder"),
        (
            json!({"mimeType": "application/vnd.google-apps.shortcut", "shortcutDetails": {"targetId": "t"}}),
            "shortcut",
        ),
        (json!({"mimeType": "application/pdf"}), "unsupported"),
        (json!({"mimeType": "application/vnd.google-apps.form"}), "unsupported"),
        (json!({"size": "33554433"}), "too_large"),
        (json!({"capabilities": {"canDownload": false}}), "forbidden"),
    ] {
        let api = Scripted::list([json(file("a", more))]);
        let (state, content) = fetched(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap());
        assert_eq!((state.unread.as_deref(), content), (Some(reason), Content::Unreadable));
        assert!(!state.content_version.is_empty(), "it is complete all the same");
    }
}

#[tokio::test]
async fn what_turns_out_not_to_be_readable_is_not_an_error() {
    for (answer, reason) in [
        (("cannotDownloadAbusiveFile", 403), "forbidden"),
        (("cannotDownload", 403), "forbidden"),
        (("fileNotDownloadable", 403), "unsupported"),
    ] {
        let api = Scripted::list([json(file("a", json!({}))), refused(answer.1, answer.0, "")]);
        let (state, content) = fetched(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap());
        assert_eq!((state.unread.as_deref(), content), (Some(reason), Content::Unreadable));
    }
    let too_large = Error::new(ErrorKind::LimitExceeded, "net.call", "too large");
    let api = Scripted::by(move |request| match query(request, "alt") {
        Some(_) => Err(Error::new(too_large.kind(), "net.call", "too large").into()),
        None => json(file("a", json!({}))),
    });
    let (state, _) = fetched(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap());
    assert_eq!(state.unread.as_deref(), Some("too_large"));
    let api = Scripted::list([json(file("a", json!({}))), bytes("text/plain", b"\x00\x01\x02\x03")]);
    let (state, _) = fetched(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap());
    assert_eq!(state.unread.as_deref(), Some("unsupported"), "it claimed to be text");
}

#[tokio::test]
async fn a_failure_is_an_error_of_that_file_alone() {
    let api = Scripted::by(|request| match (path(request), query(request, "alt")) {
        ("files/busy", _) => refused(403, "userRateLimitExceeded", ""),
        ("files/down", Some(_)) => refused(503, "backendError", ""),
        (_, Some(_)) => bytes("text/plain", b"hello"),
        (path, None) => json(file(path.rsplit_once('/').unwrap().1, json!({"md5Checksum": HELLO}))),
    });
    let results = source(&api).fetch(&["busy", "fine", "down"].map(wanted)).await;
    let kinds: Vec<_> = results.iter().map(|result| result.as_ref().map_err(Error::kind).err()).collect();
    assert_eq!(kinds, [Some(ErrorKind::RateLimited), None, Some(ErrorKind::Upstream)]);
    assert!(results[0].as_ref().unwrap_err().context().contains(&("file", "busy".to_owned())));
}

#[tokio::test]
async fn a_wrong_checksum_is_read_again_and_then_an_error() {
    let downloads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&downloads);
    let api = Scripted::by(move |request| match query(request, "alt") {
        Some(_) if counted.fetch_add(1, Ordering::SeqCst) == 0 => bytes("text/plain", b"hel"),
        Some(_) => bytes("text/plain", b"hello"),
        None => json(file("a", json!({"md5Checksum": HELLO}))),
    });
    let (_, content) = fetched(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap());
    assert_eq!(content, hello());
    let api = Scripted::by(|request| match query(request, "alt") {
        Some(_) => bytes("text/plain", b"hallo"),
        None => json(file("a", json!({"md5Checksum": HELLO}))),
    });
    let error = source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Upstream);
    assert_eq!(api.asked().len(), 6, "three rounds");
}

#[tokio::test]
async fn the_state_describes_the_content_that_was_read() {
    // Edited while it was exported: metadata 1, content, metadata 2, content, metadata 2.
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let api = Scripted::by(move |request| {
        if path(request).ends_with("/export") {
            return bytes("text/markdown", b"text");
        }
        let edit = counted.fetch_add(1, Ordering::SeqCst).min(1);
        json(file("a", json!({"mimeType": DOCUMENT, "modifiedTime": format!("2026-03-01T09:00:0{edit}Z")})))
    });
    let (state, _) = fetched(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap());
    assert_eq!(state.content_version, "2026-03-01T09:00:01Z");
    let exports = api.asked().iter().filter(|request| path(request).ends_with("/export")).count();
    assert_eq!((exports, looks.load(Ordering::SeqCst)), (2, 3));
}

#[tokio::test]
async fn a_file_that_is_edited_all_the_time_is_given_with_an_older_version() {
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let api = Scripted::by(move |request| {
        if path(request).ends_with("/export") {
            return bytes("text/markdown", b"text");
        }
        let edit = counted.fetch_add(1, Ordering::SeqCst);
        json(file("a", json!({"mimeType": DOCUMENT, "modifiedTime": format!("2026-03-01T09:00:0{edit}Z")})))
    });
    let (state, content) = fetched(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap());
    assert!(matches!(content, Content::File { .. }));
    assert_eq!(state.content_version, "2026-03-01T09:00:02Z", "before the last content, not after");
}

#[tokio::test]
async fn a_download_without_a_checksum_is_compared_by_revision() {
    let api = Scripted::by(|request| match query(request, "alt") {
        Some(_) => bytes("text/plain", b"hello"),
        None => json(file("a", json!({"headRevisionId": "r1"}))),
    });
    let (state, content) = fetched(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap());
    assert_eq!((state.content_version.as_str(), content), ("r1", hello()));
    assert_eq!(api.asked().len(), 3);
}

#[tokio::test]
async fn a_trashed_file_is_read_like_any_other() {
    // When it comes back, its content is not told to have changed.
    let api = Scripted::by(|request| match query(request, "alt") {
        Some(_) => bytes("text/plain", b"hello"),
        None => json(file("a", json!({"md5Checksum": HELLO, "trashed": true}))),
    });
    let (state, content) = fetched(source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap());
    assert!(state.trashed);
    assert_eq!(content, hello());
}

#[tokio::test]
async fn many_files_come_in_order() {
    let api = Scripted::by(|request| match query(request, "alt") {
        Some(_) => bytes("text/plain", path(request).as_bytes()),
        None => json(file(path(request).rsplit_once('/').unwrap().1, json!({"headRevisionId": "r"}))),
    });
    let wanted: Vec<_> = (0..20).map(|id| wanted(&format!("f{id}"))).collect();
    let source = source_with(&api, DriveOptions { max_bytes: 100, ..options() });
    for (place, result) in source.fetch(&wanted).await.into_iter().enumerate() {
        let (_, content) = fetched(result.unwrap());
        let Content::File { bytes, .. } = content else { panic!("{content:?}") };
        assert_eq!(bytes, format!("files/f{place}").into_bytes());
    }
    assert!(source.fetch(&[]).await.is_empty());
}

#[tokio::test]
async fn an_id_is_one_segment_of_a_path() {
    let api = Scripted::by(|_| refused(404, "notFound", ""));
    source(&api).fetch(&[wanted("../x?y=z#")]).await.remove(0).unwrap();
    assert_eq!(path(&api.asked()[0]), "files/%2E%2E%2Fx%3Fy%3Dz%23");
}
