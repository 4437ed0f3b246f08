//! The room as a whole.

mod behaviour;
mod costs;
mod determinism;
mod model;
mod recovery;
mod sharing;

use std::path::Path;

use super::*;
use crate::base::{ChunkId, DocumentId, ProjectId, Timestamp};
use crate::domain::{DocumentFilter, DocumentType};

const DIMENSION: usize = 4;
const KEY: &str = "test model";

fn open(folder: &Path) -> TenantIndex {
    TenantIndex::open(folder, Some(DIMENSION), KEY, PATIENCE).expect("opens")
}

fn document_id(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

fn project_id(number: u8) -> ProjectId {
    ProjectId::from_bytes([number; 16])
}

/// Words between spaces; `_` is a word that is left out.
fn terms(text: &str) -> Vec<IndexTerm> {
    let words = text.split(' ').filter(|word| !word.is_empty()).zip(0..);
    words.filter(|(word, _)| *word != "_").map(|(word, position)| IndexTerm::new(word, position)).collect()
}

/// Counts vowels: enough of a meaning to search by.
fn embed(text: &str) -> Vec<f32> {
    ['a', 'e', 'i', 'o'].iter().map(|vowel| text.matches(*vowel).count() as f32).collect()
}

/// A mail of the day with its number, in order of its number.
fn mail(number: u8, title: &str, chunks: &[&str]) -> IndexedDocument {
    IndexedDocument {
        id: document_id(number),
        project: None,
        kind: DocumentType::Email,
        source: "email".into(),
        occurred_at: Timestamp::from_seconds(i64::from(number) * 86_400),
        order: u64::from(number),
        title_terms: terms(title),
        chunks: (0..)
            .zip(chunks)
            .map(|(ordinal, text)| IndexedChunk {
                id: ChunkId::from_bytes(
                    [&[number, ordinal as u8][..], &[0; 14]].concat().try_into().expect("16"),
                ),
                ordinal,
                terms: terms(text),
                vector: Some(embed(text)),
            })
            .collect(),
    }
}

fn put(number: u8, title: &str, chunks: &[&str]) -> IndexChange {
    IndexChange::Put(mail(number, title, chunks))
}

/// A query: `"a phrase"` in quotes, `-word` excluded, else words.
fn query(text: &str) -> LexicalQuery {
    let mut query = LexicalQuery::default();
    for (i, part) in text.split('"').enumerate() {
        if i % 2 == 1 {
            query.phrases.push(terms(part));
            continue;
        }
        for word in part.split(' ').filter(|word| !word.is_empty()) {
            match word.strip_prefix('-') {
                Some(word) => query.excluded.push(terms(word)),
                None => query.terms.push(QueryTerm { text: word.into(), weight: 1.0 }),
            }
        }
    }
    query
}

/// The numbers of the documents found by words.
fn found(index: &TenantIndex, text: &str) -> Vec<u64> {
    found_among(index, text, &DocumentFilter::default())
}

fn found_among(index: &TenantIndex, text: &str, filter: &DocumentFilter) -> Vec<u64> {
    let hits = index.lexical(&query(text), filter, 100).expect("searches");
    hits.iter().map(|hit| hit.order).collect()
}

/// The numbers of the documents found by meaning.
fn near(index: &TenantIndex, text: &str) -> Vec<u64> {
    let hits = index.semantic(&embed(text), &DocumentFilter::default(), 100).expect("searches");
    hits.iter().map(|hit| hit.order).collect()
}
