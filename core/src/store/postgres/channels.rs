//! Channels on which sources notify.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use super::codec::{Columns, failed, uuid};
use super::statement::statement;
use super::streams::{STREAM, read_key};
use super::transaction::PostgresTransaction;
use crate::base::{Result, TenantId, Timestamp};
use crate::domain::{Channel, ChannelStore, StreamKey};
use crate::store::missing::{no_stream, taken_channel};
use crate::store::text::{optional, storable};

/// Channels with the key of their stream.
const CHANNELS: &str = "SELECT channels.id, channels.tenant_id, streams.account_id, streams.name, channels.file, \
    channels.resource, channels.token_hash, channels.state, channels.expires_at, channels.created_at, \
    channels.heard_at \
    FROM besunny.sync_channels AS channels JOIN besunny.sync_streams AS streams ON streams.sequence = channels.stream";

fn read(row: &PgRow) -> Result<Channel> {
    let row = Columns(row);
    Ok(Channel {
        id: row.text("id")?,
        tenant: TenantId::from_bytes(row.id("tenant_id")?),
        stream: read_key(&row)?,
        file: row.optional_text("file")?,
        resource: row.optional_text("resource")?,
        token_hash: row.bytes("token_hash")?.to_vec(),
        state: row.parsed("state")?,
        expires_at: row.instant("expires_at")?,
        created_at: row.instant("created_at")?,
        heard_at: row.optional_instant("heard_at")?,
    })
}

impl PostgresTransaction {
    async fn has_stream(&mut self, tenant: TenantId, key: &StreamKey) -> Result<bool> {
        let row = statement(
            "SELECT EXISTS (SELECT 1 FROM besunny.sync_streams
             WHERE tenant_id = $1 AND account_id = $2 AND name = $3) AS is_there",
        )
        .bind(uuid(tenant.as_bytes()))
        .bind(uuid(key.account.as_bytes()))
        .bind(storable(&key.name))
        .fetch_one(self.connection())
        .await
        .map_err(failed("channels.put"))?;
        Columns(&row).flag("is_there")
    }
}

#[async_trait]
impl ChannelStore for PostgresTransaction {
    async fn put_channel(&mut self, channel: &Channel) -> Result<()> {
        self.require_owner("channels.put", channel.tenant)?;
        let done = statement(
            "INSERT INTO besunny.sync_channels AS kept
                 (stream, tenant_id, id, file, resource, token_hash, state, expires_at, created_at, heard_at)
             SELECT sequence, $1, $4, $5, $6, $7, $8, $9::bigint, $10::bigint, $11::bigint FROM besunny.sync_streams
             WHERE tenant_id = $1 AND account_id = $2 AND name = $3
             ON CONFLICT (id) DO UPDATE SET file = excluded.file, resource = excluded.resource,
                 token_hash = excluded.token_hash, state = excluded.state, expires_at = excluded.expires_at,
                 heard_at = CASE WHEN excluded.heard_at IS NULL OR kept.heard_at > excluded.heard_at
                     THEN kept.heard_at ELSE excluded.heard_at END
             WHERE kept.stream = excluded.stream",
        )
        .bind(uuid(channel.tenant.as_bytes()))
        .bind(uuid(channel.stream.account.as_bytes()))
        .bind(storable(&channel.stream.name))
        .bind(storable(&channel.id))
        .bind(optional(channel.file.as_deref()))
        .bind(optional(channel.resource.as_deref()))
        .bind(channel.token_hash.clone())
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
        let sql = format!("{CHANNELS} WHERE channels.id = $1 AND ($2 OR channels.tenant_id = $3)");
        let row = statement(AssertSqlSafe(sql))
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
        statement(
            "UPDATE besunny.sync_channels SET heard_at = greatest(heard_at, $1) WHERE id = $2 AND ($3 OR tenant_id = $4)",
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
        let done = statement("DELETE FROM besunny.sync_channels WHERE id = $1 AND tenant_id = $2")
            .bind(storable(id))
            .bind(self.tenant())
            .execute(self.connection())
            .await
            .map_err(failed("channels.delete"))?;
        Ok(done.rows_affected() > 0)
    }
}
