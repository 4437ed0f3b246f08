//! A user's meetings.

use napi::Result;
use napi_derive::napi;

use crate::errors::rejection;
use crate::options::google::MeetingListOptions;
use crate::options::{parse, parse_some};
use crate::types::input::IdOrNull;
use crate::types::meeting::{Meeting, MeetingPage};
use crate::user::LazyUser;

/// A user's meetings, as their calendars have them.
#[napi]
pub struct Meetings {
    me: LazyUser,
}

impl Meetings {
    pub(crate) fn new(me: LazyUser) -> Self {
        Self { me }
    }
}

#[napi]
impl Meetings {
    /// One meeting; rejects with `not_found`.
    #[napi(strict)]
    pub async fn get(&self, meeting_id: String) -> Result<Meeting> {
        let id = parse(meeting_id)?;
        Ok(self.me.get().await?.meetings().get(id).await.map_err(rejection)?.into())
    }

    /// Meetings that pass the filter, earliest first, a page at a time.
    #[napi(strict)]
    pub async fn list(&self, options: Option<MeetingListOptions>) -> Result<MeetingPage> {
        let (filter, page) = options.unwrap_or_default().into_core()?;
        Ok(self.me.get().await?.meetings().list(filter, page).await.map_err(rejection)?.into())
    }

    /// Puts a meeting into a project, or into none.
    ///
    /// Rejects with `not_found` for the meeting or the project.
    #[napi(strict)]
    pub async fn assign(
        &self,
        meeting_id: String,
        #[napi(ts_arg_type = "string | null")] project_id: IdOrNull,
    ) -> Result<Meeting> {
        let (id, project) = (parse(meeting_id)?, parse_some(project_id.0)?);
        Ok(self.me.get().await?.meetings().assign(id, project).await.map_err(rejection)?.into())
    }
}
