//! What calls cost of a user's quota.

use crate::google::QuotaTable;

/// What each call costs. Google counts queries for some projects and units for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DriveCosts {
    /// Metadata of a file.
    pub(crate) get: u32,
    /// A page of files or changes.
    pub(crate) list: u32,
    /// A file's content, as it is or exported.
    pub(crate) download: u32,
    /// Anything else.
    pub(crate) other: u32,
}

impl DriveCosts {
    /// For projects that were in use before May 2026: 12,000 queries a minute.
    pub(crate) const OLD: Self = Self { get: 1, list: 1, download: 1, other: 1 };
    /// For projects since: 325,000 units a minute for each user.
    pub(crate) const NEW: Self = Self { get: 5, list: 100, download: 200, other: 5 };

    /// What a table says.
    pub(crate) const fn of(table: QuotaTable) -> Self {
        match table {
            QuotaTable::Old => Self::OLD,
            QuotaTable::New => Self::NEW,
        }
    }
}

impl Default for DriveCosts {
    fn default() -> Self {
        Self::NEW
    }
}
