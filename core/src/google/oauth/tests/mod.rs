//! Consent and tokens, against a fake Google.

mod consenting;
mod delegating;
mod refreshing;
mod storing;
