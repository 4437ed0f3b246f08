//! Vectors of the present model for what came in under another, or under none.

use std::collections::HashMap;

use super::pipeline::Intake;
use crate::base::{CancelToken, DocumentId, Error, ErrorKind, Result, Scope};
use crate::domain::{Access, ContentHash, DocumentFilter, PageRequest};
use crate::text::embedded_text;

/// How many documents are looked at in one go.
const PAGE: u32 = 100;

impl Intake {
    /// Embeds the tenant's passages that lack a vector, page by page; how many there were.
    /// `on_page` is told which part of the documents is done.
    pub(crate) async fn re_embed(
        &self,
        scope: &Scope,
        cancel: &CancelToken,
        on_page: impl Fn(f64) + Send,
    ) -> Result<u64> {
        let operation = "intake.re_embed";
        let encoder = self.encoder.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::ModelMissing,
                operation,
                "embedding needs a model; open the workspace with `model`, or set BESUNNY_MODEL to its folder",
            )
        })?;
        let model = &encoder.info().fingerprint;
        let total = self.store.begin(scope, Access::Read).await?.counts().await?.documents.max(1);
        let (mut seen, mut made) = (0, 0);
        let mut page = PageRequest { size: PAGE, after: None };
        loop {
            cancel.check(operation)?;
            let mut read = self.store.begin(scope, Access::Read).await?;
            let documents = read.documents(&DocumentFilter::default(), &page).await?;
            let mut passages: HashMap<ContentHash, String> = HashMap::new();
            let mut hashes = Vec::new();
            let ids: Vec<DocumentId> = documents.items.iter().map(|document| document.id).collect();
            for (document, chunks) in documents.items.iter().zip(read.chunks_of(&ids).await?) {
                for chunk in chunks {
                    passages.entry(chunk.content_hash).or_insert_with(|| {
                        hashes.push(chunk.content_hash);
                        embedded_text(&document.title, &chunk.text)
                    });
                }
            }
            let found = read.vectors(model, &hashes).await?;
            drop(read);
            let missing: Vec<ContentHash> = hashes
                .into_iter()
                .zip(found)
                .filter_map(|(hash, vector)| vector.is_none().then_some(hash))
                .collect();
            if !missing.is_empty() {
                let texts = missing.iter().filter_map(|hash| passages.remove(hash)).collect();
                let vectors: Vec<(ContentHash, Vec<f32>)> =
                    missing.into_iter().zip(encoder.embed(texts).await?).collect();
                made += vectors.len() as u64;
                let mut write = self.store.begin(scope, Access::Write).await?;
                write.put_vectors(model, &vectors).await?;
                write.commit().await?;
            }
            seen += documents.items.len() as u64;
            on_page((seen as f64 / total as f64).min(1.0));
            page.after = documents.next;
            if page.after.is_none() {
                return Ok(made);
            }
        }
    }
}
