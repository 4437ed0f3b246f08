//! From scored rows to ranked documents: the best row of each document, the best
//! documents first. Equal scores are decided by order of ingestion, so that the ranking
//! depends on nothing but content.

use std::cmp::Ordering;

use super::table::{NONE, Table};

/// Collects the best row of each document.
pub(crate) struct BestRows<'a> {
    table: &'a Table,
    /// By document slot.
    best: Vec<u32>,
    scores: Vec<f32>,
    /// Document slots that have a row.
    found: Vec<u32>,
}

/// A document and its best row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranked {
    /// Slot of the document.
    pub(crate) document: u32,
    /// Slot of its best row.
    pub(crate) row: u32,
    /// The row's score.
    pub(crate) score: f32,
}

impl<'a> BestRows<'a> {
    pub(crate) fn new(table: &'a Table) -> Self {
        let documents = table.document_slots();
        Self { table, best: vec![NONE; documents], scores: vec![0.0; documents], found: Vec::new() }
    }

    /// Takes a row into account.
    pub(crate) fn offer(&mut self, row_slot: u32, score: f32) {
        let row = self.table.row(row_slot);
        let document = row.document as usize;
        let best = self.best[document];
        if best == NONE {
            self.found.push(row.document);
        } else {
            let known = self.scores[document].total_cmp(&score);
            let earlier = row.ordinal < self.table.row(best).ordinal;
            if known == Ordering::Greater || (known == Ordering::Equal && !earlier) {
                return;
            }
        }
        self.best[document] = row_slot;
        self.scores[document] = score;
    }

    /// The best `limit` documents, best first.
    pub(crate) fn ranked(self, limit: usize) -> Vec<Ranked> {
        let mut ranked: Vec<Ranked> = self
            .found
            .iter()
            .map(|&document| Ranked {
                document,
                row: self.best[document as usize],
                score: self.scores[document as usize],
            })
            .collect();
        let key = |ranked: &Ranked| {
            let facts = self.table.document(ranked.document);
            (facts.order, facts.id)
        };
        let by_rank = |a: &Ranked, b: &Ranked| b.score.total_cmp(&a.score).then_with(|| key(a).cmp(&key(b)));
        if limit == 0 {
            return Vec::new();
        }
        if limit < ranked.len() {
            ranked.select_nth_unstable_by(limit - 1, by_rank);
            ranked.truncate(limit);
        }
        ranked.sort_unstable_by(by_rank);
        ranked
    }
}
