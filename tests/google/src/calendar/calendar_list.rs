//! `calendarList` and `calendars`.

use serde_json::{Value, json};

use super::model::{Calendar, ListEntry};
use super::sync::{SyncToken, full_sync_required};
use super::{calendar as find, not_found};
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

fn resource(calendar: Option<&Calendar>, id: &str, entry: &ListEntry, account: &str) -> Value {
    let etag = format!("\"{}\"", 1_700_000_000_000_u64 + entry.seq);
    if entry.is_deleted {
        return json!({"kind": "calendar#calendarListEntry", "etag": etag, "id": id, "deleted": true});
    }
    let role = calendar.and_then(|own| own.roles.get(account)).map_or("none", String::as_str);
    let mut out = json!({
        "kind": "calendar#calendarListEntry", "etag": etag, "id": id,
        "summary": calendar.map_or("", |own| own.summary.as_str()),
        "timeZone": calendar.map_or("UTC", |own| own.time_zone.as_str()),
        "colorId": "14", "backgroundColor": "#9fe1e7", "foregroundColor": "#000000", "selected": true,
        "accessRole": role, "defaultReminders": [],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    });
    if id == account {
        out["primary"] = json!(true);
    }
    if let Some(description) = calendar.map(|own| own.description.as_str()).filter(|text| !text.is_empty()) {
        out["description"] = json!(description);
    }
    for (name, value) in &entry.extra {
        out[name] = value.clone();
    }
    out
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let now = world.now();
    let query = call.query();
    let (is_empty, is_expired) = (world.is_empty_page(), world.is_cursor_expired());
    let retention = world.settings.sync_token_retention;
    let size = query.size("maxResults", 100, 250)?;
    let sync_token = query.get("syncToken");
    let of = format!("list of {}", call.account);
    let list = world.calendars.lists.entry(call.account.clone()).or_default().clone();
    let mut since = 0;
    if let Some(token) = sync_token {
        let is_forbidden = query.get("minAccessRole").is_some()
            || query.get("showOwnOrganizationOnly").is_some()
            || query.get("showDeleted") == Some("false")
            || query.get("showHidden") == Some("false");
        if is_forbidden {
            return Err(ApiError::new(
                400,
                "badRequest",
                "Sync token cannot be combined with these parameters.",
            ));
        }
        let token = SyncToken::read(token, &of, 0)?;
        if is_expired || token.seq < list.floor || token.minted < now - retention || token.seq > list.last {
            return Err(full_sync_required());
        }
        since = token.seq;
    }
    let (shows_deleted, shows_hidden) = (query.flag("showDeleted", false)?, query.flag("showHidden", false)?);
    let after = query.get("pageToken").unwrap_or_default();
    let rank =
        |role: &str| ["freeBusyReader", "reader", "writer", "owner"].iter().position(|own| *own == role);
    let least = query.get("minAccessRole").and_then(rank);
    let is_shown = |(id, entry): &(&String, &ListEntry)| {
        let is_hidden = entry.extra.get("hidden") == Some(&json!(true));
        let role = world.calendars.calendars.get(*id).and_then(|own| own.roles.get(&call.account));
        entry.seq > since
            && (sync_token.is_some()
                || ((shows_deleted || !entry.is_deleted) && (shows_hidden || !is_hidden)))
            && least.is_none_or(|least| role.and_then(|role| rank(role)).is_some_and(|own| own >= least))
    };
    let mut entries =
        list.entries.iter().filter(|(id, _)| after.is_empty() || id.as_str() >= after).filter(is_shown);
    let page: Vec<Value> = if is_empty {
        Vec::new()
    } else {
        let page = entries.by_ref().take(size);
        page.map(|(id, entry)| resource(world.calendars.calendars.get(id), id, entry, &call.account))
            .collect()
    };
    let next = entries.next().map(|(id, _)| id.clone());
    let mut out =
        json!({"kind": "calendar#calendarList", "etag": format!("\"p{}\"", list.last), "items": page});
    match next {
        Some(next) => out["nextPageToken"] = json!(next),
        None if query.get("minAccessRole").is_none() => {
            out["nextSyncToken"] = json!(SyncToken::new(list.last, now, 0).write(&of));
        }
        None => {}
    }
    Ok(Answer::json(200, out))
}

fn entry(world: &World, call: &Call, id: &str) -> Result<Answer> {
    let entry = world.calendars.lists.get(&call.account).and_then(|list| list.entries.get(id));
    let entry = entry.filter(|entry| !entry.is_deleted).ok_or_else(not_found)?;
    Ok(Answer::json(200, resource(world.calendars.calendars.get(id), id, entry, &call.account)))
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Answer> {
    let (id, _) = find(world, call)?;
    entry(world, call, &id)
}

/// Puts a calendar that one may see into one's list.
pub(super) fn insert(world: &mut World, call: &Call) -> Result<Answer> {
    let mut body = call.request.json()?;
    let id = body
        .remove("id")
        .and_then(|id| id.as_str().map(str::to_owned))
        .ok_or_else(|| ApiError::required("id"))?;
    let calendar = world.calendars.calendars.get(&id).filter(|own| own.roles.contains_key(&call.account));
    calendar.ok_or_else(not_found)?;
    world.list_changed(&call.account, &id, |entry| {
        entry.is_deleted = false;
        entry.extra.extend(body);
    });
    entry(world, call, &id)
}

pub(super) fn patch(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    let (id, _) = find(world, call)?;
    let kept = ["hidden", "selected", "summaryOverride", "colorId", "backgroundColor", "foregroundColor"];
    world.list_changed(&call.account, &id, |entry| {
        entry.extra.extend(body.into_iter().filter(|(name, _)| kept.contains(&name.as_str())));
    });
    entry(world, call, &id)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Answer> {
    let (id, _) = find(world, call)?;
    world.list_changed(&call.account, &id, |entry| entry.is_deleted = true);
    Ok(Answer::nothing())
}

pub(super) fn calendar(world: &mut World, call: &Call) -> Result<Answer> {
    let (id, _) = find(world, call)?;
    let own = world.calendars.calendars.get(&id).ok_or_else(not_found)?;
    Ok(Answer::json(
        200,
        json!({
            "kind": "calendar#calendar", "etag": format!("\"{}\"", own.updated), "id": own.id,
            "summary": own.summary, "description": own.description, "timeZone": own.time_zone,
            "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
        }),
    ))
}

pub(super) fn new_calendar(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let summary = text("summary").ok_or_else(|| ApiError::required("summary"))?;
    let id = format!("c_{}@group.calendar.google.com", world.ids.hex(64));
    world.add_calendar(&id, &call.account, summary, text("timeZone").unwrap_or("UTC"));
    Ok(Answer::json(
        200,
        json!({"kind": "calendar#calendar", "id": id, "summary": summary,
        "timeZone": text("timeZone").unwrap_or("UTC")}),
    ))
}

pub(super) fn delete_calendar(world: &mut World, call: &Call) -> Result<Answer> {
    let (id, role) = find(world, call)?;
    if role != "owner" || id == call.account {
        return Err(ApiError::new(403, "forbidden", "Forbidden"));
    }
    world.delete_calendar(&id);
    Ok(Answer::nothing())
}

impl World {
    /// Deletes a calendar: nobody has it any more, and its watchers are told.
    pub(crate) fn delete_calendar(&mut self, id: &str) -> bool {
        let Some(calendar) = self.calendars.calendars.get_mut(id) else { return false };
        calendar.is_deleted = true;
        let accounts: Vec<String> = calendar.roles.keys().cloned().collect();
        for account in accounts {
            self.list_changed(&account, id, |entry| entry.is_deleted = true);
        }
        let (now, linger) = (self.now(), self.settings.stop_linger);
        let resource = format!("calendar.events/{id}");
        self.push.notify(&mut self.faults, &resource, "not_exists", None, linger, now);
        true
    }
}
