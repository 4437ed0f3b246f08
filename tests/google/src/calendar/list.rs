//! `events.list`: all events, those of a window, or what changed since a sync token.

use serde_json::{Value, json};

use super::model::{Calendar, Event};
use super::moment::Moment;
use super::render::{self, View};
use super::sync::{self, PageToken, SyncToken};
use super::{calendar, recurrence};
use crate::clock;
use crate::error::{ApiError, Result};
use crate::http::routes::Call;
use crate::http::{Answer, Query};
use crate::world::World;

/// So many instances of a series are listed.
const MOST: usize = 730;
/// An open series is listed so far ahead.
const AHEAD: i64 = 366 * 86_400_000;

/// What a list asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) min: i64,
    pub(super) max: i64,
    updated_min: Option<i64>,
    single: bool,
    shows_deleted: bool,
    types: Vec<String>,
    uid: Option<String>,
    text: Option<String>,
    properties: Vec<(&'static str, String)>,
    order: Option<String>,
    /// The change after which things are wanted.
    after: Option<u64>,
}

fn time(query: &Query, name: &str) -> Result<Option<i64>> {
    let Some(text) = query.get(name) else { return Ok(None) };
    // An offset is mandatory; milliseconds are not looked at.
    let at = clock::parse(text, false).map(|at| at.div_euclid(1000) * 1000);
    at.map(Some).ok_or_else(|| ApiError::new(400, "badRequest", "Bad Request").at("parameter", name))
}

impl Wanted {
    pub(super) fn of(query: &Query) -> Result<Self> {
        let (min, max) = (time(query, "timeMin")?, time(query, "timeMax")?);
        if let (Some(min), Some(max)) = (min, max)
            && min >= max
        {
            let message = "The specified time range is empty.";
            return Err(ApiError::new(400, "timeRangeEmpty", message)
                .in_domain("calendar")
                .at("parameter", "timeMax"));
        }
        let single = query.flag("singleEvents", false)?;
        let order = query.get("orderBy").map(str::to_owned);
        match order.as_deref() {
            Some("startTime") if !single => {
                let message = "The requested ordering is not available for the particular query.";
                return Err(ApiError::new(400, "badRequest", message).at("parameter", "orderBy"));
            }
            None | Some("startTime" | "updated") => {}
            Some(_) => return Err(ApiError::new(400, "badRequest", "Bad Request").at("parameter", "orderBy")),
        }
        let own = ["privateExtendedProperty", "sharedExtendedProperty"];
        let properties =
            own.into_iter().flat_map(|name| query.all(name).map(move |value| (name, value.to_owned())));
        Ok(Self {
            min: min.unwrap_or(i64::MIN),
            max: max.unwrap_or(i64::MAX),
            updated_min: time(query, "updatedMin")?,
            single,
            shows_deleted: query.flag("showDeleted", false)?,
            types: query.all("eventTypes").filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
            uid: query.get("iCalUID").map(str::to_owned),
            text: query.get("q").map(str::to_lowercase),
            properties: properties.collect(),
            order,
            after: None,
        })
    }

    /// Whether an event is wanted, apart from its time.
    fn fits(&self, event: &Event) -> bool {
        let kind = match event.text("eventType") {
            "" => "default",
            kind => kind,
        };
        let shows_cancelled = self.shows_deleted || self.after.is_some() || self.updated_min.is_some();
        let has_text = |text: &String| {
            let texts = ["summary", "description", "location"].iter().map(|name| event.text(name));
            texts.chain(attendees(event)).any(|own| own.to_lowercase().contains(text.as_str()))
        };
        let has_property = |(name, pair): &(&str, String)| {
            let side = if *name == "privateExtendedProperty" { "private" } else { "shared" };
            let Some((key, value)) = pair.split_once('=') else { return false };
            let properties = event.body.get("extendedProperties").and_then(|own| own.get(side));
            properties.and_then(|own| own.get(key)).and_then(Value::as_str) == Some(value)
        };
        (shows_cancelled || !event.is_cancelled() || (!self.single && event.series().is_some()))
            && (self.types.is_empty() || self.types.iter().any(|own| own == kind))
            && self.uid.as_deref().is_none_or(|uid| event.text("iCalUID") == uid)
            && self.updated_min.is_none_or(|min| event.updated >= min)
            && self.text.as_ref().is_none_or(has_text)
            && self.properties.iter().all(has_property)
    }

    /// Whether it lies in the window, or, for a series, an instance of it does.
    pub(super) fn is_in_window(&self, event: &Event, zone: &str) -> bool {
        if self.min == i64::MIN && self.max == i64::MAX {
            return true;
        }
        let at = |name: &str| {
            event.body.get(name).and_then(|own| Moment::parse(own, zone)).map(|own| own.millis(zone))
        };
        let (Some(start), Some(end)) = (at("start"), at("end")) else { return true };
        if event.is_series() {
            let from = self.min.saturating_sub((end - start).max(1)).saturating_add(1);
            return !recurrence::starts(event, zone, from, self.max, 1).is_empty();
        }
        (end > self.min || (end == start && start >= self.min)) && start < self.max
    }
}

fn attendees(event: &Event) -> impl Iterator<Item = &str> {
    let attendees = event.body.get("attendees").and_then(Value::as_array).into_iter().flatten();
    attendees.filter_map(|own| own.get("email")?.as_str())
}

/// An item of a list, with its place in the order.
type Item = ((i64, String), Value);

pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let now = world.now();
    let (id, role) = calendar(world, call)?;
    let query = call.query();
    let (is_empty, is_expired) = (world.is_empty_page(), world.is_cursor_expired());
    let (retention, print) = (world.settings.sync_token_retention, sync::fingerprint(query));
    let size = query.size("maxResults", 250, 2500)?;
    let max_attendees =
        query.get("maxAttendees").map(|_| query.size("maxAttendees", 100, 1000)).transpose()?;
    let sync_token = query.get("syncToken");
    if sync_token.is_some() {
        sync::check_combination(query)?;
    }
    let mut wanted = Wanted::of(query)?;
    if wanted.updated_min.is_some_and(|min| min < now - retention) {
        let message = "The requested minimum modification time lies too far in the past.";
        return Err(ApiError::new(410, "updatedMinTooLongAgo", message)
            .in_domain("calendar")
            .at("parameter", "updatedMin"));
    }
    let page = query.get("pageToken").map(|token| PageToken::read(token, print)).transpose()?;
    let own = world.calendars.calendars.get_mut(&id).ok_or_else(super::not_found)?;
    if let Some(token) = sync_token {
        let token = SyncToken::read(token, &id, print)?;
        if is_expired || token.seq < own.floor || token.minted < now - retention || token.seq > own.last {
            return Err(sync::full_sync_required());
        }
        wanted.after = Some(token.seq);
    }
    let visible = own.last_visible(now);
    let target = page.as_ref().map_or(visible, |page| page.target);
    let after = page.map(|page| page.place);
    let own = &*own;
    let view = View { calendar: own, role: &role, max_attendees };
    let mut items: Vec<Item> = Vec::new();
    let mut next = is_empty.then(|| after.clone().unwrap_or((i64::MIN, String::new())));
    if !is_empty {
        // One more than the page holds says that there is a next one.
        items = if wanted.order.is_none() && !wanted.single {
            by_change(own, &view, &wanted, after.as_ref(), size + 1, visible)
        } else {
            sorted(own, &view, &wanted, after.as_ref(), now, visible)
        };
        if items.len() > size {
            items.truncate(size);
            next = items.last().map(|item| item.0.clone());
        }
    }
    let mut out = envelope(own, &role);
    out["items"] = items.into_iter().map(|item| item.1).collect();
    match next {
        Some(place) => out["nextPageToken"] = json!(PageToken { target, place }.write(print)),
        None if sync::gives_token(query) => {
            out["nextSyncToken"] = json!(SyncToken::new(target, now, print).write(&id));
        }
        None => {}
    }
    if call.request.header("if-none-match").is_some_and(|tag| Some(tag) == out["etag"].as_str()) {
        return Ok(Answer::bytes(304, "", Vec::new()));
    }
    Ok(Answer::json(200, out))
}

/// The list without its items.
pub(super) fn envelope(calendar: &Calendar, role: &str) -> Value {
    json!({
        "kind": "calendar#events", "etag": format!("\"p{}\"", calendar.last), "summary": calendar.summary,
        "description": calendar.description, "updated": clock::rfc3339(calendar.updated),
        "timeZone": calendar.time_zone, "accessRole": role,
        "defaultReminders": if role == "owner" { json!([{"method": "popup", "minutes": 30}]) } else { json!([]) },
    })
}

/// Events as they are stored, in the order in which they changed. What changes while pages
/// are read comes again at the end, rather than being missed.
fn by_change(
    calendar: &Calendar,
    view: &View<'_>,
    wanted: &Wanted,
    after: Option<&(i64, String)>,
    limit: usize,
    visible: u64,
) -> Vec<Item> {
    let begin = after.map_or(0, |place| u64::try_from(place.0).unwrap_or(0)).max(wanted.after.unwrap_or(0));
    // What is late is held back from those who ask for changes only: a full list shows what is.
    let end = if wanted.after.is_some() { visible } else { u64::MAX };
    if begin >= end {
        return Vec::new();
    }
    let events = calendar.log.range(begin + 1..=end).filter_map(|(_, id)| calendar.events.get(id));
    // With its series a cancelled exception loses its meaning.
    let is_left_over = |event: &Event| {
        let series = event.series().and_then(|series| calendar.events.get(series));
        wanted.after.is_none()
            && !wanted.shows_deleted
            && event.is_cancelled()
            && series.is_some_and(Event::is_cancelled)
    };
    let events = events.filter(|event| {
        wanted.fits(event) && !is_left_over(event) && wanted.is_in_window(event, &calendar.time_zone)
    });
    events.take(limit).map(|event| ((event.seq as i64, String::new()), view.listed(event))).collect()
}

/// Instances, or events in an order of their own: all of them, from a place on.
fn sorted(
    calendar: &Calendar,
    view: &View<'_>,
    wanted: &Wanted,
    after: Option<&(i64, String)>,
    now: i64,
    visible: u64,
) -> Vec<Item> {
    let zone = calendar.time_zone.as_str();
    let begin = wanted.after.map_or(0, |seq| seq + 1);
    let end = if wanted.after.is_some() { visible } else { u64::MAX };
    let mut items: Vec<Item> = Vec::new();
    let by_updated = wanted.order.as_deref() == Some("updated");
    let mut add = |event: &Event, at: Option<i64>, value: Value| {
        let at = if by_updated { event.updated } else { at.unwrap_or(i64::MAX) };
        let id = value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        items.push(((at, id), value));
    };
    let start = |event: &Event| {
        event.body.get("start").and_then(|own| Moment::parse(own, zone)).map(|own| own.millis(zone))
    };
    let range = if begin > end { begin..=begin } else { begin..=end };
    for event in calendar.log.range(range).filter_map(|(_, id)| calendar.events.get(id)) {
        if !(wanted.fits(event) || wanted.single && event.is_series()) {
            continue;
        }
        if !wanted.single || !event.is_series() {
            if wanted.is_in_window(event, zone) {
                add(event, start(event), view.listed(event));
            }
            continue;
        }
        // Of a series its instances are listed, but for those that are exceptions.
        if let Some(after) = wanted.after {
            for (id, _) in event.ghosts.iter().filter(|(_, seq)| **seq > after) {
                if !calendar.events.contains_key(id) {
                    add(event, None, render::ghost(event, id));
                }
            }
        }
        if event.is_cancelled() || !wanted.fits(event) {
            continue;
        }
        let until = wanted.max.min(now.saturating_add(AHEAD).max(wanted.min.saturating_add(AHEAD)));
        for instance in instances(calendar, event, wanted.min, until, MOST) {
            if !calendar.events.contains_key(instance.id()) {
                add(event, start(&instance), view.event(&instance));
            }
        }
    }
    items.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some(after) = after {
        items.retain(|item| item.0 > *after);
    }
    items
}

/// Instances of a series that end after `min` and begin before `max`.
pub(super) fn instances(calendar: &Calendar, series: &Event, min: i64, max: i64, limit: usize) -> Vec<Event> {
    let zone = calendar.time_zone.as_str();
    let at = |name: &str| {
        series.body.get(name).and_then(|own| Moment::parse(own, zone)).map(|own| own.millis(zone))
    };
    let length = at("end").unwrap_or(0) - at("start").unwrap_or(0);
    let from = min.saturating_sub(length.max(1)).saturating_add(1);
    let starts = recurrence::starts(series, zone, from, max, limit);
    starts.iter().map(|start| render::instance(series, start, zone)).collect()
}
