//! A user's meetings.

use super::UserHandle;
use super::projects::missing as missing_project;
use crate::base::{Error, ErrorKind, MeetingId, ProjectId, Result};
use crate::domain::{Access, Meeting, MeetingFilter, Page, PageRequest};

/// A user's meetings, as their calendars have them.
#[derive(Clone, Debug)]
pub struct Meetings {
    me: UserHandle,
}

impl Meetings {
    pub(super) fn new(me: UserHandle) -> Self {
        Self { me }
    }

    /// One meeting.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: MeetingId) -> Result<Meeting> {
        let operation = "meetings.get";
        let mut read = self.me.workspace.begin(operation, &self.me.scope, Access::Read).await?;
        read.meeting(id).await?.ok_or_else(|| missing(operation, id))
    }

    /// Meetings that pass the filter, earliest first.
    ///
    /// # Errors
    /// `invalid_input` for a bad page request.
    pub async fn list(&self, filter: MeetingFilter, page: PageRequest) -> Result<Page<Meeting>> {
        let mut read = self.me.workspace.begin("meetings.list", &self.me.scope, Access::Read).await?;
        read.meetings(&filter, &page).await
    }

    /// Puts a meeting into a project, or into none.
    ///
    /// # Errors
    /// `not_found` for the meeting or the project.
    pub async fn assign(&self, id: MeetingId, project: Option<ProjectId>) -> Result<Meeting> {
        let operation = "meetings.assign";
        let mut write = self.me.workspace.begin(operation, &self.me.scope, Access::Write).await?;
        if let Some(project) = project {
            write.project(project).await?.ok_or_else(|| missing_project(operation, project))?;
        }
        let now = self.me.workspace.inner.clock.now();
        if !write.set_meeting_project(id, project, now).await? {
            return Err(missing(operation, id));
        }
        let meeting = write.meeting(id).await?.ok_or_else(|| missing(operation, id))?;
        write.commit().await?;
        Ok(meeting)
    }
}

fn missing(operation: &'static str, id: MeetingId) -> Error {
    Error::new(ErrorKind::NotFound, operation, "no such meeting").with("meeting", id)
}
