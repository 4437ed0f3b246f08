//! How a workspace is opened.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::google::SyncOptions;
use super::system::{RandomIds, SystemClock};
use crate::base::{Clock, Error, ErrorKind, IdGenerator, Result};
use crate::domain::Precision;
use crate::google::GoogleOptions;
use crate::text::Limits;

/// How a workspace is opened. Start from the default and change what matters:
///
/// ```
/// let mut options = besunny::OpenOptions::default();
/// options.virtual_domain = "mail.example.org".into();
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct OpenOptions {
    /// The folder of the sentence model. `None` takes `BESUNNY_MODEL` from the
    /// environment, and without that works by words alone; an empty path works by words
    /// alone whatever the environment says.
    pub model: Option<PathBuf>,
    /// How the model computes.
    pub precision: Precision,
    /// The part after the `@` of virtual addresses, `ai+{username}@{virtual_domain}`.
    pub virtual_domain: String,
    /// How many threads the model may use; 0 means one for each core, at most four.
    pub threads: usize,
    /// The ONNX Runtime library file. `None` takes `ORT_DYLIB_PATH` from the environment,
    /// and without that looks in the usual library folders.
    pub runtime_library: Option<PathBuf>,
    /// The folder for this machine's search index. `None` is a folder inside the workspace
    /// folder; for a database, a folder of the user's caches with a name that belongs to the
    /// database.
    pub index_folder: Option<PathBuf>,
    /// Whether search indexes follow what is stored while nobody searches, so that a search
    /// after a large load need not wait. A search sees everything that was committed before
    /// it either way. Without it, nothing happens in the background.
    pub background_indexing: bool,
    /// On Postgres: whether each transaction takes on the role (`authenticated` or
    /// `service_role`) and the claims of whoever it runs for, so that the database's row
    /// level security holds for it. The library keeps users apart either way. A folder has
    /// no roles; there it means nothing.
    pub row_level_security: bool,
    /// What it takes to work with Google; without it, nothing of it is done, and no socket opened.
    pub google: Option<GoogleOptions>,
    /// How much of linked accounts is kept level, and how often it is looked at.
    pub sync: SyncOptions,
    /// How large and deep an input may be.
    pub limits: Limits,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn IdGenerator>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            model: None,
            precision: Precision::Int8,
            virtual_domain: "besunny.ai".to_owned(),
            threads: 0,
            runtime_library: None,
            index_folder: None,
            background_indexing: true,
            row_level_security: false,
            google: None,
            sync: SyncOptions::default(),
            limits: Limits::default(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
        }
    }
}

impl OpenOptions {
    pub(super) fn checked(mut self) -> Result<Self> {
        let domain = self.virtual_domain.trim().to_ascii_lowercase();
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if domain.len() > 253 || !domain.split('.').all(is_label) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "workspace.open",
                "the virtual domain is not a domain name",
            )
            .with("virtual_domain", domain.chars().take(64).collect::<String>()));
        }
        self.virtual_domain = domain;
        if self.threads == 0 {
            self.threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
        }
        Ok(self)
    }
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("model", &self.model)
            .field("precision", &self.precision)
            .field("virtual_domain", &self.virtual_domain)
            .field("threads", &self.threads)
            .field("runtime_library", &self.runtime_library)
            .field("index_folder", &self.index_folder)
            .field("background_indexing", &self.background_indexing)
            .field("row_level_security", &self.row_level_security)
            .field("google", &self.google)
            .field("sync", &self.sync)
            .finish_non_exhaustive()
    }
}
