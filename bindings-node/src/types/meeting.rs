//! Meetings.

use napi_derive::napi;

use super::list;
use super::time::Instant;

/// A meeting, as the calendar has it.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Meeting {
    /// Names the meeting.
    pub id: String,
    /// The calendar's name of the event; of one occurrence of a series, the occurrence's.
    pub event_id: String,
    /// What is the same in every attendee's calendar; with `originalStart`, one occurrence.
    pub ical_uid: Option<String>,
    /// The stream of the calendar it comes from, `calendar:{id}`.
    pub calendar: String,
    /// The series it is an occurrence of.
    pub series_id: Option<String>,
    /// When that occurrence was to begin before it was moved.
    #[napi(ts_type = "Date")]
    pub original_start: Option<Instant>,
    /// The title.
    pub title: String,
    /// What it is about, without markup.
    pub description: Option<String>,
    /// Where to join.
    pub meeting_url: String,
    /// When it begins.
    #[napi(ts_type = "Date")]
    pub start: Instant,
    /// When it ends.
    #[napi(ts_type = "Date")]
    pub end: Instant,
    /// What the owner answered.
    #[napi(ts_type = "EventStatus")]
    pub status: String,
    /// Who is invited.
    pub attendees: Vec<Attendee>,
    /// Which of the attendees is the owner's virtual address, if one is.
    pub virtual_attendee: Option<String>,
    /// The project it belongs to.
    pub project_id: Option<String>,
    /// When it was first stored.
    #[napi(ts_type = "Date")]
    pub created_at: Instant,
    /// When it last changed.
    #[napi(ts_type = "Date")]
    pub updated_at: Instant,
}

/// Somebody who is invited.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Attendee {
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: Option<String>,
    /// What they answered.
    #[napi(ts_type = "EventStatus")]
    pub response: String,
    /// Whether they called the meeting.
    pub organizer: bool,
}

/// One page of meetings.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct MeetingPage {
    /// The meetings, earliest first.
    pub items: Vec<Meeting>,
    /// Hand this to the next call as `after`; `null` on the last page.
    pub next: Option<String>,
}

impl From<besunny::Meeting> for Meeting {
    fn from(meeting: besunny::Meeting) -> Self {
        Self {
            id: meeting.id.to_string(),
            event_id: meeting.event_id,
            ical_uid: meeting.ical_uid,
            calendar: meeting.calendar,
            series_id: meeting.series_id,
            original_start: meeting.original_start.map(Instant::from),
            title: meeting.title,
            description: meeting.description,
            meeting_url: meeting.meeting_url,
            start: meeting.start.into(),
            end: meeting.end.into(),
            status: meeting.status.to_string(),
            attendees: list(meeting.attendees),
            virtual_attendee: meeting.virtual_attendee,
            project_id: meeting.project_id.map(|id| id.to_string()),
            created_at: meeting.created_at.into(),
            updated_at: meeting.updated_at.into(),
        }
    }
}

impl From<besunny::Attendee> for Attendee {
    fn from(attendee: besunny::Attendee) -> Self {
        Self {
            email: attendee.email,
            name: attendee.name,
            response: attendee.response.to_string(),
            organizer: attendee.organizer,
        }
    }
}

impl From<besunny::Page<besunny::Meeting>> for MeetingPage {
    fn from(page: besunny::Page<besunny::Meeting>) -> Self {
        Self { items: list(page.items), next: page.next }
    }
}
