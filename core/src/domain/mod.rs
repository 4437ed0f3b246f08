//! The vocabulary.

mod model;

pub use model::{ModelInfo, Precision};
