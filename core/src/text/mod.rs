//! Bytes to text to features.
