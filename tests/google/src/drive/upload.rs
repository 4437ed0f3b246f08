//! Uploads: in one piece, with the metadata, or in chunks of a session.

use serde_json::{Map, Value};

use super::files;
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::batch::{head, parameter, split};
use crate::http::routes::Call;
use crate::world::World;

/// Sessions last a week.
const LIFE: i64 = 7 * 86_400_000;
/// Chunks but the last are a multiple of this.
const CHUNK: usize = 256 << 10;

/// A resumable upload.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    account: String,
    began: i64,
    metadata: Map<String, Value>,
    content_type: Option<String>,
    content: Vec<u8>,
    is_done: bool,
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Answer> {
    match read(world, call)? {
        Read::All(metadata, content) => files::create_with(world, call, &metadata, Some(content)),
        Read::Session(answer) => Ok(answer),
    }
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Answer> {
    match read(world, call)? {
        Read::All(metadata, content) => files::update_with(world, call, &metadata, Some(content)),
        Read::Session(answer) => Ok(answer),
    }
}

enum Read {
    All(Map<String, Value>, (String, Vec<u8>)),
    Session(Answer),
}

fn read(world: &mut World, call: &Call) -> Result<Read> {
    let request = &call.request;
    let content_type = request.header("content-type").unwrap_or("application/octet-stream");
    let bad = |message: &str| ApiError::new(400, "badContent", message);
    match call.query().get("uploadType").or_else(|| call.query().get("upload_protocol")) {
        Some("media" | "raw") => Ok(Read::All(Map::new(), (content_type.to_owned(), request.body.clone()))),
        Some("multipart") => {
            let boundary = parameter(content_type, "boundary").ok_or_else(|| bad("Missing boundary"))?;
            let parts = split(&request.body, &boundary);
            let [metadata, media] = parts[..] else {
                return Err(bad("Missing end boundary in multipart body."));
            };
            let metadata =
                serde_json::from_slice(head(metadata).1).map_err(|_| bad("Malformed multipart body."))?;
            let (headers, mut bytes) = head(media);
            let header = |name: &str| {
                headers
                    .iter()
                    .find(|(own, _)| own.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.as_str())
            };
            let decoded;
            if header("content-transfer-encoding") == Some("base64") {
                use base64::Engine;
                let text: Vec<u8> =
                    bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
                decoded =
                    base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| bad("Bad base64"))?;
                bytes = &decoded;
            }
            let kind = header("content-type").unwrap_or("application/octet-stream").to_owned();
            Ok(Read::All(metadata, (kind, bytes.to_vec())))
        }
        Some("resumable") => {
            let now = world.now();
            let session = Session {
                account: call.account.clone(),
                began: now,
                metadata: request.json()?,
                content_type: request.header("x-upload-content-type").map(str::to_owned),
                content: Vec::new(),
                is_done: false,
            };
            world.drive.sessions.retain(|_, session| now - session.began < LIFE);
            let id = world.noise.url_text(60);
            let place = format!("{}{}?uploadType=resumable&upload_id={id}", world.base_url, request.path);
            world.drive.sessions.insert(id.clone(), session);
            Ok(Read::Session(
                Answer::bytes(200, "", Vec::new()).with("Location", place).with("X-GUploader-UploadID", id),
            ))
        }
        _ => Err(ApiError::parameter("uploadType", "Invalid upload type")),
    }
}

/// A chunk, or the question how much is there.
pub(super) fn proceed(world: &mut World, call: &Call) -> Result<Answer> {
    let now = world.now();
    let id = call.query().required("upload_id")?;
    let session = world.drive.sessions.get_mut(id);
    let session = session.filter(|own| own.account == call.account && now - own.began < LIFE && !own.is_done);
    let session = session.ok_or_else(|| ApiError::not_found("Upload session not found"))?;
    let bad = || ApiError::new(400, "badRequest", "Invalid Content-Range");
    let so_far = |session: &Session| {
        let answer = Answer::bytes(308, "", Vec::new());
        if session.content.is_empty() {
            answer
        } else {
            answer.with("Range", format!("bytes=0-{}", session.content.len() - 1))
        }
    };
    if let Some(range) = call.request.header("content-range") {
        let (range, total) =
            range.trim().strip_prefix("bytes ").and_then(|range| range.split_once('/')).ok_or_else(bad)?;
        let total: Option<usize> = if total == "*" { None } else { Some(total.parse().map_err(|_| bad())?) };
        if range != "*" {
            let (first, _) = range.split_once('-').ok_or_else(bad)?;
            let first: usize = first.parse().map_err(|_| bad())?;
            if first > session.content.len() {
                return Ok(so_far(session));
            }
            session.content.truncate(first);
            session.content.extend_from_slice(&call.request.body);
            let is_last = total == Some(session.content.len());
            if !is_last && !call.request.body.len().is_multiple_of(CHUNK) {
                return Err(ApiError::new(400, "badRequest", "Chunks must be a multiple of 256 KiB"));
            }
        }
        if total != Some(session.content.len()) {
            return Ok(so_far(session));
        }
    } else {
        session.content.clone_from(&call.request.body);
    }
    session.is_done = true;
    let (metadata, content) = (session.metadata.clone(), std::mem::take(&mut session.content));
    let kind = session.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
    if call.param("fileId").is_empty() {
        files::create_with(world, call, &metadata, Some((kind, content)))
    } else {
        files::update_with(world, call, &metadata, Some((kind, content)))
    }
}
