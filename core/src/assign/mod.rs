//! Which project an item belongs to: signals become evidence, evidence becomes one
//! probability per project, and below the threshold the answer is "unassigned".
//!
//! `profile` prepares what projects say about themselves, `evidence` finds it in an item,
//! `learned` holds what users corrected, `decision` weighs everything. These are pure;
//! `decider` (native) keeps them up to date from the store.
//!
//! Invariant: the same clues, projects and corrections give the same answer to the last
//! bit, in whatever order the corrections were made.
//! Invariant: "unassigned" is an answer with a probability, not a failure; every answer
//! carries its evidence and all alternatives.

#[cfg(feature = "native")]
#[clippy::msrv = "1.95"]
mod decider;
mod decision;
mod evidence;
mod learned;
mod profile;

#[cfg(feature = "native")]
pub(crate) use decider::ProjectDecider;
#[cfg(feature = "native")]
pub(crate) use decision::MODEL;
