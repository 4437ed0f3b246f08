//! Brings a database to the present schema, and refuses one from the future.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::codec::{Columns, failed};
use super::statement::{script, statement};
use crate::base::{Error, ErrorKind, Result};

/// A step of the schema: its number, and the scripts that make it.
struct Migration {
    version: i64,
    name: &'static str,
    scripts: &'static [&'static str],
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "initial",
        scripts: &[
            include_str!("migrations/0001_initial.sql"),
            include_str!("migrations/0001_functions.sql"),
            include_str!("migrations/0001_policies.sql"),
        ],
    },
    Migration { version: 2, name: "jobs", scripts: &[include_str!("migrations/0002_jobs.sql")] },
    Migration { version: 3, name: "cursors", scripts: &[include_str!("migrations/0003_cursors.sql")] },
    Migration {
        version: 4,
        name: "queue",
        scripts: &[
            include_str!("migrations/0004_queue.sql"),
            include_str!("migrations/0004_functions.sql"),
            include_str!("migrations/0004_enqueue.sql"),
        ],
    },
    Migration {
        version: 5,
        name: "google",
        scripts: &[
            include_str!("migrations/0005_google.sql"),
            include_str!("migrations/0005_credentials.sql"),
            include_str!("migrations/0005_meetings.sql"),
        ],
    },
];

/// The schema version this library writes.
pub(super) const SCHEMA_VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// Makes the transaction the only one that migrates this database, and the log of migrations.
/// The number is any that nobody else uses.
const PREPARE: &str = "SELECT pg_advisory_xact_lock(4712094001138267253);
    CREATE SCHEMA IF NOT EXISTS besunny;
    CREATE TABLE IF NOT EXISTS besunny.migrations (
        version    bigint PRIMARY KEY,
        name       text NOT NULL,
        applied_at timestamp without time zone NOT NULL
    )";

/// Applies what is missing, each migration in a transaction of its own, and only one process
/// at a time. With `row_level_security` a database that is up to date is only looked at, in
/// the role that calls run in: the role that connects need not own the schema.
pub(super) async fn run(connection: &mut PgConnection, row_level_security: bool) -> Result<()> {
    if installed(connection, row_level_security).await?.map(checked).transpose()? == Some(SCHEMA_VERSION) {
        return Ok(());
    }
    for migration in MIGRATIONS {
        apply(connection, migration).await?;
    }
    Ok(())
}

/// Makes the schema as it was at a version.
#[cfg(test)]
pub(super) async fn run_to(connection: &mut PgConnection, version: i64) -> Result<()> {
    for migration in MIGRATIONS.iter().filter(|migration| migration.version <= version) {
        apply(connection, migration).await?;
    }
    Ok(())
}

/// The version of the schema, where there is one.
async fn installed(connection: &mut PgConnection, row_level_security: bool) -> Result<Option<i64>> {
    let unreadable = failed("workspace.open");
    let mut look = connection.begin().await.map_err(&unreadable)?;
    if row_level_security {
        let known = statement("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = 'service_role'")
            .fetch_optional(&mut *look)
            .await
            .map_err(&unreadable)?;
        if known.is_none() {
            return Ok(None);
        }
        script("SET LOCAL ROLE service_role").execute(&mut *look).await.map_err(&unreadable)?;
    }
    let there = statement(
        "SELECT 1 FROM pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS schema ON schema.oid = class.relnamespace
         WHERE schema.nspname = 'besunny' AND class.relname = 'migrations'",
    )
    .fetch_optional(&mut *look)
    .await
    .map_err(&unreadable)?;
    if there.is_none() {
        return Ok(None);
    }
    version(&mut look).await.map(Some)
}

async fn version(connection: &mut PgConnection) -> Result<i64> {
    let row = statement("SELECT coalesce(max(version), 0) AS version FROM besunny.migrations")
        .fetch_one(connection)
        .await
        .map_err(failed("workspace.open"))?;
    Columns(&row).integer("version")
}

/// The version, unless it is from the future.
fn checked(found: i64) -> Result<i64> {
    if found > SCHEMA_VERSION {
        return Err(Error::new(
            ErrorKind::NewerVersion,
            "workspace.open",
            "a newer version of besunny wrote this workspace; upgrade besunny to open it",
        )
        .with("schema", found)
        .with("known", SCHEMA_VERSION));
    }
    Ok(found)
}

async fn apply(connection: &mut PgConnection, migration: &Migration) -> Result<()> {
    let unfit = |error: sqlx::Error| {
        Error::new(
            ErrorKind::Storage,
            "workspace.open",
            "the database schema cannot be brought up to date; the first opener must own the schema `public` \
             and may make schemas and roles",
        )
        .with("migration", migration.name)
        .caused_by(error)
    };
    let mut transaction = connection.begin().await.map_err(unfit)?;
    script(PREPARE).execute(&mut *transaction).await.map_err(unfit)?;
    // Another process may have been first.
    if checked(version(&mut transaction).await?)? >= migration.version {
        return Ok(());
    }
    // What the scripts write is the library's writing: no trigger answers to it.
    script("SELECT set_config('besunny.writer', 'library', true)")
        .execute(&mut *transaction)
        .await
        .map_err(unfit)?;
    for part in migration.scripts {
        script(AssertSqlSafe(*part)).execute(&mut *transaction).await.map_err(unfit)?;
    }
    statement("INSERT INTO besunny.migrations (version, name, applied_at) VALUES ($1, $2, now() AT TIME ZONE 'UTC')")
        .bind(migration.version)
        .bind(migration.name)
        .execute(&mut *transaction)
        .await
        .map_err(unfit)?;
    transaction.commit().await.map_err(unfit)
}
