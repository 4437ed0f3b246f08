//! Consent and tokens.
