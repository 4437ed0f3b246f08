//! Files, folders, shared drives and the logs of their changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::download::Operation;
use super::upload::Session;
use crate::rng::Rng;

pub(crate) const FOLDER: &str = "application/vnd.google-apps.folder";
pub(crate) const SHORTCUT: &str = "application/vnd.google-apps.shortcut";

/// A right of somebody on a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Permission {
    pub(crate) id: String,
    /// `user` or `anyone`.
    pub(crate) kind: String,
    pub(crate) email: Option<String>,
    pub(crate) role: String,
}

/// An earlier or the present content of a file.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    pub(crate) id: String,
    pub(crate) modified: i64,
    pub(crate) md5: String,
    pub(crate) size: usize,
}

/// A file, folder or shortcut.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) parent: Option<String>,
    /// The shared drive that it is in.
    pub(crate) drive: Option<String>,
    /// Nobody, in a shared drive.
    pub(crate) owner: Option<String>,
    pub(crate) permissions: Vec<Permission>,
    /// Who sees it, by permissions of its own, of folders above, or of the drive.
    pub(crate) access: Arc<BTreeSet<String>>,
    /// When each of them came to see it.
    pub(crate) seen_since: BTreeMap<String, i64>,
    pub(crate) is_trashed: bool,
    pub(crate) trashed_at: Option<i64>,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    pub(crate) modified_by: String,
    pub(crate) version: u64,
    /// Bytes of a blob, text of a Google document; nothing in folders and shortcuts.
    pub(crate) content: Option<Arc<[u8]>>,
    pub(crate) md5: String,
    pub(crate) sha256: String,
    pub(crate) revisions: Vec<Revision>,
    /// What an export gives instead of what would be made of the text.
    pub(crate) exports: BTreeMap<String, Arc<[u8]>>,
    pub(crate) shortcut_target: Option<String>,
    /// Fields that are kept as they were given: `description`, `starred`, `properties`, ...
    pub(crate) extra: Map<String, Value>,
    pub(crate) resource_key: Option<String>,
    pub(crate) is_abusive: bool,
    pub(crate) is_download_disabled: bool,
    /// Projects whose apps made or opened it.
    pub(crate) apps: BTreeSet<String>,
}

impl File {
    pub(crate) fn is_folder(&self) -> bool {
        self.mime_type == FOLDER
    }

    /// Whether it is one of Google's own kinds, without bytes.
    pub(crate) fn is_native(&self) -> bool {
        self.mime_type.starts_with("application/vnd.google-apps.")
    }

    /// Whether somebody may see it who knows its id.
    pub(crate) fn is_open_to(&self, account: &str) -> bool {
        self.access.contains(account) || self.permissions.iter().any(|own| own.kind == "anyone")
    }
}

/// A drive that belongs to a group.
#[derive(Debug, Clone)]
pub(crate) struct SharedDrive {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: i64,
    /// Roles by address.
    pub(crate) members: BTreeMap<String, String>,
    pub(crate) log: Log,
}

/// What an account has of its own.
#[derive(Debug)]
pub(crate) struct UserDrive {
    pub(crate) root: String,
    /// Numbers of all files that it sees.
    pub(crate) visible: BTreeSet<u64>,
    pub(crate) log: Log,
}

/// A line of a change log.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) at: i64,
    pub(crate) subject: Subject,
    /// The shared drive that it is about.
    pub(crate) drive: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Subject {
    File(u64, String),
    Drive(String),
}

/// Changes by page token: a token names the first change that is not read yet.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) entries: BTreeMap<u64, Entry>,
    last: u64,
    /// Entries that cannot be seen yet, and from when on they can.
    late: BTreeMap<u64, i64>,
    rng: Rng,
}

impl Log {
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let mut rng = Rng::new(seed, name);
        Self { entries: BTreeMap::new(), last: 100 + rng.below(9_000), late: BTreeMap::new(), rng }
    }

    pub(crate) fn add(&mut self, entry: Entry, visible_at: i64) {
        self.last += 1 + self.rng.below(3);
        if visible_at > entry.at {
            self.late.insert(self.last, visible_at);
        }
        self.entries.insert(self.last, entry);
    }

    /// The token that stands after everything that can be seen.
    pub(crate) fn end(&mut self, now: i64) -> u64 {
        self.late.retain(|_, visible_at| *visible_at > now);
        self.late.first_key_value().map_or(self.last + 1, |(late, _)| *late)
    }
}

/// Everything in Drive.
#[derive(Debug)]
pub(crate) struct Drive {
    pub(crate) seed: u64,
    pub(crate) files: BTreeMap<u64, File>,
    by_id: HashMap<String, u64>,
    pub(crate) children: HashMap<String, BTreeSet<u64>>,
    pub(crate) users: BTreeMap<String, UserDrive>,
    pub(crate) drives: BTreeMap<String, SharedDrive>,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) sessions: HashMap<String, Session>,
    next: u64,
}

impl Drive {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            files: BTreeMap::new(),
            by_id: HashMap::new(),
            children: HashMap::new(),
            users: BTreeMap::new(),
            drives: BTreeMap::new(),
            operations: BTreeMap::new(),
            sessions: HashMap::new(),
            next: 1,
        }
    }

    pub(crate) fn next_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// What an id stands for: `root` is the account's own.
    pub(crate) fn real_id<'a>(&'a self, account: &str, id: &'a str) -> &'a str {
        match self.users.get(account) {
            Some(user) if id == "root" => &user.root,
            _ => id,
        }
    }

    pub(crate) fn number(&self, id: &str) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&File> {
        self.files.get(&self.number(id)?)
    }

    /// Puts a file in; who sees it is to be worked out by [`super::change`].
    pub(crate) fn insert(&mut self, file: File) {
        self.by_id.insert(file.id.clone(), file.number);
        if let Some(parent) = &file.parent {
            self.children.entry(parent.clone()).or_default().insert(file.number);
        }
        self.files.insert(file.number, file);
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<File> {
        let file = self.files.remove(&number)?;
        self.by_id.remove(&file.id);
        self.unlink(file.parent.as_deref(), number);
        Some(file)
    }

    /// Takes a file out of a folder.
    pub(crate) fn unlink(&mut self, parent: Option<&str>, number: u64) {
        if let Some(children) = parent.and_then(|parent| self.children.get_mut(parent)) {
            children.remove(&number);
        }
    }

    /// A file and all below it, it first.
    pub(crate) fn subtree(&self, number: u64) -> Vec<u64> {
        let mut found = vec![number];
        let mut at = 0;
        while let Some(number) = found.get(at).copied() {
            let id = self.files.get(&number).map(|file| file.id.as_str());
            found.extend(id.and_then(|id| self.children.get(id)).into_iter().flatten());
            at += 1;
        }
        found
    }

    /// Whether it or a folder above it is in the trash.
    pub(crate) fn is_trashed(&self, file: &File) -> bool {
        self.above(file).any(|file| file.is_trashed)
    }

    /// A file and the folders above it.
    pub(crate) fn above<'a>(&'a self, file: &'a File) -> impl Iterator<Item = &'a File> {
        std::iter::successors(Some(file), |file| self.get(file.parent.as_deref()?))
    }

    /// The strongest role that somebody has on a file.
    pub(crate) fn role<'a>(&'a self, file: &'a File, account: &str) -> &'a str {
        const ORDER: [&str; 6] = ["reader", "commenter", "writer", "fileOrganizer", "organizer", "owner"];
        let of_drive = file.drive.as_ref().and_then(|id| self.drives.get(id)?.members.get(account));
        let own = self.above(file).flat_map(|file| {
            let owner = (file.owner.as_deref() == Some(account)).then_some("owner");
            let given = file
                .permissions
                .iter()
                .filter(|own| own.kind == "anyone" || own.email.as_deref() == Some(account));
            owner.into_iter().chain(given.map(|own| own.role.as_str()))
        });
        let all = own.chain(of_drive.map(String::as_str));
        all.max_by_key(|role| ORDER.iter().position(|own| own == role)).unwrap_or("")
    }

    pub(crate) fn may_edit(&self, file: &File, account: &str) -> bool {
        matches!(self.role(file, account), "writer" | "fileOrganizer" | "organizer" | "owner")
    }
}
