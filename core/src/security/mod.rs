//! Keeping secrets and telling who speaks: sealing, signatures, comparisons in constant time.
//!
//! Invariant: what is secret has no `Debug` form that shows it, and is wiped when it is dropped.
//! Invariant: a signature's algorithm is ours to choose, never the message's.
