//! Hits, and why they are hits.

use besunny::{Hit, HitSnippet, LexicalWhy, SemanticWhy, Why};
use pyo3::prelude::*;

use super::{ToPython, record};

impl ToPython for Hit {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Hit",
            "document" => self.document,
            "chunk" => self.chunk,
            "score" => self.score,
            "snippet" => self.snippet,
            "why" => self.why,
        )
    }
}

impl ToPython for HitSnippet {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "HitSnippet", "text" => self.text, "highlights" => self.highlights[..])
    }
}

impl ToPython for Why {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Why", "lexical" => self.lexical, "semantic" => self.semantic)
    }
}

impl ToPython for LexicalWhy {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "LexicalWhy", "rank" => self.rank, "score" => self.score, "terms" => self.terms[..])
    }
}

impl ToPython for SemanticWhy {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "SemanticWhy", "rank" => self.rank, "similarity" => self.similarity)
    }
}
