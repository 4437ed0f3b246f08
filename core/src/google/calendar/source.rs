//! A calendar as a source.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::event::{CalendarEvent, FIELDS};
use super::listing::{Page, failed, told};
use super::{UNITS, segment, watching};
use crate::base::{Clock, Error, Result};
use crate::domain::{
    Channel, Content, Fetched, Source, SourceFailure, SourcePage, Wanted, Watch, WatchRequest,
};
use crate::google::api::{Api, ApiFailure, ApiRequest};

/// What a listing asks for besides its tokens, always the same: a sync token is worth something
/// together with the parameters it was made with only. Series come as one event each, with their
/// exceptions beside them.
const PARAMETERS: [(&str, &str); 3] =
    [("singleEvents", "false"), ("showDeleted", "true"), ("maxResults", "2500")];

/// Events that one call of [`Source::fetch`] takes.
const BATCH: usize = 50;

/// One calendar of an account.
pub(crate) struct CalendarSource {
    pub(super) api: Arc<dyn Api>,
    pub(super) clock: Arc<dyn Clock>,
    /// The calendar's id, an address, or `primary`.
    calendar: String,
    /// Where notifications are sent to; `None` where they cannot reach us.
    pub(super) address: Option<String>,
}

impl CalendarSource {
    /// The source of the calendar `calendar`. `address` is where notifications are sent to
    /// (`https://...`); without it no channel can be asked for.
    pub(crate) fn new(
        api: Arc<dyn Api>,
        clock: Arc<dyn Clock>,
        calendar: String,
        address: Option<String>,
    ) -> Self {
        Self { api, clock, calendar, address }
    }

    /// The address of the calendar's events, or of something of theirs.
    pub(super) fn events(&self, rest: &str) -> String {
        format!("{}/events{rest}", self.url())
    }

    fn url(&self) -> String {
        format!("{}/calendar/v3/calendars/{}", self.api.endpoints().www, segment(&self.calendar))
    }

    /// A page of everything, or of changes since `cursor`. The cursor goes with each of its pages.
    async fn page(&self, cursor: Option<&str>, page: Option<&str>) -> Result<SourcePage, SourceFailure> {
        let operation = if cursor.is_some() { "calendar.changes" } else { "calendar.list" };
        let mut request = ApiRequest::get(operation, self.events(""), UNITS);
        for (key, value) in PARAMETERS {
            request = request.query(key, value);
        }
        let request = request
            .query("fields", format!("nextPageToken,nextSyncToken,timeZone,items({FIELDS})"))
            .maybe("syncToken", cursor)
            .maybe("pageToken", page);
        let answer = self.api.call(request).await.and_then(|answer| answer.json::<Page>(operation));
        let read = answer.map_err(|failure| failed(failure, cursor, page))?;
        let next = read.next(operation, cursor.is_some())?;
        Ok(SourcePage { told: told(read.items, read.time_zone.as_deref()), next })
    }

    /// The calendar's zone, where it can be had. Without it, whole days are those of UTC.
    async fn zone(&self) -> Option<String> {
        let operation = "calendar.zone";
        let request = ApiRequest::get(operation, self.url(), UNITS).query("fields", "timeZone");
        let calendar: Value = self.api.call(request).await.and_then(|answer| answer.json(operation)).ok()?;
        calendar.get("timeZone")?.as_str().map(str::to_owned)
    }

    /// An event as it is now.
    async fn event(&self, id: &str, zone: Option<&str>) -> Result<Fetched> {
        let operation = "calendar.get";
        let url = self.events(&format!("/{}", segment(id)));
        let request = ApiRequest::get(operation, url, UNITS).query("fields", FIELDS);
        let answer = self.api.call(request).await.and_then(|answer| answer.json::<Value>(operation));
        let item = match answer {
            Ok(item) => item,
            Err(ApiFailure::Refused(refusal)) if matches!(refusal.status, 404 | 410) => {
                return Ok(Fetched::Gone);
            }
            Err(failure) => return Err(Error::from(failure).with("event", id)),
        };
        let event = CalendarEvent::from_google(item, zone)?;
        if event.is_cancelled() && event.recurring_event_id.is_none() {
            return Ok(Fetched::Gone);
        }
        // All there is of an event is its state.
        Ok(Fetched::Object { state: Box::new(event.into_state()?), content: Content::Unreadable })
    }
}

#[async_trait]
impl Source for CalendarSource {
    fn fingerprint(&self) -> String {
        let parameters = PARAMETERS.map(|(key, value)| format!("{key}={value}"));
        format!("calendar-1;{};fields={FIELDS}", parameters.join(";"))
    }

    fn can_watch(&self) -> bool {
        self.address.is_some()
    }

    async fn start(&self) -> Result<Option<String>> {
        Ok(None)
    }

    async fn snapshot(&self, page: Option<&str>) -> Result<SourcePage, SourceFailure> {
        self.page(None, page).await
    }

    async fn changes(&self, cursor: &str, page: Option<&str>) -> Result<SourcePage, SourceFailure> {
        self.page(Some(cursor), page).await
    }

    async fn fetch(&self, wanted: &[Wanted]) -> Vec<Result<Fetched>> {
        // A single event does not tell it.
        let zone = if wanted.is_empty() { None } else { self.zone().await };
        let mut fetched = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            fetched.push(self.event(&wanted.id, zone.as_deref()).await);
        }
        fetched
    }

    fn batch(&self) -> usize {
        BATCH
    }

    async fn watch(&self, request: &WatchRequest) -> Result<Watch> {
        watching::watch(self, request).await
    }

    async fn unwatch(&self, channel: &Channel) -> Result<()> {
        watching::unwatch(self, channel).await
    }
}
