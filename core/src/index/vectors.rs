//! The vector file: rows of `f32`, little-endian, one after the other, memory-mapped.
//! Which row is whose, and how many count, the row table knows.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::{Mmap, MmapOptions};

use super::failure::Failure;
use super::row_log::remove_if_there;
use crate::base::{Result, checksum};

const PREFIX: &str = "vectors.";

/// The file, for writing.
pub(crate) struct VectorFile {
    file: File,
    path: PathBuf,
    row_bytes: usize,
}

/// The rows that count, for reading. Stays valid while the file grows.
pub(crate) struct VectorMap {
    map: Option<Mmap>,
    row_bytes: usize,
}

impl VectorFile {
    /// Opens the file of this epoch. It is never shortened: another process may have it
    /// mapped.
    pub(crate) fn open(folder: &Path, epoch: u64, dimension: u32) -> Result<Self, Failure> {
        let path = path_of(folder, epoch);
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        Ok(Self { file, path, row_bytes: dimension as usize * size_of::<f32>() })
    }

    /// Begins an empty file of this epoch, in place of one that was begun and never
    /// counted.
    pub(crate) fn create(folder: &Path, epoch: u64, dimension: u32) -> Result<Self, Failure> {
        let path = path_of(folder, epoch);
        remove_if_there(&path)?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        Ok(Self { file, path, row_bytes: dimension as usize * size_of::<f32>() })
    }

    /// Removes the files of other epochs.
    pub(crate) fn remove_others(&self, folder: &Path) -> std::io::Result<()> {
        remove_all_but(folder, &self.path)
    }

    /// Writes rows behind the first `count` and maps all of them. Until the row table
    /// counts them they may be overwritten.
    pub(crate) fn append(&mut self, count: u32, rows: &[u8]) -> Result<VectorMap, Failure> {
        self.file.seek(SeekFrom::Start(self.offset(count)))?;
        self.file.write_all(rows)?;
        self.map(count + (rows.len() / self.row_bytes) as u32)
    }

    /// Maps the first `count` rows.
    pub(crate) fn map(&self, count: u32) -> Result<VectorMap, Failure> {
        let length = self.offset(count) as usize;
        if self.file.metadata()?.len() < length as u64 {
            return Err(Failure::Damaged("the vector file is too short".to_owned()));
        }
        let map = if length == 0 {
            None
        } else {
            // SAFETY: the mapped rows count, so nobody writes to them again: rows are only
            // appended behind them, by whoever holds the lease, no file is ever shortened,
            // and a rewrite goes to another file.
            Some(unsafe { MmapOptions::new().len(length).map(&self.file) }?)
        };
        Ok(VectorMap { map, row_bytes: self.row_bytes })
    }

    fn offset(&self, count: u32) -> u64 {
        u64::from(count) * self.row_bytes as u64
    }
}

impl VectorMap {
    /// A map without rows.
    pub(crate) fn empty() -> Self {
        Self { map: None, row_bytes: 1 }
    }

    /// All rows in order, as bytes.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.map.as_deref().unwrap_or_default().chunks_exact(self.row_bytes)
    }

    /// Whether the rows at these places have this checksum.
    pub(crate) fn has_checksum(&self, places: Range<u32>, sum: u64) -> bool {
        let bytes = places.start as usize * self.row_bytes..places.end as usize * self.row_bytes;
        self.map.as_deref().unwrap_or_default().get(bytes).is_some_and(|bytes| checksum(bytes) == sum)
    }

    /// One row, as bytes.
    pub(crate) fn row(&self, place: u32) -> Option<&[u8]> {
        let start = place as usize * self.row_bytes;
        self.map.as_deref()?.get(start..start + self.row_bytes)
    }
}

/// Writes a vector as the file holds it.
pub(crate) fn extend_with(rows: &mut Vec<u8>, vector: &[f32]) {
    rows.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
}

/// Removes every vector file of a folder but one. Who has one mapped keeps it.
fn remove_all_but(folder: &Path, kept: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_vectors = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        if is_vectors && path != kept {
            remove_if_there(&path)?;
        }
    }
    Ok(())
}

fn path_of(folder: &Path, epoch: u64) -> PathBuf {
    folder.join(format!("{PREFIX}{epoch}"))
}
