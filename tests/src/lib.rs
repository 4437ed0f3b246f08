//! What the workspace-level tests share: where things lie, and opening workspaces.

pub mod architecture;
pub mod conformance;
pub mod crowd;
pub mod files;
pub mod generated_mail;
pub mod google;
pub mod isolation;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use besunny::{OpenOptions, Workspace};

/// A variable of the environment, if it is set and not empty.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent").to_owned()
}

/// A set of the public evaluation data in the folder `BESUNNY_DATA`; says so where it is
/// absent, and the caller skips.
pub fn data(set: &str) -> Option<PathBuf> {
    let folder = variable("BESUNNY_DATA").map(|base| PathBuf::from(base).join(set));
    if let Some(folder) = folder.filter(|folder| folder.exists()) {
        return Some(folder);
    }
    println!("skipped: no data set `{set}`; set BESUNNY_DATA to the folder that has it");
    None
}

/// Whether a model is configured; says so where it is not, and the caller skips.
pub fn has_model() -> bool {
    let has = variable("BESUNNY_MODEL").is_some();
    if !has {
        println!("skipped: no model; `make setup` gets one and sets BESUNNY_MODEL");
    }
    has
}

/// A fresh workspace in a temporary folder, without a model.
pub async fn lexical_workspace() -> (tempfile::TempDir, Workspace) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let workspace = open_without_model(folder.path()).await;
    (folder, workspace)
}

/// Opens a workspace that works by words alone, whatever the environment says.
pub async fn open_without_model(folder: &Path) -> Workspace {
    let mut options = OpenOptions::default();
    options.model = Some(PathBuf::new());
    Workspace::open(folder, options).await.expect("workspace opens")
}
