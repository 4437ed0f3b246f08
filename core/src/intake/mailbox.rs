//! Mailboxes on disk, read message by message in bounded memory.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::base::{Error, ErrorKind, Result};
use crate::text::Limits;
use crate::text::mail::Mbox;

/// How a mailbox lies on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailboxKind {
    /// One file, messages one after the other (RFC 4155 and its relatives).
    Mbox,
    /// A folder with `cur` and `new`, and subfolders that have them too.
    Maildir,
    /// A folder of `.eml` files, at any depth.
    Folder,
}

/// A message as found, or why it cannot be read.
#[derive(Debug)]
pub(super) struct RawMail {
    /// Its place in the mbox (from 1) or its path below the folder.
    pub(super) item: String,
    /// Bytes of the mailbox up to the end of this message.
    pub(super) bytes_done: u64,
    pub(super) raw: Result<Vec<u8>>,
}

/// Folders below a mailbox are followed this deep.
const MAX_FOLDER_DEPTH: usize = 32;

/// An open mailbox: its size, and its messages in a fixed order.
pub(super) struct Mailbox {
    pub(super) bytes_total: u64,
    pub(super) messages: Box<dyn Iterator<Item = RawMail> + Send>,
}

impl Mailbox {
    /// Opens a mailbox. Nothing is read yet but the names of files.
    pub(super) fn open(path: &Path, kind: MailboxKind, limits: &Limits) -> Result<Self> {
        match kind {
            MailboxKind::Mbox => Self::open_mbox(path, limits),
            MailboxKind::Maildir => Self::open_files(path, maildir_files(path)?, limits),
            MailboxKind::Folder => Self::open_files(path, eml_files(path)?, limits),
        }
    }

    fn open_mbox(path: &Path, limits: &Limits) -> Result<Self> {
        let file = File::open(path).map_err(|error| unreadable(path, error))?;
        let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
        if !metadata.is_file() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "mail.ingest_mbox",
                "an mbox is a file; for a folder use ingest_maildir or ingest_folder",
            )
            .with("path", path.display()));
        }
        let mut mbox = Mbox::new(BufReader::with_capacity(1 << 16, file), limits);
        let mut number = 0_u64;
        let messages = std::iter::from_fn(move || {
            let message = mbox.next()?;
            number += 1;
            let raw = message.map(|message| message.raw);
            Some(RawMail { item: format!("message {number}"), bytes_done: mbox.bytes_read(), raw })
        });
        Ok(Self { bytes_total: metadata.len(), messages: Box::new(messages) })
    }

    fn open_files(root: &Path, mut files: Vec<(PathBuf, u64)>, limits: &Limits) -> Result<Self> {
        // The order of a directory listing differs between machines; names do not.
        files.sort();
        let root = root.to_owned();
        let limit = limits.max_message_bytes as u64;
        let mut bytes_done = 0;
        let bytes_total = files.iter().map(|(_, size)| size).sum();
        let messages = files.into_iter().map(move |(path, size)| {
            bytes_done += size;
            let item = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
            let raw = if size > limit {
                Err(Error::new(ErrorKind::LimitExceeded, "mail.parse", "the message is too long")
                    .with("size", size)
                    .with("limit", limit))
            } else {
                fs::read(&path).map_err(|error| unreadable(&path, error))
            };
            RawMail { item, bytes_done, raw }
        });
        Ok(Self { bytes_total, messages: Box::new(messages) })
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let kind = if error.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Io };
    Error::new(kind, "mail.open", "the mailbox cannot be read").with("path", path.display()).caused_by(error)
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>> {
    let listing = fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    listing.map(|entry| entry.map_err(|error| unreadable(folder, error))).collect()
}

/// Regular files of a folder that `wanted` accepts by name.
fn files_in(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    for entry in entries(folder)? {
        let metadata = fs::metadata(entry.path()).map_err(|error| unreadable(&entry.path(), error))?;
        if metadata.is_file() && wanted(&entry.file_name().to_string_lossy()) {
            files.push((entry.path(), metadata.len()));
        }
    }
    Ok(files)
}

/// The messages of a Maildir and of the folders in it (Maildir++ names them `.Folder`).
fn maildir_files(root: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    let mut found = false;
    for folder in folders_below(root)? {
        for part in ["cur", "new"] {
            let part = folder.join(part);
            if part.is_dir() {
                found = true;
                files.extend(files_in(&part, |name| !name.starts_with('.'))?);
            }
        }
    }
    if !found {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "mail.ingest_maildir",
            "a Maildir has folders `cur` and `new`; for a folder of .eml files use ingest_folder",
        )
        .with("path", root.display()));
    }
    Ok(files)
}

fn eml_files(root: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let is_mail = |name: &str| name.to_ascii_lowercase().ends_with(".eml");
    let mut files = Vec::new();
    for folder in folders_below(root)? {
        files.extend(files_in(&folder, is_mail)?);
    }
    Ok(files)
}

/// A folder and all folders below it, without following links to folders.
fn folders_below(root: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        if depth < MAX_FOLDER_DEPTH {
            for entry in entries(&folder)? {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    open.push((entry.path(), depth + 1));
                }
            }
        }
        folders.push(folder);
    }
    Ok(folders)
}
