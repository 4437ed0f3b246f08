//! What Drive answers, and which fields are asked for. Every field may be missing.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::base::Timestamp;
use crate::google::lenient::{millis, or_default, text, unsigned};

/// The fields of a file.
pub(super) const FILE: &str = "id,name,mimeType,modifiedTime,size,md5Checksum,sha256Checksum,headRevisionId,\
    version,trashed,parents,driveId,owners(emailAddress),webViewLink,shortcutDetails(targetId),\
    capabilities(canDownload),exportLinks";

/// A file or folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct File {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) mime_type: String,
    #[serde(deserialize_with = "text")]
    pub(super) modified_time: Option<String>,
    #[serde(deserialize_with = "unsigned")]
    pub(super) size: Option<u64>,
    #[serde(deserialize_with = "text")]
    pub(super) md5_checksum: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) sha256_checksum: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(super) head_revision_id: Option<String>,
    #[serde(deserialize_with = "unsigned")]
    pub(super) version: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    pub(super) trashed: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) parents: Vec<String>,
    #[serde(deserialize_with = "text")]
    pub(super) drive_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) owners: Vec<Owner>,
    #[serde(deserialize_with = "text")]
    pub(super) web_view_link: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) shortcut_details: Shortcut,
    #[serde(deserialize_with = "or_default")]
    pub(super) capabilities: Capabilities,
    /// By media type.
    #[serde(deserialize_with = "or_default")]
    pub(super) export_links: BTreeMap<String, String>,
}

/// Whose a file is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Owner {
    #[serde(deserialize_with = "text")]
    pub(super) email_address: Option<String>,
}

/// Where a shortcut leads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Shortcut {
    #[serde(deserialize_with = "text")]
    pub(super) target_id: Option<String>,
}

/// What the user may do.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Capabilities {
    pub(super) can_download: Option<bool>,
}

/// `changes.getStartPageToken`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Start {
    #[serde(deserialize_with = "text")]
    pub(super) start_page_token: Option<String>,
}

/// `files.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FileList {
    #[serde(deserialize_with = "or_default")]
    pub(super) files: Vec<File>,
    #[serde(deserialize_with = "text")]
    pub(super) next_page_token: Option<String>,
    /// Whether some files were not looked at.
    #[serde(deserialize_with = "or_default")]
    pub(super) incomplete_search: bool,
}

/// `changes.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ChangeList {
    #[serde(deserialize_with = "or_default")]
    pub(super) changes: Vec<Change>,
    #[serde(deserialize_with = "text")]
    pub(super) next_page_token: Option<String>,
    /// On the last page only.
    #[serde(deserialize_with = "text")]
    pub(super) new_start_page_token: Option<String>,
}

/// A change of a file, or of a shared drive itself.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Change {
    /// `file` or `drive`.
    #[serde(deserialize_with = "or_default")]
    pub(super) change_type: String,
    /// Deleted, or out of reach: there is no telling which.
    #[serde(deserialize_with = "or_default")]
    pub(super) removed: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) file_id: String,
    pub(super) file: Option<File>,
}

/// A conversion that takes its time.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Operation {
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) done: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) response: Converted,
}

/// Where what was converted can be had.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Converted {
    #[serde(deserialize_with = "text")]
    pub(super) download_uri: Option<String>,
}

/// A channel that was granted.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ChannelAnswer {
    #[serde(deserialize_with = "text")]
    pub(super) resource_id: Option<String>,
    #[serde(deserialize_with = "millis")]
    pub(super) expiration: Option<Timestamp>,
}

/// An instant of a file, whatever its form is.
pub(super) fn read_instant(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_may_be_missing_and_numbers_may_be_strings() {
        let file: File = serde_json::from_value(json!({})).unwrap();
        assert_eq!((file.size, file.version, file.trashed), (None, None, false));
        for file in [json!({"size": "5", "version": "7"}), json!({"size": 5, "version": 7, "parents": null})]
        {
            let file: File = serde_json::from_value(file).unwrap();
            assert_eq!((file.size, file.version), (Some(5), Some(7)));
        }
    }

    #[test]
    fn the_fields_are_one_line() {
        assert!(!FILE.contains(char::is_whitespace));
    }
}
