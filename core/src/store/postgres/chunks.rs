//! The passages of documents.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use uuid::Uuid;

use super::codec::{Columns, damaged, failed, uuid};
use super::outside::{self, StoredChunk};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{ChunkId, DocumentId, Result};
use crate::domain::{Chunk, ChunkStore, ContentHash};
use crate::store::text;

/// How many documents, or chunks, one statement reads for.
const BATCH: usize = 500;

/// A document's chunks as they are stored, and what stands in where it has none.
#[derive(Default)]
struct Passages {
    title: String,
    text: String,
    /// Written by the library, so that what is not there is not.
    is_own: bool,
    stored: Vec<StoredChunk>,
}

impl PostgresTransaction {
    pub(super) async fn insert_chunks(
        &mut self,
        id: DocumentId,
        project: Option<Uuid>,
        chunks: &[Chunk],
    ) -> Result<()> {
        if chunks.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = chunks.iter().map(|chunk| uuid(chunk.id.as_bytes())).collect();
        let places: Vec<i32> = chunks.iter().map(|chunk| chunk.ordinal.cast_signed()).collect();
        let texts: Vec<String> =
            chunks.iter().map(|chunk| text::storable(&chunk.text).into_owned()).collect();
        let hashes: Vec<&[u8]> = chunks.iter().map(|chunk| chunk.content_hash.0.as_slice()).collect();
        statement(
            "INSERT INTO public.document_chunks (id, document_id, project_id, tenant_id, chunk_index, text, content_hash)
             SELECT given.id, $1, $2, $3, given.place, given.text, given.hash
             FROM unnest($4::uuid[], $5::integer[], $6::text[], $7::bytea[]) AS given (id, place, text, hash)",
        )
        .bind(uuid(id.as_bytes()))
        .bind(project)
        .bind(self.tenant())
        .bind(ids)
        .bind(places)
        .bind(texts)
        .bind(hashes)
        .execute(self.connection())
        .await
        .map_err(failed("documents.put"))?;
        Ok(())
    }

    /// Deletes a document's chunks, and vectors that no other chunk needs.
    pub(super) async fn drop_chunks(&mut self, id: DocumentId) -> Result<()> {
        statement("SELECT besunny.drop_chunks($1, $2)")
            .bind(self.tenant())
            .bind(uuid(id.as_bytes()))
            .execute(self.connection())
            .await
            .map_err(failed("documents.delete"))?;
        Ok(())
    }

    /// Chunks that the library wrote: they need no others to be complete.
    async fn own_passages(
        &mut self,
        ids: &[(DocumentId, ChunkId)],
    ) -> Result<HashMap<(DocumentId, ChunkId), Chunk>> {
        let (documents, chunks): (Vec<Uuid>, Vec<Uuid>) =
            ids.iter().map(|(document, chunk)| (uuid(document.as_bytes()), uuid(chunk.as_bytes()))).unzip();
        let rows = statement(
            "SELECT chunk.document_id, chunk.id, chunk.chunk_index, chunk.text, chunk.content_hash
             FROM unnest($2::uuid[], $3::uuid[]) AS wanted (document, chunk)
             JOIN public.document_chunks AS chunk ON chunk.id = wanted.chunk AND chunk.document_id = wanted.document
             JOIN public.documents AS document ON document.id = chunk.document_id
             WHERE document.created_by = $1 AND document.content_hash IS NOT NULL AND chunk.text IS NOT NULL
                 AND chunk.chunk_index IS NOT NULL AND chunk.content_hash IS NOT NULL",
        )
        .bind(self.tenant())
        .bind(documents)
        .bind(chunks)
        .fetch_all(self.connection())
        .await
        .map_err(failed("documents.chunk"))?;
        let mut found = HashMap::new();
        for row in rows.iter().map(Columns) {
            let hash = row.optional_hash("content_hash")?.ok_or_else(|| damaged("content_hash"))?;
            let ordinal = row.optional_integer("chunk_index")?.and_then(|place| u32::try_from(place).ok());
            let chunk = Chunk {
                id: ChunkId::from_bytes(row.id("id")?),
                ordinal: ordinal.ok_or_else(|| damaged("chunk_index"))?,
                text: row.text("text")?,
                content_hash: ContentHash(hash),
            };
            found.insert((DocumentId::from_bytes(row.id("document_id")?), chunk.id), chunk);
        }
        Ok(found)
    }
}

#[async_trait]
impl ChunkStore for PostgresTransaction {
    async fn chunks_of(&mut self, ids: &[DocumentId]) -> Result<Vec<Vec<Chunk>>> {
        let mut found: HashMap<DocumentId, Passages> = HashMap::new();
        let distinct: Vec<DocumentId> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        for batch in distinct.chunks(BATCH) {
            // The text stands in where there are no chunks, and is not sent where there are.
            let rows = statement(
                "SELECT document.id AS document_id, document.title, document.content_hash IS NOT NULL AS is_own,
                        CASE WHEN chunk.id IS NULL AND document.content_hash IS NULL
                             THEN coalesce(document.text, document.summary, '') ELSE '' END AS document_text,
                        chunk.id, chunk.chunk_index, coalesce(chunk.text, '') AS text, chunk.content_hash
                 FROM public.documents AS document
                 LEFT JOIN public.document_chunks AS chunk ON chunk.document_id = document.id
                 WHERE document.created_by = $1 AND document.id = ANY ($2)
                 ORDER BY document.id, chunk.chunk_index, chunk.created_at, chunk.id",
            )
            .bind(self.tenant())
            .bind(batch.iter().map(|id| uuid(id.as_bytes())).collect::<Vec<_>>())
            .fetch_all(self.connection())
            .await
            .map_err(failed("documents.chunks"))?;
            for row in rows.iter().map(Columns) {
                let document = DocumentId::from_bytes(row.id("document_id")?);
                let passages = found.entry(document).or_default();
                passages.title = row.optional_text("title")?.unwrap_or_default();
                passages.text = row.text("document_text")?;
                passages.is_own = row.flag("is_own")?;
                if let Some(chunk) = row.optional_id("id")? {
                    passages.stored.push(StoredChunk {
                        id: ChunkId::from_bytes(chunk),
                        ordinal: row
                            .optional_integer("chunk_index")?
                            .and_then(|place| u32::try_from(place).ok()),
                        text: row.text("text")?,
                        content_hash: row.optional_hash("content_hash")?.map(ContentHash),
                    });
                }
            }
        }
        let mut chunks: HashMap<DocumentId, Vec<Chunk>> = HashMap::new();
        for (id, passages) in found {
            // A document that the library wrote without chunks has none.
            if !(passages.stored.is_empty() && passages.is_own) {
                let complete = outside::chunks(id, &passages.title, &passages.text, passages.stored);
                chunks.insert(id, complete);
            }
        }
        Ok(ids.iter().map(|id| chunks.get(id).cloned().unwrap_or_default()).collect())
    }

    async fn passages(&mut self, ids: &[(DocumentId, ChunkId)]) -> Result<Vec<Option<Chunk>>> {
        let mut found = HashMap::new();
        for batch in ids.chunks(BATCH) {
            found.extend(self.own_passages(batch).await?);
        }
        // A chunk from elsewhere gets its number, or comes to be, among its document's others.
        let mut others: Vec<DocumentId> =
            ids.iter().filter(|id| !found.contains_key(id)).map(|(document, _)| *document).collect();
        others.dedup();
        for (document, chunks) in others.iter().zip(self.chunks_of(&others).await?) {
            found.extend(chunks.into_iter().map(|chunk| ((*document, chunk.id), chunk)));
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }
}
