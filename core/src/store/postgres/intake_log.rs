//! The intake log.

use async_trait::async_trait;

use super::codec::{Columns, Utc, failed, uuid};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{DocumentId, Result};
use crate::domain::{IntakeEntry, IntakeLog, Page, PageRequest};
use crate::store::paging::{before, page_size};
use crate::store::text;

#[async_trait]
impl IntakeLog for PostgresTransaction {
    async fn log_intake(&mut self, entry: &IntakeEntry) -> Result<()> {
        statement(
            "INSERT INTO besunny.intake_log (tenant_id, received_at, source, source_id, address, status, error_code, error_message, document_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(self.tenant())
        .bind(Utc(entry.at))
        .bind(text::storable(&entry.source).into_owned())
        .bind(text::optional(entry.source_id.as_deref()))
        .bind(text::optional(entry.address.as_deref()))
        .bind(entry.status.as_str())
        .bind(text::optional(entry.error_code.as_deref()))
        .bind(text::optional(entry.error_message.as_deref()))
        .bind(entry.document_id.map(|id| uuid(id.as_bytes())))
        .execute(self.connection())
        .await
        .map_err(failed("intake_log.write"))?;
        Ok(())
    }

    async fn intake_log(&mut self, page: &PageRequest) -> Result<Page<IntakeEntry>> {
        let size = page_size(page.size)?;
        let rows = statement(
            "SELECT sequence, received_at, source, source_id, address, status, error_code, error_message, document_id
             FROM besunny.intake_log WHERE tenant_id = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3",
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
                document_id: row.optional_id("document_id")?.map(DocumentId::from_bytes),
            })
        });
        Ok(Page { items: items.collect::<Result<_>>()?, next })
    }
}
