//! Two rankings into one.

use std::collections::HashMap;

use crate::base::DocumentId;

/// Reciprocal rank fusion's constant: how fast a rank loses weight.
/// Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and
/// individual Rank Learning Methods", SIGIR 2009, use 60 for rankings of many systems; for
/// two, 10 is better on SciFact's training queries (`benches/quality`), where 60, 20, 10
/// and 5 give nDCG@10 of 0.719, 0.724, 0.727 and 0.729.
const K: f64 = 10.0;

/// One side's ranking, best first.
pub(super) struct Ranking<'a> {
    pub(super) documents: &'a [(DocumentId, u64)],
    pub(super) weight: f64,
}

/// A document with its fused score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fused {
    pub(super) document: DocumentId,
    pub(super) score: f64,
}

/// Adds up `weight / (K + rank)` over the rankings; equal scores keep the order of
/// ingestion.
pub(super) fn reciprocal_rank(rankings: &[Ranking<'_>], limit: usize) -> Vec<Fused> {
    let mut scores: HashMap<DocumentId, (f64, u64)> = HashMap::new();
    for ranking in rankings {
        for (rank, &(document, order)) in ranking.documents.iter().enumerate() {
            scores.entry(document).or_insert((0.0, order)).0 += ranking.weight / (K + rank as f64 + 1.0);
        }
    }
    let mut fused: Vec<(Fused, u64)> =
        scores.into_iter().map(|(document, (score, order))| (Fused { document, score }, order)).collect();
    fused
        .sort_by(|(a, a_order), (b, b_order)| b.score.total_cmp(&a.score).then_with(|| a_order.cmp(b_order)));
    fused.truncate(limit);
    fused.into_iter().map(|(fused, _)| fused).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> DocumentId {
        DocumentId::from_bytes([n; 16])
    }

    #[test]
    fn found_by_both_beats_found_by_one_and_ties_keep_ingestion_order() {
        let lexical = [(id(1), 1), (id(2), 2)];
        let semantic = [(id(3), 3), (id(2), 2)];
        let rankings =
            [Ranking { documents: &lexical, weight: 1.0 }, Ranking { documents: &semantic, weight: 1.0 }];
        let order: Vec<_> = reciprocal_rank(&rankings, 10).iter().map(|fused| fused.document).collect();
        assert_eq!(order, [id(2), id(1), id(3)]);
        assert_eq!(reciprocal_rank(&rankings, 1).len(), 1);
    }
}
