//! The stores: each implements the traits of [`crate::domain`] on one database.
//!
//! `sqlite/` and, later, `postgres/` have the same file names, one per concept.
//!
//! Invariant: the database is the only truth; whatever is derived from it lives elsewhere.
//! Invariant: every statement names the tenant of the transaction's scope.
//! Invariant: each change of a document or project appends to the change log in the
//! same commit.

#[cfg(test)]
mod behaviour;
pub(crate) mod sqlite;
