//! How far subscribers have got.

use async_trait::async_trait;

use super::codec::{Columns, failed};
use super::transaction::SqliteTransaction;
use crate::base::{Result, Timestamp};
use crate::domain::{Cursor, CursorStore, Position};

#[async_trait]
impl CursorStore for SqliteTransaction {
    async fn cursor(&mut self, name: &str) -> Result<Option<Position>> {
        let position: Option<i64> =
            sqlx::query_scalar("SELECT position FROM cursors WHERE tenant_id = ? AND name = ?")
                .bind(self.tenant())
                .bind(name)
                .fetch_optional(self.connection())
                .await
                .map_err(failed("cursors.read"))?;
        Ok(position.map(i64::cast_unsigned))
    }

    async fn advance_cursor(&mut self, name: &str, position: Position, now: Timestamp) -> Result<Position> {
        sqlx::query(
            "INSERT INTO cursors (tenant_id, name, position, updated_at) VALUES (?, ?, ?, ?)
             ON CONFLICT (tenant_id, name) DO UPDATE
             SET position = excluded.position, updated_at = excluded.updated_at
             WHERE excluded.position > position",
        )
        .bind(self.tenant())
        .bind(name)
        .bind(position.cast_signed())
        .bind(now.as_micros())
        .execute(self.connection())
        .await
        .map_err(failed("cursors.advance"))?;
        // It is there now, and at least as far.
        Ok(self.cursor(name).await?.unwrap_or(position))
    }

    async fn delete_cursor(&mut self, name: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM cursors WHERE tenant_id = ? AND name = ?")
            .bind(self.tenant())
            .bind(name)
            .execute(self.connection())
            .await
            .map_err(failed("cursors.delete"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn cursors(&mut self) -> Result<Vec<Cursor>> {
        let rows = sqlx::query(
            "SELECT name, position, updated_at,
                 (SELECT COUNT(*) FROM changes
                  WHERE changes.tenant_id = cursors.tenant_id AND changes.position > cursors.position) AS lag
             FROM cursors WHERE tenant_id = ? ORDER BY name",
        )
        .bind(self.tenant())
        .fetch_all(self.connection())
        .await
        .map_err(failed("cursors.list"))?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                let (name, position) = (row.text("name")?, row.unsigned("position")?);
                Ok(Cursor::new(name, position, row.unsigned("lag")?, row.time("updated_at")?))
            })
            .collect()
    }
}
