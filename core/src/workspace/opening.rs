//! What a workspace stands on: its store, and the folder of its index.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder_lock::FolderLock;
use super::location::{Location, Place};
use super::{OpenOptions, environment};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::{ContentHash, Store};
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;

/// The name of the database in the workspace folder.
pub(super) const DATABASE_FILE: &str = "besunny.sqlite";
/// The name of the folder for everything derived; it can be deleted and is rebuilt.
const INDEX_FOLDER: &str = "index";
/// The name of this library's folder among a user's caches.
const CACHE_FOLDER: &str = "besunny";

/// An open store, a folder for the index, and a share of the folder it is in.
pub(super) struct Ground {
    pub(super) store: Arc<dyn Store>,
    pub(super) index: PathBuf,
    pub(super) lock: FolderLock,
}

impl Ground {
    /// Opens the store of a location.
    pub(super) async fn open(location: &Location, options: &OpenOptions) -> Result<Self> {
        match &location.0 {
            Place::Folder(folder) => {
                make(folder)?;
                let lock = FolderLock::share("workspace.open", folder)?;
                let store = Arc::new(SqliteStore::open(&folder.join(DATABASE_FILE)).await?);
                let index = options.index_folder.clone().unwrap_or_else(|| folder.join(INDEX_FOLDER));
                Ok(Self { store, index, lock })
            }
            Place::Postgres(url) => {
                let store = PostgresStore::open(url, options.row_level_security).await?;
                let index = match &options.index_folder {
                    Some(folder) => folder.clone(),
                    None => replica(store.identity())?,
                };
                make(&index)?;
                let lock = FolderLock::share("workspace.open", &index)?;
                Ok(Self { store: Arc::new(store), index: index.join(INDEX_FOLDER), lock })
            }
        }
    }
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Error::new(ErrorKind::Io, "workspace.open", "the folder cannot be made")
            .with("path", folder.display())
            .caused_by(error)
    })
}

/// The folder of this machine's replica of a database's index: one for each database,
/// whatever it is called and wherever it is reached.
fn replica(identity: [u8; 16]) -> Result<PathBuf> {
    let caches = environment::caches().ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidInput,
            "workspace.open",
            "there is no folder for caches here; say where the index goes with `index_folder`",
        )
    })?;
    let hash = ContentHash::of(&identity);
    let name = hash.0[..16].iter().fold(String::new(), |mut name, byte| {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
        name
    });
    Ok(caches.join(CACHE_FOLDER).join(name))
}
