//! `changes.watch`, `files.watch` and `channels.stop`.

use super::changes::check_token;
use super::file;
use crate::error::Result;
use crate::http::Answer;
use crate::http::routes::{Call, Service};
use crate::push::channels::{DAY, WEEK, Watched};
use crate::world::World;

const DEFAULT: i64 = 3_600_000;

pub(super) fn changes(world: &mut World, call: &Call) -> Result<Answer> {
    check_token(world, call)?;
    let query = call.query();
    let with_drives =
        query.flag("includeItemsFromAllDrives", false)? && query.flag("supportsAllDrives", false)?;
    let resource = match query.get("driveId") {
        Some(id) => format!("drive.changes/drive/{id}"),
        None => format!("drive.changes/{}/{}", call.account, if with_drives { "all" } else { "mine" }),
    };
    // The URI repeats the query, as it was asked.
    let pairs = query.pairs().filter(|(name, _)| *name != "access_token");
    let pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{name}={}", crate::http::query::encode(value))).collect();
    let uri = format!("https://www.googleapis.com/drive/v3/changes?alt=json&{}", pairs.join("&"));
    let watched = Watched { resource, uri, longest: WEEK, default: DEFAULT, service: Service::Drive, call };
    Ok(Answer::json(200, world.open_channel(watched)?))
}

/// Watches one file.
pub(super) fn file_watch(world: &mut World, call: &Call) -> Result<Answer> {
    let number = file(world, call)?;
    let id = world.drive.files.get(&number).map(|file| file.id.clone()).unwrap_or_default();
    let (resource, uri) =
        (format!("drive.file/{id}"), format!("https://www.googleapis.com/drive/v3/files/{id}?alt=json"));
    let watched = Watched { resource, uri, longest: DAY, default: DEFAULT, service: Service::Drive, call };
    Ok(Answer::json(200, world.open_channel(watched)?))
}

pub(super) fn stop(world: &mut World, call: &Call) -> Result<Answer> {
    world.close_channel(call)?;
    Ok(Answer::nothing())
}
