//! The workers against a store, through its traits.

mod fixtures;
mod schedules;
mod working;
