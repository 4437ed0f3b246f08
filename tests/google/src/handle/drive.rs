//! Files, folders and shared drives.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::FakeGoogle;
use crate::drive::change;
use crate::drive::model::FOLDER;
use crate::world::World;

/// What a file is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewFile {
    /// Its name.
    pub name: String,
    /// Its type. Of Google's own types (`application/vnd.google-apps.document`) the content
    /// is the text that exports are made of.
    pub mime_type: String,
    /// The id of the folder or shared drive that it is in; the account's root otherwise.
    pub parent: Option<String>,
    /// Bytes, or text.
    pub content: Vec<u8>,
}

impl NewFile {
    /// A file in the account's root.
    #[must_use]
    pub fn new(name: &str, mime_type: &str, content: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            mime_type: mime_type.to_owned(),
            parent: None,
            content: content.to_vec(),
        }
    }

    /// The same in a folder.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.parent = Some(parent.to_owned());
        self
    }
}

impl FakeGoogle {
    /// Makes a file; its id, or `None` when account or folder are not there.
    pub fn add_file(&self, email: &str, new: NewFile) -> Option<String> {
        let new = change::NewFile {
            name: new.name,
            mime_type: new.mime_type,
            parent: new.parent,
            content: Some(new.content),
            ..change::NewFile::default()
        };
        self.lock().add_file(email, new)
    }

    /// Makes a folder, in another one or in the root; its id.
    pub fn add_folder(&self, email: &str, name: &str, parent: Option<&str>) -> Option<String> {
        let new = change::NewFile {
            name: name.to_owned(),
            mime_type: FOLDER.to_owned(),
            parent: parent.map(str::to_owned),
            ..change::NewFile::default()
        };
        self.lock().add_file(email, new)
    }

    fn change_file(&self, id: &str, change: impl FnOnce(&mut World, u64)) -> bool {
        let mut world = self.lock();
        match world.drive.number(id) {
            Some(number) => {
                change(&mut world, number);
                true
            }
            None => false,
        }
    }

    /// Gives a file new bytes, or a document new text; whether it is there.
    pub fn edit_file(&self, id: &str, content: &[u8]) -> bool {
        self.change_file(id, |world, number| {
            let now = world.now();
            if let Some(file) = world.drive.files.get_mut(&number) {
                file.modified = now;
            }
            world.set_content(number, content.to_vec());
            world.changed(number, "update", Some("content"));
        })
    }

    /// Renames a file; whether it is there.
    pub fn rename_file(&self, id: &str, name: &str) -> bool {
        self.change_file(id, |world, number| {
            let now = world.now();
            if let Some(file) = world.drive.files.get_mut(&number) {
                file.name = name.to_owned();
                file.modified = now;
            }
            world.changed(number, "update", Some("properties"));
        })
    }

    /// Puts a file or folder into another folder; whether that is possible.
    pub fn move_file(&self, id: &str, parent: &str) -> bool {
        let mut moved = false;
        self.change_file(id, |world, number| moved = world.move_file(number, parent));
        moved
    }

    /// Puts a file or folder into the trash; whether it is there.
    pub fn trash_file(&self, id: &str) -> bool {
        self.change_file(id, |world, number| world.set_trashed(number, true))
    }

    /// Takes it out again; whether it is there.
    pub fn untrash_file(&self, id: &str) -> bool {
        self.change_file(id, |world, number| world.set_trashed(number, false))
    }

    /// Deletes a file, or a folder and what is in it, for good; whether it was there.
    pub fn remove_file(&self, id: &str) -> bool {
        self.change_file(id, World::delete_file)
    }

    /// Gives somebody a role (`reader`, `commenter`, `writer`) on a file or folder.
    pub fn share_file(&self, id: &str, email: &str, role: &str) -> bool {
        self.change_file(id, |world, number| world.share(number, email, Some(role)))
    }

    /// Takes what somebody may: for them the file is gone.
    pub fn unshare_file(&self, id: &str, email: &str) -> bool {
        self.change_file(id, |world, number| world.share(number, email, None))
    }

    /// Makes a shared drive with members and their roles; its id, which is also that of its
    /// root folder.
    pub fn add_shared_drive(&self, name: &str, members: &[(&str, &str)]) -> String {
        let own: BTreeMap<String, String> =
            members.iter().map(|(email, role)| ((*email).to_owned(), (*role).to_owned())).collect();
        let by = members.first().map_or("", |member| member.0);
        self.lock().add_shared_drive(name, own, by)
    }

    /// Makes somebody a member of a shared drive, or no longer one (`None`).
    pub fn set_drive_member(&self, drive: &str, email: &str, role: Option<&str>) -> bool {
        self.lock().set_member(drive, email, role)
    }

    /// Says what an export of a document is, whatever its text.
    pub fn set_export(&self, id: &str, mime_type: &str, bytes: &[u8]) -> bool {
        self.change_file(id, |world, number| {
            if let Some(file) = world.drive.files.get_mut(&number) {
                file.exports.insert(mime_type.to_owned(), Arc::from(bytes));
            }
        })
    }

    /// Forbids to download a file, marks it as abusive, or gives it a resource key.
    pub fn restrict_file(
        &self,
        id: &str,
        no_download: bool,
        is_abusive: bool,
        resource_key: Option<&str>,
    ) -> bool {
        self.change_file(id, |world, number| {
            if let Some(file) = world.drive.files.get_mut(&number) {
                file.is_download_disabled = no_download;
                file.is_abusive = is_abusive;
                file.resource_key = resource_key.map(str::to_owned);
            }
            world.changed(number, "update", Some("properties"));
        })
    }

    /// The id of an account's root folder.
    #[must_use]
    pub fn root_folder(&self, email: &str) -> Option<String> {
        self.lock().drive.users.get(email).map(|user| user.root.clone())
    }
}
