//! The row table on disk: a log of checksummed frames, only ever appended to.
//!
//! A torn frame ends the log: the position is that of the last whole one. So the log
//! itself need not be synced to disk after each frame to stay right. One process writes
//! at a time; others read on from where they were, and notice when it was replaced.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::codec::{Reader, Writer};
use super::failure::Failure;
use super::frame::Frame;
use crate::base::{Result, checksum};

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
    is_torn: bool,
}

/// What was added to a log.
pub(crate) struct News {
    /// Whole frames, and where each ends.
    pub(crate) frames: Vec<(Frame, u64)>,
    /// Whether something half-written stands behind them.
    pub(crate) is_torn: bool,
}

impl News {
    fn read(mut rest: &[u8], start: u64) -> Result<Self, Failure> {
        let length = rest.len() as u64;
        let mut news = Self { frames: Vec::new(), is_torn: false };
        loop {
            if rest.is_empty() {
                return Ok(news);
            }
            let frame = match next_block(&mut rest) {
                Block::Whole(block) => Frame::decode(block),
                Block::Torn => {
                    news.is_torn = true;
                    return Ok(news);
                }
                Block::Damaged => None,
            };
            let frame =
                frame.ok_or_else(|| Failure::Damaged("a frame of the row log is damaged".to_owned()))?;
            news.frames.push((frame, start + length - rest.len() as u64));
        }
    }
}

impl RowLog {
    /// Opens the log of `folder` and hands each whole frame to `replay`; `None` when
    /// there is no log. Writes nothing.
    pub(crate) fn open(folder: &Path, mut replay: impl FnMut(Frame)) -> Result<Option<Self>, Failure> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut rest = bytes.as_slice();
        let header = match next_block(&mut rest) {
            Block::Whole(block) => Header::decode(block),
            Block::Torn | Block::Damaged => None,
        };
        let header =
            header.ok_or_else(|| Failure::Damaged("the row log has no header of this version".to_owned()))?;
        let end = (bytes.len() - rest.len()) as u64;
        let mut log = Self { file, header, end, changes: 0, is_torn: false };
        let news = News::read(rest, end)?;
        log.is_torn = news.is_torn;
        for (frame, end) in news.frames {
            log.advance(&frame, end);
            replay(frame);
        }
        Ok(Some(log))
    }

    /// The frames that were added since; `None` when the log was replaced.
    pub(crate) fn news(&self, folder: &Path) -> Result<Option<News>, Failure> {
        let mut file = match File::open(folder.join(FILE)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let metadata = file.metadata()?;
        if !is_same_file(&metadata, &self.file.metadata()?) || metadata.len() < self.end {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(self.end))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        News::read(&bytes, self.end).map(Some)
    }

    /// Moves on behind a frame.
    pub(crate) fn advance(&mut self, frame: &Frame, end: u64) {
        self.end = end;
        self.changes += 1 + frame.changes.len();
    }

    /// Whether something half-written stands behind the last frame.
    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn
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
        Ok(Self { file, header, end: bytes.len() as u64, changes, is_torn: false })
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

/// A piece of the log.
enum Block<'a> {
    Whole(&'a [u8]),
    /// It ends before its end.
    Torn,
    /// It is all there, and something else than was written.
    Damaged,
}

fn next_block<'a>(rest: &mut &'a [u8]) -> Block<'a> {
    let mut input = Reader::new(rest);
    let (Some(length), Some(sum)) = (input.u32(), input.u64()) else { return Block::Torn };
    let Some(payload) = input.bytes(length as usize) else { return Block::Torn };
    if sum != checksum(payload) {
        return Block::Damaged;
    }
    *rest = &rest[BLOCK_HEAD + length as usize..];
    Block::Whole(payload)
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere a file that is open cannot be replaced.
#[cfg(not(unix))]
fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Removes a file, or finds that somebody has.
pub(crate) fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
