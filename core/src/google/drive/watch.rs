//! Channels: about all changes of a drive, or about one file.

use std::time::Duration;

use serde_json::json;

use super::source::Drive;
use super::wire::ChannelAnswer;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::{Channel, Watch, WatchRequest};
use crate::google::api::{ApiFailure, ApiRequest};

/// The longest that Drive grants for changes, and for a file.
const CHANGES_FOR: Duration = Duration::from_hours(7 * 24);
const A_FILE_FOR: Duration = Duration::from_hours(24);
/// What Drive grants to who does not ask.
const UNASKED_FOR: Duration = Duration::from_hours(1);

/// Asks for a channel. Its id must never have been used: Drive refuses it then.
pub(super) async fn watch(drive: &Drive, request: &WatchRequest) -> Result<Watch> {
    let operation = "drive.watch";
    let Some(address) = &drive.options.address else {
        let message = "Drive notifies through a public address; configure one";
        return Err(Error::new(ErrorKind::NotConfigured, operation, message));
    };
    let now = drive.clock.now();
    let longest = if request.file.is_some() { A_FILE_FOR } else { CHANGES_FOR };
    let until = request.until.min(now.after(longest));
    let body = json!({
        "id": request.channel,
        "type": "web_hook",
        "address": address,
        "token": request.token,
        "expiration": (until.as_micros() / 1_000).to_string(),
    });
    let costs = drive.options.costs.other;
    let call = match (&request.file, &request.cursor) {
        (Some(file), _) => ApiRequest::post(operation, drive.file_url(file, "/watch"), body, costs)
            .query("supportsAllDrives", "true"),
        (None, Some(cursor)) => {
            let call = ApiRequest::post(operation, drive.url("changes/watch"), body, costs)
                .query("pageToken", cursor.as_str())
                .query("spaces", "drive")
                .query("includeRemoved", "true");
            drive.listing(call)
        }
        (None, None) => {
            let message = "changes can be watched from a cursor on only; list everything first";
            return Err(Error::new(ErrorKind::InvalidInput, operation, message));
        }
    };
    let answer: ChannelAnswer = drive.api.call(call).await?.json(operation)?;
    let message = "Drive granted a channel without the name that stops it";
    let resource = answer.resource_id.ok_or_else(|| Error::new(ErrorKind::Upstream, operation, message))?;
    Ok(Watch { resource, expires_at: answer.expiration.unwrap_or_else(|| now.after(UNASKED_FOR)) })
}

/// Stops a channel. Of one whose answer never came Drive's name is not known: nothing stops it
/// before it ends.
pub(super) async fn unwatch(drive: &Drive, channel: &Channel) -> Result<()> {
    let Some(resource) = &channel.resource else { return Ok(()) };
    let body = json!({ "id": channel.id, "resourceId": resource });
    let request = ApiRequest::post("drive.stop", drive.url("channels/stop"), body, drive.options.costs.other);
    match drive.api.call(request).await {
        Ok(_) => Ok(()),
        Err(ApiFailure::Refused(refusal)) if refusal.status == 404 => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}
