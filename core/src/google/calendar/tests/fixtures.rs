use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::{FixedClock, Timestamp};
use crate::domain::{News, ObjectState, SourcePage};
use crate::google::api::Api;
use crate::google::calendar::CalendarSource;
use crate::google::scripted::Scripted;

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_772_000_000);

/// The source of a calendar whose id has to be encoded.
pub(super) fn source(api: &Arc<Scripted>) -> CalendarSource {
    let address = Some("https://push.example/calendar".to_owned());
    CalendarSource::new(
        Arc::clone(api) as Arc<dyn Api>,
        Arc::new(FixedClock(NOW)),
        "ana#x@tideline.example".into(),
        address,
    )
}

/// A confirmed event of an hour.
pub(super) fn event(id: &str, updated: &str) -> Value {
    json!({
        "kind": "calendar#event",
        "id": id,
        "status": "confirmed",
        "updated": updated,
        "etag": format!("\"{updated}\""),
        "start": {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-03-02T11:00:00+01:00", "timeZone": "Europe/Berlin"},
    })
}

/// What a page tells, in short: `id` for an event, `-id` for one that is gone, `?id` for one that
/// has to be fetched, `~id` for a cancelled one.
pub(super) fn told(page: &SourcePage) -> Vec<String> {
    let short = |what: &News| match what {
        News::Gone => "-",
        News::Changed => "?",
        News::Is(state) => match &**state {
            ObjectState::Event(event) if event.cancelled => "~",
            ObjectState::Event(_) => "",
            _ => "not an event: ",
        },
        News::Relabelled { .. } => "relabelled: ",
    };
    page.told.iter().map(|told| format!("{}{}", short(&told.what), told.id)).collect()
}

/// The event that a page tells at a place, as it is kept.
pub(super) fn kept(page: &SourcePage, place: usize) -> &Value {
    match &page.told[place].what {
        News::Is(state) => match &**state {
            ObjectState::Event(event) => &event.event,
            other => panic!("{other:?} is no event"),
        },
        other => panic!("{other:?} tells no state"),
    }
}
