//! Against a model that keeps documents in a map and counts everything anew.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::ProjectFilter;
use crate::index::bm25::{CorpusStatistics, Occurrences, TermScorer};

#[derive(Clone, Debug)]
enum Step {
    Put(u8, String, Vec<String>),
    Delete(u8),
    Move(u8, Option<u8>),
    Commit,
    Reopen,
    Merge,
    Compact,
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "e", "io", "o", "_"]), 0..6)
        .prop_map(|words| words.join(" "))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..8_u8, text(), prop::collection::vec(text(), 0..4)).prop_map(|(n, t, c)| Step::Put(n, t, c)),
        2 => (0..8_u8).prop_map(Step::Delete),
        2 => (0..8_u8, prop::option::of(0..2_u8)).prop_map(|(n, p)| Step::Move(n, p)),
        3 => Just(Step::Commit),
        1 => Just(Step::Reopen),
        1 => Just(Step::Merge),
        1 => Just(Step::Compact),
    ]
}

type Model = BTreeMap<u8, IndexedDocument>;

fn occurrences(terms: &[IndexTerm], phrase: &[IndexTerm]) -> u32 {
    let holds = |start: u32| {
        phrase
            .iter()
            .all(|part| terms.iter().any(|t| t.text == part.text && t.position == start + part.position))
    };
    (0..10).filter(|&start| holds(start)).count() as u32
}

fn model_search(model: &Model, query: &LexicalQuery, filter: &DocumentFilter) -> Vec<(u64, ChunkId, u32)> {
    let chunks = || model.values().flat_map(|d| d.chunks.iter().map(move |c| (d, c)));
    let statistics = CorpusStatistics {
        chunks: chunks().count() as u64,
        title_terms: chunks().map(|(d, _)| d.title_terms.len() as u64).sum(),
        body_terms: chunks().map(|(_, c)| c.terms.len() as u64).sum(),
    };
    let counts = |d: &IndexedDocument, c: &IndexedChunk, phrase: &[IndexTerm]| {
        (occurrences(&d.title_terms, phrase), occurrences(&c.terms, phrase))
    };
    let holds =
        |d: &IndexedDocument, phrase: &Phrase| d.chunks.iter().any(|c| counts(d, c, phrase) != (0, 0));
    let words = query.terms.iter().map(|t| vec![IndexTerm::new(t.text.clone(), 0)]);
    let clauses: Vec<Phrase> = words.chain(query.phrases.iter().cloned()).collect();
    let mut hits = Vec::new();
    for d in model.values() {
        let passes = filter.accepts(d.project, d.kind, &d.source, d.occurred_at)
            && query.phrases.iter().all(|phrase| holds(d, phrase))
            && !query.excluded.iter().any(|phrase| holds(d, phrase));
        let mut best: Option<(f32, ChunkId)> = None;
        for c in d.chunks.iter().filter(|_| passes) {
            let mut sum = 0.0_f64;
            for clause in &clauses {
                let frequency = chunks().filter(|(d, c)| counts(d, c, clause) != (0, 0)).count();
                let scorer = TermScorer::new(query.parameters, statistics, frequency, 1.0);
                let (title, body) = counts(d, c, clause);
                let (title_length, body_length) = (d.title_terms.len() as u32, c.terms.len() as u32);
                sum += f64::from(scorer.score(Occurrences { title, body, title_length, body_length }) as f32);
            }
            let score = sum as f32;
            if score > 0.0 && best.is_none_or(|(known, _)| score > known) {
                best = Some((score, c.id));
            }
        }
        hits.extend(best.map(|(score, chunk)| (d.order, chunk, score.to_bits())));
    }
    // Positive floats sort like their bits.
    hits.sort_by_key(|&(order, _, score)| (std::cmp::Reverse(score), order));
    hits
}

fn model_near(model: &Model, vector: &[f32], filter: &DocumentFilter) -> Vec<(u64, f32)> {
    let mut hits: Vec<(u64, f32)> = model
        .values()
        .filter(|d| filter.accepts(d.project, d.kind, &d.source, d.occurred_at))
        .filter_map(|d| {
            let dots = d.chunks.iter().filter_map(|c| c.vector.as_ref());
            let dots = dots.map(|v| v.iter().zip(vector).map(|(a, b)| a * b).sum::<f32>());
            dots.max_by(f32::total_cmp).map(|best| (d.order, best))
        })
        .collect();
    hits.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    hits
}

fn compare(index: &TenantIndex, model: &Model) {
    let project = DocumentFilter { project: Some(ProjectFilter::Is(project_id(0))), ..Default::default() };
    let unassigned = DocumentFilter { project: Some(ProjectFilter::Unassigned), ..Default::default() };
    for filter in [DocumentFilter::default(), project, unassigned] {
        for text in ["a", "a b io", "\"a b\"", "a -c", "\"b a\" o \"e\"", "\"a _ a\" b -o"] {
            let query = query(text);
            let hits = index.lexical(&query, &filter, 100).expect("searches");
            let hits: Vec<_> = hits.iter().map(|h| (h.order, h.chunk, h.score.to_bits())).collect();
            assert_eq!(hits, model_search(model, &query, &filter), "{text}");
        }
        let hits = index.semantic(&[1.0, 2.0, -3.0, 1.0], &filter, 100).expect("searches");
        let hits: Vec<_> = hits.iter().map(|h| (h.order, h.score)).collect();
        assert_eq!(hits, model_near(model, &[1.0, 2.0, -3.0, 1.0], &filter));
    }
    assert_eq!(index.document_count(), model.len());
    assert_eq!(index.chunk_count(), model.values().map(|d| d.chunks.len()).sum::<usize>());
    assert!(index.is_complete());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_history_ends_like_the_model(steps in prop::collection::vec(step(), 1..40)) {
        let folder = tempfile::tempdir().expect("folder");
        let mut index = Some(open(folder.path()));
        let mut model = Model::new();
        let mut batch = Vec::new();
        let mut position = 0;
        for step in steps.into_iter().chain([Step::Commit]) {
            let live = index.as_ref().expect("open");
            match step {
                Step::Put(n, title, chunks) => {
                    let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
                    let document = mail(n, &title, &chunks);
                    batch.push(IndexChange::Put(document.clone()));
                    model.insert(n, document);
                }
                Step::Delete(n) => {
                    batch.push(IndexChange::Delete(document_id(n)));
                    model.remove(&n);
                }
                Step::Move(n, project) => {
                    let project = project.map(project_id);
                    batch.push(IndexChange::Move { document: document_id(n), project });
                    model.entry(n).and_modify(|document| document.project = project);
                }
                Step::Commit => {
                    position += 1;
                    live.apply(std::mem::take(&mut batch), position).expect("applies");
                    compare(live, &model);
                }
                Step::Merge => live.merge_all().expect("merges"),
                Step::Compact => live.compact().expect("compacts"),
                Step::Reopen => {
                    drop(index.take());
                    let again = open(folder.path());
                    assert_eq!(again.level().position, position);
                    index = Some(again);
                }
            }
        }
    }
}
