//! Brings a database to the present schema, and refuses one from the future.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqlitePool;

use super::codec::failed;
use crate::base::{Error, ErrorKind, Result};

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "initial", include_str!("migrations/0001_initial.sql")),
    (2, "jobs", include_str!("migrations/0002_jobs.sql")),
    (3, "cursors", include_str!("migrations/0003_cursors.sql")),
    (4, "google", include_str!("migrations/0004_google.sql")),
];

/// The schema version this library writes.
pub(super) const SCHEMA_VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Applies what is missing, each migration in a transaction of its own.
pub(super) async fn run(pool: &SqlitePool) -> Result<()> {
    let migrations = MIGRATIONS.iter().map(|&(version, name, sql)| {
        let sql = sqlx::AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect()).run(pool).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) if found > SCHEMA_VERSION => newer("workspace.open", found),
        MigrateError::Execute(error) => failed("workspace.open")(error),
        other => Error::new(
            ErrorKind::Storage,
            "workspace.open",
            "the database schema cannot be brought up to date",
        )
        .caused_by(other),
    })
}

/// Refuses a schema from the future.
pub(super) fn check_version(operation: &'static str, found: i64) -> Result<()> {
    if found > SCHEMA_VERSION { Err(newer(operation, found)) } else { Ok(()) }
}

fn newer(operation: &'static str, found: i64) -> Error {
    Error::new(
        ErrorKind::NewerVersion,
        operation,
        "a newer version of besunny wrote this workspace; upgrade besunny to open it",
    )
    .with("schema", found)
    .with("known", SCHEMA_VERSION)
}
