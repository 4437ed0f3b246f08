//! Search by words: BM25F, term at a time, with exact counts.
//!
//! Frequencies and average lengths are those of the live chunks, whatever Tantivy has
//! merged or not; sums run in the order of the query. So scores are a function of the
//! tenant's documents and the query alone.

use std::collections::HashMap;

use super::bm25::{Occurrences, TermScorer};
use super::failure::Failure;
use super::matching::{Match, Matcher};
use super::query::{LexicalHit, LexicalQuery, Phrase};
use super::ranking::BestRows;
use super::table::Table;
use crate::base::Result;
use crate::domain::DocumentFilter;

/// One term or phrase of the query, and what it adds to each row that passes.
struct Clause {
    name: String,
    contributions: Vec<(u32, f32)>,
}

/// Runs a query.
pub(crate) fn search(
    matcher: &Matcher<'_>,
    query: &LexicalQuery,
    filter: &DocumentFilter,
    limit: usize,
) -> Result<Vec<LexicalHit>, Failure> {
    let table = matcher.table;
    let mut passing = table.passing(filter);
    for phrase in query.excluded.iter().filter(|phrase| !phrase.is_empty()) {
        for found in matcher.phrase(phrase)? {
            passing[table.row(found.slot).document as usize] = false;
        }
    }
    let phrases = require_phrases(matcher, &query.phrases, &mut passing)?;
    if !passing.contains(&true) {
        return Ok(Vec::new());
    }

    let mut clauses = Vec::new();
    for term in query.distinct_terms() {
        let matches = matcher.term(&term.text)?;
        let weight = f64::from(term.weight);
        clauses.push(score_clause(table, query, term.text, weight, &matches, &passing));
    }
    for (phrase, matches) in phrases {
        let name = phrase.iter().map(|term| term.text.as_str()).collect::<Vec<_>>().join(" ");
        clauses.push(score_clause(table, query, name, 1.0, &matches, &passing));
    }

    let mut sums = vec![0.0_f64; table.row_slots()];
    let mut touched = Vec::new();
    for &(slot, contribution) in clauses.iter().flat_map(|clause| &clause.contributions) {
        let sum = &mut sums[slot as usize];
        if *sum == 0.0 {
            touched.push(slot);
        }
        *sum += f64::from(contribution);
    }
    let mut best = BestRows::new(table);
    for slot in touched {
        best.offer(slot, sums[slot as usize] as f32);
    }
    let ranked = best.ranked(limit);
    let mut explained = explain(&clauses, ranked.iter().map(|hit| hit.row), table.row_slots());
    Ok(ranked
        .into_iter()
        .map(|hit| {
            let facts = table.document(hit.document);
            LexicalHit {
                chunk: table.row(hit.row).chunk,
                document: facts.id,
                order: facts.order,
                score: hit.score,
                terms: explained.remove(&hit.row).unwrap_or_default(),
            }
        })
        .collect())
}

/// Lets only documents pass that hold every phrase, in whichever chunk.
fn require_phrases<'q>(
    matcher: &Matcher<'_>,
    phrases: &'q [Phrase],
    passing: &mut [bool],
) -> Result<Vec<(&'q Phrase, Vec<Match>)>, Failure> {
    let mut found = Vec::with_capacity(phrases.len());
    for phrase in phrases.iter().filter(|phrase| !phrase.is_empty()) {
        let matches = matcher.phrase(phrase)?;
        let mut holding = vec![false; passing.len()];
        for held in &matches {
            holding[matcher.table.row(held.slot).document as usize] = true;
        }
        passing.iter_mut().zip(holding).for_each(|(passes, holds)| *passes &= holds);
        found.push((phrase, matches));
    }
    Ok(found)
}

/// Scores the rows that pass; the rarity is that of all live rows.
fn score_clause(
    table: &Table,
    query: &LexicalQuery,
    name: String,
    weight: f64,
    matches: &[Match],
    passing: &[bool],
) -> Clause {
    let scorer = TermScorer::new(query.parameters, table.statistics(), matches.len(), weight);
    let contributions = matches
        .iter()
        .filter_map(|found| {
            let row = table.row(found.slot);
            if !passing[row.document as usize] {
                return None;
            }
            let score = scorer.score(Occurrences {
                title: found.title,
                body: found.body,
                title_length: table.document(row.document).title_length,
                body_length: row.body_length,
            });
            (score > 0.0).then_some((found.slot, score as f32))
        })
        .collect();
    Clause { name, contributions }
}

/// For each of the rows what every clause adds to it.
fn explain(
    clauses: &[Clause],
    rows: impl Iterator<Item = u32>,
    row_slots: usize,
) -> HashMap<u32, Vec<(String, f32)>> {
    let mut wanted = vec![false; row_slots];
    rows.for_each(|slot| wanted[slot as usize] = true);
    let mut explained: HashMap<u32, Vec<(String, f32)>> = HashMap::new();
    for clause in clauses {
        for &(slot, contribution) in &clause.contributions {
            if wanted[slot as usize] {
                explained.entry(slot).or_default().push((clause.name.clone(), contribution));
            }
        }
    }
    explained
}
