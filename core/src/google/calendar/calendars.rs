//! Which calendars an account has.

use serde::{Deserialize, Serialize};

use super::UNITS;
use super::listing::{Page, failed};
use crate::base::{Error, ErrorKind};
use crate::domain::{NextPage, SourceFailure};
use crate::google::api::{Api, ApiRequest};
use crate::google::lenient::{or_default, text};

const FIELDS: &str = "nextPageToken,nextSyncToken,\
    items(id,summary,summaryOverride,primary,accessRole,selected,hidden,deleted,timeZone)";

/// Pages of calendars; more would be a listing that never ends.
const MAX_PAGES: usize = 100;

/// A calendar in an account's list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "camelCase"), default)]
#[non_exhaustive]
pub struct CalendarEntry {
    /// Google's name of it, an address.
    pub id: String,
    /// What its owner calls it.
    #[serde(deserialize_with = "text")]
    pub summary: Option<String>,
    /// What the account's owner calls it.
    #[serde(deserialize_with = "text")]
    pub summary_override: Option<String>,
    /// Whether it is the account's own.
    #[serde(deserialize_with = "or_default")]
    pub primary: bool,
    /// `freeBusyReader`, `reader`, `writer` or `owner`.
    #[serde(deserialize_with = "text")]
    pub access_role: Option<String>,
    /// Whether Calendar shows it.
    #[serde(deserialize_with = "or_default")]
    pub selected: bool,
    /// Whether it is hidden from the list.
    #[serde(deserialize_with = "or_default")]
    pub hidden: bool,
    /// Whether it was taken off the list.
    #[serde(deserialize_with = "or_default")]
    pub deleted: bool,
    /// Its zone, by the IANA name.
    #[serde(deserialize_with = "text")]
    pub time_zone: Option<String>,
}

impl CalendarEntry {
    /// Whether its events show more than when somebody is busy.
    pub(crate) fn shows_events(&self) -> bool {
        !self.deleted && self.access_role.as_deref().is_some_and(|role| role != "freeBusyReader")
    }
}

/// Calendars of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CalendarList {
    /// All of them, or those that changed; in Google's order.
    pub(crate) calendars: Vec<CalendarEntry>,
    /// From where changes can be asked for later.
    pub(crate) cursor: Option<String>,
}

/// The calendars of an account; with a `cursor`, those that changed since.
///
/// # Errors
/// [`SourceFailure::CursorExpired`] when only the whole list helps; what Google says otherwise.
pub(crate) async fn calendars(api: &dyn Api, cursor: Option<&str>) -> Result<CalendarList, SourceFailure> {
    let operation = "calendar.calendars";
    let mut list = CalendarList::default();
    let mut page: Option<String> = None;
    for _ in 0..MAX_PAGES {
        // Deleted and hidden ones are asked for because changes always show them, and a cursor
        // wants the parameters it was made with.
        let request = ApiRequest::get(
            operation,
            format!("{}/calendar/v3/users/me/calendarList", api.endpoints().www),
            UNITS,
        )
        .query("maxResults", "250")
        .query("showDeleted", "true")
        .query("showHidden", "true")
        .query("fields", FIELDS)
        .maybe("syncToken", cursor)
        .maybe("pageToken", page.as_deref());
        let answer = api.call(request).await.and_then(|answer| answer.json::<Page>(operation));
        let mut read = answer.map_err(|failure| failed(failure, cursor, page.as_deref()))?;
        for item in std::mem::take(&mut read.items) {
            match serde_json::from_value::<CalendarEntry>(item) {
                Ok(entry) if !entry.id.is_empty() => list.calendars.push(entry),
                _ => tracing::warn!("Calendar told of a calendar that cannot be read; it is passed over"),
            }
        }
        match read.next(operation, cursor.is_some())? {
            NextPage::Page(next) => page = Some(next),
            NextPage::Done(next) => {
                list.cursor = next;
                return Ok(list);
            }
            NextPage::Cursor(_) | NextPage::Nothing => return Ok(list),
        }
    }
    let message = "the list of an account's calendars does not end";
    Err(Error::new(ErrorKind::Upstream, operation, message).into())
}
