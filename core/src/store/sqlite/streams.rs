//! Streams: how far each is.

use async_trait::async_trait;
use serde_json::json;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Sqlite};

use super::codec::{Columns, failed, hex, is_orphan, json as json_text};
use super::transaction::SqliteTransaction;
use crate::base::{AccountId, Result, TenantId, Timestamp};
use crate::domain::{Stream, StreamKey, StreamStore};
use crate::store::missing::no_account;
use crate::store::text::{optional, storable};

/// The number of the stream that a statement of [`SqliteTransaction::of_stream`] is about.
pub(super) const STREAM: &str =
    "(SELECT sequence FROM sync_streams WHERE tenant_id = ?1 AND account_id = ?2 AND name = ?3)";

const COLUMNS: &str = "tenant_id, account_id, name, cursor, snapshot, next_at, hints, state, created_at";

fn read(row: &SqliteRow) -> Result<Stream> {
    let row = Columns(row);
    Ok(Stream {
        tenant: TenantId::from_bytes(row.bytes("tenant_id")?),
        key: read_key(&row)?,
        cursor: row.optional_text("cursor")?,
        snapshot: row.optional_json("snapshot")?,
        next_at: row.optional_time("next_at")?,
        hints: row.unsigned("hints")?,
        state: row.text("state")?,
        created_at: row.time("created_at")?,
    })
}

/// The key of a stream, from its columns.
pub(super) fn read_key(row: &Columns<'_>) -> Result<StreamKey> {
    Ok(StreamKey { account: AccountId::from_bytes(row.bytes("account_id")?), name: row.text("name")? })
}

impl SqliteTransaction {
    /// A statement about a stream of the tenant's: `?1` to `?3` name it, further values follow.
    pub(super) fn of_stream(
        &self,
        sql: String,
        stream: &StreamKey,
    ) -> Query<'static, Sqlite, SqliteArguments> {
        sqlx::query(AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(stream.account.as_bytes().to_vec())
            .bind(storable(&stream.name).into_owned())
    }
}

#[async_trait]
impl StreamStore for SqliteTransaction {
    async fn put_stream(&mut self, stream: &Stream) -> Result<()> {
        self.require_owner("streams.put", stream.tenant)?;
        sqlx::query(
            "INSERT INTO sync_streams AS kept
                 (tenant_id, account_id, name, cursor, snapshot, next_at, hints, state, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (tenant_id, account_id, name) DO UPDATE SET cursor = excluded.cursor,
                 snapshot = excluded.snapshot, state = excluded.state,
                 -- Who was hinted at meanwhile is not put off.
                 next_at = CASE WHEN kept.hints > excluded.hints AND kept.next_at < excluded.next_at
                     THEN kept.next_at ELSE excluded.next_at END",
        )
        .bind(stream.tenant.as_bytes().as_slice())
        .bind(stream.key.account.as_bytes().as_slice())
        .bind(storable(&stream.key.name))
        .bind(optional(stream.cursor.as_deref()))
        .bind(stream.snapshot.as_ref().map(json_text).transpose()?)
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
        let sql = format!("SELECT {COLUMNS} FROM sync_streams WHERE sequence = {STREAM}");
        let row = self.of_stream(sql, key).fetch_optional(self.connection()).await;
        row.map_err(failed("streams.get"))?.as_ref().map(read).transpose()
    }

    async fn streams_of(&mut self, account: AccountId) -> Result<Vec<Stream>> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM sync_streams WHERE tenant_id = ? AND account_id = ? ORDER BY name"
        )))
        .bind(self.tenant())
        .bind(account.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await
        .map_err(failed("streams.list"))?;
        rows.iter().map(read).collect()
    }

    async fn due_streams(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Stream>> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM sync_streams WHERE next_at IS NOT NULL AND next_at <= ? AND (? OR tenant_id = ?)
             ORDER BY next_at, sequence LIMIT ?"
        )))
        .bind(now.as_micros())
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(limit)
        .fetch_all(self.connection())
        .await
        .map_err(failed("streams.due"))?;
        rows.iter().map(read).collect()
    }

    async fn hint(&mut self, keys: &[StreamKey], now: Timestamp) -> Result<()> {
        let rows: Vec<_> =
            keys.iter().map(|key| json!([hex(key.account.as_bytes()), storable(&key.name)])).collect();
        sqlx::query(
            "UPDATE sync_streams SET hints = hints + 1,
                 next_at = CASE WHEN next_at IS NOT NULL THEN MIN(next_at, ?) END
             WHERE sequence IN (SELECT stream.sequence FROM json_each(?) AS hinted
                 CROSS JOIN google_accounts AS account ON account.id = unhex(hinted.value->>0)
                 CROSS JOIN sync_streams AS stream ON stream.tenant_id = account.tenant_id
                     AND stream.account_id = account.id AND stream.name = hinted.value->>1
                 WHERE ? OR account.tenant_id = ?)",
        )
        .bind(now.as_micros())
        .bind(json_text(&rows)?)
        .bind(self.sees_all())
        .bind(self.tenant())
        .execute(self.connection())
        .await
        .map_err(failed("streams.hint"))?;
        Ok(())
    }

    async fn delete_stream(&mut self, key: &StreamKey) -> Result<bool> {
        let sql = format!("DELETE FROM sync_streams WHERE sequence = {STREAM}");
        let deleted = self.of_stream(sql, key).execute(self.connection()).await;
        Ok(deleted.map_err(failed("streams.delete"))?.rows_affected() > 0)
    }
}
