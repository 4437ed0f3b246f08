//! The engine on a real store, against a source in memory.

mod convergence;
mod fixture;

mod running;
mod world;
