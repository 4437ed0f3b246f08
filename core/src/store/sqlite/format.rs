//! What a database file is: new, with checksums, or from before there were any.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{Connection, SqliteConnection};

use super::PATIENCE;
use super::checksums::{PAGE, RESERVED, RESERVED_AT, reserve, vfs};
use super::codec::failed;
use super::placing::{remove, replace};
use crate::base::{Error, ErrorKind, Result};
use crate::offload::offload;

const OPERATION: &str = "workspace.open";
/// What SQLite's files begin with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// "bsny": marks, in the header, a workspace whose pages have checksums. So no single
/// damaged byte makes one look like a workspace without.
const APPLICATION: u32 = 0x6273_6e79;
/// Where the header says whose file it is.
const APPLICATION_AT: usize = 68;
const HEADER: usize = 100;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Not there, or nothing is in it.
    New,
    /// A database without checksums, as version 0.1.0 wrote it; or no database at all.
    Plain,
    /// A workspace of today.
    Checksummed,
}

impl Format {
    /// Looks at a file.
    pub(super) fn of(file: &Path) -> io::Result<Self> {
        let mut header = Vec::new();
        match File::open(file) {
            Ok(file) => file.take(HEADER as u64).read_to_end(&mut header)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::New),
            Err(error) => return Err(error),
        };
        if header.is_empty() {
            return Ok(Self::New);
        }
        if !header.starts_with(MAGIC) {
            return Ok(Self::Plain);
        }
        let is_ours = header.get(APPLICATION_AT..APPLICATION_AT + 4) == Some(&APPLICATION.to_be_bytes());
        // What is cut off in the header can have been anything; then checksums tell.
        let is_reserved = header.get(RESERVED_AT).is_none_or(|&reserved| reserved == RESERVED);
        let is_checksummed = is_ours || is_reserved || header.len() < HEADER;
        Ok(if is_checksummed { Self::Checksummed } else { Self::Plain })
    }
}

/// How a workspace of today is opened.
pub(super) fn connecting_to(file: &Path) -> Result<SqliteConnectOptions> {
    Ok(SqliteConnectOptions::new().filename(file).vfs(vfs()?).busy_timeout(PATIENCE))
}

/// Makes the file one of today, whatever it was; whoever calls has the turn to write. It is
/// made beside its place: killed anywhere in between, the database is the old one, or new and
/// whole.
pub(super) async fn prepare(file: &Path) -> Result<()> {
    let format = Format::of(file).map_err(unusable(file))?;
    if format == Format::Checksummed {
        return Ok(());
    }
    let fresh = beside(file, ".new");
    // Of an attempt that was killed.
    remove(&beside(&fresh, "-journal")).and_then(|()| remove(&fresh)).map_err(unusable(file))?;
    let made = match format {
        Format::New => {
            // Logs of a file that is gone are no part of the next one.
            for suffix in ["-wal", "-shm", "-journal"] {
                remove(&beside(file, suffix)).map_err(unusable(file))?;
            }
            create(&fresh).await
        }
        Format::Plain | Format::Checksummed => copy_with_checksums(file, &fresh).await,
    };
    let (from, to) = (fresh.clone(), file.to_owned());
    let placed = match made {
        Ok(()) => offload(OPERATION, move || replace(&to, &from).map_err(unusable(&to))).await,
        Err(error) => Err(error),
    };
    if placed.is_err() {
        // It is worth nothing, and the error says why.
        let _ = remove(&fresh);
    }
    placed
}

/// Makes an empty database with checksums.
async fn create(file: &Path) -> Result<()> {
    let options = connecting_to(file)?.create_if_missing(true).page_size(PAGE as u32);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed(OPERATION))?;
    reserve(&mut connection).await.map_err(failed(OPERATION))?;
    mark(connection).await
}

/// Writes whose file it is, and closes it.
async fn mark(mut connection: SqliteConnection) -> Result<()> {
    let sql = sqlx::AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION}"));
    sqlx::query(sql).execute(&mut connection).await.map_err(failed(OPERATION))?;
    connection.close().await.map_err(failed(OPERATION))
}

/// Writes a copy of a database that has no checksums, with checksums.
async fn copy_with_checksums(file: &Path, copy: &Path) -> Result<()> {
    // Out of the mode with a write-ahead log, which takes in what is in there, and which
    // nobody can do who is not alone: no log remains that belongs to the old file.
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Delete)
        .busy_timeout(PATIENCE);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed(OPERATION))?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut connection)
        .await
        .map_err(failed(OPERATION))?;
    if mode != "delete" {
        let message = "a workspace of an older version is open elsewhere; close it there first";
        return Err(Error::new(ErrorKind::Locked, OPERATION, message).with("path", file.display()));
    }
    reserve(&mut connection).await.map_err(failed(OPERATION))?;
    let target = uri(copy)?;
    let copied = sqlx::query("VACUUM INTO ?").bind(target).execute(&mut connection).await;
    copied.map_err(failed(OPERATION))?;
    connection.close().await.map_err(failed(OPERATION))?;
    let options = connecting_to(copy)?;
    mark(SqliteConnection::connect_with(&options).await.map_err(failed(OPERATION))?).await
}

/// The name by which SQLite writes a file with checksums.
fn uri(file: &Path) -> Result<String> {
    let vfs = vfs()?;
    let path = file.to_str().ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, OPERATION, "the path is not UTF-8").with("path", file.display())
    })?;
    let escaped: String = path.bytes().map(|byte| format!("%{byte:02x}")).collect();
    Ok(format!("file:{escaped}?vfs={vfs}"))
}

/// The file whose name is that of `file` with a suffix.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn unusable(file: &Path) -> impl Fn(io::Error) -> Error {
    move |error| {
        Error::new(ErrorKind::Io, OPERATION, "the database file cannot be used")
            .with("path", file.display())
            .caused_by(error)
    }
}
