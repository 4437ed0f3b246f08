//! The passages of documents.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use super::codec::{Columns, failed, hex, ids_json, json};
use super::transaction::SqliteTransaction;
use crate::base::{ChunkId, DocumentId, Result};
use crate::domain::{Chunk, ChunkStore, ContentHash};
use crate::store::text::storable;

/// How many documents, or chunks, one statement reads for.
const BATCH: usize = 500;

fn read(row: &SqliteRow) -> Result<(DocumentId, Chunk)> {
    let row = Columns(row);
    let chunk = Chunk {
        id: ChunkId::from_bytes(row.bytes("id")?),
        ordinal: u32::try_from(row.integer("chunk_index")?).unwrap_or(u32::MAX),
        text: row.text("text")?,
        content_hash: ContentHash(row.bytes("content_hash")?),
    };
    Ok((DocumentId::from_bytes(row.bytes("document_id")?), chunk))
}

impl SqliteTransaction {
    pub(super) async fn insert_chunks(&mut self, id: DocumentId, chunks: &[Chunk]) -> Result<()> {
        for chunk in chunks {
            sqlx::query(
                "INSERT INTO document_chunks (document_id, chunk_index, id, tenant_id, text, content_hash) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(id.as_bytes().as_slice())
            .bind(chunk.ordinal)
            .bind(chunk.id.as_bytes().as_slice())
            .bind(self.tenant())
            .bind(storable(&chunk.text))
            .bind(chunk.content_hash.0.as_slice())
            .execute(self.connection())
            .await
            .map_err(failed("documents.put"))?;
        }
        Ok(())
    }

    /// Deletes a document's chunks, and vectors that no other chunk needs.
    pub(super) async fn delete_chunks(&mut self, id: DocumentId) -> Result<()> {
        let hashes: Vec<Vec<u8>> = sqlx::query_scalar(
            "DELETE FROM document_chunks WHERE tenant_id = ? AND document_id = ? RETURNING content_hash",
        )
        .bind(self.tenant())
        .bind(id.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await
        .map_err(failed("documents.delete"))?;
        for hash in hashes {
            sqlx::query(
                "DELETE FROM embeddings WHERE tenant_id = ?1 AND content_hash = ?2
                 AND NOT EXISTS (SELECT 1 FROM document_chunks WHERE tenant_id = ?1 AND content_hash = ?2)",
            )
            .bind(self.tenant())
            .bind(hash)
            .execute(self.connection())
            .await
            .map_err(failed("documents.delete"))?;
        }
        Ok(())
    }
}

#[async_trait]
impl ChunkStore for SqliteTransaction {
    async fn chunks_of(&mut self, ids: &[DocumentId]) -> Result<Vec<Vec<Chunk>>> {
        let mut found: HashMap<DocumentId, Vec<Chunk>> = HashMap::new();
        let distinct: Vec<DocumentId> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        for batch in distinct.chunks(BATCH) {
            let rows = sqlx::query(
                "SELECT document_id, id, chunk_index, text, content_hash FROM document_chunks
                 WHERE tenant_id = ? AND document_id IN (SELECT unhex(value) FROM json_each(?))
                 ORDER BY document_id, chunk_index",
            )
            .bind(self.tenant())
            .bind(ids_json(batch.iter().map(DocumentId::as_bytes))?)
            .fetch_all(self.connection())
            .await
            .map_err(failed("documents.chunks"))?;
            for row in &rows {
                let (document, chunk) = read(row)?;
                found.entry(document).or_default().push(chunk);
            }
        }
        Ok(ids.iter().map(|id| found.get(id).cloned().unwrap_or_default()).collect())
    }

    async fn passages(&mut self, ids: &[(DocumentId, ChunkId)]) -> Result<Vec<Option<Chunk>>> {
        let mut found = HashMap::new();
        for batch in ids.chunks(BATCH) {
            let wanted: Vec<[String; 2]> = batch
                .iter()
                .map(|(document, chunk)| [hex(document.as_bytes()), hex(chunk.as_bytes())])
                .collect();
            let rows = sqlx::query(
                "SELECT chunk.document_id, chunk.id, chunk.chunk_index, chunk.text, chunk.content_hash
                 FROM json_each(?2) AS wanted CROSS JOIN document_chunks AS chunk
                 WHERE chunk.tenant_id = ?1 AND chunk.document_id = unhex(wanted.value ->> 0)
                     AND chunk.id = unhex(wanted.value ->> 1)",
            )
            .bind(self.tenant())
            .bind(json(&wanted)?)
            .fetch_all(self.connection())
            .await
            .map_err(failed("documents.chunk"))?;
            for row in &rows {
                let (document, chunk) = read(row)?;
                found.insert((document, chunk.id), chunk);
            }
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }
}
