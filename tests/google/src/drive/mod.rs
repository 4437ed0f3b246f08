//! Drive API v3.

pub(crate) mod about;
pub(crate) mod change;
pub(crate) mod changes;
pub(crate) mod download;
pub(crate) mod export;
pub(crate) mod files;
pub(crate) mod links;
pub(crate) mod model;
pub(crate) mod permissions;
pub(crate) mod query;
pub(crate) mod render;
pub(crate) mod schema;
pub(crate) mod shared;
pub(crate) mod upload;
pub(crate) mod watch;
pub(crate) mod zip;

pub(crate) use model::Drive;

use crate::error::{ApiError, Result};
use crate::http::routes::{Call, Method};
use crate::world::World;

const READ: &[&str] =
    &["drive", "drive.readonly", "drive.file", "drive.metadata", "drive.metadata.readonly", "drive.appdata"];
const CONTENT: &[&str] = &["drive", "drive.readonly", "drive.file", "drive.appdata"];
const WRITE: &[&str] = &["drive", "drive.file", "drive.appdata"];
const METADATA_WRITE: &[&str] = &["drive", "drive.file", "drive.metadata", "drive.appdata"];
const DRIVES: &[&str] = &["drive"];
const DRIVES_READ: &[&str] = &["drive", "drive.readonly"];

macro_rules! methods {
    ($($id:literal $verb:literal $path:literal $scopes:ident $new:literal $run:path;)*) => {
        &[$(Method { id: $id, verb: $verb, path: $path, scopes: $scopes, cost: (1, $new), run: $run },)*]
    };
}

/// The methods that there are; of paths that fit two, the first counts.
pub(crate) const METHODS: &[Method] = methods![
    "drive.about.get" "GET" "drive/v3/about" READ 5 about::get;
    "drive.changes.getStartPageToken" "GET" "drive/v3/changes/startPageToken" READ 5 changes::start_page_token;
    "drive.changes.list" "GET" "drive/v3/changes" READ 100 changes::list;
    "drive.changes.watch" "POST" "drive/v3/changes/watch" READ 5 watch::changes;
    "drive.channels.stop" "POST" "drive/v3/channels/stop" READ 5 watch::stop;
    "drive.drives.list" "GET" "drive/v3/drives" DRIVES_READ 100 shared::list;
    "drive.drives.get" "GET" "drive/v3/drives/{driveId}" DRIVES_READ 5 shared::get;
    "drive.drives.create" "POST" "drive/v3/drives" DRIVES 50 shared::create;
    "drive.drives.update" "PATCH" "drive/v3/drives/{driveId}" DRIVES 50 shared::update;
    "drive.drives.delete" "DELETE" "drive/v3/drives/{driveId}" DRIVES 50 shared::delete;
    "drive.files.generateIds" "GET" "drive/v3/files/generateIds" WRITE 5 files::generate_ids;
    "drive.files.emptyTrash" "DELETE" "drive/v3/files/trash" DRIVES 50 files::empty_trash;
    "drive.files.list" "GET" "drive/v3/files" READ 100 files::list;
    "drive.files.get" "GET" "drive/v3/files/{fileId}" READ 5 files::get;
    "drive.files.create" "POST" "drive/v3/files" WRITE 50 files::create;
    "drive.files.create" "POST" "upload/drive/v3/files" WRITE 50 upload::create;
    "drive.files.create" "PUT" "upload/drive/v3/files" WRITE 0 upload::proceed;
    "drive.files.update" "PATCH" "drive/v3/files/{fileId}" METADATA_WRITE 50 files::update;
    "drive.files.update" "PATCH" "upload/drive/v3/files/{fileId}" WRITE 50 upload::update;
    "drive.files.update" "PUT" "upload/drive/v3/files/{fileId}" WRITE 0 upload::proceed;
    "drive.files.copy" "POST" "drive/v3/files/{fileId}/copy" WRITE 50 files::copy;
    "drive.files.delete" "DELETE" "drive/v3/files/{fileId}" WRITE 50 files::delete;
    "drive.files.export" "GET" "drive/v3/files/{fileId}/export" CONTENT 200 export::export;
    "drive.files.download" "POST" "drive/v3/files/{fileId}/download" CONTENT 200 download::start;
    "drive.operations.get" "GET" "drive/v3/operations/{name}" CONTENT 5 download::operation;
    "drive.files.watch" "POST" "drive/v3/files/{fileId}/watch" READ 5 watch::file_watch;
    "drive.permissions.list" "GET" "drive/v3/files/{fileId}/permissions" READ 100 permissions::list;
    "drive.permissions.get" "GET" "drive/v3/files/{fileId}/permissions/{permissionId}" READ 5 permissions::get;
    "drive.permissions.create" "POST" "drive/v3/files/{fileId}/permissions" WRITE 50 permissions::create;
    "drive.permissions.update" "PATCH" "drive/v3/files/{fileId}/permissions/{permissionId}" WRITE 50 permissions::update;
    "drive.permissions.delete" "DELETE" "drive/v3/files/{fileId}/permissions/{permissionId}" WRITE 50 permissions::delete;
    "drive.revisions.list" "GET" "drive/v3/files/{fileId}/revisions" READ 100 files::revisions;
];

pub(crate) fn not_found(id: &str) -> ApiError {
    ApiError::not_found(format!("File not found: {id}.")).at("parameter", "fileId")
}

/// The number of the file that the path names, if the caller may see it.
pub(crate) fn file(world: &World, call: &Call) -> Result<u64> {
    lookup(world, call, call.param("fileId"))
}

/// The number of a file, if the caller may see it.
pub(crate) fn lookup(world: &World, call: &Call, id: &str) -> Result<u64> {
    let drive = &world.drive;
    let id = drive.real_id(&call.account, id);
    let file = drive.get(id).ok_or_else(|| not_found(id))?;
    // Those who do not say that they know shared drives see nothing of them, where it can be said.
    let cannot_say = matches!(call.method.id, "drive.files.export" | "drive.files.download");
    let knows = cannot_say
        || call.query().flag("supportsAllDrives", false)?
        || call.query().flag("supportsTeamDrives", false)?;
    let has_key = file.resource_key.as_ref().is_none_or(|key| {
        file.owner.as_deref() == Some(call.account.as_str())
            || call
                .request
                .header("x-goog-drive-resource-keys")
                .is_some_and(|keys| keys.split(',').any(|pair| pair.trim() == format!("{id}/{key}")))
    });
    let may = file.is_open_to(&call.account) && has_key && is_of_app(call, file);
    if may && (file.drive.is_none() || knows) { Ok(file.number) } else { Err(not_found(id)) }
}

/// Whether a token that only allows the app's own files allows this one.
pub(crate) fn is_of_app(call: &Call, file: &model::File) -> bool {
    call.has_scope(&["drive", "drive.readonly", "drive.metadata", "drive.metadata.readonly"])
        || file.apps.contains(&call.project)
}
