//! What is true in the end: to be compared with what a client has made of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::FakeGoogle;
use crate::clock::rfc3339;

/// Everything that an account sees.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Mail by id.
    pub mail: BTreeMap<String, MailTruth>,
    /// Files by id, those in the trash, those shared with the account and those of its
    /// shared drives included; root folders are not.
    pub files: BTreeMap<String, FileTruth>,
    /// Events by calendar and id, as they are stored: series and exceptions, those that are
    /// cancelled included.
    pub events: BTreeMap<String, BTreeMap<String, Value>>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailTruth {
    /// Sorted.
    pub labels: Vec<String>,
    /// The thread's id.
    pub thread: String,
    /// Of the raw message, in hexadecimal.
    pub sha256: String,
    /// Milliseconds since 1970.
    pub date: i64,
}

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTruth {
    /// Its name.
    pub name: String,
    /// Its type.
    pub mime_type: String,
    /// Folders that it is in and that the account sees.
    pub parents: Vec<String>,
    /// Whether it or a folder above it is in the trash.
    pub trashed: bool,
    /// Grows with each change.
    pub version: u64,
    /// Of bytes; empty for folders and Google's own types.
    pub md5: String,
    /// Of bytes; empty for folders and Google's own types.
    pub sha256: String,
    /// Of bytes, or of the text of Google's own types.
    pub size: usize,
    /// The shared drive that it is in.
    pub drive: Option<String>,
    /// The owner, where there is one.
    pub owner: Option<String>,
}

impl FakeGoogle {
    /// What is true for an account; nothing, if there is none.
    #[must_use]
    pub fn snapshot(&self, email: &str) -> Snapshot {
        let world = self.lock();
        let messages = world.mail.get(email).into_iter().flat_map(|mailbox| mailbox.messages.values());
        let mail = messages.map(|message| {
            let truth = MailTruth {
                labels: message.labels.iter().cloned().collect(),
                thread: format!("{:016x}", message.thread),
                sha256: Sha256::digest(&message.raw).iter().map(|byte| format!("{byte:02x}")).collect(),
                date: message.date,
            };
            (format!("{:016x}", message.id), truth)
        });
        let drive = &world.drive;
        let files = drive.users.get(email).into_iter().flat_map(|user| &user.visible);
        let files = files.filter_map(|number| drive.files.get(number)).filter(|file| file.parent.is_some());
        let files = files.map(|file| {
            let parent = file.parent.as_deref().and_then(|id| drive.get(id));
            let parent = parent.filter(|folder| folder.access.contains(email));
            let truth = FileTruth {
                name: file.name.clone(),
                mime_type: file.mime_type.clone(),
                parents: parent.map(|folder| folder.id.clone()).into_iter().collect(),
                trashed: drive.is_trashed(file),
                version: file.version,
                md5: file.md5.clone(),
                sha256: file.sha256.clone(),
                size: crate::drive::render::size(file),
                drive: file.drive.clone(),
                owner: file.owner.clone(),
            };
            (file.id.clone(), truth)
        });
        let calendars = world.calendars.calendars.values();
        let calendars = calendars.filter(|own| !own.is_deleted && own.roles.contains_key(email));
        let events = calendars.map(|calendar| {
            let events = calendar.events.values().map(|event| {
                let mut body = event.body.clone();
                body.insert("updated".to_owned(), Value::String(rfc3339(event.updated)));
                (event.id().to_owned(), Value::Object(body))
            });
            (calendar.id.clone(), events.collect())
        });
        Snapshot { mail: mail.collect(), files: files.collect(), events: events.collect() }
    }
}
