//! Calls to upstream services over HTTP: time limits, tries, pacing, and what may be said
//! about them in logs.
//!
//! Invariant: no socket before the first call, and none to an address that nobody configured.
//! Invariant: credentials are in no log, error or `Debug` form.
//! Invariant: nothing runs in the background; waits are those of the caller.

mod breaker;
mod budget;
mod http;
mod retry;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use breaker::Breaker;
pub(crate) use budget::{Budget, Pace};
pub(crate) use http::{Http, HttpOptions, HttpRequest, HttpResponse};
pub(crate) use retry::{LONGEST_WAIT, RetryPolicy, demanded_wait, fraction};
