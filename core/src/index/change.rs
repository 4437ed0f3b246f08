//! What the index is fed: documents cut into chunks, with their terms and vectors ready made.

use crate::base::{ChunkId, DocumentId, Error, ErrorKind, ProjectId, Result, Timestamp};
use crate::domain::DocumentType;

/// The highest position a term may have in its field.
const MAX_TERM_POSITION: u32 = 1 << 28;
/// The largest absolute value a vector may hold, so that no sum can overflow.
const MAX_VECTOR_VALUE: f32 = 1e15;

/// One change to follow. Each is idempotent: applying it again changes nothing.
#[derive(Clone, Debug)]
pub(crate) enum IndexChange {
    /// Adds a document, or replaces what was there under its id.
    Put(IndexedDocument),
    /// Removes a document, if it is there.
    Delete(DocumentId),
    /// Files a document under another project, if it is there; needs no terms.
    Move {
        /// Which document.
        document: DocumentId,
        /// Its project from now on.
        project: Option<ProjectId>,
    },
}

/// A document as the index sees it.
#[derive(Clone, Debug)]
pub(crate) struct IndexedDocument {
    /// Names the document.
    pub(crate) id: DocumentId,
    /// The project it belongs to.
    pub(crate) project: Option<ProjectId>,
    /// What it is.
    pub(crate) kind: DocumentType,
    /// Where it came from.
    pub(crate) source: String,
    /// When it was written or sent.
    pub(crate) occurred_at: Timestamp,
    /// Its number in order of ingestion; decides between equal scores, so it must be
    /// the same whenever the index is rebuilt.
    pub(crate) order: u64,
    /// The terms of its title; every chunk is found by them.
    pub(crate) title_terms: Vec<IndexTerm>,
    /// Its passages. A document without any is counted, but cannot be found.
    pub(crate) chunks: Vec<IndexedChunk>,
}

/// A passage of a document.
#[derive(Clone, Debug)]
pub(crate) struct IndexedChunk {
    /// Names the chunk.
    pub(crate) id: ChunkId,
    /// Its place in the document, from 0.
    pub(crate) ordinal: u32,
    /// The terms of its text.
    pub(crate) terms: Vec<IndexTerm>,
    /// Its embedding, where there is a model.
    pub(crate) vector: Option<Vec<f32>>,
}

/// A term and where it stands. Terms at one position are alternatives of each other;
/// a gap between positions is a word that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexTerm {
    /// The term, as the analyser writes it.
    pub(crate) text: String,
    /// Its position, counted in words.
    pub(crate) position: u32,
}

impl IndexTerm {
    /// A term at a position.
    pub(crate) fn new(text: impl Into<String>, position: u32) -> Self {
        Self { text: text.into(), position }
    }
}

impl IndexChange {
    /// Refuses what the index cannot hold, before anything is written.
    pub(crate) fn check(&self, dimension: Option<usize>) -> Result<()> {
        let Self::Put(document) = self else { return Ok(()) };
        let chunk_terms = document.chunks.iter().flat_map(|chunk| &chunk.terms);
        if document.title_terms.iter().chain(chunk_terms).any(|term| term.position > MAX_TERM_POSITION) {
            return Err(Error::new(ErrorKind::LimitExceeded, "index.apply", "a term's position is too high")
                .with("document", document.id)
                .with("limit", MAX_TERM_POSITION));
        }
        document
            .chunks
            .iter()
            .filter_map(|chunk| chunk.vector.as_deref())
            .try_for_each(|vector| check_vector("index.apply", vector, dimension))
            .map_err(|error| error.with("document", document.id))
    }
}

/// Refuses a vector of the wrong length, or one that holds anything but sane numbers.
pub(crate) fn check_vector(operation: &'static str, vector: &[f32], dimension: Option<usize>) -> Result<()> {
    let Some(dimension) = dimension else {
        return Err(Error::new(ErrorKind::ModelMissing, operation, "this index was opened without vectors"));
    };
    if vector.len() != dimension {
        return Err(Error::new(ErrorKind::InvalidInput, operation, "a vector has the wrong length")
            .with("length", vector.len())
            .with("expected", dimension));
    }
    // Written so that NaN fails too.
    if !vector.iter().all(|value| value.abs() <= MAX_VECTOR_VALUE) {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            operation,
            "a vector holds a value that is not finite or too large",
        ));
    }
    Ok(())
}
