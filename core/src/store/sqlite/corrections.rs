//! What users corrected.

use async_trait::async_trait;

use super::codec::{Columns, failed};
use super::transaction::SqliteTransaction;
use crate::base::{DocumentId, ProjectId, Result};
use crate::domain::{Correction, CorrectionStore};

#[async_trait]
impl CorrectionStore for SqliteTransaction {
    async fn insert_correction(&mut self, correction: &Correction) -> Result<()> {
        sqlx::query(
            "INSERT INTO corrections (tenant_id, document_id, from_project, to_project, corrected_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(self.tenant())
        .bind(correction.document_id.as_bytes().as_slice())
        .bind(correction.from_project.map(|id| id.as_bytes().to_vec()))
        .bind(correction.to_project.map(|id| id.as_bytes().to_vec()))
        .bind(correction.at.as_micros())
        .execute(self.connection())
        .await
        .map_err(failed("corrections.write"))?;
        Ok(())
    }

    async fn corrections(&mut self) -> Result<Vec<Correction>> {
        let rows = sqlx::query(
            "SELECT document_id, from_project, to_project, corrected_at FROM corrections AS latest
             WHERE tenant_id = ? AND NOT EXISTS (
                 SELECT 1 FROM corrections AS later
                 WHERE later.document_id = latest.document_id AND later.sequence > latest.sequence)
             ORDER BY sequence",
        )
        .bind(self.tenant())
        .fetch_all(self.connection())
        .await
        .map_err(failed("corrections.read"))?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                Ok(Correction {
                    document_id: DocumentId::from_bytes(row.bytes("document_id")?),
                    from_project: row.optional_bytes("from_project")?.map(ProjectId::from_bytes),
                    to_project: row.optional_bytes("to_project")?.map(ProjectId::from_bytes),
                    at: row.time("corrected_at")?,
                })
            })
            .collect()
    }
}
