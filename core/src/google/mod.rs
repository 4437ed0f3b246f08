//! Google: consent and tokens, and what Gmail, Drive and Calendar answer, in the words of
//! `domain`.
//!
//! Invariant: no call without an account; its tokens are read, refreshed and sealed in one place.
//! Invariant: knows neither documents nor cursors; a source is asked, and what becomes of its
//! answer is decided above.
//! Invariant: no token, code or key in a log, an error or a `Debug` form.

mod api;
mod calendar;
mod drive;
mod endpoints;
mod gmail;
mod oauth;
mod push;
