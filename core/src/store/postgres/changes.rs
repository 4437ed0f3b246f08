//! The change log, as followers read it.

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use super::codec::{Columns, failed};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{DocumentId, ProjectId, Result, SubjectId};
use crate::domain::{Change, ChangeKind, ChangeLog, Position};

fn read(row: &PgRow) -> Result<Change> {
    let row = Columns(row);
    Ok(Change {
        position: row.unsigned("position")?,
        kind: row.parsed("kind")?,
        document_id: row.optional_id("document_id")?.map(DocumentId::from_bytes),
        project_id: row.optional_id("project_id")?.map(ProjectId::from_bytes),
        subject_id: row.optional_id("subject_id")?.map(SubjectId::from_bytes),
        at: row.time("changed_at")?,
    })
}

#[async_trait]
impl ChangeLog for PostgresTransaction {
    async fn changes_after(&mut self, position: Position, limit: u32) -> Result<Vec<Change>> {
        self.changes_of(&[], position, limit).await
    }

    async fn changes_of(
        &mut self,
        kinds: &[ChangeKind],
        position: Position,
        limit: u32,
    ) -> Result<Vec<Change>> {
        let sql = if kinds.is_empty() {
            "SELECT position, kind, document_id, project_id, subject_id, changed_at FROM besunny.changes
             WHERE tenant_id = $1 AND position > $2 AND cardinality($4::text[]) = 0 ORDER BY position LIMIT $3"
        } else {
            "SELECT position, kind, document_id, project_id, subject_id, changed_at FROM besunny.changes
             WHERE tenant_id = $1 AND position > $2 AND kind = ANY ($4) ORDER BY position LIMIT $3"
        };
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let rows = statement(sql)
            .bind(self.tenant())
            .bind(i64::try_from(position).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .bind(kinds)
            .fetch_all(self.connection())
            .await
            .map_err(failed("changes.read"))?;
        rows.iter().map(read).collect()
    }
}
