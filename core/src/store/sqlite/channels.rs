//! Channels on which sources notify.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;

use super::codec::{Columns, failed};
use super::streams::{STREAM, read_key};
use super::transaction::SqliteTransaction;
use crate::base::{Result, TenantId, Timestamp};
use crate::domain::{Channel, ChannelStore, StreamKey};
use crate::store::missing::{no_stream, taken_channel};
use crate::store::text::{optional, storable};

/// Channels with the key of their stream.
const CHANNELS: &str = "SELECT channels.id, channels.tenant_id, streams.account_id, streams.name, channels.file, \
    channels.resource, channels.token_hash, channels.state, channels.expires_at, channels.created_at, \
    channels.heard_at \
    FROM sync_channels AS channels JOIN sync_streams AS streams ON streams.sequence = channels.stream";

fn read(row: &SqliteRow) -> Result<Channel> {
    let row = Columns(row);
    Ok(Channel {
        id: row.text("id")?,
        tenant: TenantId::from_bytes(row.bytes("tenant_id")?),
        stream: read_key(&row)?,
        file: row.optional_text("file")?,
        resource: row.optional_text("resource")?,
        token_hash: row.blob("token_hash")?,
        state: row.parsed("state")?,
        expires_at: row.time("expires_at")?,
        created_at: row.time("created_at")?,
        heard_at: row.optional_time("heard_at")?,
    })
}

impl SqliteTransaction {
    async fn has_stream(&mut self, tenant: TenantId, key: &StreamKey) -> Result<bool> {
        let row = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM sync_streams WHERE tenant_id = ? AND account_id = ? AND name = ?) AS is_there",
        )
        .bind(tenant.as_bytes().as_slice())
        .bind(key.account.as_bytes().as_slice())
        .bind(storable(&key.name))
        .fetch_one(self.connection())
        .await
        .map_err(failed("channels.put"))?;
        Columns(&row).flag("is_there")
    }
}

#[async_trait]
impl ChannelStore for SqliteTransaction {
    async fn put_channel(&mut self, channel: &Channel) -> Result<()> {
        self.require_owner("channels.put", channel.tenant)?;
        let done = sqlx::query(
            "INSERT INTO sync_channels AS kept
                 (stream, tenant_id, id, file, resource, token_hash, state, expires_at, created_at, heard_at)
             SELECT sequence, ?1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM sync_streams
             WHERE tenant_id = ?1 AND account_id = ?2 AND name = ?3
             ON CONFLICT (id) DO UPDATE SET file = excluded.file, resource = excluded.resource,
                 token_hash = excluded.token_hash, state = excluded.state, expires_at = excluded.expires_at,
                 heard_at = CASE WHEN excluded.heard_at IS NULL OR kept.heard_at > excluded.heard_at
                     THEN kept.heard_at ELSE excluded.heard_at END
             WHERE kept.stream = excluded.stream",
        )
        .bind(channel.tenant.as_bytes().as_slice())
        .bind(channel.stream.account.as_bytes().as_slice())
        .bind(storable(&channel.stream.name))
        .bind(storable(&channel.id))
        .bind(optional(channel.file.as_deref()))
        .bind(optional(channel.resource.as_deref()))
        .bind(channel.token_hash.as_slice())
        .bind(channel.state.as_str())
        .bind(channel.expires_at.as_micros())
        .bind(channel.created_at.as_micros())
        .bind(channel.heard_at.map(Timestamp::as_micros))
        .execute(self.connection())
        .await
        .map_err(failed("channels.put"))?;
        if done.rows_affected() > 0 {
            return Ok(());
        }
        match self.has_stream(channel.tenant, &channel.stream).await? {
            true => Err(taken_channel(&channel.id)),
            false => Err(no_stream("channels.put", &channel.stream)),
        }
    }

    async fn channel(&mut self, id: &str) -> Result<Option<Channel>> {
        let sql = format!("{CHANNELS} WHERE channels.id = ? AND (? OR channels.tenant_id = ?)");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(storable(id))
            .bind(self.sees_all())
            .bind(self.tenant())
            .fetch_optional(self.connection())
            .await
            .map_err(failed("channels.get"))?;
        row.as_ref().map(read).transpose()
    }

    async fn channels_of(&mut self, stream: &StreamKey) -> Result<Vec<Channel>> {
        let sql =
            format!("{CHANNELS} WHERE channels.stream = {STREAM} ORDER BY channels.created_at, channels.id");
        let rows = self.of_stream(sql, stream).fetch_all(self.connection()).await;
        rows.map_err(failed("channels.list"))?.iter().map(read).collect()
    }

    async fn heard(&mut self, id: &str, now: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE sync_channels SET heard_at = MAX(COALESCE(heard_at, ?1), ?1) WHERE id = ?2 AND (?3 OR tenant_id = ?4)",
        )
        .bind(now.as_micros())
        .bind(storable(id))
        .bind(self.sees_all())
        .bind(self.tenant())
        .execute(self.connection())
        .await
        .map_err(failed("channels.heard"))?;
        Ok(())
    }

    async fn delete_channel(&mut self, id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM sync_channels WHERE id = ? AND tenant_id = ?")
            .bind(storable(id))
            .bind(self.tenant())
            .execute(self.connection())
            .await
            .map_err(failed("channels.delete"))?;
        Ok(done.rows_affected() > 0)
    }
}
