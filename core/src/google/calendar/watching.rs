//! Channels: Google notifies that something in a calendar changed, and not what.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::UNITS;
use super::source::CalendarSource;
use crate::base::{Error, ErrorKind, Result, Timestamp};
use crate::domain::{Channel, Watch, WatchRequest};
use crate::google::api::{ApiFailure, ApiRefusal, ApiRequest};
use crate::google::lenient::{millis, text};

/// The longest that Calendar grants.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// A channel as it was granted.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ChannelAnswer {
    #[serde(deserialize_with = "text")]
    resource_id: Option<String>,
    #[serde(deserialize_with = "millis")]
    expiration: Option<Timestamp>,
}

/// Asks for a channel. Its id must never have been used. The cursor is no part of it: a stale one
/// would have the channel refused.
pub(super) async fn watch(source: &CalendarSource, request: &WatchRequest) -> Result<Watch> {
    let operation = "calendar.watch";
    let Some(address) = &source.address else {
        let message = "Calendar notifies through a public address; configure one";
        return Err(Error::new(ErrorKind::NotConfigured, operation, message));
    };
    let now = source.clock.now();
    let wanted = request.until.since(now).min(LONGEST);
    let body = json!({
        "id": request.channel,
        "type": "web_hook",
        "address": address,
        "token": request.token,
        "params": {"ttl": wanted.as_secs().to_string()},
    });
    let mut call = ApiRequest::post(operation, source.events("/watch"), body, UNITS);
    // Tried again after an answer that was lost, the id would be taken.
    call.tries = 1;
    let answer = source.api.call(call).await.and_then(|answer| answer.json::<ChannelAnswer>(operation));
    let granted = answer.map_err(refused)?;
    let message = "Calendar granted a channel without the name that stops it";
    let resource = granted.resource_id.ok_or_else(|| Error::new(ErrorKind::Upstream, operation, message))?;
    Ok(Watch { resource, expires_at: granted.expiration.unwrap_or_else(|| now.after(wanted)) })
}

/// Stops a channel. One whose answer never came has no name at Google that would stop it: it ends
/// by itself.
pub(super) async fn unwatch(source: &CalendarSource, channel: &Channel) -> Result<()> {
    let Some(resource) = &channel.resource else { return Ok(()) };
    let url = format!("{}/calendar/v3/channels/stop", source.api.endpoints().www);
    let body = json!({"id": channel.id, "resourceId": resource});
    match source.api.call(ApiRequest::post("calendar.stop", url, body, UNITS)).await {
        Ok(_) => Ok(()),
        Err(ApiFailure::Refused(refusal)) if matches!(refusal.status, 404 | 410) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

/// Why a channel was not granted.
fn refused(failure: ApiFailure) -> Error {
    let ApiFailure::Refused(refusal) = failure else { return failure.into() };
    let about = |kind, message, ApiRefusal { operation, status, reason, .. }: ApiRefusal| {
        Error::new(kind, operation, message).with("status", status).with("reason", reason)
    };
    match refusal.reason.rsplit('.').next().unwrap_or_default() {
        // Holidays, birthdays and some imported calendars.
        "pushNotSupportedForRequestedResource" => {
            about(ErrorKind::Unsupported, "Calendar does not notify of this calendar's changes", refusal)
        }
        // It can be 401, and has nothing to do with the account.
        reason if reason.starts_with("webhookUrl") => {
            let message = "Calendar does not accept the address for notifications; verify its domain";
            about(ErrorKind::NotConfigured, message, refusal)
        }
        "channelIdNotUnique" => about(ErrorKind::AlreadyExists, "a channel has this id already", refusal),
        _ => refusal.into(),
    }
}
