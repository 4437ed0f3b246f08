//! How far subscribers have got.

use async_trait::async_trait;

use super::codec::{Columns, Utc, failed};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{Result, Timestamp};
use crate::domain::{Cursor, CursorStore, Position};

#[async_trait]
impl CursorStore for PostgresTransaction {
    async fn cursor(&mut self, name: &str) -> Result<Option<Position>> {
        let row = statement("SELECT position FROM besunny.cursors WHERE tenant_id = $1 AND name = $2")
            .bind(self.tenant())
            .bind(name)
            .fetch_optional(self.connection())
            .await
            .map_err(failed("cursors.read"))?;
        row.map(|row| Columns(&row).unsigned("position")).transpose()
    }

    async fn advance_cursor(&mut self, name: &str, position: Position, now: Timestamp) -> Result<Position> {
        statement(
            "INSERT INTO besunny.cursors AS known (tenant_id, name, position, updated_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant_id, name) DO UPDATE
             SET position = excluded.position, updated_at = excluded.updated_at
             WHERE excluded.position > known.position",
        )
        .bind(self.tenant())
        .bind(name)
        .bind(position.cast_signed())
        .bind(Utc(now))
        .execute(self.connection())
        .await
        .map_err(failed("cursors.advance"))?;
        // It is there now, and at least as far.
        Ok(self.cursor(name).await?.unwrap_or(position))
    }

    async fn delete_cursor(&mut self, name: &str) -> Result<bool> {
        let done = statement("DELETE FROM besunny.cursors WHERE tenant_id = $1 AND name = $2")
            .bind(self.tenant())
            .bind(name)
            .execute(self.connection())
            .await
            .map_err(failed("cursors.delete"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn cursors(&mut self) -> Result<Vec<Cursor>> {
        let rows = statement(
            "SELECT name, position, updated_at,
                 (SELECT count(*) FROM besunny.changes AS change
                  WHERE change.tenant_id = cursor.tenant_id AND change.position > cursor.position) AS lag
             FROM besunny.cursors AS cursor WHERE tenant_id = $1 ORDER BY name",
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
