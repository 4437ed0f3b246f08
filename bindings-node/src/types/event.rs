//! Events, and how far their subscribers have got.

use napi_derive::napi;

use super::time::Instant;
use super::{list, number};

/// Something that was committed to a user's data.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Event {
    /// The version of this form: 1. A field may be added without a new version.
    pub version: u32,
    /// Its place in the change log: grows from event to event, with gaps.
    pub position: i64,
    /// What happened.
    #[napi(ts_type = "ChangeKind")]
    pub kind: String,
    /// When.
    #[napi(ts_type = "Date")]
    pub at: Instant,
    /// The document it is about.
    pub document_id: Option<String>,
    /// The project it is about; for an assigned or corrected document, where it went.
    pub project_id: Option<String>,
    /// What it is about where that is neither: a job, an account, a meeting.
    pub subject_id: Option<String>,
}

/// How far a subscriber has got.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Cursor {
    /// The name it was subscribed under.
    pub name: String,
    /// The position up to which everything was acknowledged.
    pub position: i64,
    /// How many changes, of any kind, lie beyond it.
    pub lag: i64,
    /// When it was made or last moved.
    #[napi(ts_type = "Date")]
    pub updated_at: Instant,
}

/// What a handler did until its subscription ended.
#[napi(object, object_from_js = false)]
pub struct HandleReport {
    /// How many events were handled.
    pub handled: i64,
    /// How many were skipped.
    pub skipped: i64,
    /// The first 1,000 skipped ones.
    pub failures: Vec<SkippedEvent>,
}

/// An event that was given up on.
#[napi(object, object_from_js = false)]
pub struct SkippedEvent {
    /// Which one.
    pub event: Event,
}

impl From<besunny::HandleReport> for HandleReport {
    fn from(report: besunny::HandleReport) -> Self {
        Self {
            handled: number(report.handled),
            skipped: number(report.skipped),
            failures: list(report.failures),
        }
    }
}

impl From<besunny::Skipped> for SkippedEvent {
    fn from(skipped: besunny::Skipped) -> Self {
        Self { event: skipped.event.into() }
    }
}

impl From<besunny::Event> for Event {
    fn from(event: besunny::Event) -> Self {
        Self {
            version: event.version,
            position: number(event.position),
            kind: event.kind.to_string(),
            at: event.at.into(),
            document_id: event.document_id.map(|id| id.to_string()),
            project_id: event.project_id.map(|id| id.to_string()),
            subject_id: event.subject_id.map(|id| id.to_string()),
        }
    }
}

impl From<besunny::Cursor> for Cursor {
    fn from(cursor: besunny::Cursor) -> Self {
        Self {
            name: cursor.name,
            position: number(cursor.position),
            lag: number(cursor.lag),
            updated_at: cursor.updated_at.into(),
        }
    }
}
