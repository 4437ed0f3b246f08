//! Embedding models: a model directory and ONNX Runtime in, an [`Encoder`] out.
//!
//! The room finds and loads the runtime library, reads a sentence-transformers folder,
//! builds the BERT encoder from its tensors (or runs a finished ONNX graph), and turns
//! texts into vectors on threads of its own. ONNX Runtime does the matrix products, the
//! kernels here everything between them. It keeps no vectors: caching them, under
//! [`crate::domain::ModelInfo::fingerprint`], is the store's business.
//!
//! Invariant: a text's vector depends on the text and the model alone: neither batch nor
//! thread count changes a bit of it. In int8, neither does the machine.
//! Invariant: no network, no telemetry, no environment variables.
//! Invariant: no file in a model directory makes it panic; bad files are typed errors.

mod bert;
mod directory;
mod encoder;
mod fingerprint;
mod kernels;
mod mean;
mod model;
mod onnx;
mod pool;
mod runtime;
#[cfg(test)]
mod tests;
mod tokens;

pub use encoder::{Encoder, ModelOptions};
pub(crate) use mean::mean_vector;
