//! Vectors by content.

use std::collections::HashMap;

use async_trait::async_trait;

use super::codec::{Columns, damaged, failed};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::Result;
use crate::domain::{ContentHash, EmbeddingStore};

/// How many vectors one statement carries: about 2 MB.
const BATCH: usize = 1_000;

fn from_bytes(bytes: &[u8]) -> Result<Vec<f32>> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(damaged("vector"));
    }
    Ok(numbers.iter().map(|&number| f32::from_le_bytes(number)).collect())
}

#[async_trait]
impl EmbeddingStore for PostgresTransaction {
    async fn vectors(&mut self, model: &str, hashes: &[ContentHash]) -> Result<Vec<Option<Vec<f32>>>> {
        let mut found: HashMap<[u8; 32], Vec<f32>> = HashMap::new();
        for batch in hashes.chunks(BATCH) {
            let keys: Vec<&[u8]> = batch.iter().map(|hash| hash.0.as_slice()).collect();
            let rows = statement(
                "SELECT content_hash, vector FROM besunny.embeddings
                 WHERE tenant_id = $1 AND model = $2 AND content_hash = ANY ($3)",
            )
            .bind(self.tenant())
            .bind(model.to_owned())
            .bind(keys)
            .fetch_all(self.connection())
            .await
            .map_err(failed("embeddings.read"))?;
            for row in &rows {
                let row = Columns(row);
                let hash = row.optional_hash("content_hash")?.ok_or_else(|| damaged("content_hash"))?;
                found.insert(hash, from_bytes(row.bytes("vector")?)?);
            }
        }
        Ok(hashes.iter().map(|hash| found.get(&hash.0).cloned()).collect())
    }

    async fn put_vectors(&mut self, model: &str, vectors: &[(ContentHash, Vec<f32>)]) -> Result<()> {
        for batch in vectors.chunks(BATCH) {
            let (hashes, vectors): (Vec<Vec<u8>>, Vec<Vec<u8>>) = batch
                .iter()
                .map(|(hash, vector)| {
                    (hash.0.to_vec(), vector.iter().flat_map(|number| number.to_le_bytes()).collect())
                })
                .unzip();
            statement(
                "INSERT INTO besunny.embeddings (tenant_id, content_hash, model, vector)
                 SELECT $1, given.content_hash, $2, given.vector
                 FROM unnest($3::bytea[], $4::bytea[]) AS given (content_hash, vector)
                 ON CONFLICT DO NOTHING",
            )
            .bind(self.tenant())
            .bind(model.to_owned())
            .bind(hashes)
            .bind(vectors)
            .execute(self.connection())
            .await
            .map_err(failed("embeddings.write"))?;
        }
        Ok(())
    }
}
