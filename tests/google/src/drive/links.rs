//! Addresses outside of the API: export links, which redirect once, and downloads of
//! operations. Both want the bearer token.

use super::download::ranged;
use super::export;
use crate::error::{ApiError, Result};
use crate::http::query::{decode, encode};
use crate::http::routes::allows;
use crate::http::{Answer, Request};
use crate::world::World;

/// What `exportLinks` says.
pub(super) fn export(base: &str, id: &str, format: &str) -> String {
    format!("{base}/feeds/download/documents/export/Export?id={id}&exportFormat={}", encode(format))
}

pub(super) fn download(base: &str, operation: &str) -> String {
    format!("{base}/download/operations/{operation}")
}

/// Answers if the request is for such an address.
pub(crate) fn answer(world: &mut World, request: &Request) -> Option<Answer> {
    let path = request.path.as_str();
    let answer = if path == "/feeds/download/documents/export/Export" {
        let query = request.query.pairs().map(|(name, value)| format!("{name}={}", encode(value)));
        let to = format!("{}/export-content?{}", world.base_url, query.collect::<Vec<_>>().join("&"));
        Ok(Answer::redirect(to))
    } else if path == "/export-content" {
        exported(world, request)
    } else {
        downloaded(world, request, path.strip_prefix("/download/operations/")?)
    };
    Some(answer.unwrap_or_else(|error| error.answer(false)))
}

/// Whose token it is, if it allows content.
fn account(world: &World, request: &Request) -> Result<String> {
    let caller = world.oauth.caller(request.bearer(), world.now())?;
    if allows(&caller.scopes, super::CONTENT) {
        Ok(caller.account)
    } else {
        Err(ApiError::scopes("drive", "export"))
    }
}

fn exported(world: &World, request: &Request) -> Result<Answer> {
    let account = account(world, request)?;
    let id = request.query.required("id")?;
    let file =
        world.drive.get(id).filter(|file| file.is_open_to(&account)).ok_or_else(|| super::not_found(id))?;
    let format = request.query.required("exportFormat")?;
    Ok(Answer::bytes(200, format, export::bytes(file, format)?))
}

fn downloaded(world: &World, request: &Request, name: &str) -> Result<Answer> {
    let account = account(world, request)?;
    let name = decode(name);
    let gone = || super::not_found(&name);
    let operation =
        world.drive.operations.get(&name).filter(|own| own.account == account).ok_or_else(gone)?;
    let file =
        world.drive.files.get(&operation.file).filter(|file| file.is_open_to(&account)).ok_or_else(gone)?;
    match &operation.format {
        Some(format) => Ok(Answer::bytes(200, format, export::bytes(file, format)?)),
        None => ranged(file.content.as_deref().unwrap_or_default(), &file.mime_type, request.header("range")),
    }
}
