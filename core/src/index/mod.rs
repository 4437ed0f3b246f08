//! Tantivy and vectors.
