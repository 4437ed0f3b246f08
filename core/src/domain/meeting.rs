//! Meetings: events of a calendar that people join by a link.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::document::text_enum;
use crate::base::{Error, ErrorKind, MeetingId, ProjectId, Timestamp};

text_enum! {
    /// What the calendar's owner answered to the invitation.
    EventStatus, "event status" {
        /// They come.
        Accepted = "accepted",
        /// They do not come; also a meeting that was cancelled but is kept, because
        /// something of ours hangs from it.
        Declined = "declined",
        /// Perhaps.
        Tentative = "tentative",
        /// No answer yet.
        NeedsAction = "needsAction",
    }
}

/// Somebody who is invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: Option<String>,
    /// What they answered.
    pub response: EventStatus,
    /// Whether they called the meeting.
    pub organizer: bool,
}

/// A meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Meeting {
    /// Names the meeting.
    pub id: MeetingId,
    /// The calendar's name of the event; of one occurrence of a series, the occurrence's.
    /// Unique for its owner.
    pub event_id: String,
    /// What is the same in every attendee's calendar; with `original_start`, one occurrence.
    pub ical_uid: Option<String>,
    /// The stream of the calendar it comes from, `calendar:{id}`.
    pub calendar: String,
    /// The series it is an occurrence of.
    pub series_id: Option<String>,
    /// When that occurrence was to begin before it was moved.
    pub original_start: Option<Timestamp>,
    /// The title.
    pub title: String,
    /// What it is about, without markup.
    pub description: Option<String>,
    /// Where to join.
    pub meeting_url: String,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// What the owner answered.
    pub status: EventStatus,
    /// Who is invited.
    pub attendees: Vec<Attendee>,
    /// Which of the attendees is the owner's virtual address, if one is.
    pub virtual_attendee: Option<String>,
    /// The project it belongs to.
    pub project_id: Option<ProjectId>,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Meeting {
    /// A meeting with a place to join and a time; set what else is known.
    #[must_use]
    pub fn new(
        id: MeetingId,
        event_id: String,
        calendar: String,
        meeting_url: String,
        (start, end): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            event_id,
            ical_uid: None,
            calendar,
            series_id: None,
            original_start: None,
            title: "Untitled Meeting".to_owned(),
            description: None,
            meeting_url,
            start,
            end,
            status: EventStatus::NeedsAction,
            attendees: Vec::new(),
            virtual_attendee: None,
            project_id: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Which meetings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MeetingFilter {
    /// Those that end after this.
    pub from: Option<Timestamp>,
    /// Those that begin before this.
    pub until: Option<Timestamp>,
    /// Those of this project.
    pub project_id: Option<ProjectId>,
}
