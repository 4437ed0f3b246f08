//! Streams: how far each is.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use super::codec::{Columns, failed, is_orphan, json, uuid};
use super::statement::{Statement, statement};
use super::transaction::PostgresTransaction;
use crate::base::{AccountId, Result, TenantId, Timestamp};
use crate::domain::{Stream, StreamKey, StreamStore};
use crate::store::missing::no_account;
use crate::store::text::{optional, storable};

/// The number of the stream that a statement of [`PostgresTransaction::of_stream`] is about.
pub(super) const STREAM: &str =
    "(SELECT sequence FROM besunny.sync_streams WHERE tenant_id = $1 AND account_id = $2 AND name = $3)";

const COLUMNS: &str = "tenant_id, account_id, name, cursor, snapshot, next_at, hints, state, created_at";

fn read(row: &PgRow) -> Result<Stream> {
    let row = Columns(row);
    Ok(Stream {
        tenant: TenantId::from_bytes(row.id("tenant_id")?),
        key: read_key(&row)?,
        cursor: row.optional_text("cursor")?,
        snapshot: row.optional_json("snapshot")?,
        next_at: row.optional_instant("next_at")?,
        hints: row.unsigned("hints")?,
        state: row.text("state")?,
        created_at: row.instant("created_at")?,
    })
}

/// The key of a stream, from its columns.
pub(super) fn read_key(row: &Columns<'_>) -> Result<StreamKey> {
    Ok(StreamKey { account: AccountId::from_bytes(row.id("account_id")?), name: row.text("name")? })
}

/// Names, as bound to statements.
pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| storable(name).into_owned()).collect()
}

impl PostgresTransaction {
    /// A statement about a stream of the tenant's: `$1` to `$3` name it, further values follow.
    pub(super) fn of_stream(&self, sql: String, stream: &StreamKey) -> Statement<'static> {
        statement(AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(uuid(stream.account.as_bytes()))
            .bind(storable(&stream.name).into_owned())
    }
}

#[async_trait]
impl StreamStore for PostgresTransaction {
    async fn put_stream(&mut self, stream: &Stream) -> Result<()> {
        self.require_owner("streams.put", stream.tenant)?;
        statement(
            "INSERT INTO besunny.sync_streams AS kept
                 (tenant_id, account_id, name, cursor, snapshot, next_at, hints, state, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (tenant_id, account_id, name) DO UPDATE SET cursor = excluded.cursor,
                 snapshot = excluded.snapshot, state = excluded.state,
                 -- Who was hinted at meanwhile is not put off.
                 next_at = CASE WHEN kept.hints > excluded.hints AND kept.next_at < excluded.next_at
                     THEN kept.next_at ELSE excluded.next_at END",
        )
        .bind(uuid(stream.tenant.as_bytes()))
        .bind(uuid(stream.key.account.as_bytes()))
        .bind(storable(&stream.key.name).into_owned())
        .bind(optional(stream.cursor.as_deref()))
        .bind(stream.snapshot.as_ref().map(json).transpose()?)
        .bind(stream.next_at.map(Timestamp::as_micros))
        .bind(stream.hints.cast_signed())
        .bind(storable(&stream.state))
        .bind(stream.created_at.as_micros())
        .execute(self.connection())
        .await
        .map_err(|error| match is_orphan(&error) {
            true => no_account("streams.put", stream.key.account),
            false => failed("streams.put")(error),
        })?;
        Ok(())
    }

    async fn stream(&mut self, key: &StreamKey) -> Result<Option<Stream>> {
        let sql = format!("SELECT {COLUMNS} FROM besunny.sync_streams WHERE sequence = {STREAM}");
        let row = self.of_stream(sql, key).fetch_optional(self.connection()).await;
        row.map_err(failed("streams.get"))?.as_ref().map(read).transpose()
    }

    async fn streams_of(&mut self, account: AccountId) -> Result<Vec<Stream>> {
        let rows = statement(AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM besunny.sync_streams WHERE tenant_id = $1 AND account_id = $2 ORDER BY name"
        )))
        .bind(self.tenant())
        .bind(uuid(account.as_bytes()))
        .fetch_all(self.connection())
        .await
        .map_err(failed("streams.list"))?;
        rows.iter().map(read).collect()
    }

    async fn due_streams(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Stream>> {
        let rows = statement(AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM besunny.sync_streams
             WHERE next_at IS NOT NULL AND next_at <= $1 AND ($2 OR tenant_id = $3)
             ORDER BY next_at, sequence LIMIT $4"
        )))
        .bind(now.as_micros())
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failed("streams.due"))?;
        rows.iter().map(read).collect()
    }

    async fn hint(&mut self, keys: &[StreamKey], now: Timestamp) -> Result<()> {
        // All lock them in one order, so that no two wait for each other.
        statement(
            "WITH hinted AS (
                 SELECT stream.sequence FROM besunny.sync_streams AS stream
                 JOIN besunny.google_accounts AS account
                     ON account.tenant_id = stream.tenant_id AND account.id = stream.account_id
                 JOIN unnest($1::uuid[], $2::text[]) AS given (account, name)
                     ON account.id = given.account AND stream.name = given.name
                 WHERE ($3 OR stream.tenant_id = $4)
                 ORDER BY stream.sequence FOR NO KEY UPDATE OF stream)
             UPDATE besunny.sync_streams AS stream SET hints = stream.hints + 1,
                 next_at = CASE WHEN stream.next_at IS NOT NULL THEN least(stream.next_at, $5) END
             WHERE stream.sequence IN (SELECT sequence FROM hinted)",
        )
        .bind(keys.iter().map(|key| uuid(key.account.as_bytes())).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| storable(&key.name).into_owned()).collect::<Vec<_>>())
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(now.as_micros())
        .execute(self.connection())
        .await
        .map_err(failed("streams.hint"))?;
        Ok(())
    }

    async fn delete_stream(&mut self, key: &StreamKey) -> Result<bool> {
        let sql = format!("DELETE FROM besunny.sync_streams WHERE sequence = {STREAM}");
        let deleted = self.of_stream(sql, key).execute(self.connection()).await;
        Ok(deleted.map_err(failed("streams.delete"))?.rows_affected() > 0)
    }
}
