//! The change log: every committed change, in order. Everything derived follows it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::document::text_enum;
use crate::base::{DocumentId, Error, ErrorKind, ProjectId, SubjectId, Timestamp};

text_enum! {
    /// What a change did.
    ChangeKind, "change kind" {
        /// A document was stored for the first time.
        DocumentStored = "document.stored",
        /// A document's content changed.
        DocumentUpdated = "document.updated",
        /// A document was deleted.
        DocumentDeleted = "document.deleted",
        /// A document moved to a project or out of one.
        DocumentAssigned = "document.assigned",
        /// A user said where a document belongs.
        DocumentCorrected = "document.corrected",
        /// A project was created.
        ProjectCreated = "project.created",
        /// A project's fields changed.
        ProjectUpdated = "project.updated",
        /// A project was deleted; its documents became unassigned.
        ProjectDeleted = "project.deleted",
        /// A job failed for good; the subject is the job.
        JobFailed = "job.failed",
        /// An account at Google was linked, or linked anew; the subject is the account.
        AccountLinked = "account.linked",
        /// An account can be used again or no longer; the subject is the account.
        AccountChanged = "account.changed",
        /// An account was disconnected; the subject is the account.
        AccountUnlinked = "account.unlinked",
        /// A meeting was stored for the first time; the subject is the meeting.
        MeetingStored = "meeting.stored",
        /// A meeting changed; the subject is the meeting.
        MeetingUpdated = "meeting.updated",
        /// A meeting was deleted; the subject is the meeting.
        MeetingDeleted = "meeting.deleted",
    }
}

/// A position in the change log; grows with each change of a workspace. 0 is "before
/// the first".
pub type Position = u64;

/// One committed change of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its place in the log.
    pub position: Position,
    /// What it did.
    pub kind: ChangeKind,
    /// The document it is about.
    pub document_id: Option<DocumentId>,
    /// The project it is about.
    pub project_id: Option<ProjectId>,
    /// What it is about where that is neither: a job, an account, a meeting.
    pub subject_id: Option<SubjectId>,
    /// When.
    pub at: Timestamp,
}
