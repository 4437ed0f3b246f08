//! Pages of lists.

use crate::base::{Error, ErrorKind, Result, Timestamp};

/// A cursor for lists that run from the latest row to the earliest.
pub(super) fn before(cursor: Option<&String>) -> Result<i64> {
    cursor.map_or(Ok(i64::MAX), |cursor| cursor.parse().map_err(|_| not_a_cursor(cursor)))
}

/// A cursor for lists that run by an instant and, where that is the same, by a name: what
/// [`place`] wrote.
pub(super) fn after(cursor: Option<&String>) -> Result<Option<(Timestamp, String)>> {
    let Some(cursor) = cursor else { return Ok(None) };
    let place = cursor.split_once(' ').and_then(|(at, name)| Some((at.parse().ok()?, name)));
    let (at, name) = place.ok_or_else(|| not_a_cursor(cursor))?;
    Ok(Some((Timestamp::from_micros(at), name.to_owned())))
}

/// The cursor that leads on from an entry.
pub(super) fn place(at: Timestamp, name: &str) -> String {
    format!("{} {name}", at.as_micros())
}

fn not_a_cursor(cursor: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "page.parse", "`after` is not a cursor that a page gave out")
        .with("after", cursor.chars().take(64).collect::<String>())
}

/// The number of rows a page may have.
pub(super) fn page_size(size: u32) -> Result<u32> {
    if (1..=1000).contains(&size) {
        return Ok(size);
    }
    Err(Error::new(ErrorKind::InvalidInput, "page.parse", "a page has 1 to 1,000 items").with("size", size))
}
