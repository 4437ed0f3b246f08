//! The variables this library reads. They only stand in for options that were not given.

#![expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]

use std::path::PathBuf;

/// `BESUNNY_MODEL`: the folder of the sentence model.
pub(super) fn model() -> Option<PathBuf> {
    path("BESUNNY_MODEL")
}

/// `ORT_DYLIB_PATH`: the ONNX Runtime library, as other users of it name the variable.
pub(super) fn runtime_library() -> Option<PathBuf> {
    path("ORT_DYLIB_PATH")
}

fn path(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
