//! What goes over the boundary: plain objects, made from the crate's types.

pub mod assignment;
pub mod check;
pub mod document;
pub mod event;
pub mod google;
pub mod input;
pub mod intake;
pub mod job;
pub mod json;
pub mod mail;
pub mod meeting;
pub mod project;
pub mod search;
pub mod status;
pub mod time;
pub mod user;

/// A count as a JavaScript number.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Converts a list item by item.
pub(crate) fn list<A, B: From<A>>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(B::from).collect()
}
