//! `files`: metadata, lists, and changes of both.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::change::NewFile;
use super::model::{FOLDER, File, SHORTCUT};
use super::query::Search;
use super::{file, is_of_app, lookup, render};
use crate::clock;
use crate::error::{ApiError, Result};
use crate::faults::Effect;
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

/// Fields that are kept as they are given.
const KEPT: [&str; 7] = [
    "description",
    "starred",
    "properties",
    "appProperties",
    "folderColorRgb",
    "contentHints",
    "originalFilename",
];

pub(super) fn get(world: &mut World, call: &Call) -> Result<Answer> {
    let number = file(world, call)?;
    let Some(file) = world.drive.files.get(&number) else {
        return Err(super::not_found(call.param("fileId")));
    };
    if call.query().get("alt") == Some("media") {
        return super::download::media(file, call);
    }
    Ok(Answer::json(200, render::file(world, file, &call.account, &call.fields(&[]))))
}

/// A file as the answer to its change.
pub(super) fn answer(world: &World, number: u64, call: &Call) -> Result<Answer> {
    let file = world.drive.files.get(&number);
    let file = file.ok_or_else(|| super::not_found(call.param("fileId")))?;
    Ok(Answer::json(200, render::file(world, file, &call.account, &call.fields(&[]))))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let query = call.query();
    let search = Search::parse(query.get("q").unwrap_or_default())?;
    let size = query.size("pageSize", 100, 1000)?;
    let with_drives =
        query.flag("includeItemsFromAllDrives", false)? && query.flag("supportsAllDrives", false)?;
    let corpora = query.get("corpora").unwrap_or("user");
    let wanted_drive = query.get("driveId");
    match (corpora, wanted_drive, with_drives) {
        ("drive" | "allDrives", _, false) => {
            let message =
                "The includeItemsFromAllDrives and supportsAllDrives parameters must be set to true.";
            return Err(ApiError::new(403, "teamDrivesIncludeRequired", message));
        }
        ("drive", None, _) => return Err(ApiError::required("driveId")),
        ("user" | "domain" | "drive" | "allDrives", _, _) => {}
        _ => return Err(ApiError::parameter("corpora", "Invalid Value")),
    }
    if let Some(id) = wanted_drive {
        let is_member =
            world.drive.drives.get(id).is_some_and(|drive| drive.members.contains_key(&call.account));
        if !is_member {
            return Err(
                ApiError::not_found(format!("Shared drive not found: {id}")).at("parameter", "driveId")
            );
        }
    }
    let order = Order::parse(query.get("orderBy"))?;
    let text = query.get("q").unwrap_or_default();
    let after = query.get("pageToken").map(|token| read_token(token, text)).transpose()?;
    let is_empty = world.is_empty_page();
    let drive = &world.drive;
    let Some(user) = drive.users.get(&call.account) else {
        return Ok(Answer::json(200, json!({"files": []})));
    };
    // The children of a folder are few; those of all folders may be many.
    let of_folder = search.folder().map(|folder| drive.children.get(drive.real_id(&call.account, folder)));
    let empty = std::collections::BTreeSet::new();
    let numbers = of_folder.map_or(&user.visible, |children| children.unwrap_or(&empty));
    let is_shown = |file: &&File| {
        let is_of_corpora = match (corpora, &file.drive) {
            ("drive", own) => own.as_deref() == wanted_drive,
            (_, Some(own)) => with_drives && wanted_drive.is_none_or(|wanted| wanted == own),
            (_, None) => wanted_drive.is_none(),
        };
        is_of_corpora
            && file.parent.is_some()
            && file.access.contains(&call.account)
            && is_of_app(call, file)
            && search.fits(drive, file, &call.account)
    };
    let is_incomplete = world.effects.contains(&Effect::IncompleteSearch);
    let mut out = json!({"kind": "drive#fileList", "incompleteSearch": is_incomplete});
    let (page, next) = match order {
        // In the order of numbers a token says where to go on, whatever else changes.
        None => {
            let start = after.unwrap_or(0);
            let mut files =
                numbers.range(start..).filter_map(|number| drive.files.get(number)).filter(is_shown);
            let page: Vec<&File> = if is_empty { Vec::new() } else { files.by_ref().take(size).collect() };
            let next = if is_empty { Some(start) } else { files.next().map(|file| file.number) };
            (page, next)
        }
        Some(order) => {
            let mut files: Vec<&File> =
                numbers.iter().filter_map(|number| drive.files.get(number)).filter(is_shown).collect();
            files.sort_by(|a, b| order.compare(a, b));
            let start = after.unwrap_or(0) as usize;
            let page: Vec<&File> =
                if is_empty { Vec::new() } else { files.iter().skip(start).take(size).copied().collect() };
            let end = start + page.len();
            let next = (is_empty || end < files.len()).then_some(end as u64);
            (page, next)
        }
    };
    if let Some(next) = next {
        out["nextPageToken"] =
            json!(URL_SAFE_NO_PAD.encode(format!("~!!~{:016x}:{next}", crate::rng::hash(text.as_bytes()))));
    }
    let fields = call.fields(&["files"]);
    let page: Vec<Value> =
        page.into_iter().map(|file| render::file(world, file, &call.account, &fields)).collect();
    out["files"] = Value::Array(page);
    Ok(Answer::json(200, out))
}

/// A token goes with the query that it began with.
fn read_token(token: &str, query: &str) -> Result<u64> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (own, after) = text.strip_prefix("~!!~")?.split_once(':')?;
        (own == format!("{:016x}", crate::rng::hash(query.as_bytes()))).then(|| after.parse().ok())?
    };
    read().ok_or_else(|| ApiError::parameter("pageToken", "Invalid Value"))
}

/// `orderBy`: keys, each with whether it is descending.
struct Order(Vec<(String, bool)>);

impl Order {
    fn parse(text: Option<&str>) -> Result<Option<Self>> {
        let Some(text) = text else { return Ok(None) };
        let keys = text.split(',').map(|key| {
            let mut words = key.split_whitespace();
            let name = words.next().unwrap_or_default().to_owned();
            let is_known = [
                "createdTime",
                "folder",
                "modifiedByMeTime",
                "modifiedTime",
                "name",
                "name_natural",
                "quotaBytesUsed",
                "recency",
                "sharedWithMeTime",
                "starred",
                "viewedByMeTime",
            ]
            .contains(&name.as_str());
            let is_descending = words.next() == Some("desc");
            if is_known {
                Ok((name, is_descending))
            } else {
                Err(ApiError::parameter("orderBy", "Invalid Value"))
            }
        });
        Ok(Some(Self(keys.collect::<Result<_>>()?)))
    }

    fn compare(&self, a: &File, b: &File) -> std::cmp::Ordering {
        let by_key = self.0.iter().map(|(key, is_descending)| {
            let order = match key.as_str() {
                "name" | "name_natural" => a.name.to_lowercase().cmp(&b.name.to_lowercase()),
                "folder" => b.is_folder().cmp(&a.is_folder()),
                "createdTime" => a.created.cmp(&b.created),
                "quotaBytesUsed" => render::size(a).cmp(&render::size(b)),
                _ => a.modified.cmp(&b.modified),
            };
            if *is_descending { order.reverse() } else { order }
        });
        by_key.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).then(a.number.cmp(&b.number))
    }
}

/// Reads what a file is to be from its metadata.
pub(super) fn new_file(
    world: &World,
    call: &Call,
    body: &Map<String, Value>,
    content: Option<(String, Vec<u8>)>,
) -> Result<NewFile> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let parents = body.get("parents").and_then(Value::as_array).cloned().unwrap_or_default();
    if parents.len() > 1 {
        let message = "A file cannot be created with more than one parent.";
        return Err(ApiError::new(400, "multipleParentsNotSupported", message));
    }
    let parent = match parents.first().and_then(Value::as_str) {
        None => None,
        Some(id) => {
            let number = lookup(world, call, id)?;
            let folder = world.drive.files.get(&number).filter(|folder| folder.is_folder());
            let folder = folder.ok_or_else(|| {
                ApiError::new(403, "parentNotAFolder", "The specified parent is not a folder.")
            })?;
            if !world.drive.may_edit(folder, &call.account) {
                return Err(forbidden());
            }
            Some(folder.id.clone())
        }
    };
    let id = text("id").map(str::to_owned);
    if id.as_ref().is_some_and(|id| world.drive.number(id).is_some()) {
        return Err(ApiError::new(409, "fileIdInUse", "A file already exists with the provided ID."));
    }
    let (content_type, content) = content.map_or((None, None), |(kind, bytes)| (Some(kind), Some(bytes)));
    let mime_type = text("mimeType").map(str::to_owned).or(content_type);
    let target = body.get("shortcutDetails").and_then(|own| own.get("targetId")).and_then(Value::as_str);
    let target = target.map(|id| lookup(world, call, id).map(|_| id.to_owned())).transpose()?;
    let mime_type = mime_type
        .unwrap_or_else(|| if target.is_some() { SHORTCUT } else { "application/octet-stream" }.to_owned());
    Ok(NewFile {
        id,
        name: text("name").unwrap_or("Untitled").to_owned(),
        mime_type,
        parent,
        content,
        extra: kept(body),
        shortcut_target: target,
        app: Some(call.project.clone()),
        modified: text("modifiedTime").and_then(|text| clock::parse(text, false)),
        created: text("createdTime").and_then(|text| clock::parse(text, false)),
    })
}

fn kept(body: &Map<String, Value>) -> Map<String, Value> {
    let pairs = body.iter().filter(|(name, value)| KEPT.contains(&name.as_str()) && !value.is_null());
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

pub(super) fn forbidden() -> ApiError {
    let message = "The user does not have sufficient permissions for this file.";
    ApiError::new(403, "insufficientFilePermissions", message)
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    create_with(world, call, &body, None)
}

pub(super) fn create_with(
    world: &mut World,
    call: &Call,
    body: &Map<String, Value>,
    content: Option<(String, Vec<u8>)>,
) -> Result<Answer> {
    let new = new_file(world, call, body, content)?;
    let id = world.add_file(&call.account, new);
    let number = id.and_then(|id| world.drive.number(&id)).ok_or_else(|| super::not_found("root"))?;
    answer(world, number, call)
}

/// The file of the path, if the caller may change it.
pub(super) fn editable(world: &World, call: &Call) -> Result<u64> {
    let number = file(world, call)?;
    let may = world.drive.files.get(&number).is_some_and(|file| world.drive.may_edit(file, &call.account));
    if may { Ok(number) } else { Err(forbidden()) }
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    update_with(world, call, &body, None)
}

pub(super) fn update_with(
    world: &mut World,
    call: &Call,
    body: &Map<String, Value>,
    content: Option<(String, Vec<u8>)>,
) -> Result<Answer> {
    let number = editable(world, call)?;
    let now = world.now();
    let query = call.query();
    if body.contains_key("parents") {
        let message = "The parents field is not directly writable in update requests. Use the addParents and removeParents parameters instead.";
        return Err(ApiError::new(403, "fieldNotWritable", message));
    }
    if let Some(parent) = query.get("addParents").and_then(|parents| parents.split(',').next()) {
        let target = lookup(world, call, parent)?;
        let folder = world.drive.files.get(&target).filter(|folder| folder.is_folder());
        let id = folder.map(|folder| folder.id.clone());
        let moved = id.is_some_and(|id| world.move_file(number, &id));
        if !moved {
            return Err(ApiError::new(403, "cannotAddParent", "A parent cannot be added to this item."));
        }
    }
    if let Some(is_trashed) = body.get("trashed").and_then(Value::as_bool) {
        world.set_trashed(number, is_trashed);
    }
    let has_content = content.is_some();
    if let Some((kind, bytes)) = content {
        if let Some(file) = world.drive.files.get_mut(&number) {
            file.modified = now;
            if !file.is_native() && kind != "application/octet-stream" {
                file.mime_type = kind;
            }
        }
        world.set_content(number, bytes);
    }
    let changes = kept(body);
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let is_changed = text("name").is_some()
        || text("mimeType").is_some()
        || !changes.is_empty()
        || text("modifiedTime").is_some();
    if let Some(file) = world.drive.files.get_mut(&number).filter(|_| is_changed || has_content) {
        if let Some(name) = text("name") {
            file.name = name.to_owned();
        }
        if let Some(mime_type) = text("mimeType") {
            file.mime_type = mime_type.to_owned();
        }
        file.extra.extend(changes);
        file.modified = text("modifiedTime").and_then(|text| clock::parse(text, false)).unwrap_or(now);
        file.modified_by.clone_from(&call.account);
        world.changed(number, "update", Some(if has_content { "content" } else { "properties" }));
    }
    answer(world, number, call)
}

pub(super) fn copy(world: &mut World, call: &Call) -> Result<Answer> {
    let number = file(world, call)?;
    let Some(original) = world.drive.files.get(&number).cloned() else {
        return Err(super::not_found(call.param("fileId")));
    };
    if original.mime_type == FOLDER {
        return Err(ApiError::new(403, "cannotCopyFile", "This file cannot be copied by the user."));
    }
    let body = call.request.json()?;
    let content = original.content.as_ref().map(|content| content.to_vec());
    let mut new = new_file(world, call, &body, content.map(|content| (original.mime_type.clone(), content)))?;
    if !body.contains_key("name") {
        new.name = format!("Copy of {}", original.name);
    }
    new.mime_type = original.mime_type;
    let id = world.add_file(&call.account, new);
    let number = id.and_then(|id| world.drive.number(&id)).ok_or_else(forbidden)?;
    if let Some(file) = world.drive.files.get_mut(&number) {
        file.exports = original.exports;
    }
    answer(world, number, call)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Answer> {
    let number = file(world, call)?;
    let role = world
        .drive
        .files
        .get(&number)
        .map(|file| (world.drive.role(file, &call.account).to_owned(), file.parent.is_none()));
    match role {
        Some((role, false)) if matches!(role.as_str(), "owner" | "organizer" | "fileOrganizer") => {
            world.delete_file(number);
            Ok(Answer::nothing())
        }
        _ => Err(forbidden()),
    }
}

pub(super) fn empty_trash(world: &mut World, call: &Call) -> Result<Answer> {
    let trashed = world
        .drive
        .files
        .values()
        .filter(|file| file.is_trashed && file.owner.as_deref() == Some(call.account.as_str()));
    for number in trashed.map(|file| file.number).collect::<Vec<_>>() {
        world.delete_file(number);
    }
    Ok(Answer::nothing())
}

pub(super) fn generate_ids(world: &mut World, call: &Call) -> Result<Answer> {
    let count = call.query().size("count", 10, 1000)?;
    let ids: Vec<String> = (0..count).map(|_| format!("1{}", world.ids.url_text(32))).collect();
    Ok(Answer::json(200, json!({"kind": "drive#generatedIds", "space": "drive", "ids": ids})))
}

pub(super) fn revisions(world: &mut World, call: &Call) -> Result<Answer> {
    let number = editable(world, call)?;
    let Some(file) = world.drive.files.get(&number) else {
        return Err(super::not_found(call.param("fileId")));
    };
    let revisions = file.revisions.iter().map(|revision| {
        json!({"kind": "drive#revision", "id": revision.id, "mimeType": file.mime_type, "keepForever": false,
            "modifiedTime": clock::rfc3339(revision.modified), "published": false, "md5Checksum": revision.md5,
            "size": revision.size.to_string(), "originalFilename": file.name})
    });
    let revisions: Vec<Value> = revisions.collect();
    Ok(Answer::json(200, json!({"kind": "drive#revisionList", "revisions": revisions})))
}
