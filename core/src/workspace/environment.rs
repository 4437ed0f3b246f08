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

/// The folder for the user's caches, as each system names it.
pub(super) fn caches() -> Option<PathBuf> {
    if cfg!(windows) {
        return path("LOCALAPPDATA");
    }
    let home = || path("HOME");
    if cfg!(target_os = "macos") {
        return home().map(|home| home.join("Library/Caches"));
    }
    path("XDG_CACHE_HOME").or_else(|| home().map(|home| home.join(".cache")))
}

fn path(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
