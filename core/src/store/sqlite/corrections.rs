//! What users corrected.

use async_trait::async_trait;

use super::codec::failed;
use super::transaction::SqliteTransaction;
use crate::base::Result;
use crate::domain::{ChangeKind, Correction, CorrectionStore};

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
        self.record(
            ChangeKind::DocumentCorrected,
            Some(correction.document_id),
            correction.to_project,
            correction.at,
        )
        .await
    }
}
