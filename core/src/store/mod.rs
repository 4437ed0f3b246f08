//! The stores: each implements the traits of [`crate::domain`] on one database.
//!
//! `sqlite/` and `postgres/` have the same file names, one per concept.
//!
//! Invariant: the database is the only truth; whatever is derived from it lives elsewhere.
//! Invariant: every statement names the tenant of the transaction's scope.
//! Invariant: each change of a document, project, account or meeting appends to the change
//! log in the same commit.
//! Invariant: U+0000 in text is stored as U+FFFD, in every backend.

#[cfg(test)]
mod behaviour;
mod listeners;
mod meetings;
mod missing;
mod paging;
pub(crate) mod postgres;
pub(crate) mod sqlite;
mod text;
