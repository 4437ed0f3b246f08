//! `besunny`: mail in, right project, found again - in process, offline, deterministic.
#![deny(missing_docs)]

// L0
pub mod base;
// L1
pub mod domain;
// L2
#[cfg(feature = "native")]
mod index;
#[cfg(feature = "native")]
pub mod ml;
#[cfg(feature = "native")]
mod store;
pub mod text;

pub use base::{Error, ErrorKind, Result};
