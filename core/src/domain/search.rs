//! Questions to the index, and answers that say why.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::document::text_enum;
use super::{Chunk, Document, DocumentFilter};
use crate::base::{Error, ErrorKind};

text_enum! {
    /// How a search looks for documents.
    SearchMode, "search mode" {
        /// Both ways, fused by rank. Without a model it is the lexical way alone.
        Hybrid = "hybrid",
        /// By words.
        Lexical = "lexical",
        /// By meaning; needs a model.
        Semantic = "semantic",
    }
}

/// The most hits one search may ask for.
pub const MAX_HITS: usize = 1000;

/// A search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SearchRequest {
    /// Words, `"exact phrases"` and `-excluded` words.
    pub query: String,
    /// How many hits at most, 1 to [`MAX_HITS`].
    pub limit: usize,
    /// How to look.
    pub mode: SearchMode,
    /// What to narrow it to.
    pub filter: DocumentFilter,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self { query: String::new(), limit: 10, mode: SearchMode::Hybrid, filter: DocumentFilter::default() }
    }
}

impl SearchRequest {
    /// A hybrid search for ten hits.
    #[must_use]
    pub fn new(query: impl Into<String>) -> Self {
        Self { query: query.into(), ..Self::default() }
    }
}

/// A passage that answers a search; at most one per document, the best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hit {
    /// The document it stands in.
    pub document: Document,
    /// The passage.
    pub chunk: Chunk,
    /// Comparable within one answer only.
    pub score: f64,
    /// The part of the passage that matches best.
    pub snippet: HitSnippet,
    /// Where the score comes from.
    pub why: Why,
}

impl Hit {
    /// Puts a hit together.
    #[must_use]
    pub fn new(document: Document, chunk: Chunk, score: f64, snippet: HitSnippet, why: Why) -> Self {
        Self { document, chunk, score, snippet, why }
    }
}

/// A piece of text with the matched words marked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitSnippet {
    /// The text.
    pub text: String,
    /// Where matched words stand in it, as start and end in characters (Unicode scalar
    /// values), so that every language slices it alike.
    pub highlights: Vec<(usize, usize)>,
}

/// Why a hit is where it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// What the words contributed; `None` when it was not found by words.
    pub lexical: Option<LexicalWhy>,
    /// What the meaning contributed; `None` when it was not found by meaning.
    pub semantic: Option<SemanticWhy>,
}

/// A hit of the lexical side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LexicalWhy {
    /// Its rank on that side, from 1.
    pub rank: usize,
    /// Its BM25 score.
    pub score: f64,
    /// The matched terms, as they stand in the query, with what each adds to the score.
    pub terms: Vec<(String, f64)>,
}

/// A hit of the semantic side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SemanticWhy {
    /// Its rank on that side, from 1.
    pub rank: usize,
    /// The cosine between query and passage.
    pub similarity: f64,
}
