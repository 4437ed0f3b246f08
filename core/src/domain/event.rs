//! Events: the change log as other programs see it.

use serde::{Deserialize, Serialize};

use super::{Change, ChangeKind, Position};
use crate::base::{DocumentId, ProjectId, SubjectId, Timestamp};

/// Something that happened to a user's data, as subscribers are told.
///
/// Its JSON form is the same in every language:
///
/// ```
/// # use besunny::{ChangeKind, Event, Timestamp};
/// # let at: Timestamp = "2026-03-01T09:00:00Z".parse().expect("valid");
/// let event = Event::new(7, ChangeKind::ProjectCreated, at);
/// assert_eq!(
///     serde_json::to_string(&event).expect("has JSON"),
///     r#"{"version":1,"position":7,"kind":"project.created","at":"2026-03-01T09:00:00Z","document_id":null,"project_id":null,"subject_id":null}"#,
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The version of this form, [`Event::VERSION`]. A field may be added without a new
    /// version; one is never removed or given another meaning.
    pub version: u32,
    /// Its place in the change log: grows from event to event, with gaps.
    pub position: Position,
    /// What happened.
    pub kind: ChangeKind,
    /// When.
    pub at: Timestamp,
    /// The document it is about.
    pub document_id: Option<DocumentId>,
    /// The project it is about; for an assigned or corrected document, where it went.
    pub project_id: Option<ProjectId>,
    /// What it is about where that is neither: a job, an account, a meeting.
    #[serde(default)]
    pub subject_id: Option<SubjectId>,
}

impl Event {
    /// The version of the form of events.
    pub const VERSION: u32 = 1;

    /// An event about nothing in particular; set what it is about.
    #[must_use]
    pub fn new(position: Position, kind: ChangeKind, at: Timestamp) -> Self {
        Self {
            version: Self::VERSION,
            position,
            kind,
            at,
            document_id: None,
            project_id: None,
            subject_id: None,
        }
    }
}

impl From<Change> for Event {
    fn from(change: Change) -> Self {
        let Change { position, kind, document_id, project_id, subject_id, at } = change;
        Self { document_id, project_id, subject_id, ..Self::new(position, kind, at) }
    }
}
