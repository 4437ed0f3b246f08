//! From a file's metadata to its state, and what of it can be read.

use super::wire::{File, read_instant};
use crate::domain::FileState;
use crate::text::TextKind;

const FOLDER: &str = "application/vnd.google-apps.folder";
const SHORTCUT: &str = "application/vnd.google-apps.shortcut";
/// Google's own formats begin like this; they have no bytes and no checksum.
const NATIVE: &str = "application/vnd.google-apps.";

/// It has no content: it holds files.
pub(super) const A_FOLDER: &str = "folder";
/// It has no content: it leads to a file.
pub(super) const A_SHORTCUT: &str = "shortcut";
/// It is in a format that is not read.
pub(super) const UNSUPPORTED: &str = "unsupported";
/// It is larger than what is read, or than what Google converts.
pub(super) const TOO_LARGE: &str = "too_large";
/// Its owner, or Google, does not let it be downloaded.
pub(super) const FORBIDDEN: &str = "forbidden";

/// How a content is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As it is.
    Download(TextKind),
    /// Converted into the first of these media types that works.
    Export(&'static [&'static str]),
}

/// How a file's content is had; `None` where its format is not read.
pub(super) fn reading(media_type: &str, name: &str) -> Option<Reading> {
    let Some(native) = media_type.strip_prefix(NATIVE) else {
        // Without the bytes: what they are not is found out when they are here.
        return TextKind::detect(Some(media_type), Some(name), b"").map(Reading::Download);
    };
    Some(Reading::Export(match native {
        // Markdown keeps headings and tables, but also every picture, which makes it large.
        "document" => &["text/markdown", "text/plain"],
        // The first sheet only: there is no text of all.
        "spreadsheet" => &["text/csv"],
        "presentation" => &["text/plain"],
        _ => return None,
    }))
}

impl File {
    /// What changes when its content does.
    fn content_version(&self) -> String {
        let known = [&self.md5_checksum, &self.sha256_checksum, &self.head_revision_id, &self.modified_time];
        let known = known.into_iter().flatten().next().cloned();
        known.or_else(|| self.version.map(|version| version.to_string())).unwrap_or_default()
    }

    /// Its state. What of it cannot be read for reasons that the metadata shows is said there.
    pub(super) fn state(&self, max_bytes: u64) -> FileState {
        let is_native = self.mime_type.starts_with(NATIVE);
        let size = self.size.filter(|_| !is_native);
        let can_download = self.capabilities.can_download.unwrap_or(true);
        let unread = match self.mime_type.as_str() {
            FOLDER => Some(A_FOLDER),
            SHORTCUT => Some(A_SHORTCUT),
            media_type if reading(media_type, &self.name).is_none() => Some(UNSUPPORTED),
            _ if !can_download => Some(FORBIDDEN),
            _ if size.is_some_and(|size| size > max_bytes) => Some(TOO_LARGE),
            _ => None,
        };
        FileState {
            name: self.name.clone(),
            media_type: self.mime_type.clone(),
            parent: self.parents.first().cloned(),
            drive: self.drive_id.clone(),
            trashed: self.trashed,
            version: self.version.unwrap_or_default(),
            content_version: self.content_version(),
            size,
            modified_at: read_instant(self.modified_time.as_deref()),
            owner: self.owners.iter().find_map(|owner| owner.email_address.clone()),
            link: self.web_view_link.clone(),
            target: self.shortcut_details.target_id.clone(),
            can_download,
            exports: self.export_links.clone().into_iter().collect(),
            unread: unread.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn state(file: Value) -> FileState {
        serde_json::from_value::<File>(file).unwrap().state(100)
    }

    #[test]
    fn a_file_is_described_whole() {
        let state = state(json!({
            "id": "f", "name": "notes.md", "mimeType": "text/plain", "modifiedTime": "2026-03-01T09:00:00.000Z",
            "size": "12", "md5Checksum": "abc", "headRevisionId": "r", "version": "17", "trashed": true,
            "parents": ["p"], "driveId": "d", "owners": [{"emailAddress": "ana@tide.example"}],
            "webViewLink": "https://drive.google.com/f", "exportLinks": {"b": "2", "a": "1"},
        }));
        let expected = FileState {
            name: "notes.md".into(),
            media_type: "text/plain".into(),
            parent: Some("p".into()),
            drive: Some("d".into()),
            trashed: true,
            version: 17,
            content_version: "abc".into(),
            size: Some(12),
            modified_at: Some("2026-03-01T09:00:00Z".parse().unwrap()),
            owner: Some("ana@tide.example".into()),
            link: Some("https://drive.google.com/f".into()),
            target: None,
            can_download: true,
            exports: vec![("a".into(), "1".into()), ("b".into(), "2".into())],
            unread: None,
        };
        assert_eq!(state, expected);
    }

    #[test]
    fn why_a_content_is_not_read_is_said_as_far_as_it_shows() {
        let unread = |file: Value| state(file).unread;
        for (media_type, reason) in [
            (FOLDER, Some(A_FOLDER)),
            (SHORTCUT, Some(A_SHORTCUT)),
            ("application/vnd.google-apps.document", None),
            ("application/vnd.google-apps.spreadsheet", None),
            ("application/vnd.google-apps.presentation", None),
            ("application/vnd.google-apps.form", Some(UNSUPPORTED)),
            ("application/vnd.google-apps.drawing", Some(UNSUPPORTED)),
            ("application/pdf", Some(UNSUPPORTED)),
            ("image/png", Some(UNSUPPORTED)),
            ("text/html", None),
            ("application/json", None),
        ] {
            assert_eq!(unread(json!({"mimeType": media_type})).as_deref(), reason, "{media_type}");
        }
        let text = |more: Value| {
            let mut file = json!({"mimeType": "text/plain"});
            file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            unread(file)
        };
        assert_eq!(text(json!({"size": "101"})).as_deref(), Some(TOO_LARGE));
        assert_eq!(text(json!({"capabilities": {"canDownload": false}})).as_deref(), Some(FORBIDDEN));
        assert_eq!(unread(json!({"mimeType": "application/octet-stream", "name": "a.csv"})), None);
    }

    #[test]
    fn the_version_of_a_content_is_the_best_there_is() {
        let version = |file: Value| state(file).content_version;
        let all =
            json!({"md5Checksum": "m", "sha256Checksum": "s", "headRevisionId": "h", "modifiedTime": "t"});
        assert_eq!(version(all), "m");
        assert_eq!(version(json!({"headRevisionId": "h", "modifiedTime": "t"})), "h");
        assert_eq!(version(json!({"modifiedTime": "t", "version": "9"})), "t");
        assert_eq!(version(json!({"version": "9"})), "9");
        assert_eq!(
            state(json!({"mimeType": "application/vnd.google-apps.document", "size": "7"})).size,
            None
        );
    }
}
