//! Every change of a file goes through here: versions, who sees it, logs and notifications.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use md5::Md5;
use serde_json::Map;
use sha2::{Digest, Sha256};

use super::model::{Entry, FOLDER, File, Log, Permission, Revision, Subject, UserDrive};
use crate::settings::ChildChanges;
use crate::world::World;

/// What a file is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewFile {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) parent: Option<String>,
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) extra: Map<String, serde_json::Value>,
    pub(crate) shortcut_target: Option<String>,
    pub(crate) app: Option<String>,
    pub(crate) modified: Option<i64>,
    pub(crate) created: Option<i64>,
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl World {
    /// Gives an account its drive.
    pub(crate) fn add_user_drive(&mut self, account: &str) {
        let root = format!("0A{}PVA", self.ids.url_text(14));
        let log = Log::new(self.drive.seed, &format!("changes of {account}"));
        let user = UserDrive { root: root.clone(), visible: BTreeSet::new(), log };
        self.drive.users.insert(account.to_owned(), user);
        let file = self.blank(root, "My Drive", FOLDER, account);
        let number = file.number;
        self.drive.insert(file);
        self.spread_access(number, false);
    }

    fn blank(&mut self, id: String, name: &str, mime_type: &str, by: &str) -> File {
        let now = self.now();
        let owner = Permission {
            id: permission_id(by),
            kind: "user".to_owned(),
            email: Some(by.to_owned()),
            role: "owner".to_owned(),
        };
        File {
            number: self.drive.next_number(),
            id,
            name: name.to_owned(),
            mime_type: mime_type.to_owned(),
            parent: None,
            drive: None,
            owner: Some(by.to_owned()),
            permissions: vec![owner],
            access: Arc::default(),
            seen_since: BTreeMap::new(),
            is_trashed: false,
            trashed_at: None,
            created: now,
            modified: now,
            modified_by: by.to_owned(),
            version: 1,
            content: None,
            md5: String::new(),
            sha256: String::new(),
            revisions: Vec::new(),
            exports: BTreeMap::new(),
            shortcut_target: None,
            extra: Map::new(),
            resource_key: None,
            is_abusive: false,
            is_download_disabled: false,
            apps: BTreeSet::new(),
        }
    }

    /// The root folder of a shared drive.
    pub(crate) fn add_drive_root(&mut self, drive: &str, name: &str, by: &str) {
        let mut file = self.blank(drive.to_owned(), name, FOLDER, by);
        file.drive = Some(drive.to_owned());
        file.owner = None;
        file.permissions.clear();
        let number = file.number;
        self.drive.insert(file);
        self.spread_access(number, false);
    }

    /// Makes a file of an account's, in the folder or in its root; its id. `None` when the
    /// folder is not there or the account is not.
    pub(crate) fn add_file(&mut self, by: &str, new: NewFile) -> Option<String> {
        let parent = new.parent.unwrap_or_else(|| "root".to_owned());
        let parent = self.drive.real_id(by, &parent).to_owned();
        let folder = self.drive.get(&parent)?;
        let (drive, owner) = (folder.drive.clone(), folder.owner.clone());
        let id = new.id.unwrap_or_else(|| {
            let length = if new.mime_type.starts_with("application/vnd.google-apps.") { 43 } else { 32 };
            format!("1{}", self.ids.url_text(length))
        });
        let mut file = self.blank(id.clone(), &new.name, &new.mime_type, by);
        file.parent = Some(parent);
        if drive.is_some() {
            file.owner = None;
            file.permissions.clear();
        } else if owner.as_deref() != Some(by) {
            // Who makes a file in somebody else's folder owns it all the same.
            file.drive = None;
        }
        file.drive = drive;
        file.extra = new.extra;
        file.shortcut_target = new.shortcut_target;
        file.apps.extend(new.app);
        if let Some(modified) = new.modified {
            file.modified = modified;
        }
        if let Some(created) = new.created {
            file.created = created;
        }
        let number = file.number;
        let has_bytes = !file.is_native();
        self.drive.insert(file);
        let content = new.content.or_else(|| has_bytes.then(Vec::new));
        if let Some(content) = content {
            self.set_content(number, content);
        }
        self.spread_access(number, false);
        self.changed(number, "add", None);
        let folder = self.drive.files.get(&number).and_then(|file| file.parent.clone());
        self.children_of_changed(folder.as_deref());
        Some(id)
    }

    /// New bytes, or the text of a Google document.
    pub(crate) fn set_content(&mut self, number: u64, content: Vec<u8>) {
        let revision = format!("0B{}", self.ids.url_text(42));
        let Some(file) = self.drive.files.get_mut(&number) else { return };
        if !file.is_native() {
            file.md5 = hex(&Md5::digest(&content));
            file.sha256 = hex(&Sha256::digest(&content));
            let (md5, size) = (file.md5.clone(), content.len());
            file.revisions.push(Revision { id: revision, modified: file.modified, md5, size });
        }
        file.content = Some(Arc::from(content));
    }

    /// Writes down that a file changed: a new version, a line in each log, notifications.
    pub(crate) fn changed(&mut self, number: u64, state: &'static str, part: Option<&'static str>) {
        let Some(file) = self.drive.files.get_mut(&number) else { return };
        file.version += 1 + u64::from(state == "add");
        let (access, drive, id) = (Arc::clone(&file.access), file.drive.clone(), file.id.clone());
        self.log(number, &id, drive.as_deref(), &access);
        let linger = self.settings.stop_linger;
        let now = self.now();
        self.push.notify(&mut self.faults, &format!("drive.file/{id}"), state, part, linger, now);
        if state == "add" {
            // A new file is told of twice, though it is one line of the log.
            for account in access.iter().filter(|_| drive.is_none()) {
                let resource = format!("drive.changes/{account}/mine");
                self.push.notify(&mut self.faults, &resource, "change", None, linger, now);
            }
        }
    }

    /// Tells those who watch a folder that what is in it changed.
    fn children_of_changed(&mut self, folder: Option<&str>) {
        let Some(folder) = folder else { return };
        let (now, linger) = (self.now(), self.settings.stop_linger);
        let resource = format!("drive.file/{folder}");
        self.push.notify(&mut self.faults, &resource, "update", Some("children"), linger, now);
    }

    /// A line in the logs of those who see a file, or saw it until now.
    fn log(&mut self, number: u64, id: &str, drive: Option<&str>, accounts: &BTreeSet<String>) {
        let now = self.now();
        let linger = self.settings.stop_linger;
        let entry = |drive: Option<&str>| Entry {
            at: now,
            subject: Subject::File(number, id.to_owned()),
            drive: drive.map(str::to_owned),
        };
        for account in accounts {
            let visible_at = self.visible_at("change.drive", account);
            let Some(user) = self.drive.users.get_mut(account) else { continue };
            user.log.add(entry(drive), visible_at);
            let mine = format!("drive.changes/{account}/mine");
            let all = format!("drive.changes/{account}/all");
            for resource in drive.is_none().then_some(mine).into_iter().chain([all]) {
                self.push.notify(&mut self.faults, &resource, "change", None, linger, now);
            }
        }
        if let Some(drive) = drive {
            let visible_at = self.visible_at("change.drive", drive);
            if let Some(own) = self.drive.drives.get_mut(drive) {
                own.log.add(entry(Some(drive)), visible_at);
                let resource = format!("drive.changes/drive/{drive}");
                self.push.notify(&mut self.faults, &resource, "change", None, linger, now);
            }
        }
    }

    /// Works out anew who sees a file and those below it. Who no longer does gets a removal;
    /// with `announces`, who newly does gets a change, for the file itself and, as it is set,
    /// for those below.
    pub(crate) fn spread_access(&mut self, number: u64, announces: bool) {
        let now = self.now();
        let children = self.settings.child_changes;
        for below in self.drive.subtree(number) {
            let Some(file) = self.drive.files.get(&below) else { continue };
            let mut access: BTreeSet<String> =
                file.permissions.iter().filter_map(|own| own.email.clone()).collect();
            access.extend(file.owner.clone());
            if let Some(drive) = file.drive.as_ref().and_then(|drive| self.drive.drives.get(drive)) {
                access.extend(drive.members.keys().cloned());
            }
            if let Some(parent) = file.parent.as_deref().and_then(|parent| self.drive.get(parent)) {
                access.extend(parent.access.iter().cloned());
            }
            if *file.access == access {
                continue;
            }
            let (id, drive) = (file.id.clone(), file.drive.clone());
            let lost: BTreeSet<String> = file.access.difference(&access).cloned().collect();
            let gained: BTreeSet<String> = access.difference(&file.access).cloned().collect();
            for (accounts, sees) in [(&lost, false), (&gained, true)] {
                for account in accounts {
                    if let Some(user) = self.drive.users.get_mut(account) {
                        if sees {
                            user.visible.insert(below)
                        } else {
                            user.visible.remove(&below)
                        };
                    }
                }
            }
            if let Some(file) = self.drive.files.get_mut(&below) {
                file.access = Arc::new(access);
                file.seen_since.retain(|account, _| !lost.contains(account));
                file.seen_since.extend(gained.iter().map(|account| (account.clone(), now)));
            }
            let is_told = below == number || children != ChildChanges::None;
            if is_told {
                self.log(below, &id, drive.as_deref(), &lost);
                if announces {
                    self.log(below, &id, drive.as_deref(), &gained);
                }
            }
        }
    }

    /// A change of a folder that reaches those below it, as they may be told or not.
    fn children_changed(&mut self, number: u64, state: &'static str) {
        if self.settings.child_changes != ChildChanges::All {
            return;
        }
        for below in self.drive.subtree(number).into_iter().skip(1) {
            self.changed(below, state, None);
        }
    }

    pub(crate) fn set_trashed(&mut self, number: u64, is_trashed: bool) {
        let now = self.now();
        let Some(file) = self.drive.files.get_mut(&number).filter(|file| file.is_trashed != is_trashed)
        else {
            return;
        };
        file.is_trashed = is_trashed;
        file.trashed_at = is_trashed.then_some(now);
        let state = if is_trashed { "trash" } else { "untrash" };
        self.changed(number, state, None);
        self.children_changed(number, state);
    }

    /// Puts a file into another folder; whether that is possible.
    pub(crate) fn move_file(&mut self, number: u64, parent: &str) -> bool {
        let Some((id, drive)) =
            self.drive.get(parent).map(|parent| (parent.id.clone(), parent.drive.clone()))
        else {
            return false;
        };
        let Some(folder) = self.drive.number(&id) else { return false };
        // A folder is not put into itself, nor into what is in it.
        if self.drive.subtree(number).contains(&folder) {
            return false;
        }
        let Some(file) = self.drive.files.get_mut(&number) else { return false };
        let before = file.parent.replace(id.clone());
        let was_in = file.drive.clone();
        self.drive.unlink(before.as_deref(), number);
        self.drive.children.entry(id).or_default().insert(number);
        if was_in != drive {
            for below in self.drive.subtree(number) {
                if let Some(file) = self.drive.files.get_mut(&below) {
                    file.drive.clone_from(&drive);
                    if drive.is_some() {
                        file.owner = None;
                    }
                }
            }
        }
        self.spread_access(number, true);
        self.changed(number, "update", Some("parents"));
        if was_in != drive {
            // The log of the drive that they left says so, and nothing of them ever again.
            for below in self.drive.subtree(number) {
                let Some(id) = self.drive.files.get(&below).map(|file| file.id.clone()) else { continue };
                self.log(below, &id, was_in.as_deref(), &BTreeSet::new());
            }
        }
        self.children_of_changed(before.as_deref());
        self.children_of_changed(Some(parent));
        self.children_changed(number, "update");
        true
    }

    /// Deletes a file and what is below it, for good.
    pub(crate) fn delete_file(&mut self, number: u64) {
        let now = self.now();
        let linger = self.settings.stop_linger;
        for below in self.drive.subtree(number) {
            let Some(file) = self.drive.remove(below) else { continue };
            for account in file.access.iter() {
                if let Some(user) = self.drive.users.get_mut(account) {
                    user.visible.remove(&below);
                }
            }
            if below == number || self.settings.child_changes != ChildChanges::None {
                self.log(below, &file.id, file.drive.as_deref(), &file.access);
            }
            self.drive.children.remove(&file.id);
            if below == number {
                self.children_of_changed(file.parent.as_deref());
            }
            self.push.notify(
                &mut self.faults,
                &format!("drive.file/{}", file.id),
                "remove",
                None,
                linger,
                now,
            );
        }
    }

    /// Gives somebody a role on a file, or takes what they have (`None`).
    pub(crate) fn share(&mut self, number: u64, account: &str, role: Option<&str>) {
        let Some(file) = self.drive.files.get_mut(&number) else { return };
        file.permissions.retain(|own| own.role == "owner" || own.email.as_deref() != Some(account));
        if let Some(role) = role {
            file.permissions.push(Permission {
                id: permission_id(account),
                kind: "user".to_owned(),
                email: Some(account.to_owned()),
                role: role.to_owned(),
            });
        }
        // Those who do not see it any more get a removal before the others get a change.
        self.spread_access(number, false);
        self.changed(number, "update", Some("permissions"));
        let below: Vec<u64> = match self.settings.child_changes {
            ChildChanges::None => Vec::new(),
            _ => self.drive.subtree(number).into_iter().skip(1).collect(),
        };
        for below in below {
            self.changed(below, "update", Some("permissions"));
        }
    }
}

/// The same for a person on all files.
pub(crate) fn permission_id(account: &str) -> String {
    format!("{:020}", crate::rng::hash(account.as_bytes()))
}
