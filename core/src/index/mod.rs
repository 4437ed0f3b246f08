//! The search index of a tenant: a table of rows, one for each chunk, with the facts that
//! searches filter by; postings, to find rows by words; and a vector file, to find them by
//! meaning. Documents come in analysed and embedded; ranked documents go out.
//!
//! - [`tenant`]: the interface; [`change`] and [`query`]: what it takes and gives;
//! - [`generations`], [`lease`], [`keeper`]: who may write, and to which folder;
//! - [`opening`], [`following`], [`writing`]: how it gets on disk and back, whatever happens in
//!   between;
//! - [`table`], [`row_log`], [`frame`], [`codec`]: the rows, in memory and on disk;
//! - [`postings`], [`directory`], [`matching`]: Tantivy as inverted file; [`lexical`], [`bm25`]: the
//!   scores, which are ours; [`vectors`], [`dot`], [`semantic`]: the scan;
//! - [`ranking`]: one row for each document, ties by order of ingestion.
//!
//! Invariant: a tenant has a folder of their own; no number of another tenant's enters a
//! score, and removing the folder removes everything.
//! Invariant: derived. Position 0 means empty; a folder that cannot be trusted is emptied.
//! Invariant: results depend on the documents that are in, the query and the filter, and
//! on nothing else: not on the order, batches, merges or deletions that led there.
//! Invariant: knows neither text nor stores; imports `base` and `domain` only.
//! Invariant: many processes read a folder, one writes: the holder of the lease, which the
//! system drops with the process. A holder that stalls is passed over and writes where
//! nobody reads. No file that another process may have mapped is shortened or overwritten.

mod bm25;
mod change;
mod codec;
mod directory;
mod dot;
mod failure;
mod following;
mod frame;
mod generations;
mod keeper;
mod lease;
mod lexical;
mod matching;
mod opening;
mod postings;
mod query;
mod ranking;
mod row_log;
mod semantic;
mod table;
mod tenant;
#[cfg(test)]
mod tests;
mod vectors;
mod writing;

pub(crate) use {
    bm25::Bm25Parameters,
    change::{IndexChange, IndexTerm, IndexedChunk, IndexedDocument},
    query::{LexicalHit, LexicalQuery, Phrase, QueryTerm, SemanticHit},
    tenant::{HeldIndex, IndexedFacts, Level, PATIENCE, TenantIndex, vector_sum},
};
