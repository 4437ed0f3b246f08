//! Consent and tokens, against a fake Google.

mod adopting;
mod consenting;
mod delegating;
mod refreshing;
mod storing;
