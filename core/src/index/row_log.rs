//! The row table on disk: a log of checksummed frames, only ever appended to.
//!
//! A torn or damaged frame ends the log: what follows is cut off when it is opened, and
//! the position falls back to that of the last whole frame. So the log itself need not
//! be synced to disk after each frame to stay right.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::checksum::checksum;
use super::codec::{Reader, Writer};
use super::failure::Failure;
use super::frame::Frame;
use crate::base::Result;

const FILE: &str = "rows.log";
const NEW_FILE: &str = "rows.log.new";
const MAGIC: &str = "besunny rows";
const VERSION: u32 = 1;
const BLOCK_HEAD: usize = 12;

/// What all frames of a log have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// How long a vector is; `None` without vectors.
    pub(crate) dimension: Option<u32>,
    /// Which model the vectors are of.
    pub(crate) vector_key: String,
    /// Which vector file belongs to this log.
    pub(crate) vector_epoch: u64,
}

/// An open log.
pub(crate) struct RowLog {
    file: File,
    header: Header,
    /// Where the next frame goes.
    end: u64,
    /// How many changes its frames hold, a measure of what a rewrite could save.
    changes: usize,
}

impl RowLog {
    /// Opens the log of `folder` and hands each whole frame to `replay`; `None` when
    /// there is no log.
    pub(crate) fn open(folder: &Path, mut replay: impl FnMut(Frame)) -> Result<Option<Self>, Failure> {
        let _ = fs::remove_file(folder.join(NEW_FILE));
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut rest = bytes.as_slice();
        let header = next_block(&mut rest)
            .and_then(Header::decode)
            .ok_or_else(|| Failure::Damaged("the row log has no header of this version".to_owned()))?;
        let mut log = Self { file, header, end: (bytes.len() - rest.len()) as u64, changes: 0 };
        while let Some(frame) = next_block(&mut rest).and_then(Frame::decode) {
            log.changes += 1 + frame.changes.len();
            log.end = (bytes.len() - rest.len()) as u64;
            replay(frame);
        }
        log.file.set_len(log.end)?;
        Ok(Some(log))
    }

    /// Writes a new log that replaces the one before in a single step.
    pub(crate) fn create(folder: &Path, header: Header, frames: &[Frame]) -> Result<Self, Failure> {
        let mut bytes = block(&header.encode())?;
        for frame in frames {
            bytes.extend(block(&frame.encode())?);
        }
        let new_path = folder.join(NEW_FILE);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&new_path)?;
        file.write_all(&bytes)?;
        if !frames.is_empty() {
            file.sync_data()?;
        }
        fs::rename(new_path, folder.join(FILE))?;
        let changes = frames.iter().map(|frame| 1 + frame.changes.len()).sum();
        Ok(Self { file, header, end: bytes.len() as u64, changes })
    }

    /// Adds a frame. After a failure the log is as before.
    pub(crate) fn append(&mut self, frame: &Frame) -> Result<(), Failure> {
        let bytes = block(&frame.encode())?;
        // What a failed append may have left must not stay behind a shorter frame.
        self.file.set_len(self.end)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&bytes)?;
        self.end += bytes.len() as u64;
        self.changes += 1 + frame.changes.len();
        Ok(())
    }

    /// What all its frames have in common.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// How many changes its frames hold.
    pub(crate) fn changes(&self) -> usize {
        self.changes
    }

    /// Removes the log of a folder.
    pub(crate) fn remove(folder: &Path) -> std::io::Result<()> {
        remove_if_there(&folder.join(FILE))?;
        remove_if_there(&folder.join(NEW_FILE))
    }
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.text(MAGIC);
        out.u32(VERSION);
        out.u32(self.dimension.unwrap_or(0));
        out.text(&self.vector_key);
        out.u64(self.vector_epoch);
        out.finish()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes);
        (input.text()? == MAGIC && input.u32()? == VERSION).then_some(())?;
        Some(Self {
            dimension: Some(input.u32()?).filter(|&dimension| dimension > 0),
            vector_key: input.text()?.to_owned(),
            vector_epoch: input.u64()?,
        })
    }
}

/// Length, checksum, payload.
fn block(payload: &[u8]) -> Result<Vec<u8>, Failure> {
    let length = u32::try_from(payload.len())
        .map_err(|_| Failure::Refused(std::io::Error::other("more changes than one call can apply")))?;
    let mut out = Writer::default();
    out.u32(length);
    out.u64(checksum(payload));
    out.bytes(payload);
    Ok(out.finish())
}

fn next_block<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut input = Reader::new(rest);
    let length = input.u32()? as usize;
    let sum = input.u64()?;
    let payload = input.bytes(length)?;
    (sum == checksum(payload)).then_some(())?;
    *rest = &rest[BLOCK_HEAD + length..];
    Some(payload)
}

/// Removes a file, or finds that somebody has.
pub(crate) fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
