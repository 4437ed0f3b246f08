//! Finding: keeps each tenant's index level with the store, asks both of its sides, fuses
//! their answers and says why.
//!
//! `follower` applies the change log to the index, `indexing` lets it do so in the background,
//! `comparison` tells whether the index is right, `fusion` merges the two rankings, `searcher` ties
//! them together.
//!
//! Invariant: a search sees every change that was committed before it began; the index is
//! brought level first where it lags.
//! Invariant: the same documents give the same ranking, ties included, however the index
//! was built up.

mod comparison;
mod follower;
mod fusion;
mod indexing;
mod searcher;

pub(crate) use comparison::Comparison;
pub(crate) use follower::{Following, IndexFollower};
pub(crate) use indexing::Indexing;
pub(crate) use searcher::Searcher;
