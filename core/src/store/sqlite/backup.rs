//! Copies of the database, and whether a file is one.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use super::codec::{failed, is_corrupt, is_damage};
use super::format::{Format, beside, connecting_to};
use super::migrations::check_version;
use super::placing::{add, remove};
use crate::base::{Error, ErrorKind, Result};
use crate::offload::offload;

const OPERATION: &str = "workspace.backup";

/// Copies the database in `source`, as of one moment, to `target`. Writers go on meanwhile.
pub(super) async fn write(source: &Path, target: &Path) -> Result<()> {
    if target.exists() {
        return Err(taken(target));
    }
    // A name of its own: others may be writing a copy of the same name.
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let partial = beside(target, &format!(".{}-{number}.partial", std::process::id()));
    // Of a process that had the same number, and was killed.
    remove(&partial).map_err(unusable(target))?;
    let copied = copy(source, &partial).await;
    let (finished, kept) = (partial.clone(), target.to_owned());
    let placed = match copied {
        Ok(()) => offload(OPERATION, move || add(&kept, &finished).map_err(unplaced(&kept))).await,
        Err(error) => Err(error),
    };
    if placed.is_err() {
        // It is worth nothing, and the error says why.
        let _ = remove(&partial);
    }
    placed
}

async fn copy(source: &Path, partial: &Path) -> Result<()> {
    let options = connecting_to(source)?;
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed(OPERATION))?;
    let path = partial.to_str().ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, OPERATION, "the path is not UTF-8")
            .with("path", partial.display())
    })?;
    let copied = sqlx::query("VACUUM INTO ?").bind(path).execute(&mut connection).await;
    copied.map_err(failed(OPERATION))?;
    connection.close().await.map_err(failed(OPERATION))
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
    // What is in there would be missing from a copy of the file alone.
    if file_size(&beside(file, "-wal")) > 0 {
        return Err(Error::new(
            ErrorKind::Malformed,
            operation,
            "the file is the database of a workspace in use, not a backup; take a backup of it",
        )
        .with("path", file.display()));
    }
    let options = match Format::of(file).map_err(unreadable(file))? {
        Format::Checksummed => connecting_to(file)?,
        Format::New | Format::Plain => SqliteConnectOptions::new().filename(file),
    };
    let options = options.read_only(true).immutable(true);
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

/// What SQLite finds wrong with the database of a workspace. It is read anew from the file:
/// what a connection remembers of it may be sound where the file is not.
pub(super) async fn integrity_of(file: &Path) -> Result<Vec<String>> {
    let connected = SqliteConnection::connect_with(&connecting_to(file)?).await;
    let mut connection = match connected {
        Ok(connection) => connection,
        Err(error) => return found_wrong(error).map(|line| vec![line]),
    };
    let mut lines = integrity(&mut connection).await?;
    if !lines.is_empty() {
        lines.extend(damaged_tables(&mut connection).await?);
    }
    connection.close().await.map_err(failed("store.integrity"))?;
    Ok(lines)
}

/// What SQLite finds wrong with a database.
async fn integrity(connection: &mut SqliteConnection) -> Result<Vec<String>> {
    check_with(connection, "PRAGMA integrity_check".to_owned()).await
}

/// The tables that something is wrong with, one line for each, as far as that can be told.
async fn damaged_tables(connection: &mut SqliteConnection) -> Result<Vec<String>> {
    let tables: Result<Vec<String>, sqlx::Error> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .fetch_all(&mut *connection)
            .await;
    let mut damaged = Vec::new();
    for table in tables.unwrap_or_default() {
        let escaped = table.replace('\'', "''");
        if !check_with(connection, format!("PRAGMA integrity_check('{escaped}')")).await?.is_empty() {
            damaged.push(format!("table {table} is damaged"));
        }
    }
    Ok(damaged)
}

async fn check_with(connection: &mut SqliteConnection, pragma: String) -> Result<Vec<String>> {
    match sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(pragma)).fetch_all(connection).await {
        Ok(lines) => Ok(lines.into_iter().filter(|line| line != "ok").collect()),
        Err(error) => found_wrong(error).map(|line| vec![line]),
    }
}

/// The error as a finding, where the database is so damaged that the check itself fails.
fn found_wrong(error: sqlx::Error) -> Result<String> {
    if is_damage(&error) { Ok(error.to_string()) } else { Err(failed("store.integrity")(error)) }
}

fn file_size(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

fn unreadable(file: &Path) -> impl Fn(io::Error) -> Error {
    move |error| {
        Error::new(ErrorKind::Io, "workspace.restore", "the backup cannot be read")
            .with("path", file.display())
            .caused_by(error)
    }
}

fn unplaced(target: &Path) -> impl Fn(io::Error) -> Error {
    move |error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(target),
        _ => unusable(target)(error),
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
