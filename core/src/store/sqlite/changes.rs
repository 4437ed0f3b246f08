//! The change log, as followers read it.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::codec::{Columns, failed};
use super::transaction::SqliteTransaction;
use crate::base::{DocumentId, ProjectId, Result, SubjectId};
use crate::domain::{Change, ChangeKind, ChangeLog, Position};

const COLUMNS: &str = "position, kind, document_id, project_id, subject_id, changed_at";

fn read(row: &SqliteRow) -> Result<Change> {
    let row = Columns(row);
    Ok(Change {
        position: row.unsigned("position")?,
        kind: row.parsed("kind")?,
        document_id: row.optional_bytes("document_id")?.map(DocumentId::from_bytes),
        project_id: row.optional_bytes("project_id")?.map(ProjectId::from_bytes),
        subject_id: row.optional_bytes("subject_id")?.map(SubjectId::from_bytes),
        at: row.time("changed_at")?,
    })
}

#[async_trait]
impl ChangeLog for SqliteTransaction {
    async fn changes_after(&mut self, position: Position, limit: u32) -> Result<Vec<Change>> {
        self.changes_of(&[], position, limit).await
    }

    async fn changes_of(
        &mut self,
        kinds: &[ChangeKind],
        position: Position,
        limit: u32,
    ) -> Result<Vec<Change>> {
        let mut query =
            QueryBuilder::<Sqlite>::new(format!("SELECT {COLUMNS} FROM changes WHERE tenant_id = "));
        query.push_bind(self.tenant());
        query.push(" AND position > ").push_bind(position.cast_signed());
        if !kinds.is_empty() {
            query.push(" AND kind IN (");
            let mut list = query.separated(", ");
            for kind in kinds {
                list.push_bind(kind.as_str());
            }
            query.push(")");
        }
        query.push(" ORDER BY position LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(self.connection()).await.map_err(failed("changes.read"))?;
        rows.iter().map(read).collect()
    }
}
