use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::domain::{MirrorObject, News, SourceFailure, Told, Wanted};
use crate::google::api::{ApiRequest, ApiResponse, Payload};
use crate::google::gmail::{GmailOptions, GmailSource};
use crate::google::scripted::{Answer, Scripted, bytes};

pub(super) fn options() -> GmailOptions {
    GmailOptions { pause: Duration::ZERO, ..GmailOptions::default() }
}

pub(super) fn source(api: &Arc<Scripted>) -> GmailSource {
    source_with(api, options())
}

pub(super) fn source_with(api: &Arc<Scripted>, options: GmailOptions) -> GmailSource {
    GmailSource::new(Arc::<Scripted>::clone(api), options)
}

pub(super) fn told(id: &str, what: News) -> Told {
    Told { id: id.into(), what }
}

pub(super) fn changed(ids: &[&str]) -> Vec<Told> {
    ids.iter().map(|id| told(id, News::Changed)).collect()
}

pub(super) fn wanted(id: &str) -> Wanted {
    Wanted { id: id.into(), known: None }
}

pub(super) fn stored(id: &str) -> Wanted {
    let known = MirrorObject {
        id: id.into(),
        parent: None,
        version: None,
        data:
            json!({"kind": "mail", "thread": "t", "labels": [], "received_at": null, "size": 1, "read": "1"})
                .to_string(),
        document: None,
        seen: 1,
    };
    Wanted { id: id.into(), known: Some(known) }
}

/// The JSON of a message as it is got with `format=raw`.
pub(super) fn message(id: &str, raw: &[u8], labels: &[&str]) -> Value {
    json!({
        "id": id,
        "threadId": format!("t{id}"),
        "labelIds": labels,
        "snippet": "",
        "historyId": "7",
        "internalDate": "1770000000000",
        "sizeEstimate": raw.len(),
        "raw": URL_SAFE_NO_PAD.encode(raw),
    })
}

/// The error that Google answers with.
pub(super) fn fault(status: u16, reason: &str) -> (u16, Value) {
    let fault = json!({"domain": "usageLimits", "reason": reason, "message": "No."});
    (status, json!({"error": {"code": status, "message": "No.", "errors": [fault]}}))
}

/// The calls in a batch: content id and target.
pub(super) fn calls(request: &ApiRequest) -> Vec<(String, String)> {
    let Payload::Bytes { content_type, bytes } = &request.payload else {
        panic!("a batch is sent as bytes");
    };
    assert!(content_type.starts_with("multipart/mixed; boundary=\""));
    let text = std::str::from_utf8(bytes).unwrap();
    let ids = text.lines().filter_map(|line| line.strip_prefix("Content-ID: <")?.strip_suffix('>'));
    let targets = text.lines().filter_map(|line| line.strip_prefix("GET ")?.strip_suffix(" HTTP/1.1"));
    ids.map(str::to_owned).zip(targets.map(str::to_owned)).collect()
}

/// The id of the message that a target names.
pub(super) fn message_of(target: &str) -> &str {
    let (path, _) = target.split_once('?').unwrap();
    path.rsplit_once('/').unwrap().1
}

/// Answers a batch call by call, the last first.
pub(super) fn answer_batch(request: &ApiRequest, answer: impl Fn(&str) -> (u16, Value)) -> Answer {
    let mut body = String::new();
    for (id, target) in calls(request).into_iter().rev() {
        let (status, json) = answer(&target);
        body += &format!(
            "--batch_1\r\nContent-Type: application/http\r\nContent-ID: <response-{id}>\r\n\r\n\
             HTTP/1.1 {status} Some\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json}\r\n"
        );
    }
    body += "--batch_1--\r\n";
    bytes("multipart/mixed; boundary=batch_1", body.as_bytes())
}

pub(super) fn empty() -> Answer {
    Ok(ApiResponse { headers: Vec::new(), body: Vec::new() })
}

pub(super) fn kind(failure: SourceFailure) -> &'static str {
    match failure {
        SourceFailure::CursorExpired => "cursor expired",
        SourceFailure::PageExpired => "page expired",
        SourceFailure::Other(error) => error.kind().code(),
    }
}
