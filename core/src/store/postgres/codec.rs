//! Between rows and domain types.

use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgRow, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Row, Type};
use uuid::Uuid;

use crate::base::{Error, ErrorKind, Result, Timestamp};

/// Turns a database error into ours, for `map_err`. Conflicts between transactions,
/// shutdowns and lost connections are all `storage`: a retry can help.
pub(super) fn failed(operation: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |error| {
        let (kind, message) = match &error {
            sqlx::Error::Encode(_) => (ErrorKind::InvalidInput, "the database cannot hold a value"),
            sqlx::Error::PoolTimedOut => (ErrorKind::Storage, "no connection became free"),
            _ => match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
                Some("40001" | "40P01") => {
                    (ErrorKind::Storage, "another transaction was in the way; try again")
                }
                Some("23503") => {
                    (ErrorKind::Storage, "rows of another table refer to it; remove those first")
                }
                Some("55P03") => (ErrorKind::Storage, "other writers took too long; try again"),
                Some("57P01" | "57P02" | "57P03") => {
                    (ErrorKind::Storage, "the database shuts down; try again")
                }
                _ => (ErrorKind::Storage, "the database refused"),
            },
        };
        Error::new(kind, operation, message).caused_by(error)
    }
}

/// The name of the constraint that a statement violated, if it is one of uniqueness.
pub(super) fn duplicate(error: &sqlx::Error) -> Option<&str> {
    let error = error.as_database_error()?;
    error.is_unique_violation().then(|| error.constraint().unwrap_or_default())
}

/// Whether a statement failed because what a row hangs from is not there.
pub(super) fn is_orphan(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
}

/// A value in the row that the library itself cannot have written.
pub(super) fn damaged(column: &'static str) -> Error {
    Error::new(ErrorKind::Storage, "store.read", "a stored value cannot be read; restore from a backup")
        .with("column", column)
}

/// An instant in a column `timestamp without time zone`, which holds UTC: microseconds
/// since 2000-01-01.
pub(super) struct Utc(pub(super) Timestamp);

const TIMESTAMP: Oid = Oid(1114);
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// What Postgres can hold: from 4713 BC, to the last microsecond before AD 294277.
const RANGE: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;

impl Type<Postgres> for Utc {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMP)
    }
}

impl Encode<'_, Postgres> for Utc {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = self.0.as_micros().checked_sub(EPOCH_MICROS).filter(|micros| RANGE.contains(micros));
        let micros = micros.ok_or("a time is before 4713 BC or after AD 294276")?;
        buffer.extend_from_slice(&micros.to_be_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Utc {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let micros = i64::from_be_bytes(value.as_bytes()?.try_into()?);
        // Beyond the range: `infinity`.
        Ok(Self(Timestamp::from_micros(micros.saturating_add(EPOCH_MICROS))))
    }
}

/// An id as bound to statements.
pub(super) fn uuid(bytes: &[u8; 16]) -> Uuid {
    Uuid::from_bytes(*bytes)
}

/// Typed access to the columns of a row.
pub(super) struct Columns<'a>(pub(super) &'a PgRow);

impl Columns<'_> {
    fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(&'r self, column: &'static str) -> Result<T> {
        self.0.try_get(column).map_err(failed("store.read"))
    }

    pub(super) fn text(&self, column: &'static str) -> Result<String> {
        self.get(column)
    }

    pub(super) fn optional_text(&self, column: &'static str) -> Result<Option<String>> {
        self.get(column)
    }

    /// A list; the front end leaves empty ones out, and may put nulls in.
    pub(super) fn list(&self, column: &'static str) -> Result<Vec<String>> {
        let list: Option<Vec<Option<String>>> = self.get(column)?;
        Ok(list.unwrap_or_default().into_iter().flatten().collect())
    }

    pub(super) fn integer(&self, column: &'static str) -> Result<i64> {
        self.get(column)
    }

    pub(super) fn optional_integer(&self, column: &'static str) -> Result<Option<i32>> {
        self.get(column)
    }

    pub(super) fn optional_long(&self, column: &'static str) -> Result<Option<i64>> {
        self.get(column)
    }

    /// A number that fits 32 bits without a sign.
    pub(super) fn small(&self, column: &'static str) -> Result<u32> {
        u32::try_from(self.integer(column)?).map_err(|_| damaged(column))
    }

    pub(super) fn flag(&self, column: &'static str) -> Result<bool> {
        self.get(column)
    }

    /// An instant in a column `bigint`: microseconds since the epoch.
    pub(super) fn instant(&self, column: &'static str) -> Result<Timestamp> {
        self.integer(column).map(Timestamp::from_micros)
    }

    /// [`Columns::instant`], if there is one.
    pub(super) fn optional_instant(&self, column: &'static str) -> Result<Option<Timestamp>> {
        Ok(self.optional_long(column)?.map(Timestamp::from_micros))
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp> {
        self.get::<Utc>(column).map(|utc| utc.0)
    }

    pub(super) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>> {
        self.get::<Option<Utc>>(column).map(|utc| utc.map(|utc| utc.0))
    }

    /// An unsigned number that was stored as the same bits.
    pub(super) fn unsigned(&self, column: &'static str) -> Result<u64> {
        self.integer(column).map(i64::cast_unsigned)
    }

    pub(super) fn id(&self, column: &'static str) -> Result<[u8; 16]> {
        self.get::<Uuid>(column).map(Uuid::into_bytes)
    }

    pub(super) fn optional_id(&self, column: &'static str) -> Result<Option<[u8; 16]>> {
        self.get::<Option<Uuid>>(column).map(|id| id.map(Uuid::into_bytes))
    }

    pub(super) fn bytes(&self, column: &'static str) -> Result<&[u8]> {
        self.get(column)
    }

    pub(super) fn optional_bytes(&self, column: &'static str) -> Result<Option<&[u8]>> {
        self.get(column)
    }

    pub(super) fn optional_hash(&self, column: &'static str) -> Result<Option<[u8; 32]>> {
        let bytes: Option<&[u8]> = self.get(column)?;
        bytes.map(|bytes| bytes.try_into().map_err(|_| damaged(column))).transpose()
    }

    pub(super) fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T> {
        self.text(column)?.parse().map_err(|_| damaged(column))
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        self.optional_json(column)?.ok_or_else(|| damaged(column))
    }

    pub(super) fn optional_json<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>> {
        let text: Option<&str> = self.get(column)?;
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
