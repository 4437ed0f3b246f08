//! A file's content: downloaded as it is, or exported.

use md5::Md5;
use sha2::{Digest, Sha256};

use super::fetch::is_out_of_reach;
use super::source::Drive;
use super::state::{FORBIDDEN, Reading, TOO_LARGE, UNSUPPORTED, reading};
use super::wire::File;
use crate::base::{ErrorKind, Result};
use crate::google::api::{ApiFailure, ApiRefusal, ApiRequest};
use crate::text::TextKind;

/// What became of reading a content.
#[derive(Debug)]
pub(super) enum Read {
    Whole {
        bytes: Vec<u8>,
        /// What they are.
        media_type: String,
        /// Whether they have the checksum that the metadata names.
        is_verified: bool,
    },
    /// There is none to be had, and why.
    Unreadable(&'static str),
    /// They have another checksum: the file changed meanwhile, or the transfer was faulty.
    Damaged,
    /// The file is not there any more.
    Gone,
}

/// What it means for the file that a call for its content was refused; `None` where it means
/// nothing, and another try may help.
pub(super) fn meaning(failure: &ApiFailure) -> Option<Read> {
    match failure {
        ApiFailure::Refused(refusal) if is_withheld(refusal) => Some(Read::Unreadable(FORBIDDEN)),
        ApiFailure::Refused(refusal)
            if matches!(refusal.reason.as_str(), "fileNotDownloadable" | "fileNotExportable") =>
        {
            Some(Read::Unreadable(UNSUPPORTED))
        }
        ApiFailure::Other(error) if error.kind() == ErrorKind::LimitExceeded => {
            Some(Read::Unreadable(TOO_LARGE))
        }
        failure if is_out_of_reach(failure) => Some(Read::Gone),
        _ => None,
    }
}

/// Whether the owner, or Google (malware), does not let it be downloaded.
fn is_withheld(refusal: &ApiRefusal) -> bool {
    // `cannotDownload`, `cannotDownloadFile`, `cannotDownloadAbusiveFile`; `cannotExportFile`.
    let reason = refusal.reason.as_str();
    refusal.status == 403 && (reason.starts_with("cannotDownload") || reason.starts_with("cannotExport"))
}

impl Drive {
    /// Reads a file's content.
    pub(super) async fn content(&self, file: &File) -> Result<Read> {
        match reading(&file.mime_type, &file.name) {
            None => Ok(Read::Unreadable(UNSUPPORTED)),
            Some(Reading::Export(media_types)) => self.export(file, media_types).await,
            Some(Reading::Download(_)) => self.download(file).await,
        }
    }

    async fn download(&self, file: &File) -> Result<Read> {
        let request =
            ApiRequest::get("drive.content", self.file_url(&file.id, ""), self.options.costs.download)
                .query("alt", "media")
                .query("supportsAllDrives", "true");
        let request = ApiRequest { max_bytes: self.options.max_bytes, ..request };
        let bytes = match self.api.call(request).await {
            Ok(answer) => answer.body,
            Err(failure) => return meaning(&failure).ok_or_else(|| failure.into()),
        };
        let is_verified = match is_intact(file, &bytes) {
            Some(false) => return Ok(Read::Damaged),
            intact => intact.is_some(),
        };
        // A name or type can claim to be text what is none.
        let Some(kind) = TextKind::detect(Some(&file.mime_type), Some(&file.name), &bytes) else {
            return Ok(Read::Unreadable(UNSUPPORTED));
        };
        Ok(Read::Whole { bytes, media_type: media_type(kind, &file.mime_type), is_verified })
    }
}

/// Whether bytes have the checksum of the metadata; `None` where that names none.
fn is_intact(file: &File, bytes: &[u8]) -> Option<bool> {
    let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    if let Some(expected) = &file.sha256_checksum {
        return Some(hex(&Sha256::digest(bytes)).eq_ignore_ascii_case(expected));
    }
    let expected = file.md5_checksum.as_ref()?;
    Some(hex(&<Md5 as md5::Digest>::digest(bytes)).eq_ignore_ascii_case(expected))
}

/// The media type of what was found to be of a kind, with the parameters that were declared.
fn media_type(kind: TextKind, declared: &str) -> String {
    let own = match kind {
        TextKind::Markdown => "text/markdown",
        TextKind::Html => "text/html",
        TextKind::Csv => "text/csv",
        TextKind::Json => "application/json",
        _ => "text/plain",
    };
    match declared.split_once(';') {
        Some((_, parameters)) => format!("{own};{parameters}"),
        None => own.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_compared_where_there_is_one() {
        let md5 = File { md5_checksum: Some("5D41402ABC4B2A76B9719D911017C592".into()), ..File::default() };
        let sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let both = File { sha256_checksum: Some(sha256.into()), ..md5.clone() };
        for file in [&md5, &both] {
            assert_eq!((is_intact(file, b"hello"), is_intact(file, b"hallo")), (Some(true), Some(false)));
        }
        assert_eq!(is_intact(&File::default(), b"hello"), None);
    }

    #[test]
    fn what_was_found_out_is_said() {
        assert_eq!(media_type(TextKind::Markdown, "text/plain"), "text/markdown");
        assert_eq!(media_type(TextKind::Plain, "text/plain; charset=x"), "text/plain; charset=x");
    }
}
