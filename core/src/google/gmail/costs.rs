//! What calls cost of a user's quota.

use crate::google::QuotaTable;

/// What each call costs, in Gmail's quota units. Google has two tables, and which one holds for
/// a project depends on its age and past use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GmailCosts {
    /// `users.getProfile`.
    pub(crate) profile: u32,
    /// `users.history.list`.
    pub(crate) history: u32,
    /// `users.messages.list`.
    pub(crate) list: u32,
    /// `users.messages.get`, in whatever format.
    pub(crate) get: u32,
    /// `users.watch`.
    pub(crate) watch: u32,
    /// `users.stop`.
    pub(crate) stop: u32,
}

impl GmailCosts {
    /// For projects that were in use between November 2025 and April 2026: 15,000 units a minute
    /// for each user.
    pub(crate) const OLD: Self = Self { profile: 1, history: 2, list: 5, get: 5, watch: 100, stop: 50 };
    /// For projects since May 2026: 6,000 units a minute for each user.
    pub(crate) const NEW: Self = Self { get: 20, ..Self::OLD };

    /// What a table says.
    pub(crate) const fn of(table: QuotaTable) -> Self {
        match table {
            QuotaTable::Old => Self::OLD,
            QuotaTable::New => Self::NEW,
        }
    }
}

impl Default for GmailCosts {
    /// The dearer table: who is wrong with it is slower, and never refused.
    fn default() -> Self {
        Self::NEW
    }
}
