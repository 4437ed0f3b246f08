//! Between rows and domain types.

use std::str::FromStr;

use libsqlite3_sys::{SQLITE_CORRUPT, SQLITE_IOERR_DATA, SQLITE_NOTADB};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::base::{Error, ErrorKind, Result, Timestamp};

/// Turns a database error into ours, for `map_err`.
pub(super) fn failed(operation: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |error| {
        let message = if is_damage(&error) {
            "the database is damaged; restore a backup"
        } else {
            "the database refused"
        };
        Error::new(ErrorKind::Storage, operation, message).caused_by(error)
    }
}

/// Whether SQLite found its file damaged, or to be something else.
pub(super) fn is_damage(error: &sqlx::Error) -> bool {
    is_corrupt(error) || code(error).is_some_and(|code| primary(code) == SQLITE_NOTADB)
}

/// Whether SQLite found its file damaged, by its structure or by a checksum.
pub(super) fn is_corrupt(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| primary(code) == SQLITE_CORRUPT || code == SQLITE_IOERR_DATA)
}

/// SQLite's extended result code.
fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// The result code of which this is a kind: its lowest byte.
fn primary(code: i32) -> i32 {
    code & 0xff
}

/// Whether a statement failed because a unique value exists already.
pub(super) fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Whether a statement failed because what a row hangs from is not there.
pub(super) fn is_orphan(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
}

/// A value in the row that the library itself cannot have written.
fn damaged(column: &'static str) -> Error {
    Error::new(ErrorKind::Storage, "store.read", "a stored value cannot be read; restore from a backup")
        .with("column", column)
}

/// Typed access to the columns of a row.
pub(super) struct Columns<'a>(pub(super) &'a SqliteRow);

impl Columns<'_> {
    pub(super) fn text(&self, column: &'static str) -> Result<String> {
        self.0.try_get(column).map_err(failed("store.read"))
    }

    pub(super) fn optional_text(&self, column: &'static str) -> Result<Option<String>> {
        self.0.try_get(column).map_err(failed("store.read"))
    }

    pub(super) fn integer(&self, column: &'static str) -> Result<i64> {
        self.0.try_get(column).map_err(failed("store.read"))
    }

    pub(super) fn optional_integer(&self, column: &'static str) -> Result<Option<i64>> {
        self.0.try_get(column).map_err(failed("store.read"))
    }

    pub(super) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>> {
        Ok(self.optional_integer(column)?.map(Timestamp::from_micros))
    }

    pub(super) fn flag(&self, column: &'static str) -> Result<bool> {
        Ok(self.integer(column)? != 0)
    }

    /// A number that fits 32 bits without a sign.
    pub(super) fn small(&self, column: &'static str) -> Result<u32> {
        u32::try_from(self.integer(column)?).map_err(|_| damaged(column))
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp> {
        self.integer(column).map(Timestamp::from_micros)
    }

    /// An unsigned number that was stored as the same bits.
    pub(super) fn unsigned(&self, column: &'static str) -> Result<u64> {
        self.integer(column).map(i64::cast_unsigned)
    }

    pub(super) fn bytes<const N: usize>(&self, column: &'static str) -> Result<[u8; N]> {
        let bytes: &[u8] = self.0.try_get(column).map_err(failed("store.read"))?;
        bytes.try_into().map_err(|_| damaged(column))
    }

    pub(super) fn optional_bytes<const N: usize>(&self, column: &'static str) -> Result<Option<[u8; N]>> {
        let bytes: Option<&[u8]> = self.0.try_get(column).map_err(failed("store.read"))?;
        bytes.map(|bytes| bytes.try_into().map_err(|_| damaged(column))).transpose()
    }

    /// Bytes of any number.
    pub(super) fn blob(&self, column: &'static str) -> Result<Vec<u8>> {
        self.0.try_get(column).map_err(failed("store.read"))
    }

    pub(super) fn optional_blob(&self, column: &'static str) -> Result<Option<Vec<u8>>> {
        self.0.try_get(column).map_err(failed("store.read"))
    }

    pub(super) fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T> {
        self.text(column)?.parse().map_err(|_| damaged(column))
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        let text: &str = self.0.try_get(column).map_err(failed("store.read"))?;
        serde_json::from_str(text).map_err(|error| damaged(column).caused_by(error))
    }

    pub(super) fn optional_json<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>> {
        let text: Option<&str> = self.0.try_get(column).map_err(failed("store.read"))?;
        text.map(|text| serde_json::from_str(text).map_err(|error| damaged(column).caused_by(error)))
            .transpose()
    }
}

/// The JSON of a value, for a column.
pub(super) fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::Internal, "store.write", "a value has no JSON form").caused_by(error)
    })
}

/// Bytes as SQLite's `unhex` reads them, for lists of rows that are handed over as JSON.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

/// Ids as a list that `SELECT unhex(value) FROM json_each(?)` takes apart again.
pub(super) fn ids_json<'a>(ids: impl Iterator<Item = &'a [u8; 16]>) -> Result<String> {
    json(&ids.map(|id| hex(id)).collect::<Vec<_>>())
}
