use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::{FixedClock, Timestamp};
use crate::domain::{
    Content, Fetched, FileState, MirrorObject, News, ObjectState, SourceFailure, Told, Wanted,
};
use crate::google::api::ApiRequest;
use crate::google::drive::{DriveOptions, DriveSource};
use crate::google::scripted::Scripted;

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_770_000_000);
pub(super) const DOCUMENT: &str = "application/vnd.google-apps.document";

pub(super) fn options() -> DriveOptions {
    DriveOptions {
        pause: Duration::ZERO,
        address: Some("https://hook.example/drive".into()),
        ..DriveOptions::default()
    }
}

pub(super) fn shared(drive: &str) -> DriveOptions {
    DriveOptions { drive: Some(drive.into()), ..options() }
}

pub(super) fn source(api: &Arc<Scripted>) -> DriveSource {
    source_with(api, options())
}

pub(super) fn source_with(api: &Arc<Scripted>, options: DriveOptions) -> DriveSource {
    DriveSource::new(Arc::<Scripted>::clone(api), Arc::new(FixedClock(NOW)), options)
}

/// A file's metadata: `more` on top of the usual.
pub(super) fn file(id: &str, more: Value) -> Value {
    let mut file = json!({
        "id": id, "name": format!("{id}.txt"), "mimeType": "text/plain", "version": "1",
        "modifiedTime": "2026-03-01T09:00:00.000Z",
    });
    if let (Some(file), Value::Object(more)) = (file.as_object_mut(), more) {
        file.extend(more);
    }
    file
}

pub(super) fn wanted(id: &str) -> Wanted {
    Wanted { id: id.into(), known: None }
}

/// A file of which the content of a version is stored.
pub(super) fn stored(id: &str, read: &str) -> Wanted {
    let known = MirrorObject {
        id: id.into(),
        parent: None,
        version: None,
        data: json!({"kind": "file", "read": read}).to_string(),
        document: None,
        seen: 1,
    };
    Wanted { id: id.into(), known: Some(known) }
}

pub(super) fn state_of(told: &Told) -> &FileState {
    match &told.what {
        News::Is(state) => match state.as_ref() {
            ObjectState::File(state) => state,
            other => panic!("not a file: {other:?}"),
        },
        other => panic!("no state: {other:?}"),
    }
}

pub(super) fn fetched(fetched: Fetched) -> (FileState, Content) {
    match fetched {
        Fetched::Object { state, content } => match *state {
            ObjectState::File(state) => (state, content),
            other => panic!("not a file: {other:?}"),
        },
        Fetched::Gone => panic!("gone"),
    }
}

/// The path of a request below Drive's address.
pub(super) fn path(request: &ApiRequest) -> &str {
    request.url.strip_prefix("https://www.googleapis.com/drive/v3/").unwrap_or(&request.url)
}

pub(super) fn kind(failure: SourceFailure) -> &'static str {
    match failure {
        SourceFailure::CursorExpired => "cursor expired",
        SourceFailure::PageExpired => "page expired",
        SourceFailure::Other(error) => error.kind().code(),
    }
}
