//! Which fields Drive's resources have, after the discovery document: `fields` with another
//! name is refused, and without `fields` only some are sent.

use crate::error::Result;
use crate::fields::Selection;

/// A kind of resource: names of fields, and the kind of what is in them where that is known.
struct Kind {
    names: &'static str,
    below: &'static [(&'static str, &'static Kind)],
}

static ABOUT: Kind = Kind {
    names: "appInstalled canCreateDrives canCreateTeamDrives driveThemes exportFormats \
        folderColorPalette importFormats kind maxImportSizes maxUploadSize storageQuota \
        teamDriveThemes user",
    below: &[("user", &USER)],
};
static CHANGE: Kind = Kind {
    names: "changeType drive driveId file fileId kind removed teamDrive teamDriveId time type",
    below: &[("drive", &DRIVE), ("file", &FILE)],
};
static CHANGELIST: Kind =
    Kind { names: "changes kind newStartPageToken nextPageToken", below: &[("changes", &CHANGE)] };
static CHANNEL: Kind =
    Kind { names: "address expiration id kind params payload resourceId resourceUri token type", below: &[] };
static DRIVE: Kind = Kind {
    names: "backgroundImageFile backgroundImageLink capabilities colorRgb createdTime hidden id kind \
        name orgUnitId restrictions themeId",
    below: &[],
};
static DRIVELIST: Kind = Kind { names: "drives kind nextPageToken", below: &[("drives", &DRIVE)] };
static FILE: Kind = Kind {
    names: "appProperties capabilities clientEncryptionDetails contentHints contentRestrictions \
        copyRequiresWriterPermission createdTime description downloadRestrictions driveId \
        explicitlyTrashed exportLinks fileExtension folderColorRgb fullFileExtension \
        hasAugmentedPermissions hasThumbnail headRevisionId iconLink id imageMediaMetadata \
        inheritedPermissionsDisabled isAppAuthorized kind labelInfo lastModifyingUser \
        linkShareMetadata md5Checksum mimeType modifiedByMe modifiedByMeTime modifiedTime name \
        originalFilename ownedByMe owners parents permissionIds permissions properties \
        quotaBytesUsed resourceKey sha1Checksum sha256Checksum shared sharedWithMeTime \
        sharingUser shortcutDetails size spaces starred teamDriveId thumbnailLink \
        thumbnailVersion trashed trashedTime trashingUser version videoMediaMetadata viewedByMe \
        viewedByMeTime viewersCanCopyContent webContentLink webViewLink writersCanShare",
    below: &[
        ("lastModifyingUser", &USER),
        ("owners", &USER),
        ("permissions", &PERMISSION),
        ("sharingUser", &USER),
        ("trashingUser", &USER),
    ],
};
static FILELIST: Kind =
    Kind { names: "files incompleteSearch kind nextPageToken", below: &[("files", &FILE)] };
static GENERATEDIDS: Kind = Kind { names: "ids kind space", below: &[] };
static OPERATION: Kind = Kind { names: "done error metadata name response", below: &[] };
static PERMISSION: Kind = Kind {
    names: "allowFileDiscovery deleted displayName domain emailAddress expirationTime id \
        inheritedPermissionsDisabled kind pendingOwner permissionDetails photoLink role \
        teamDrivePermissionDetails type view",
    below: &[],
};
static PERMISSIONLIST: Kind =
    Kind { names: "kind nextPageToken permissions", below: &[("permissions", &PERMISSION)] };
static REVISION: Kind = Kind {
    names: "exportLinks id keepForever kind lastModifyingUser md5Checksum mimeType modifiedTime \
        originalFilename publishAuto published publishedLink publishedOutsideDomain size",
    below: &[("lastModifyingUser", &USER)],
};
static REVISIONLIST: Kind =
    Kind { names: "kind nextPageToken revisions", below: &[("revisions", &REVISION)] };
static STARTPAGETOKEN: Kind = Kind { names: "kind startPageToken", below: &[] };
static USER: Kind = Kind { names: "displayName emailAddress kind me permissionId photoLink", below: &[] };

fn kind(method: &str) -> Option<&'static Kind> {
    Some(match method.strip_prefix("drive.")? {
        "about.get" => &ABOUT,
        "changes.getStartPageToken" => &STARTPAGETOKEN,
        "changes.list" => &CHANGELIST,
        "changes.watch" | "files.watch" => &CHANNEL,
        "drives.list" => &DRIVELIST,
        "drives.get" | "drives.create" | "drives.update" => &DRIVE,
        "files.list" => &FILELIST,
        "files.get" | "files.create" | "files.update" | "files.copy" => &FILE,
        "files.generateIds" => &GENERATEDIDS,
        "files.download" | "operations.get" => &OPERATION,
        "permissions.list" => &PERMISSIONLIST,
        "permissions.get" | "permissions.create" | "permissions.update" => &PERMISSION,
        "revisions.list" => &REVISIONLIST,
        _ => return None,
    })
}

/// Refuses names of fields that the method's resource does not have.
pub(crate) fn check(selection: &Selection, method: &str) -> Result<()> {
    let Some(kind) = kind(method) else { return Ok(()) };
    selection.check(&|path| knows(kind, path))
}

fn knows(kind: &Kind, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    if !kind.names.split(' ').any(|name| name == *first) {
        return *first == "*";
    }
    kind.below.iter().find(|(name, _)| name == first).is_none_or(|(_, below)| knows(below, rest))
}

/// What is sent without `fields`.
pub(crate) fn defaults(method: &str) -> Option<Selection> {
    const FILE: &str = "kind,id,name,mimeType";
    let fields = match method {
        "drive.files.get" | "drive.files.create" | "drive.files.update" | "drive.files.copy" => FILE,
        "drive.files.list" => "kind,nextPageToken,incompleteSearch,files(kind,id,name,mimeType)",
        "drive.changes.list" => {
            "kind,nextPageToken,newStartPageToken,changes(kind,changeType,type,time,removed,fileId,driveId,teamDriveId,file(kind,id,name,mimeType),drive(kind,id,name))"
        }
        "drive.drives.list" => "kind,nextPageToken,drives(kind,id,name)",
        "drive.drives.get" | "drive.drives.create" | "drive.drives.update" => "kind,id,name",
        "drive.permissions.list" => "kind,nextPageToken,permissions(kind,id,type,role)",
        "drive.permissions.get" | "drive.permissions.create" | "drive.permissions.update" => {
            "kind,id,type,role"
        }
        "drive.revisions.list" => "kind,nextPageToken,revisions(kind,id,mimeType,modifiedTime)",
        _ => return None,
    };
    Selection::parse(fields).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_are_refused_at_any_depth() {
        let check = |method: &str, fields: &str| check(&Selection::parse(fields).unwrap(), method);
        assert!(
            check("drive.changes.list", "changes(file(id,owners(emailAddress)),removed),newStartPageToken")
                .is_ok()
        );
        assert!(
            check(
                "drive.files.list",
                "files(id,capabilities(canDownload),shortcutDetails/targetId),nextPageToken"
            )
            .is_ok()
        );
        assert!(check("drive.files.list", "*").is_ok());
        assert_eq!(
            check("drive.files.list", "files(md5checksum)").unwrap_err().message,
            "Invalid field selection md5checksum"
        );
        assert!(check("drive.changes.list", "changes/file/title").is_err());
        assert!(check("drive.files.get", "files(id)").is_err());
    }
}
