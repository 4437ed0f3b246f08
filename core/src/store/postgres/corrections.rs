//! What users corrected.

use async_trait::async_trait;

use super::codec::{Utc, failed, uuid};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::Result;
use crate::domain::{ChangeKind, Correction, CorrectionStore};

#[async_trait]
impl CorrectionStore for PostgresTransaction {
    async fn insert_correction(&mut self, correction: &Correction) -> Result<()> {
        statement(
            "INSERT INTO besunny.corrections (tenant_id, document_id, from_project, to_project, corrected_at)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(self.tenant())
        .bind(uuid(correction.document_id.as_bytes()))
        .bind(correction.from_project.map(|id| uuid(id.as_bytes())))
        .bind(correction.to_project.map(|id| uuid(id.as_bytes())))
        .bind(Utc(correction.at))
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
