//! The scoring formula: BM25F over title and body.

use crate::base::{Error, ErrorKind, Result};

/// How occurrences become scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bm25Parameters {
    /// How soon further occurrences of a term stop mattering.
    pub(crate) k1: f64,
    /// How much a long body dilutes its occurrences, from 0 to 1.
    pub(crate) b: f64,
    /// How much a long title dilutes its occurrences, from 0 to 1.
    pub(crate) title_b: f64,
    /// How many occurrences in the body one in the title is worth.
    pub(crate) title_weight: f64,
}

impl Default for Bm25Parameters {
    fn default() -> Self {
        Self { k1: 0.9, b: 0.4, title_b: 0.5, title_weight: 2.0 }
    }
}

impl Bm25Parameters {
    /// Refuses parameters that would give negative or undefined scores.
    pub(crate) fn check(&self) -> Result<()> {
        let sane = (0.0..=1e6).contains(&self.k1)
            && (0.0..=1.0).contains(&self.b)
            && (0.0..=1.0).contains(&self.title_b)
            && (0.0..=1e6).contains(&self.title_weight);
        if sane {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidInput, "index.search", "a scoring parameter is out of range"))
    }
}

/// Sums over the live chunks of one tenant, all exact.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CorpusStatistics {
    /// How many chunks there are.
    pub(crate) chunks: u64,
    /// How many title terms all chunks have; a chunk has the title of its document.
    pub(crate) title_terms: u64,
    /// How many body terms all chunks have.
    pub(crate) body_terms: u64,
}

/// One term's occurrences in one chunk, and how long its fields are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occurrences {
    /// Occurrences in the title.
    pub(crate) title: u32,
    /// Occurrences in the body.
    pub(crate) body: u32,
    /// Terms of the title.
    pub(crate) title_length: u32,
    /// Terms of the body.
    pub(crate) body_length: u32,
}

/// Scores the occurrences of one term.
pub(crate) struct TermScorer {
    parameters: Bm25Parameters,
    factor: f64,
    average_title: f64,
    average_body: f64,
}

impl TermScorer {
    /// For a term of this weight that occurs in `frequency` chunks.
    pub(crate) fn new(
        parameters: Bm25Parameters,
        statistics: CorpusStatistics,
        frequency: usize,
        weight: f64,
    ) -> Self {
        let chunks = statistics.chunks as f64;
        let frequency = frequency as f64;
        let rarity = (1.0 + (chunks - frequency + 0.5) / (frequency + 0.5)).ln();
        Self {
            parameters,
            factor: weight * rarity * (parameters.k1 + 1.0),
            average_title: statistics.title_terms as f64 / chunks.max(1.0),
            average_body: statistics.body_terms as f64 / chunks.max(1.0),
        }
    }

    /// What these occurrences add to the score of their chunk.
    pub(crate) fn score(&self, found: Occurrences) -> f64 {
        let Bm25Parameters { k1, b, title_b, title_weight } = self.parameters;
        let title = f64::from(found.title) / dilution(found.title_length, self.average_title, title_b);
        let body = f64::from(found.body) / dilution(found.body_length, self.average_body, b);
        let pseudo_frequency = title_weight * title + body;
        if pseudo_frequency <= 0.0 {
            return 0.0;
        }
        self.factor * pseudo_frequency / (k1 + pseudo_frequency)
    }
}

fn dilution(length: u32, average: f64, b: f64) -> f64 {
    // A field is only diluted once it has an occurrence, and then the average is above 0;
    // the floor keeps b = 1 with an empty other field from dividing by 0.
    (1.0 - b + b * f64::from(length) / average.max(1e-9)).max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_formula_written_out() {
        let statistics = CorpusStatistics { chunks: 10, title_terms: 30, body_terms: 1_000 };
        let parameters = Bm25Parameters { k1: 1.2, b: 0.75, title_b: 0.5, title_weight: 2.0 };
        let scorer = TermScorer::new(parameters, statistics, 2, 1.0);
        let score = scorer.score(Occurrences { title: 0, body: 3, title_length: 3, body_length: 50 });
        let idf = (1.0_f64 + 8.5 / 2.5).ln();
        let tf = 3.0 / (0.25 + 0.75 * 0.5);
        assert!((score - idf * 2.2 * tf / (1.2 + tf)).abs() < 1e-12);
    }

    #[test]
    fn a_title_counts_more_and_nothing_counts_nothing() {
        let statistics = CorpusStatistics { chunks: 10, title_terms: 100, body_terms: 100 };
        let scorer = TermScorer::new(Bm25Parameters::default(), statistics, 2, 1.0);
        let at = |title, body| scorer.score(Occurrences { title, body, title_length: 10, body_length: 10 });
        assert!(at(1, 0) > at(0, 1));
        assert_eq!(at(0, 0), 0.0);
        assert!(Bm25Parameters { b: f64::NAN, ..Bm25Parameters::default() }.check().is_err());
    }
}
