//! Pages of events and of calendars: what they have in common, and how they are refused.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::event::{CalendarEvent, id_of, is_current, version_of};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::{News, NextPage, SourceFailure, Told};
use crate::google::api::{ApiFailure, ApiRefusal};
use crate::google::lenient::{or_default, text};

/// A page as Google tells it. It may be empty though more pages follow.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Page {
    /// Read one by one, so that one of them that cannot be read harms no other.
    #[serde(deserialize_with = "or_default")]
    pub(super) items: Vec<Value>,
    #[serde(deserialize_with = "text")]
    next_page_token: Option<String>,
    /// Comes with the last page only.
    #[serde(deserialize_with = "text")]
    next_sync_token: Option<String>,
    /// The calendar's zone.
    #[serde(deserialize_with = "text")]
    pub(super) time_zone: Option<String>,
}

impl Page {
    /// What follows. Only the token says so, never how many items there are.
    ///
    /// # Errors
    /// `upstream` for the end of a listing without a token to go on from, where one is needed:
    /// with the old one, the same changes would come for ever.
    pub(super) fn next(&self, operation: &'static str, is_needed: bool) -> Result<NextPage> {
        match (&self.next_page_token, &self.next_sync_token) {
            (Some(page), _) => Ok(NextPage::Page(page.clone())),
            (None, Some(cursor)) => Ok(NextPage::Done(Some(cursor.clone()))),
            (None, None) if is_needed => {
                let message = "Calendar ended its changes without saying where to go on";
                Err(Error::new(ErrorKind::Upstream, operation, message))
            }
            (None, None) => Ok(NextPage::Nothing),
        }
    }
}

/// What a page tells about events, each once: of two states of one event the newer, wherever it
/// stands, or the later where nothing tells their age.
pub(super) fn told(items: Vec<Value>, zone: Option<&str>) -> Vec<Told> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut told: Vec<(Told, Option<String>)> = Vec::new();
    for item in items {
        let Some(id) = id_of(&item).map(str::to_owned) else {
            tracing::warn!("Calendar told of an event without an id; it is passed over");
            continue;
        };
        let (what, version) = news(item, zone);
        match places.get(&id) {
            Some(&place) => {
                let (before, known) = &mut told[place];
                if is_current(version.as_deref(), known.as_deref()) {
                    (before.what, *known) = (what, version);
                }
            }
            None => {
                places.insert(id.clone(), told.len());
                told.push((Told { id, what }, version));
            }
        }
    }
    told.into_iter().map(|(told, _)| told).collect()
}

/// What an item tells, and the version it is.
fn news(item: Value, zone: Option<&str>) -> (News, Option<String>) {
    let read = CalendarEvent::from_google(item, zone).and_then(|event| {
        // A cancelled exception is remembered: it keeps its occurrence from taking place.
        let is_gone = event.is_cancelled() && event.recurring_event_id.is_none();
        Ok((is_gone, event.into_state()?))
    });
    match read {
        Ok((is_gone, state)) => {
            let version = version_of(&state);
            (if is_gone { News::Gone } else { News::Is(Box::new(state)) }, version)
        }
        // It is fetched by itself then, and its failure is its own.
        Err(_) => (News::Changed, None),
    }
}

/// Why a page could not be had.
pub(super) fn failed(failure: ApiFailure, cursor: Option<&str>, page: Option<&str>) -> SourceFailure {
    if let ApiFailure::Refused(refusal) = &failure {
        if cursor.is_some() && is_cursor_refused(refusal) {
            return SourceFailure::CursorExpired;
        }
        if page.is_some() && is_about(refusal, "page token") {
            return SourceFailure::PageExpired;
        }
    }
    SourceFailure::Other(failure.into())
}

/// Whether a listing is refused because of its sync token. The reason says so, not the status: a
/// single event that was deleted is 410 as well.
fn is_cursor_refused(refusal: &ApiRefusal) -> bool {
    match refusal.reason.as_str() {
        "fullSyncRequired" | "updatedMinTooLongAgo" => true,
        // From something on the way that does not speak Google's language.
        "" => refusal.status == 410,
        _ => is_about(refusal, "sync token"),
    }
}

/// Whether a call is refused as wrong because of the token that is named.
fn is_about(refusal: &ApiRefusal, name: &str) -> bool {
    let message = refusal.message.to_ascii_lowercase();
    refusal.status == 400 && (message.contains(name) || message.contains(&name.replace(' ', "")))
}
