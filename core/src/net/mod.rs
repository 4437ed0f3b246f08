//! Calls to upstream services over HTTP: time limits, tries, pacing, and what may be said
//! about them in logs.
//!
//! Invariant: no socket before the first call, and none to an address that nobody configured.
//! Invariant: credentials are in no log, error or `Debug` form.
