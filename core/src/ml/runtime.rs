//! Finds and loads ONNX Runtime, once per process.

use std::ffi::{CStr, c_char, c_void};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;

use crate::base::{Error, ErrorKind, Result};

const OPERATION: &str = "model.runtime";

/// The oldest version that can build a graph in memory: before 1.23 the call aborts the
/// process, and 1.23 refuses the graph.
const OLDEST: (u32, u32) = (1, 24);

const ADVICE: &str = "install it (pip install onnxruntime, or npm install onnxruntime-node) and give the path \
                      of its shared library, or set ORT_DYLIB_PATH";

/// The loaded runtime. Kept for the life of the process: sessions need it, and a second
/// one cannot be made.
static LOADED: Mutex<Option<Environment>> = Mutex::new(None);

/// The shared library's usual file names here, newest habit first.
const FILE_NAMES: &[&str] = if cfg!(target_os = "windows") {
    &["onnxruntime.dll"]
} else if cfg!(target_os = "macos") {
    &["libonnxruntime.dylib"]
} else {
    &["libonnxruntime.so", "libonnxruntime.so.1"]
};

/// Where installers put shared libraries.
const FOLDERS: &[&str] = if cfg!(target_os = "windows") {
    &[]
} else if cfg!(target_os = "macos") {
    &["/opt/homebrew/lib", "/usr/local/lib"]
} else {
    &["/usr/local/lib", "/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
};

/// Loads ONNX Runtime, or returns the one this process has already.
///
/// `explicit` is a library file the user named: it is used or the call fails. Otherwise
/// the first file that exists of `candidates`, then of the usual library folders.
///
/// # Errors
/// [`ErrorKind::Model`]: nothing found, not ONNX Runtime, or older than 1.24.
pub(super) fn load(explicit: Option<&Path>, candidates: &[PathBuf]) -> Result<Environment> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = loaded.as_ref() {
        return Ok(environment.clone());
    }
    let path = find(explicit, candidates)?;
    check_version(&path)?;
    let environment = ort::init_from(&path)
        .map_err(|error| failure("ONNX Runtime does not load", &path).caused_by(error.to_string()))?
        .with_name("besunny")
        .with_telemetry(false)
        .build()
        .map_err(|error| failure("ONNX Runtime does not start", &path).caused_by(error.to_string()))?;
    environment.set_log_level(ort::logging::LogLevel::Error);
    tracing::debug!(path = %path.display(), "ONNX Runtime loaded");
    *loaded = Some(environment.clone());
    Ok(environment)
}

fn failure(message: impl Into<String>, path: &Path) -> Error {
    Error::new(ErrorKind::Model, OPERATION, message).with("path", path.display())
}

/// The library file to load, as an absolute path.
fn find(explicit: Option<&Path>, candidates: &[PathBuf]) -> Result<PathBuf> {
    if let Some(path) = explicit {
        return absolute(path)
            .ok_or_else(|| failure(format!("no ONNX Runtime library here; {ADVICE}"), path));
    }
    let usual = FOLDERS.iter().flat_map(|folder| FILE_NAMES.iter().map(|name| Path::new(folder).join(name)));
    let found = candidates.iter().cloned().chain(usual).find_map(|path| absolute(&path));
    found.ok_or_else(|| {
        Error::new(ErrorKind::Model, OPERATION, format!("ONNX Runtime was not found; {ADVICE}"))
    })
}

/// The loader resolves a relative path against the program's folder, which nobody means.
fn absolute(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().filter(|path| path.is_file())
}

/// The head of the C interface, stable since 1.0.
#[repr(C)]
struct ApiBase {
    get_api: unsafe extern "system" fn(u32) -> *const c_void,
    get_version: unsafe extern "system" fn() -> *const c_char,
}

/// Reads the version before anything else is called: an old library answers later calls
/// by aborting the process.
fn check_version(path: &Path) -> Result<()> {
    // SAFETY: loading runs the library's initialisers; the user chose the file.
    let library = unsafe { libloading::Library::new(path) }.map_err(|error| {
        failure(format!("this file is not a loadable library; {ADVICE}"), path).caused_by(error)
    })?;
    // SAFETY: the symbol has this type in every version of ONNX Runtime.
    let base = unsafe { library.get::<unsafe extern "system" fn() -> *const ApiBase>(b"OrtGetApiBase\0") };
    let base = base.map_err(|error| {
        failure(format!("this library is not ONNX Runtime; {ADVICE}"), path).caused_by(error)
    })?;
    // SAFETY: it takes nothing and returns a static table, or null.
    let base = unsafe { base().as_ref() };
    let base = base.ok_or_else(|| failure("this ONNX Runtime has no interface table", path))?;
    // SAFETY: it returns a static C string, or null.
    let text = unsafe {
        let text = (base.get_version)();
        if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    };
    if version(&text).is_some_and(|found| found >= OLDEST) {
        return Ok(());
    }
    let (major, minor) = OLDEST;
    Err(failure(format!("ONNX Runtime must be at least {major}.{minor}; {ADVICE}"), path).with("found", text))
}

/// Major and minor of a version like `1.24.1`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(version("1.24.0"), Some((1, 24)));
        assert!(version("1.9.1") < Some(OLDEST) && version("1.100.0-dev") > Some(OLDEST));
        assert_eq!(version(""), None);
    }

    #[test]
    fn a_missing_file_and_a_file_that_is_no_library_say_what_to_do() {
        let error = find(Some(Path::new("no/such/libonnxruntime.so")), &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Model);
        assert!(error.message().contains("pip install onnxruntime"), "{error}");

        let file = tempfile::NamedTempFile::new().unwrap();
        let error = check_version(file.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Model);
        assert!(error.to_string().contains("not a loadable library"), "{error}");
    }

    #[test]
    fn candidates_come_before_the_usual_folders_and_missing_ones_are_passed_over() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let candidates = [PathBuf::from("missing.so"), file.path().to_path_buf()];
        assert_eq!(find(None, &candidates).unwrap(), file.path().canonicalize().unwrap());
    }
}
