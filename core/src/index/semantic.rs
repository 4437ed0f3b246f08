//! Search by meaning: an exact scan over the tenant's vectors.

use super::dot::dot;
use super::query::SemanticHit;
use super::ranking::BestRows;
use super::table::{NONE, Table};
use super::vectors::VectorMap;
use crate::domain::DocumentFilter;

/// The documents whose passages are nearest to `query`.
pub(crate) fn search(
    table: &Table,
    vectors: &VectorMap,
    query: &[f32],
    filter: &DocumentFilter,
    limit: usize,
) -> Vec<SemanticHit> {
    let passing = table.passing(filter);
    let mut best = BestRows::new(table);
    for (&slot, row) in table.slots_of_vectors().iter().zip(vectors.rows()) {
        if slot != NONE && passing[table.row(slot).document as usize] {
            best.offer(slot, dot(query, row));
        }
    }
    best.ranked(limit)
        .into_iter()
        .map(|hit| {
            let facts = table.document(hit.document);
            SemanticHit {
                chunk: table.row(hit.row).chunk,
                document: facts.id,
                order: facts.order,
                score: hit.score,
            }
        })
        .collect()
}
