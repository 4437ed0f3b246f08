//! The change log, as followers read it.

use async_trait::async_trait;

use super::codec::{Columns, failed};
use super::transaction::SqliteTransaction;
use crate::base::{DocumentId, ProjectId, Result};
use crate::domain::{Change, ChangeLog, Position};

#[async_trait]
impl ChangeLog for SqliteTransaction {
    async fn changes_after(&mut self, position: Position, limit: u32) -> Result<Vec<Change>> {
        let rows = sqlx::query(
            "SELECT position, kind, document_id, project_id, changed_at FROM changes
             WHERE tenant_id = ? AND position > ? ORDER BY position LIMIT ?",
        )
        .bind(self.tenant())
        .bind(position.cast_signed())
        .bind(limit)
        .fetch_all(self.connection())
        .await
        .map_err(failed("changes.read"))?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                Ok(Change {
                    position: row.unsigned("position")?,
                    kind: row.parsed("kind")?,
                    document_id: row.optional_bytes("document_id")?.map(DocumentId::from_bytes),
                    project_id: row.optional_bytes("project_id")?.map(ProjectId::from_bytes),
                    at: row.time("changed_at")?,
                })
            })
            .collect()
    }
}
