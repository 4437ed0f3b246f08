//! Answers to searches.

use napi_derive::napi;

use super::document::{Chunk, Document};
use super::number;

/// A passage that answers a search; at most one per document, the best.
#[napi(object, object_from_js = false)]
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

/// A piece of text with the matched words marked.
#[napi(object, object_from_js = false)]
pub struct HitSnippet {
    /// The text.
    pub text: String,
    /// Where matched words stand in it, as start and end in Unicode code points: slice
    /// `Array.from(text)`, which equals the text itself where no character is above
    /// U+FFFF.
    #[napi(ts_type = "Array<[number, number]>")]
    pub highlights: Vec<(i64, i64)>,
}

/// Why a hit is where it is.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Why {
    /// What the words contributed; `null` when it was not found by words.
    pub lexical: Option<LexicalWhy>,
    /// What the meaning contributed; `null` when it was not found by meaning.
    pub semantic: Option<SemanticWhy>,
}

/// A hit of the lexical side.
#[napi(object, object_from_js = false)]
pub struct LexicalWhy {
    /// Its rank on that side, from 1.
    pub rank: i64,
    /// Its BM25 score.
    pub score: f64,
    /// The matched terms, as they stand in the query, with what each adds to the score.
    #[napi(ts_type = "Array<[string, number]>")]
    pub terms: Vec<(String, f64)>,
}

/// A hit of the semantic side.
#[napi(object, object_from_js = false)]
pub struct SemanticWhy {
    /// Its rank on that side, from 1.
    pub rank: i64,
    /// The cosine between query and passage.
    pub similarity: f64,
}

impl From<besunny::Hit> for Hit {
    fn from(hit: besunny::Hit) -> Self {
        Self {
            document: hit.document.into(),
            chunk: hit.chunk.into(),
            score: hit.score,
            snippet: hit.snippet.into(),
            why: hit.why.into(),
        }
    }
}

impl From<besunny::HitSnippet> for HitSnippet {
    fn from(snippet: besunny::HitSnippet) -> Self {
        let number = |place: usize| number(place as u64);
        let highlights = snippet.highlights.into_iter().map(|(start, end)| (number(start), number(end)));
        Self { highlights: highlights.collect(), text: snippet.text }
    }
}

impl From<besunny::Why> for Why {
    fn from(why: besunny::Why) -> Self {
        Self {
            lexical: why.lexical.map(|why| LexicalWhy {
                rank: number(why.rank as u64),
                score: why.score,
                terms: why.terms,
            }),
            semantic: why
                .semantic
                .map(|why| SemanticWhy { rank: number(why.rank as u64), similarity: why.similarity }),
        }
    }
}
