//! Documents.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

use super::codec::{Columns, failed, ids_json, json};
use super::transaction::SqliteTransaction;
use crate::base::{DocumentId, Result, Timestamp};
use crate::domain::{
    Assignment, ChangeKind, Counts, DecidedBy, Document, DocumentFilter, DocumentRecord, DocumentStore, Page,
    PageRequest, ProjectFilter, Put, StoreStatus, StoredDocument,
};
use crate::store::paging::{before, page_size};
use crate::store::text::{optional, storable};

const COLUMNS: &str = "sequence, id, source, source_id, type, title, author, text, content_hash, revision, parent_id, \
     thread_id, occurred_at, created_at, updated_at, mail, assignment";

/// How many documents one statement reads.
const BATCH: usize = 500;

pub(super) fn read(row: &SqliteRow) -> Result<StoredDocument> {
    let row = Columns(row);
    let document = Document {
        id: DocumentId::from_bytes(row.bytes("id")?),
        source: row.text("source")?,
        source_id: row.text("source_id")?,
        kind: row.parsed("type")?,
        title: row.text("title")?,
        author: row.optional_text("author")?,
        text: row.text("text")?,
        content_hash: row.text("content_hash")?,
        revision: u32::try_from(row.integer("revision")?).unwrap_or(u32::MAX),
        parent_id: row.optional_bytes("parent_id")?.map(DocumentId::from_bytes),
        thread_id: row.optional_text("thread_id")?,
        occurred_at: row.time("occurred_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        mail: row.optional_json("mail")?,
        assignment: row.json("assignment")?,
    };
    Ok(StoredDocument { document, order: row.unsigned("sequence")? })
}

impl SqliteTransaction {
    async fn insert_document(&mut self, document: &Document) -> Result<()> {
        sqlx::query(
            "INSERT INTO documents (tenant_id, id, source, source_id, type, title, author, text, content_hash, revision,
                 parent_id, thread_id, occurred_at, created_at, updated_at, mail, project_id, decided_by, assignment)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.tenant())
        .bind(document.id.as_bytes().as_slice())
        .bind(storable(&document.source))
        .bind(storable(&document.source_id))
        .bind(document.kind.as_str())
        .bind(storable(&document.title))
        .bind(optional(document.author.as_deref()))
        .bind(storable(&document.text))
        .bind(&document.content_hash)
        .bind(document.parent_id.map(|id| id.as_bytes().to_vec()))
        .bind(optional(document.thread_id.as_deref()))
        .bind(document.occurred_at.as_micros())
        .bind(document.created_at.as_micros())
        .bind(document.updated_at.as_micros())
        .bind(document.mail.as_ref().map(json).transpose()?)
        .bind(document.project_id().map(|id| id.as_bytes().to_vec()))
        .bind(document.assignment.decided_by.as_str())
        .bind(json(&document.assignment)?)
        .execute(self.connection())
        .await
        .map_err(failed("documents.put"))?;
        Ok(())
    }

    /// Writes a new revision over an old one. The assignment is replaced only where no
    /// user has decided.
    async fn revise_document(&mut self, id: DocumentId, document: &Document) -> Result<()> {
        sqlx::query(
            "UPDATE documents SET type = ?, title = ?, author = ?, text = ?, content_hash = ?, revision = revision + 1,
                 parent_id = ?, thread_id = ?, occurred_at = ?, updated_at = ?, mail = ?
             WHERE tenant_id = ? AND id = ?",
        )
        .bind(document.kind.as_str())
        .bind(storable(&document.title))
        .bind(optional(document.author.as_deref()))
        .bind(storable(&document.text))
        .bind(&document.content_hash)
        .bind(document.parent_id.map(|id| id.as_bytes().to_vec()))
        .bind(optional(document.thread_id.as_deref()))
        .bind(document.occurred_at.as_micros())
        .bind(document.updated_at.as_micros())
        .bind(document.mail.as_ref().map(json).transpose()?)
        .bind(self.tenant())
        .bind(id.as_bytes().as_slice())
        .execute(self.connection())
        .await
        .map_err(failed("documents.put"))?;
        sqlx::query("UPDATE documents SET project_id = ?, assignment = ? WHERE tenant_id = ? AND id = ? AND decided_by = ?")
            .bind(document.project_id().map(|id| id.as_bytes().to_vec()))
            .bind(json(&document.assignment)?)
            .bind(self.tenant())
            .bind(id.as_bytes().as_slice())
            .bind(DecidedBy::Auto.as_str())
            .execute(self.connection())
            .await
            .map_err(failed("documents.put"))?;
        self.delete_chunks(id).await
    }
}

#[async_trait]
impl DocumentStore for SqliteTransaction {
    async fn put_document(&mut self, record: &DocumentRecord) -> Result<Put> {
        let document = &record.document;
        let (status, id, kind) = match self.identify(&document.source, &document.source_id).await? {
            Some((id, hash)) if hash == document.content_hash => {
                return Ok(Put { status: StoreStatus::Unchanged, id });
            }
            Some((id, _)) => {
                self.revise_document(id, document).await?;
                (StoreStatus::Updated, id, ChangeKind::DocumentUpdated)
            }
            None => {
                self.insert_document(document).await?;
                (StoreStatus::Stored, document.id, ChangeKind::DocumentStored)
            }
        };
        self.insert_chunks(id, &record.chunks).await?;
        self.record(kind, Some(id), document.project_id(), document.updated_at).await?;
        Ok(Put { status, id })
    }

    async fn documents_by_id(&mut self, ids: &[DocumentId]) -> Result<Vec<Option<StoredDocument>>> {
        let mut found = HashMap::new();
        for batch in ids.chunks(BATCH) {
            let sql = format!(
                "SELECT {COLUMNS} FROM documents
                 WHERE tenant_id = ? AND id IN (SELECT unhex(value) FROM json_each(?))"
            );
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(self.tenant())
                .bind(ids_json(batch.iter().map(DocumentId::as_bytes))?)
                .fetch_all(self.connection())
                .await
                .map_err(failed("documents.get"))?;
            for row in &rows {
                let stored = read(row)?;
                found.insert(stored.document.id, stored);
            }
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn identify(&mut self, source: &str, source_id: &str) -> Result<Option<(DocumentId, String)>> {
        let row = sqlx::query(
            "SELECT id, content_hash FROM documents WHERE tenant_id = ? AND source = ? AND source_id = ?",
        )
        .bind(self.tenant())
        .bind(storable(source))
        .bind(storable(source_id))
        .fetch_optional(self.connection())
        .await
        .map_err(failed("documents.identify"))?;
        row.map(|row| {
            let row = Columns(&row);
            Ok((DocumentId::from_bytes(row.bytes("id")?), row.text("content_hash")?))
        })
        .transpose()
    }

    async fn documents(&mut self, filter: &DocumentFilter, page: &PageRequest) -> Result<Page<Document>> {
        let size = page_size(page.size)?;
        let mut query =
            QueryBuilder::<Sqlite>::new(format!("SELECT {COLUMNS} FROM documents WHERE tenant_id = "));
        query.push_bind(self.tenant());
        query.push(" AND sequence < ").push_bind(before(page.after.as_ref())?);
        match filter.project {
            Some(ProjectFilter::Is(id)) => {
                query.push(" AND project_id = ").push_bind(id.as_bytes().to_vec());
            }
            Some(ProjectFilter::Unassigned) => {
                query.push(" AND project_id IS NULL");
            }
            None => {}
        }
        if let Some(kind) = filter.kind {
            query.push(" AND type = ").push_bind(kind.as_str());
        }
        if let Some(source) = &filter.source {
            query.push(" AND source = ").push_bind(storable(source).into_owned());
        }
        if let Some(since) = filter.since {
            query.push(" AND occurred_at >= ").push_bind(since.as_micros());
        }
        if let Some(until) = filter.until {
            query.push(" AND occurred_at < ").push_bind(until.as_micros());
        }
        query.push(" ORDER BY sequence DESC LIMIT ").push_bind(i64::from(size) + 1);
        let rows = query.build().fetch_all(self.connection()).await.map_err(failed("documents.list"))?;
        let more = rows.len() > size as usize;
        let kept = rows.iter().take(size as usize).map(read).collect::<Result<Vec<_>>>()?;
        let next = kept.last().filter(|_| more).map(|last| last.order.to_string());
        Ok(Page { items: kept.into_iter().map(|stored| stored.document).collect(), next })
    }

    async fn attachments_of(&mut self, id: DocumentId) -> Result<Vec<Document>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM documents WHERE tenant_id = ? AND parent_id = ? ORDER BY sequence"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(id.as_bytes().as_slice())
            .fetch_all(self.connection())
            .await
            .map_err(failed("documents.get"))?;
        rows.iter().map(|row| Ok(read(row)?.document)).collect()
    }

    async fn delete_document(&mut self, id: DocumentId, now: Timestamp) -> Result<Vec<DocumentId>> {
        // Attachments first, to any depth: each refers to what it came with.
        let mut gone = vec![id];
        let mut visited = 0;
        while let Some(&parent) = gone.get(visited) {
            gone.extend(self.attachments_of(parent).await?.iter().map(|attachment| attachment.id));
            visited += 1;
        }
        gone.reverse();
        for &each in &gone {
            self.delete_chunks(each).await?;
            let done = sqlx::query("DELETE FROM documents WHERE tenant_id = ? AND id = ?")
                .bind(self.tenant())
                .bind(each.as_bytes().as_slice())
                .execute(self.connection())
                .await
                .map_err(failed("documents.delete"))?;
            if done.rows_affected() == 0 {
                return Ok(Vec::new());
            }
            self.record(ChangeKind::DocumentDeleted, Some(each), None, now).await?;
        }
        Ok(gone)
    }

    async fn set_assignment(
        &mut self,
        id: DocumentId,
        assignment: &Assignment,
        now: Timestamp,
    ) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE documents SET project_id = ?, assignment = ?, decided_by = ?, updated_at = ? WHERE tenant_id = ? AND id = ?",
        )
        .bind(assignment.project_id.map(|id| id.as_bytes().to_vec()))
        .bind(json(assignment)?)
        .bind(assignment.decided_by.as_str())
        .bind(now.as_micros())
        .bind(self.tenant())
        .bind(id.as_bytes().as_slice())
        .execute(self.connection())
        .await
        .map_err(failed("documents.assign"))?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.record(ChangeKind::DocumentAssigned, Some(id), assignment.project_id, now).await?;
        Ok(true)
    }

    async fn counts(&mut self) -> Result<Counts> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM documents WHERE tenant_id = ?1) AS documents,
                    (SELECT COUNT(*) FROM document_chunks WHERE tenant_id = ?1) AS chunks",
        )
        .bind(self.tenant())
        .fetch_one(self.connection())
        .await
        .map_err(failed("documents.count"))?;
        let count = |column: &str| {
            row.try_get::<i64, _>(column).map(i64::cast_unsigned).map_err(failed("documents.count"))
        };
        Ok(Counts { documents: count("documents")?, chunks: count("chunks")? })
    }
}
