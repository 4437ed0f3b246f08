//! Pages of lists that run from the latest row to the earliest.

use crate::base::{Error, ErrorKind, Result};

/// A cursor for lists that run from the latest row to the earliest.
pub(super) fn before(cursor: Option<&String>) -> Result<i64> {
    cursor.map_or(Ok(i64::MAX), |cursor| {
        cursor.parse().map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "page.parse", "`after` is not a cursor that a page gave out")
                .with("after", cursor.chars().take(64).collect::<String>())
        })
    })
}

/// The number of rows a page may have.
pub(super) fn page_size(size: u32) -> Result<u32> {
    if (1..=1000).contains(&size) {
        return Ok(size);
    }
    Err(Error::new(ErrorKind::InvalidInput, "page.parse", "a page has 1 to 1,000 items").with("size", size))
}
