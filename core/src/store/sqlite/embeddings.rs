//! Vectors by content.

use async_trait::async_trait;

use super::codec::failed;
use super::transaction::SqliteTransaction;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::{ContentHash, EmbeddingStore};

fn from_bytes(bytes: &[u8]) -> Result<Vec<f32>> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(Error::new(ErrorKind::Storage, "embeddings.read", "a stored vector has a wrong length"));
    }
    Ok(numbers.iter().map(|&number| f32::from_le_bytes(number)).collect())
}

#[async_trait]
impl EmbeddingStore for SqliteTransaction {
    async fn vectors(&mut self, model: &str, hashes: &[ContentHash]) -> Result<Vec<Option<Vec<f32>>>> {
        let mut found = Vec::with_capacity(hashes.len());
        for hash in hashes {
            let bytes: Option<Vec<u8>> = sqlx::query_scalar(
                "SELECT vector FROM embeddings WHERE tenant_id = ? AND content_hash = ? AND model = ?",
            )
            .bind(self.tenant())
            .bind(hash.0.as_slice())
            .bind(model)
            .fetch_optional(self.connection())
            .await
            .map_err(failed("embeddings.read"))?;
            found.push(bytes.as_deref().map(from_bytes).transpose()?);
        }
        Ok(found)
    }

    async fn put_vectors(&mut self, model: &str, vectors: &[(ContentHash, Vec<f32>)]) -> Result<()> {
        for (hash, vector) in vectors {
            let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
            sqlx::query("INSERT OR IGNORE INTO embeddings (tenant_id, content_hash, model, vector) VALUES (?, ?, ?, ?)")
                .bind(self.tenant())
                .bind(hash.0.as_slice())
                .bind(model)
                .bind(bytes)
                .execute(self.connection())
                .await
                .map_err(failed("embeddings.write"))?;
        }
        Ok(())
    }
}
