//! Copies of the database, and whether a file is one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use super::codec::{failed, is_corrupt, is_damage};
use super::migrations::check_version;
use crate::base::{Error, ErrorKind, Result};
use crate::offload::offload;

const OPERATION: &str = "workspace.backup";
/// How long a copy waits for a lock; in WAL mode it hardly ever has to.
const PATIENCE: Duration = Duration::from_secs(120);

/// Copies the database in `source`, as of one moment, to `target`. Writers go on meanwhile.
pub(super) async fn write(source: &Path, target: &Path) -> Result<()> {
    if target.exists() {
        return Err(taken(target));
    }
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    remove(&partial).map_err(unusable(target))?;
    let copied = copy(source, &partial).await;
    let (finished, kept) = (partial.clone(), target.to_owned());
    let placed = match copied {
        Ok(()) => offload(OPERATION, move || place(&finished, &kept)).await,
        Err(error) => Err(error),
    };
    if placed.is_err() {
        // It is worth nothing, and the error says why.
        let _ = remove(&partial);
    }
    placed
}

async fn copy(source: &Path, partial: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(source).busy_timeout(PATIENCE);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed(OPERATION))?;
    let path = partial.to_str().ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, OPERATION, "the path is not UTF-8")
            .with("path", partial.display())
    })?;
    let copied = sqlx::query("VACUUM INTO ?").bind(path).execute(&mut connection).await;
    copied.map_err(failed(OPERATION))?;
    connection.close().await.map_err(failed(OPERATION))
}

/// Gives a finished copy its name, unless that was taken meanwhile.
fn place(partial: &Path, target: &Path) -> Result<()> {
    let placed = File::open(partial).and_then(|file| file.sync_all()).and_then(|()| {
        // A link, unlike a renaming, never replaces what is there.
        fs::hard_link(partial, target)?;
        remove(partial)
    });
    placed.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(target),
        _ => unusable(target)(error),
    })
}

/// Refuses a file that is not a sound database of a workspace that this version can open.
///
/// # Errors
/// `malformed`, `storage` when it is damaged, `newer_version`.
pub(crate) async fn inspect(file: &Path) -> Result<()> {
    let operation = "workspace.restore";
    let damaged = |what: String| {
        Error::new(ErrorKind::Storage, operation, "the backup is damaged; take another one")
            .with("path", file.display())
            .caused_by(what)
    };
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed(operation))?;
    let foreign = |error: sqlx::Error| {
        if is_corrupt(&error) {
            return damaged(error.to_string());
        }
        Error::new(ErrorKind::Malformed, operation, "the file is not a backup of a workspace")
            .with("path", file.display())
            .caused_by(error)
    };
    let version: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations")
        .fetch_one(&mut connection)
        .await
        .map_err(foreign)?;
    check_version(operation, version.unwrap_or(0))?;
    let found = integrity(&mut connection).await?;
    match found.into_iter().next() {
        Some(first) => Err(damaged(first)),
        None => Ok(()),
    }
}

/// What SQLite finds wrong with a database.
pub(super) async fn integrity(connection: &mut SqliteConnection) -> Result<Vec<String>> {
    let found: Result<Vec<String>, sqlx::Error> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut *connection).await;
    match found {
        Ok(lines) => Ok(lines.into_iter().filter(|line| line != "ok").collect()),
        // So damaged that the check itself fails.
        Err(error) if is_damage(&error) => Ok(vec![error.to_string()]),
        Err(error) => Err(failed("store.integrity")(error)),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn taken(target: &Path) -> Error {
    Error::new(ErrorKind::AlreadyExists, OPERATION, "there is a file of this name; choose another")
        .with("path", target.display())
}

fn unusable(target: &Path) -> impl Fn(io::Error) -> Error {
    move |error| {
        Error::new(ErrorKind::Io, OPERATION, "the backup cannot be written")
            .with("path", target.display())
            .caused_by(error)
    }
}
