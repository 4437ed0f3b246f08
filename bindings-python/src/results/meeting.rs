//! Meetings.

use besunny::{Attendee, Meeting};
use pyo3::prelude::*;

use super::{ToPython, record};

impl ToPython for Meeting {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Meeting",
            "id" => self.id,
            "event_id" => self.event_id,
            "ical_uid" => self.ical_uid,
            "calendar" => self.calendar,
            "series_id" => self.series_id,
            "original_start" => self.original_start,
            "title" => self.title,
            "description" => self.description,
            "meeting_url" => self.meeting_url,
            "start" => self.start,
            "end" => self.end,
            "status" => self.status.as_str(),
            "attendees" => self.attendees[..],
            "virtual_attendee" => self.virtual_attendee,
            "project_id" => self.project_id,
            "created_at" => self.created_at,
            "updated_at" => self.updated_at,
        )
    }
}

impl ToPython for Attendee {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Attendee",
            "email" => self.email,
            "name" => self.name,
            "response" => self.response.as_str(),
            "organizer" => self.organizer,
        )
    }
}
