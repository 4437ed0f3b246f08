//! What the index is asked, and what it answers.

use super::bm25::Bm25Parameters;
use super::change::IndexTerm;
use crate::base::{ChunkId, DocumentId, Error, ErrorKind, Result};

/// The most terms and phrases a query may have.
const MAX_CLAUSES: usize = 4_096;

/// Consecutive terms; a single word is a phrase of one. Positions count from any start.
pub(crate) type Phrase = Vec<IndexTerm>;

/// A query by words.
#[derive(Clone, Debug, Default)]
pub(crate) struct LexicalQuery {
    /// Any of these may occur; each that does adds to the score. Terms that are given
    /// twice count once, with the sum of their weights.
    pub(crate) terms: Vec<QueryTerm>,
    /// All of these must occur in the document; each adds to the score like a term of
    /// its own rarity.
    pub(crate) phrases: Vec<Phrase>,
    /// None of these may occur anywhere in the document.
    pub(crate) excluded: Vec<Phrase>,
    /// How occurrences become scores.
    pub(crate) parameters: Bm25Parameters,
}

/// A term of a query.
#[derive(Clone, Debug)]
pub(crate) struct QueryTerm {
    /// The term, as the analyser writes it.
    pub(crate) text: String,
    /// What its score is multiplied by.
    pub(crate) weight: f32,
}

/// A document found by words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LexicalHit {
    /// Its best passage.
    pub(crate) chunk: ChunkId,
    /// The document.
    pub(crate) document: DocumentId,
    /// Its number in order of ingestion.
    pub(crate) order: u64,
    /// The score of its best passage.
    pub(crate) score: f32,
    /// What each matched term or phrase adds to the score, in the order of the query.
    pub(crate) terms: Vec<(String, f32)>,
}

/// A document found by meaning.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SemanticHit {
    /// Its nearest passage.
    pub(crate) chunk: ChunkId,
    /// The document.
    pub(crate) document: DocumentId,
    /// Its number in order of ingestion.
    pub(crate) order: u64,
    /// The dot product with its nearest passage.
    pub(crate) score: f32,
}

impl LexicalQuery {
    /// Refuses what would cost too much or cannot be ranked.
    pub(crate) fn check(&self) -> Result<()> {
        let phrase_terms = self.phrases.iter().chain(&self.excluded).map(Vec::len).sum::<usize>();
        let clauses = self.terms.len() + self.phrases.len() + self.excluded.len() + phrase_terms;
        if clauses > MAX_CLAUSES {
            return Err(Error::new(ErrorKind::LimitExceeded, "index.search", "the query has too many terms")
                .with("terms", clauses)
                .with("limit", MAX_CLAUSES));
        }
        if !self.terms.iter().all(|term| (0.0..=1e6).contains(&term.weight)) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "index.search",
                "a term's weight is between 0 and 1,000,000",
            ));
        }
        self.parameters.check()
    }

    /// The terms without repetitions, weights summed, in order of first occurrence.
    pub(crate) fn distinct_terms(&self) -> Vec<QueryTerm> {
        let mut distinct: Vec<QueryTerm> = Vec::with_capacity(self.terms.len());
        let mut seen = std::collections::HashMap::new();
        for term in &self.terms {
            let place = *seen.entry(term.text.as_str()).or_insert(distinct.len());
            match distinct.get_mut(place) {
                Some(known) => known.weight += term.weight,
                None => distinct.push(term.clone()),
            }
        }
        distinct.retain(|term| term.weight > 0.0);
        distinct
    }
}
