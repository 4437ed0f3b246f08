//! A file as a resource, for whoever asks.

use serde_json::{Value, json};

use super::change::permission_id;
use super::export;
use super::model::{File, Permission, SHORTCUT};
use crate::clock::rfc3339;
use crate::fields::Fields;
use crate::world::World;

/// Somebody, as files name them.
pub(crate) fn user(world: &World, email: &str, me: &str) -> Value {
    let account = world.accounts.get(email);
    json!({
        "kind": "drive#user", "displayName": account.map_or(email, |account| account.name.as_str()),
        "me": email == me, "permissionId": permission_id(email), "emailAddress": email,
    })
}

pub(crate) fn permission(world: &World, own: &Permission) -> Value {
    let mut out = json!({"kind": "drive#permission", "id": own.id, "type": own.kind, "role": own.role});
    if let Some(email) = &own.email {
        let account = world.accounts.get(email);
        out["emailAddress"] = json!(email);
        out["displayName"] = json!(account.map_or(email.as_str(), |account| account.name.as_str()));
        out["deleted"] = json!(false);
        out["pendingOwner"] = json!(false);
    } else {
        out["allowFileDiscovery"] = json!(false);
    }
    out
}

/// The fields that are wanted; those that are not are not even worked out.
pub(crate) fn file(world: &World, file: &File, me: &str, fields: &Fields<'_>) -> Value {
    let drive = &world.drive;
    let mut out = file.extra.clone();
    let mut add = |name: &str, value: &dyn Fn() -> Value| {
        if fields.wants(name) {
            out.insert(name.to_owned(), value());
        }
    };
    add("kind", &|| json!("drive#file"));
    add("id", &|| json!(file.id));
    add("name", &|| json!(file.name));
    add("mimeType", &|| json!(file.mime_type));
    add("trashed", &|| json!(drive.is_trashed(file)));
    add("explicitlyTrashed", &|| json!(file.is_trashed));
    if let Some(at) = file.trashed_at {
        add("trashedTime", &|| json!(rfc3339(at)));
    }
    // A folder that one may not see is not named.
    let parent =
        file.parent.as_deref().filter(|id| drive.get(id).is_some_and(|folder| folder.access.contains(me)));
    if let Some(parent) = parent {
        add("parents", &|| json!([parent]));
    }
    add("spaces", &|| json!(["drive"]));
    add("version", &|| json!(file.version.to_string()));
    add("createdTime", &|| json!(rfc3339(file.created)));
    add("modifiedTime", &|| json!(rfc3339(file.modified)));
    add("lastModifyingUser", &|| user(world, &file.modified_by, me));
    add("modifiedByMe", &|| json!(file.modified_by == me));
    add("webViewLink", &|| json!(format!("https://drive.google.com/file/d/{}/view?usp=drivesdk", file.id)));
    add("iconLink", &|| {
        json!(format!("https://drive-thirdparty.googleusercontent.com/16/type/{}", file.mime_type))
    });
    add("shared", &|| json!(file.drive.is_none() && (file.access.len() > 1 || file.permissions.len() > 1)));
    add("quotaBytesUsed", &|| json!(size(file).to_string()));
    match (&file.owner, &file.drive) {
        (Some(owner), _) => {
            add("owners", &|| json!([user(world, owner, me)]));
            add("ownedByMe", &|| json!(owner == me));
            if let Some(since) = file.seen_since.get(me).filter(|_| owner != me) {
                add("sharedWithMeTime", &|| json!(rfc3339(*since)));
            }
        }
        (None, Some(id)) => {
            add("driveId", &|| json!(id));
            add("teamDriveId", &|| json!(id));
            add("hasAugmentedPermissions", &|| json!(!file.permissions.is_empty()));
        }
        (None, None) => {}
    }
    let may_edit = drive.may_edit(file, me);
    let may_download = !file.is_folder() && !file.is_download_disabled;
    if may_edit {
        // Shared drives list permissions by their own method only.
        if file.drive.is_none() {
            add("permissions", &|| file.permissions.iter().map(|own| permission(world, own)).collect());
        }
        add("permissionIds", &|| file.permissions.iter().map(|own| json!(own.id)).collect());
    }
    add("writersCanShare", &|| json!(true));
    add("copyRequiresWriterPermission", &|| json!(file.is_download_disabled));
    add("viewersCanCopyContent", &|| json!(!file.is_download_disabled));
    add("isAppAuthorized", &|| json!(true));
    add("capabilities", &|| capabilities(file, may_edit, may_download, file.owner.as_deref() == Some(me)));
    if let (false, Some(content)) = (file.is_native(), &file.content) {
        add("size", &|| json!(content.len().to_string()));
        add("md5Checksum", &|| json!(file.md5));
        add("sha256Checksum", &|| json!(file.sha256));
        add("originalFilename", &|| json!(file.name));
        let extension = file.name.rsplit_once('.').map_or("", |(_, extension)| extension);
        add("fileExtension", &|| json!(extension));
        add("fullFileExtension", &|| json!(extension));
        if let Some(revision) = file.revisions.last() {
            add("headRevisionId", &|| json!(revision.id));
        }
        add("webContentLink", &|| {
            json!(format!("https://drive.google.com/uc?id={}&export=download", file.id))
        });
    }
    let formats = export::formats(&file.mime_type);
    if !formats.is_empty() && may_download {
        let link = |format: &str| json!(super::links::export(&world.base_url, &file.id, format));
        add("exportLinks", &|| formats.iter().map(|format| ((*format).to_owned(), link(format))).collect());
    }
    if let (SHORTCUT, Some(target)) = (file.mime_type.as_str(), &file.shortcut_target) {
        let mime_type = drive.get(target).map_or("", |file| file.mime_type.as_str());
        add("shortcutDetails", &|| json!({"targetId": target, "targetMimeType": mime_type}));
    }
    if let Some(key) = &file.resource_key {
        add("resourceKey", &|| json!(key));
    }
    for (name, value) in [("starred", json!(false)), ("viewedByMe", json!(true))] {
        out.entry(name).or_insert(value);
    }
    Value::Object(out)
}

/// Bytes that it takes.
pub(crate) fn size(file: &File) -> usize {
    file.content.as_ref().map_or(0, |content| content.len())
}

fn capabilities(file: &File, may_edit: bool, may_download: bool, is_owner: bool) -> Value {
    json!({
        "canEdit": may_edit, "canRename": may_edit, "canModifyContent": may_edit, "canComment": may_edit,
        "canShare": may_edit, "canCopy": may_download && !file.is_folder(), "canDownload": may_download,
        "canTrash": may_edit, "canUntrash": may_edit, "canDelete": is_owner, "canReadRevisions": may_edit,
        "canAddChildren": may_edit && file.is_folder(), "canListChildren": file.is_folder(),
    })
}
