//! Drive: wire forms, exports, and files as a source.
