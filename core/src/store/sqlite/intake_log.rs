//! The intake log.

use async_trait::async_trait;

use super::codec::{Columns, failed};
use super::transaction::SqliteTransaction;
use crate::base::{DocumentId, Result};
use crate::domain::{IntakeEntry, IntakeLog, Page, PageRequest};
use crate::store::paging::{before, page_size};
use crate::store::text::{optional, storable};

#[async_trait]
impl IntakeLog for SqliteTransaction {
    async fn log_intake(&mut self, entry: &IntakeEntry) -> Result<()> {
        sqlx::query(
            "INSERT INTO intake_log (tenant_id, received_at, source, source_id, address, status, error_code, error_message, document_id)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.tenant())
        .bind(entry.at.as_micros())
        .bind(storable(&entry.source))
        .bind(optional(entry.source_id.as_deref()))
        .bind(optional(entry.address.as_deref()))
        .bind(entry.status.as_str())
        .bind(optional(entry.error_code.as_deref()))
        .bind(optional(entry.error_message.as_deref()))
        .bind(entry.document_id.map(|id| id.as_bytes().to_vec()))
        .execute(self.connection())
        .await
        .map_err(failed("intake_log.write"))?;
        Ok(())
    }

    async fn intake_log(&mut self, page: &PageRequest) -> Result<Page<IntakeEntry>> {
        let size = page_size(page.size)?;
        let rows = sqlx::query(
            "SELECT sequence, received_at, source, source_id, address, status, error_code, error_message, document_id
             FROM intake_log WHERE tenant_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?",
        )
        .bind(self.tenant())
        .bind(before(page.after.as_ref())?)
        .bind(i64::from(size) + 1)
        .fetch_all(self.connection())
        .await
        .map_err(failed("intake_log.read"))?;
        let kept = &rows[..rows.len().min(size as usize)];
        let next = match kept.last() {
            Some(last) if rows.len() > kept.len() => Some(Columns(last).integer("sequence")?.to_string()),
            _ => None,
        };
        let items = kept.iter().map(|row| {
            let row = Columns(row);
            Ok(IntakeEntry {
                at: row.time("received_at")?,
                source: row.text("source")?,
                source_id: row.optional_text("source_id")?,
                address: row.optional_text("address")?,
                status: row.parsed("status")?,
                error_code: row.optional_text("error_code")?,
                error_message: row.optional_text("error_message")?,
                document_id: row.optional_bytes("document_id")?.map(DocumentId::from_bytes),
            })
        });
        Ok(Page { items: items.collect::<Result<_>>()?, next })
    }
}
