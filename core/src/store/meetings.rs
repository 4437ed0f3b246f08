//! What of meetings is the same on every backend.

use super::text::{optional, storable};
use crate::base::MeetingId;
use crate::domain::{Attendee, Meeting};

/// A meeting in the form in which it is stored and reads back.
pub(super) fn storable_meeting(meeting: &Meeting) -> Meeting {
    let text = |text: &str| storable(text).into_owned();
    let maybe = |text: &Option<String>| optional(text.as_deref()).map(|text| text.into_owned());
    let attendee = |attendee: &Attendee| Attendee {
        email: text(&attendee.email),
        name: maybe(&attendee.name),
        ..attendee.clone()
    };
    let mut stored = meeting.clone();
    stored.event_id = text(&meeting.event_id);
    stored.ical_uid = maybe(&meeting.ical_uid);
    stored.calendar = text(&meeting.calendar);
    stored.series_id = maybe(&meeting.series_id);
    stored.title = text(&meeting.title);
    stored.description = maybe(&meeting.description);
    stored.meeting_url = text(&meeting.meeting_url);
    stored.attendees = meeting.attendees.iter().map(attendee).collect();
    stored.virtual_attendee = maybe(&meeting.virtual_attendee);
    stored
}

/// `given` with what is not the calendar's to say as it is in `stored`; `None` where the
/// calendar says nothing new.
pub(super) fn merged(stored: &Meeting, given: &Meeting) -> Option<Meeting> {
    let mut merged = given.clone();
    merged.id = stored.id;
    merged.project_id = stored.project_id;
    merged.created_at = stored.created_at;
    merged.updated_at = stored.updated_at;
    if merged == *stored {
        return None;
    }
    merged.updated_at = given.updated_at;
    Some(merged)
}

/// A meeting that is to be taken out, and what hangs from it.
pub(super) struct Withdrawal {
    pub(super) id: MeetingId,
    /// A project, a bot or a transcript.
    pub(super) is_kept: bool,
    /// Whether it was kept as declined before.
    pub(super) is_done: bool,
}
