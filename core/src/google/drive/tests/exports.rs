use serde_json::{Value, json};

use super::fixtures::{DOCUMENT, fetched, file, options, path, source, source_with, wanted};
use crate::base::{Error, ErrorKind};
use crate::domain::{Content, FileState, Source};
use crate::google::api::ApiRequest;
use crate::google::drive::DriveOptions;
use crate::google::scripted::{Answer, Scripted, bytes, json, query, refused};

const LINK: &str = "https://docs.google.com/feeds/download/documents/export/Export?id=a&exportFormat=md";

fn document(more: Value) -> Value {
    let mut whole = file("a", json!({"mimeType": DOCUMENT, "name": "Plan"}));
    if let (Some(whole), Value::Object(more)) = (whole.as_object_mut(), more) {
        whole.extend(more);
    }
    whole
}

/// Fetches a document; what is asked besides its metadata is answered by `rule`.
async fn export(
    document: Value,
    rule: impl Fn(&ApiRequest) -> Answer + Send + Sync + 'static,
) -> (Result<(FileState, Content), Error>, Vec<ApiRequest>) {
    let api = Scripted::by(move |request| match path(request) {
        "files/a" => json(document.clone()),
        _ => rule(request),
    });
    let result = source(&api).fetch(&[wanted("a")]).await.remove(0).map(fetched);
    let asked = api.asked().into_iter().filter(|request| path(request) != "files/a").collect();
    (result, asked)
}

fn text(media_type: &str) -> Content {
    Content::File { bytes: b"text".to_vec(), media_type: media_type.into() }
}

fn unread(result: Result<(FileState, Content), Error>) -> Option<String> {
    let (state, content) = result.unwrap();
    assert_eq!(content, Content::Unreadable);
    state.unread
}

#[tokio::test]
async fn each_format_is_exported_as_a_text() {
    for (format, media_type) in
        [("document", "text/markdown"), ("spreadsheet", "text/csv"), ("presentation", "text/plain")]
    {
        let whole = document(json!({"mimeType": format!("application/vnd.google-apps.{format}")}));
        let (result, asked) =
            export(whole, |request| bytes(query(request, "mimeType").unwrap(), b"text")).await;
        assert_eq!(result.unwrap().1, text(media_type));
        assert_eq!((path(&asked[0]), asked.len(), asked[0].tries), ("files/a/export", 1, 2));
    }
}

#[tokio::test]
async fn only_what_is_offered_is_asked_for() {
    let whole = document(json!({"exportLinks": {"text/plain": LINK, "application/pdf": LINK}}));
    let (result, asked) = export(whole, |_| bytes("text/plain", b"text")).await;
    assert_eq!((result.unwrap().1, query(&asked[0], "mimeType")), (text("text/plain"), Some("text/plain")));
    let whole = document(json!({"exportLinks": {"application/pdf": LINK}}));
    let (result, asked) = export(whole, |_| bytes("text/plain", b"text")).await;
    assert_eq!((unread(result).as_deref(), asked.len()), (Some("unsupported"), 0));
}

#[tokio::test]
async fn trap_18_a_smaller_text_is_tried_before_anything_else() {
    let (result, asked) = export(document(json!({})), |request| match query(request, "mimeType") {
        Some("text/markdown") => {
            refused(403, "exportSizeLimitExceeded", "This file is too large to be exported.")
        }
        _ => bytes("text/plain", b"text"),
    })
    .await;
    assert_eq!((result.unwrap().1, asked.len()), (text("text/plain"), 2));
}

#[tokio::test]
async fn trap_18_links_are_followed_where_exporting_ends() {
    for (status, reason) in [(403, "exportSizeLimitExceeded"), (500, "internalError")] {
        let whole =
            document(json!({"exportLinks": {"text/markdown": LINK, "text/plain": "https://evil.example/x"}}));
        let (result, asked) = export(whole, move |request| match request.url.as_str() {
            LINK => bytes("text/markdown", b"text"),
            _ => refused(status, reason, ""),
        })
        .await;
        assert_eq!(result.unwrap().1, text("text/markdown"));
        assert_eq!(asked.iter().map(path).collect::<Vec<_>>(), ["files/a/export", "files/a/export", LINK]);
    }
}

#[tokio::test]
async fn trap_18_a_conversion_in_the_background_is_the_last_way() {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    // A link that answers with a page to sign in on did not work.
    let whole = document(json!({"exportLinks": {"text/markdown": LINK}}));
    let (result, asked) = export(whole, move |request| match path(request) {
        LINK => bytes("text/html; charset=utf-8", b"<html>Sign in"),
        "files/a/export" => refused(403, "exportSizeLimitExceeded", ""),
        "files/a/download" => json(json!({"name": "operations/op 1"})),
        "operations/op%201" if looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 => json(json!({})),
        "operations/op%201" => json(json!({"name": "op 1", "done": true,
                "response": {"downloadUri": "https://x.googleusercontent.com/y?z=1"}})),
        "https://x.googleusercontent.com/y?z=1" => bytes("text/markdown", b"text"),
        other => panic!("asked for {other}"),
    })
    .await;
    assert_eq!(result.unwrap().1, text("text/markdown"));
    let begin = asked.iter().find(|request| path(request) == "files/a/download").unwrap();
    assert_eq!(query(begin, "mimeType"), Some("text/markdown"));
}

#[tokio::test]
async fn trap_18_attempts_are_bounded_and_end_as_too_large() {
    for status in [403, 500] {
        // Never done.
        let (result, asked) = export(document(json!({})), move |request| match path(request) {
            "files/a/export" => {
                refused(status, if status == 403 { "exportSizeLimitExceeded" } else { "" }, "")
            }
            _ => json(json!({"name": "op"})),
        })
        .await;
        assert_eq!(unread(result).as_deref(), Some("too_large"));
        assert_eq!(asked.len(), 2 + 1 + 8);
    }
    for answer in [
        json!({"name": "op", "done": true, "error": {"code": 3}}),
        json!({"name": "op", "done": true, "response": {}}),
        json!({"name": "op", "done": true, "response": {"downloadUri": "https://evil.example/x"}}),
        json!({"name": "op", "done": true, "response": {"downloadUri": "https://docs.google.com.evil.example/x"}}),
    ] {
        let (result, asked) = export(document(json!({})), move |request| match path(request) {
            "files/a/export" => refused(403, "exportSizeLimitExceeded", ""),
            _ => json(answer.clone()),
        })
        .await;
        assert_eq!((unread(result).as_deref(), asked.len()), (Some("too_large"), 3));
    }
    let (result, _) = export(document(json!({})), |request| match path(request) {
        "files/a/export" => refused(500, "", ""),
        _ => refused(404, "notFound", ""),
    })
    .await;
    assert_eq!(unread(result).as_deref(), Some("too_large"));
}

#[tokio::test]
async fn a_server_that_is_out_of_order_is_no_limit() {
    let (result, asked) = export(document(json!({})), |_| refused(503, "backendError", "")).await;
    assert_eq!((result.unwrap_err().kind(), asked.len()), (ErrorKind::Upstream, 1));
    // Nothing works: that is not about this file.
    let (result, _) = export(document(json!({})), |_| refused(500, "internalError", "")).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Upstream);
    let (result, asked) = export(document(json!({})), |_| refused(403, "userRateLimitExceeded", "")).await;
    assert_eq!((result.unwrap_err().kind(), asked.len()), (ErrorKind::RateLimited, 1));
}

#[tokio::test]
async fn what_the_owner_withholds_is_forbidden() {
    let (result, asked) = export(document(json!({})), |_| refused(403, "cannotExportFile", "")).await;
    assert_eq!((unread(result).as_deref(), asked.len()), (Some("forbidden"), 1));
}

#[tokio::test]
async fn a_text_over_our_own_limit_is_too_large() {
    let api = Scripted::by(|request| match path(request) {
        "files/a" => json(document(json!({}))),
        "files/a/download" => refused(404, "notFound", ""),
        _ => {
            assert_eq!(request.max_bytes, 10);
            Err(Error::new(ErrorKind::LimitExceeded, "net.call", "too large").into())
        }
    });
    let options = DriveOptions { max_bytes: 10, ..options() };
    let (state, _) = fetched(source_with(&api, options).fetch(&[wanted("a")]).await.remove(0).unwrap());
    assert_eq!(state.unread.as_deref(), Some("too_large"));
}

#[tokio::test]
async fn the_token_goes_to_google_only() {
    for link in [
        "http://docs.google.com/x",
        "https://docs.google.com:444/x",
        "https://user@docs.google.com/x",
        "https://evil.example/docs.google.com",
        "https://evilgoogleusercontent.com/x",
        "https://127.0.0.1/x",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let whole = document(json!({"exportLinks": {"text/markdown": link}}));
        let (result, asked) = export(whole, |request| match path(request) {
            "files/a/export" => refused(403, "exportSizeLimitExceeded", ""),
            "files/a/download" => refused(404, "notFound", ""),
            other => panic!("asked for {other}"),
        })
        .await;
        assert_eq!((unread(result).as_deref(), asked.len()), (Some("too_large"), 2), "{link}");
    }
}
