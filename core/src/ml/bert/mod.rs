//! The BERT encoder, built in process from a model's tensors: ONNX Runtime does the matrix
//! products, [`super::kernels`] everything between them.
//!
//! Texts of one batch lie end to end as the rows of one matrix, so nothing is padded and
//! nothing masked: attention is the only step that looks at more than its own row, and it
//! is told where each text begins.

mod graph;
mod matrix;
mod operators;
mod proto;
mod session;
mod weights;

pub(super) use session::{BertGraph, BertSession};
pub(super) use weights::Bert;

/// Counts up whenever the same model gives other vectors than before.
pub(super) const GRAPH_VERSION: u32 = 1;
