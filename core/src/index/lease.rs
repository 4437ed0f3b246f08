//! The right to write to a generation of an index: a lock that the system drops with the
//! process, and a stamp by which others see that the holder is alive.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::failure::Failure;
use crate::base::Result;

const FILE: &str = "lease";

/// A held lease. Dropping it passes it on.
#[derive(Debug)]
pub(crate) struct Lease {
    file: File,
    stamp: Stamp,
}

/// What the holder has written into the lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Counts the times the lease was taken.
    pub(crate) turn: u64,
    /// Counts the signs of life in this turn.
    pub(crate) sign: u64,
}

impl Lease {
    /// Takes the lease of the generation in `folder`; `None` when somebody has it.
    pub(crate) fn try_take(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = folder.join(FILE);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let mut lease = Self { file, stamp: Stamp::default() };
        lease.stamp = Stamp { turn: Stamp::read(&mut lease.file)?.turn.saturating_add(1), sign: 0 };
        lease.write()?;
        Ok(Some(lease))
    }

    /// Which turn this is.
    pub(crate) fn turn(&self) -> u64 {
        self.stamp.turn
    }

    /// Gives a sign of life.
    pub(crate) fn stamp(&mut self) -> Result<(), Failure> {
        self.stamp.sign += 1;
        self.write()
    }

    fn write(&mut self) -> Result<(), Failure> {
        self.file.seek(SeekFrom::Start(0))?;
        // Always as long, so that it overwrites what was there.
        self.file.write_all(format!("{:020} {:020}\n", self.stamp.turn, self.stamp.sign).as_bytes())?;
        Ok(())
    }
}

impl Stamp {
    /// The stamp of the generation in `folder`, whoever holds its lease.
    pub(crate) fn of(folder: &Path) -> Result<Self, Failure> {
        Self::read(&mut File::open(folder.join(FILE))?)
    }

    /// A stamp that cannot be read counts as none: it only says who was last.
    fn read(file: &mut File) -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        file.take(64).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let mut numbers = text.split_whitespace().map(|number| number.parse().unwrap_or(0));
        Ok(Self { turn: numbers.next().unwrap_or(0), sign: numbers.next().unwrap_or(0) })
    }
}
