//! What a store can do with meetings.

use async_trait::async_trait;

use super::{Meeting, MeetingFilter, Page, PageRequest};
use crate::base::{MeetingId, Result, Timestamp};

/// What became of a meeting that its calendar no longer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// It was deleted.
    Deleted,
    /// It was kept as declined: a project, a bot or a transcript hangs from it.
    Declined,
    /// It was not there.
    Absent,
}

/// The tenant's meetings.
#[async_trait]
pub trait MeetingStore {
    /// Writes a meeting by its `event_id`: what the calendar says is written over, what hangs
    /// from it here (its project, a bot, a transcript) and its id are kept. Whether anything
    /// changed. Appends `meeting.stored` or `meeting.updated` if so. `NotFound` when a new one
    /// is in a project that the tenant does not have.
    async fn put_meeting(&mut self, meeting: &Meeting) -> Result<bool>;
    /// One meeting.
    async fn meeting(&mut self, id: MeetingId) -> Result<Option<Meeting>>;
    /// Meetings that pass `filter`, by their start, then by event id.
    async fn meetings(&mut self, filter: &MeetingFilter, page: &PageRequest) -> Result<Page<Meeting>>;
    /// The meetings of a calendar (a stream's name) that come from an event: those with its id,
    /// and the occurrences of the series that has it; by event id.
    async fn meetings_of_event(&mut self, calendar: &str, event_id: &str) -> Result<Vec<Meeting>>;
    /// Takes a meeting out that its calendar no longer has. Appends `meeting.deleted` or
    /// `meeting.updated`; nothing when it was kept as declined before.
    async fn withdraw_meeting(&mut self, event_id: &str, now: Timestamp) -> Result<Withdrawn>;
    /// Says which project a meeting belongs to; whether it is there. Appends `meeting.updated`
    /// if it was another. `NotFound` when the tenant has no such project.
    async fn set_meeting_project(
        &mut self,
        id: MeetingId,
        project: Option<crate::base::ProjectId>,
        now: Timestamp,
    ) -> Result<bool>;
}
