//! Whether a tenant's index holds what the store holds, and nothing else.

use std::collections::{HashMap, HashSet};

use super::follower::IndexFollower;
use crate::base::{DocumentId, Result, Scope};
use crate::domain::{
    Access, Chunk, ContentHash, DocumentFilter, PageRequest, Position, StoredDocument, Transaction,
};
use crate::index::{IndexedFacts, vector_sum};
use crate::offload::offload;
use crate::text::embedded_text;

const PAGE: u32 = 200;
const BATCH: u32 = 1_000;

/// How a tenant's index differs from the store, in documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Documents of the store that were compared.
    pub(crate) documents: u64,
    /// Their chunks.
    pub(crate) chunks: u64,
    /// In the store and not in the index.
    pub(crate) missing: u64,
    /// In the index and not in the store.
    pub(crate) stray: u64,
    /// In another project than the store says.
    pub(crate) misplaced: u64,
    /// With other facts, chunks or vectors than the store has.
    pub(crate) incomplete: u64,
    /// Whose stored text is not what it was when it was taken in.
    pub(crate) altered: u64,
}

impl Comparison {
    /// Whether the index is what the store makes of it.
    pub(crate) fn is_level(&self) -> bool {
        (self.missing, self.stray, self.misplaced, self.incomplete) == (0, 0, 0, 0)
    }
}

impl IndexFollower {
    /// Opens the tenant's index anew, which reads and checks its files, brings it level,
    /// and compares it with the store, document by document. Writers may go on: what
    /// changes meanwhile is left out.
    pub(crate) async fn compare(&self, scope: &Scope) -> Result<Comparison> {
        self.reopen(scope).await;
        let (index, _) = self.level(scope).await?;
        let contents = offload("index.contents", move || Ok(index.contents()));
        let (position, mut indexed) = contents.await?;
        let mut read = self.store().begin(scope, Access::Read).await?;
        let changed = changed_after(&mut *read, position).await?;
        let mut found = Comparison::default();
        let mut page = PageRequest { size: PAGE, after: None };
        loop {
            let documents = read.documents(&DocumentFilter::default(), &page).await?;
            let ids: Vec<DocumentId> = documents.items.iter().map(|document| document.id).collect();
            let (stored, chunks) = (read.documents_by_id(&ids).await?, read.chunks_of(&ids).await?);
            for ((id, stored), chunks) in ids.into_iter().zip(stored).zip(chunks) {
                let facts = indexed.remove(&id);
                if changed.contains(&id) {
                    continue;
                }
                let Some(stored) = stored else { continue };
                found.documents += 1;
                found.chunks += chunks.len() as u64;
                found.altered += u64::from(is_altered(&stored, &chunks));
                let Some(facts) = facts else {
                    found.missing += 1;
                    continue;
                };
                found.misplaced += u64::from(facts.document.project != stored.document.assignment.project_id);
                let vectors = self.vectors(&mut *read, chunks.iter()).await?;
                found.incomplete += u64::from(!is_complete(&facts, &stored, &chunks, &vectors));
            }
            page.after = documents.next;
            if page.after.is_none() {
                break;
            }
        }
        found.stray = indexed.keys().filter(|id| !changed.contains(id)).count() as u64;
        Ok(found)
    }
}

async fn changed_after(read: &mut dyn Transaction, position: Position) -> Result<HashSet<DocumentId>> {
    let mut changed = HashSet::new();
    let mut position = position;
    loop {
        let changes = read.changes_after(position, BATCH).await?;
        let Some(last) = changes.last() else { return Ok(changed) };
        position = last.position;
        changed.extend(changes.iter().filter_map(|change| change.document_id));
    }
}

/// Whether a passage is not the one that its hash was made of.
fn is_altered(stored: &StoredDocument, chunks: &[Chunk]) -> bool {
    let title = &stored.document.title;
    chunks
        .iter()
        .any(|chunk| ContentHash::of(embedded_text(title, &chunk.text).as_bytes()) != chunk.content_hash)
}

fn is_complete(
    facts: &IndexedFacts,
    stored: &StoredDocument,
    chunks: &[Chunk],
    vectors: &HashMap<ContentHash, Vec<f32>>,
) -> bool {
    let (indexed, document) = (&facts.document, &stored.document);
    let has_facts = indexed.kind == document.kind
        && indexed.source == document.source
        && indexed.occurred_at == document.occurred_at
        && indexed.order == stored.order;
    let rows = indexed.rows.iter().zip(&facts.vector_sums);
    has_facts
        && indexed.rows.len() == chunks.len()
        && rows.zip(chunks).all(|((row, sum), chunk)| {
            let expected = vectors.get(&chunk.content_hash).map(|vector| vector_sum(vector));
            (row.chunk, row.ordinal, *sum) == (chunk.id, chunk.ordinal, expected)
        })
}
