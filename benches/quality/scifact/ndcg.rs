//! Normalised discounted cumulative gain, as trec_eval computes it for binary judgements.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::path::Path;

/// The relevant documents of each query.
pub(crate) type Judgements = HashMap<String, HashSet<String>>;

/// Reads `query document score` lines after a header.
pub(crate) fn read(path: &Path) -> Result<Judgements, Box<dyn Error>> {
    let mut judgements = Judgements::new();
    for line in fs::read_to_string(path)?.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [query, document, score] = fields[..] else {
            return Err(format!("bad judgement: {line}").into());
        };
        if score != "0" {
            judgements.entry(query.to_owned()).or_default().insert(document.to_owned());
        }
    }
    Ok(judgements)
}

/// Mean nDCG@10 over the judged queries; a query without an answer counts 0.
pub(crate) fn mean_ndcg(rankings: &HashMap<String, Vec<String>>, judgements: &Judgements) -> f64 {
    let gain = |rank: usize| 1.0 / ((rank + 2) as f64).log2();
    let scores = judgements.iter().map(|(query, relevant)| {
        let ranking = rankings.get(query).map_or(&[][..], Vec::as_slice);
        let found = ranking.iter().take(10).enumerate().filter(|(_, document)| relevant.contains(*document));
        let ideal: f64 = (0..relevant.len().min(10)).map(gain).sum();
        found.map(|(rank, _)| gain(rank)).sum::<f64>() / ideal
    });
    scores.sum::<f64>() / judgements.len() as f64
}
