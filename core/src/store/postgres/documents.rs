//! Documents.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use super::codec::{Columns, Utc, failed, json, uuid};
use super::outside;
use super::statement::{build, built, statement};
use super::transaction::PostgresTransaction;
use crate::base::{DocumentId, Error, ErrorKind, ProjectId, Result, Timestamp};
use crate::domain::{
    Assignment, ChangeKind, ContentHash, Counts, DecidedBy, Document, DocumentFilter, DocumentRecord,
    DocumentStore, Page, PageRequest, ProjectFilter, Put, StoreStatus, StoredDocument,
};
use crate::store::paging::{before, page_size};
use crate::store::text;

/// The columns of a document, with what stands in where a row of the front end has nothing.
const COLUMNS: &str = "sequence, id, coalesce(source, 'unknown') AS source, coalesce(source_id, id::text) AS source_id, \
     coalesce(type, 'document') AS type, coalesce(title, '') AS title, author, coalesce(text, summary, '') AS text, \
     coalesce(content_hash, '') AS content_hash, coalesce(revision, 1)::bigint AS revision, parent_id, thread_id, \
     coalesce(occurred_at, received_at, created_at, 'epoch') AS occurred_at, \
     coalesce(created_at, received_at, 'epoch') AS created_at, \
     coalesce(updated_at, created_at, received_at, 'epoch') AS updated_at, \
     mail::text AS mail, project_id, classification_source, assignment::text AS assignment";
/// When a document occurred, as in [`COLUMNS`].
const OCCURRED_AT: &str = "coalesce(occurred_at, received_at, created_at, 'epoch')";
/// How many documents one statement reads.
const BATCH: usize = 500;
/// The most characters of a text that the front end shows in its lists.
const SUMMARY_CHARACTERS: usize = 200;

pub(super) fn read(row: &PgRow) -> Result<StoredDocument> {
    let row = Columns(row);
    let document = Document {
        id: DocumentId::from_bytes(row.id("id")?),
        source: row.text("source")?,
        source_id: row.text("source_id")?,
        kind: row.parsed("type")?,
        title: row.text("title")?,
        author: row.optional_text("author")?,
        text: row.text("text")?,
        content_hash: row.text("content_hash")?,
        revision: u32::try_from(row.integer("revision")?).unwrap_or(u32::MAX),
        parent_id: row.optional_id("parent_id")?.map(DocumentId::from_bytes),
        thread_id: row.optional_text("thread_id")?,
        occurred_at: row.time("occurred_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        mail: row.optional_json("mail")?,
        assignment: outside::assignment(&row)?,
    };
    Ok(StoredDocument { document, order: row.unsigned("sequence")? })
}

/// What names an item of a tenant, in one length.
fn identity(source: &str, source_id: &str) -> Vec<u8> {
    ContentHash::of(format!("{source}\0{source_id}").as_bytes()).0.to_vec()
}

/// A document that has the identity asked for.
struct Known {
    id: DocumentId,
    content_hash: String,
    assignment: Assignment,
}

impl PostgresTransaction {
    /// The document of an identity: one that the library wrote, else the first that was
    /// there before, which it then makes its own.
    async fn known(&mut self, source: &str, source_id: &str) -> Result<Option<Known>> {
        let (source, source_id) = (text::storable(source), text::storable(source_id));
        let row = statement(
            "SELECT id, coalesce(content_hash, '') AS content_hash, project_id, classification_source,
                    assignment::text AS assignment
             FROM public.documents
             WHERE created_by = $1 AND (identity = $2 OR (identity IS NULL AND source = $3 AND source_id = $4))
             ORDER BY identity IS NULL, sequence LIMIT 1",
        )
        .bind(self.tenant())
        .bind(identity(&source, &source_id))
        .bind(source)
        .bind(source_id)
        .fetch_optional(self.connection())
        .await
        .map_err(failed("documents.identify"))?;
        row.map(|row| {
            let row = Columns(&row);
            Ok(Known {
                id: DocumentId::from_bytes(row.id("id")?),
                content_hash: row.text("content_hash")?,
                assignment: outside::assignment(&row)?,
            })
        })
        .transpose()
    }

    /// Writes a document and its line in the change log, in one statement, unless its
    /// identity is known; whether it was new.
    async fn insert_document(&mut self, document: &Document) -> Result<bool> {
        self.require_turn()?;
        let (source, source_id) = (text::storable(&document.source), text::storable(&document.source_id));
        let body = text::storable(&document.text);
        let row = statement(
            "WITH put AS (
                 INSERT INTO public.documents (created_by, id, identity, source, source_id, type, title, author, text, summary,
                     content_hash, revision, parent_id, thread_id, occurred_at, received_at, created_at, updated_at, mail,
                     project_id, classification_source, assignment)
                 SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, left($9, $20), $10, 1, $11, $12, $13, $13, $14, $15, $16::json,
                     $17, $18, $19::json
                 WHERE NOT EXISTS (
                     SELECT 1 FROM public.documents WHERE created_by = $1
                         AND (identity = $3 OR (identity IS NULL AND source = $4 AND source_id = $5)))
                 RETURNING id, project_id
             ), recorded AS (
                 INSERT INTO besunny.changes (tenant_id, kind, document_id, project_id, changed_at)
                 SELECT $1, $21, put.id, put.project_id, $15 FROM put
             )
             SELECT EXISTS (SELECT 1 FROM put) AS is_new",
        )
        .bind(self.tenant())
        .bind(uuid(document.id.as_bytes()))
        .bind(identity(&source, &source_id))
        .bind(source)
        .bind(source_id)
        .bind(document.kind.as_str())
        .bind(text::storable(&document.title))
        .bind(text::optional(document.author.as_deref()))
        .bind(body)
        .bind(&document.content_hash)
        .bind(document.parent_id.map(|id| uuid(id.as_bytes())))
        .bind(text::optional(document.thread_id.as_deref()))
        .bind(Utc(document.occurred_at))
        .bind(Utc(document.created_at))
        .bind(Utc(document.updated_at))
        .bind(document.mail.as_ref().map(json).transpose()?)
        .bind(document.project_id().map(|id| uuid(id.as_bytes())))
        .bind(document.assignment.decided_by.as_str())
        .bind(json(&document.assignment)?)
        .bind(SUMMARY_CHARACTERS as i32)
        .bind(ChangeKind::DocumentStored.as_str())
        .fetch_one(self.connection())
        .await
        .map_err(failed("documents.put"))?;
        let is_new = Columns(&row).flag("is_new")?;
        if is_new {
            self.note_growth();
        }
        Ok(is_new)
    }

    /// Writes a new revision over an old one.
    async fn revise_document(
        &mut self,
        id: DocumentId,
        document: &Document,
        kept: &Assignment,
    ) -> Result<()> {
        let (source, source_id) = (text::storable(&document.source), text::storable(&document.source_id));
        statement(
            "UPDATE public.documents SET type = $3, title = $4, author = $5, text = $6, summary = left($6, $18),
                 content_hash = $7, revision = coalesce(revision, 1) + 1, parent_id = $8, thread_id = $9, occurred_at = $10,
                 updated_at = $11, mail = $12::json, project_id = $13, classification_source = $14,
                 assignment = $15::json, identity = $16, created_at = coalesce(created_at, $17)
             WHERE created_by = $1 AND id = $2",
        )
        .bind(self.tenant())
        .bind(uuid(id.as_bytes()))
        .bind(document.kind.as_str())
        .bind(text::storable(&document.title))
        .bind(text::optional(document.author.as_deref()))
        .bind(text::storable(&document.text))
        .bind(&document.content_hash)
        .bind(document.parent_id.map(|id| uuid(id.as_bytes())))
        .bind(text::optional(document.thread_id.as_deref()))
        .bind(Utc(document.occurred_at))
        .bind(Utc(document.updated_at))
        .bind(document.mail.as_ref().map(json).transpose()?)
        .bind(kept.project_id.map(|id| uuid(id.as_bytes())))
        .bind(kept.decided_by.as_str())
        .bind(json(kept)?)
        .bind(identity(&source, &source_id))
        .bind(Utc(document.created_at))
        .bind(SUMMARY_CHARACTERS as i32)
        .execute(self.connection())
        .await
        .map_err(failed("documents.put"))?;
        self.drop_chunks(id).await
    }
}

#[async_trait]
impl DocumentStore for PostgresTransaction {
    async fn put_document(&mut self, record: &DocumentRecord) -> Result<Put> {
        let document = &record.document;
        let in_project = |project: Option<ProjectId>| project.map(|id| uuid(id.as_bytes()));
        // Most documents are new: this asks the database once.
        if self.insert_document(document).await? {
            self.insert_chunks(document.id, in_project(document.project_id()), &record.chunks).await?;
            return Ok(Put { status: StoreStatus::Stored, id: document.id });
        }
        let known = self.known(&document.source, &document.source_id).await?.ok_or_else(|| {
            Error::new(ErrorKind::Internal, "documents.put", "a known identity is unknown; please report it")
        })?;
        if known.content_hash == document.content_hash {
            return Ok(Put { status: StoreStatus::Unchanged, id: known.id });
        }
        let kept = match known.assignment.decided_by {
            DecidedBy::User => &known.assignment,
            _ => &document.assignment,
        };
        self.revise_document(known.id, document, kept).await?;
        self.insert_chunks(known.id, in_project(kept.project_id), &record.chunks).await?;
        let (kind, project) = (ChangeKind::DocumentUpdated, document.project_id());
        self.record(kind, Some(known.id), project, document.updated_at).await?;
        Ok(Put { status: StoreStatus::Updated, id: known.id })
    }

    async fn documents_by_id(&mut self, ids: &[DocumentId]) -> Result<Vec<Option<StoredDocument>>> {
        let mut found = HashMap::new();
        for batch in ids.chunks(BATCH) {
            let sql =
                format!("SELECT {COLUMNS} FROM public.documents WHERE created_by = $1 AND id = ANY ($2)");
            let rows = statement(AssertSqlSafe(sql))
                .bind(self.tenant())
                .bind(batch.iter().map(|id| uuid(id.as_bytes())).collect::<Vec<_>>())
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
        Ok(self.known(source, source_id).await?.map(|known| (known.id, known.content_hash)))
    }

    async fn documents(&mut self, filter: &DocumentFilter, page: &PageRequest) -> Result<Page<Document>> {
        let size = page_size(page.size)?;
        let mut query = build(format!("SELECT {COLUMNS} FROM public.documents WHERE created_by = "));
        query.push_bind(self.tenant());
        query.push(" AND sequence < ").push_bind(before(page.after.as_ref())?);
        match filter.project {
            Some(ProjectFilter::Is(id)) => {
                query.push(" AND project_id = ").push_bind(uuid(id.as_bytes()));
            }
            Some(ProjectFilter::Unassigned) => {
                query.push(" AND project_id IS NULL");
            }
            None => {}
        }
        if let Some(kind) = filter.kind {
            query.push(" AND coalesce(type, 'document') = ").push_bind(kind.as_str());
        }
        if let Some(source) = &filter.source {
            query.push(" AND coalesce(source, 'unknown') = ").push_bind(text::storable(source).into_owned());
        }
        if let Some(since) = filter.since {
            query.push(format!(" AND {OCCURRED_AT} >= ")).push_bind(Utc(since));
        }
        if let Some(until) = filter.until {
            query.push(format!(" AND {OCCURRED_AT} < ")).push_bind(Utc(until));
        }
        query.push(" ORDER BY sequence DESC LIMIT ").push_bind(i64::from(size) + 1);
        let rows = built(&mut query).fetch_all(self.connection()).await.map_err(failed("documents.list"))?;
        let more = rows.len() > size as usize;
        let kept = rows.iter().take(size as usize).map(read).collect::<Result<Vec<_>>>()?;
        let next = kept.last().filter(|_| more).map(|last| last.order.to_string());
        Ok(Page { items: kept.into_iter().map(|stored| stored.document).collect(), next })
    }

    async fn attachments_of(&mut self, id: DocumentId) -> Result<Vec<Document>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM public.documents WHERE created_by = $1 AND parent_id = $2 ORDER BY sequence"
        );
        let rows = statement(AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(uuid(id.as_bytes()))
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
            self.drop_chunks(each).await?;
            let done = statement("DELETE FROM public.documents WHERE created_by = $1 AND id = $2")
                .bind(self.tenant())
                .bind(uuid(each.as_bytes()))
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
        let project = assignment.project_id.map(|id| uuid(id.as_bytes()));
        let done = statement(
            "UPDATE public.documents SET project_id = $3, assignment = $4::json, classification_source = $5, updated_at = $6
             WHERE created_by = $1 AND id = $2",
        )
        .bind(self.tenant())
        .bind(uuid(id.as_bytes()))
        .bind(project)
        .bind(json(assignment)?)
        .bind(assignment.decided_by.as_str())
        .bind(Utc(now))
        .execute(self.connection())
        .await
        .map_err(failed("documents.assign"))?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        statement(
            "UPDATE public.document_chunks SET project_id = $3 WHERE tenant_id = $1 AND document_id = $2",
        )
        .bind(self.tenant())
        .bind(uuid(id.as_bytes()))
        .bind(project)
        .execute(self.connection())
        .await
        .map_err(failed("documents.assign"))?;
        self.record(ChangeKind::DocumentAssigned, Some(id), assignment.project_id, now).await?;
        Ok(true)
    }

    async fn counts(&mut self) -> Result<Counts> {
        let row = statement(
            "SELECT (SELECT count(*) FROM public.documents WHERE created_by = $1) AS documents,
                    (SELECT count(*) FROM public.document_chunks WHERE tenant_id = $1) AS chunks",
        )
        .bind(self.tenant())
        .fetch_one(self.connection())
        .await
        .map_err(failed("documents.count"))?;
        let row = Columns(&row);
        Ok(Counts { documents: row.unsigned("documents")?, chunks: row.unsigned("chunks")? })
    }
}
