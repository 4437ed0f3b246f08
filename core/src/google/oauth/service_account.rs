//! A service account: who signs assertions, and with which key.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::base::{Error, ErrorKind, Result, Secret};
use crate::security::SigningKey;

/// The largest key file that is read.
const MAX_FILE: u64 = 64 << 10;

/// A service account's key.
pub(crate) struct ServiceAccount {
    pub(super) email: String,
    /// The numeric id that administrators delegate to.
    pub(super) client_id: String,
    pub(super) key_id: Option<String>,
    pub(super) key: SigningKey,
}

#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type")]
    kind: String,
    private_key_id: Option<String>,
    private_key: Secret,
    client_email: String,
    #[serde(default)]
    client_id: String,
}

fn bad(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, "google.service_account", message)
}

impl ServiceAccount {
    /// Reads a key: JSON, or the path of a file with JSON.
    ///
    /// # Errors
    /// `invalid_input` for what is no key of a service account, `io` when the file cannot be
    /// read.
    pub(crate) fn read(given: &Secret) -> Result<Self> {
        let text = given.expose().trim();
        let file;
        let json = if text.starts_with('{') {
            text
        } else {
            file = read_file(Path::new(text))?;
            file.expose()
        };
        let key: KeyFile = serde_json::from_str(json).map_err(|_| {
            bad("this is not the JSON key of a service account, as Google's console gives it")
        })?;
        if key.kind != "service_account" {
            return Err(bad("the key is of another type than service_account"));
        }
        // Keys that went through an environment variable often have `\n` spelled out.
        let pem = Secret::from(key.private_key.expose().replace("\\n", "\n"));
        Ok(Self {
            email: key.client_email,
            client_id: key.client_id,
            key_id: key.private_key_id,
            key: SigningKey::from_pem(pem.expose())?,
        })
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).finish_non_exhaustive()
    }
}

fn read_file(path: &Path) -> Result<Secret> {
    let unreadable = |error: std::io::Error| {
        Error::new(ErrorKind::Io, "google.service_account", "the key of the service account cannot be read")
            .with("path", path.display())
            .caused_by(error)
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE {
        return Err(bad("the file is too large for the key of a service account"));
    }
    std::fs::read_to_string(path).map(Secret::from).map_err(unreadable)
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A key as a file has it.
    pub(crate) fn key_file() -> String {
        json!({
            "type": "service_account", "project_id": "p", "private_key_id": "one",
            "private_key": include_str!("../../security/jwt/test_keys/one.pem"),
            "client_email": "robot@p.iam.gserviceaccount.com", "client_id": "117",
            "token_uri": "https://oauth2.googleapis.com/token",
        })
        .to_string()
    }

    #[test]
    fn reads_text_files_and_spelled_out_line_ends() {
        let read = |text: &str| ServiceAccount::read(&Secret::from(text));
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), key_file()).expect("written");
        let spelled_out = key_file().replace("\\n", "\\\\n");
        for text in [key_file(), file.path().display().to_string(), format!(" {spelled_out}\n")] {
            let account = read(&text).expect("a key");
            assert_eq!(
                (account.email.as_str(), account.client_id.as_str()),
                ("robot@p.iam.gserviceaccount.com", "117")
            );
            assert!(!format!("{account:?}").contains("PRIVATE"));
        }
        assert_eq!(read("/no/such/file").err().map(|e| e.kind()), Some(ErrorKind::Io));
        for text in [
            "{}",
            &key_file().replace("service_account", "authorized_user"),
            &key_file().replace("MII", "MIX"),
        ] {
            assert_eq!(read(text).err().map(|e| e.kind()), Some(ErrorKind::InvalidInput));
        }
    }
}
