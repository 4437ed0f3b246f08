//! Bytes: `alt=media` with ranges, and the long-running download.

use serde_json::{Value, json};

use super::model::File;
use super::{export, file, not_found};
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

/// Operations are kept for a day.
const KEPT: i64 = 86_400_000;
/// How long one takes.
const TAKES: i64 = 1_000;

/// A download that is prepared.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) account: String,
    pub(crate) file: u64,
    pub(crate) id: String,
    pub(crate) format: Option<String>,
    pub(crate) began: i64,
}

pub(super) fn cannot_download() -> ApiError {
    ApiError::new(403, "cannotDownload", "This file cannot be downloaded by the user.")
}

/// The bytes of a blob, if the caller may have them.
pub(super) fn media(file: &File, call: &Call) -> Result<Answer> {
    if !call.has_scope(super::CONTENT) {
        return Err(ApiError::scopes("drive", "drive.files.get"));
    }
    if file.is_native() {
        let message = "Only files with binary content can be downloaded. Use Export with Docs Editors files.";
        return Err(ApiError::new(403, "fileNotDownloadable", message).at("parameter", "alt"));
    }
    if file.is_download_disabled {
        return Err(cannot_download());
    }
    let is_owner = file.owner.as_deref() == Some(call.account.as_str());
    if file.is_abusive && !(is_owner && call.query().flag("acknowledgeAbuse", false)?) {
        let message = "This file has been identified as malware or spam and cannot be downloaded.";
        return Err(ApiError::new(403, "cannotDownloadAbusiveFile", message));
    }
    let content = file.content.as_deref().unwrap_or_default();
    ranged(content, &file.mime_type, call.request.header("range"))
}

/// All of it, or the range that is asked for.
pub(super) fn ranged(content: &[u8], mime_type: &str, range: Option<&str>) -> Result<Answer> {
    let range = range.and_then(|range| range.trim().strip_prefix("bytes="));
    let Some(range) = range.filter(|range| !range.contains(',')) else {
        return Ok(Answer::bytes(200, mime_type, content.to_vec()).with("Accept-Ranges", "bytes"));
    };
    let length = content.len();
    let parsed = range.split_once('-').and_then(|(first, last)| match (first, last) {
        ("", last) => Some((length.saturating_sub(last.parse().ok()?), length.checked_sub(1)?)),
        (first, "") => Some((first.parse().ok()?, length.checked_sub(1)?)),
        (first, last) => Some((first.parse().ok()?, last.parse::<usize>().ok()?.min(length.checked_sub(1)?))),
    });
    match parsed {
        Some((first, last)) if first <= last => {
            let range = format!("bytes {first}-{last}/{length}");
            Ok(Answer::bytes(206, mime_type, content[first..=last].to_vec()).with("Content-Range", range))
        }
        _ => {
            let message = "Request range not satisfiable";
            let error = ApiError::new(416, "requestedRangeNotSatisfiable", message).at("header", "Range");
            Err(error.with_header("Content-Range", format!("bytes */{length}")))
        }
    }
}

pub(super) fn start(world: &mut World, call: &Call) -> Result<Answer> {
    let number = file(world, call)?;
    let Some(file) = world.drive.files.get(&number) else { return Err(not_found(call.param("fileId"))) };
    let format = call.query().get("mimeType").map(str::to_owned);
    match &format {
        Some(format) if file.is_native() => {
            export::bytes(file, format)?;
        }
        None if file.is_native() => return Err(ApiError::required("mimeType")),
        Some(_) | None if file.is_download_disabled => return Err(cannot_download()),
        Some(_) => {
            return Err(ApiError::parameter("mimeType", "Only Docs Editors files have other formats."));
        }
        None => {}
    }
    let id = file.id.clone();
    let now = world.now();
    world.drive.operations.retain(|_, operation| now - operation.began < KEPT);
    let name = world.ids.url_text(40);
    let operation = Operation { account: call.account.clone(), file: number, id, format, began: now };
    let body = resource(world, &name, &operation, now);
    world.drive.operations.insert(name, operation);
    Ok(Answer::json(200, body))
}

pub(super) fn operation(world: &mut World, call: &Call) -> Result<Answer> {
    let now = world.now();
    let name = call.param("name");
    let operation = world.drive.operations.get(name);
    let operation = operation.filter(|own| own.account == call.account && now - own.began < KEPT);
    let operation = operation.ok_or_else(|| ApiError::not_found(format!("Operation not found: {name}.")))?;
    Ok(Answer::json(200, resource(world, name, operation, now)))
}

fn resource(world: &World, name: &str, operation: &Operation, now: i64) -> Value {
    let is_done = now - operation.began >= TAKES || !world.clock.is_virtual();
    let mut out = json!({
        "name": name, "done": is_done,
        "metadata": {"@type": "type.googleapis.com/google.apps.drive.v3.DownloadFileMetadata"},
    });
    if !is_done {
        return out;
    }
    if world.drive.files.contains_key(&operation.file) {
        out["response"] = json!({
            "@type": "type.googleapis.com/google.apps.drive.v3.DownloadFileResponse",
            "downloadUri": super::links::download(&world.base_url, name),
            "partialDownloadAllowed": operation.format.is_none(),
        });
    } else {
        out["error"] = json!({"code": 5, "message": format!("File not found: {}.", operation.id)});
    }
    out
}
