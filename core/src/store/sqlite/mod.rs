//! The embedded store: one SQLite file in the workspace folder.
//!
//! One connection of each process writes and several read; in WAL mode they do not wait for
//! each other. Writers of all processes take turns.
//! A commit is flushed to the disk before it is acknowledged.
//!
//! Invariant: each page of the file has a checksum, and each that is read is compared with
//! it: what is damaged is an error, never another answer.
//! Invariant: text columns hold what `domain` types print; a row that does not read back
//! is a typed error that names the table, never a panic.

mod accounts;
mod backup;
mod calls;
mod changes;
mod channels;
mod checksums;
mod chunks;
mod codec;
mod consents;
mod corrections;
mod cursors;
mod documents;
mod embeddings;
mod format;
mod intake_log;
mod job_ends;
mod job_work;
mod jobs;
mod meetings;
mod migrations;
mod objects;
mod placing;
mod projects;
mod schedules;
mod streams;
mod threads;
mod tokens;
mod transaction;
mod turn;
mod users;
mod work;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use tokio::time::Instant;

pub(crate) use self::backup::inspect;
use self::calls::Calls;
use self::codec::failed;
use self::migrations::SCHEMA_VERSION;
pub(crate) use self::placing::replace;
use self::transaction::SqliteTransaction;
use self::turn::Turns;
use crate::base::{Result, Scope};
use crate::domain::{Access, CommitListener, JobCalls, Position, Store, Transaction};
use crate::store::listeners::Listeners;

/// The largest number of readers at once; more wait for a free connection.
const READERS: u32 = 4;
/// How long a caller waits for its turn, and for another process's lock, before it
/// gets an error. Bulk loads hold the writer for one item at a time, far shorter.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the database is left alone between two looks for changes: SQLite tells
/// nobody about them.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A workspace database on SQLite.
pub(crate) struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    turns: Turns,
    listeners: Listeners,
    file: PathBuf,
}

impl SqliteStore {
    /// Opens the database file, making or migrating it as needed.
    pub(crate) async fn open(file: &Path) -> Result<Self> {
        let turns = Turns::open(file)?;
        // Only one process at a time makes the file, switches its mode and migrates it.
        let _turn = turns.take().await?;
        format::prepare(file).await?;
        let options = format::connecting_to(file)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let pool = |size| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1).connect_with(options.clone()).await.map_err(failed("workspace.open"))?;
        migrations::run(&writer).await?;
        let readers = pool(READERS)
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(failed("workspace.open"))?;
        Ok(Self { writer, readers, turns, listeners: Listeners::default(), file: file.to_owned() })
    }
}

/// Begins a transaction. Where SQLite ended the one before by itself, as it does when the disk
/// is full, the connection still counts it; such a connection is replaced.
async fn begin(
    pool: &SqlitePool,
    statement: &'static str,
) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, sqlx::Error> {
    let mut replaced = 0;
    loop {
        match pool.begin_with(statement).await {
            Err(sqlx::Error::InvalidSavePointStatement) if replaced <= READERS => {
                replaced += 1;
                pool.acquire().await?.close().await?;
            }
            other => return other,
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self, scope: &Scope, access: Access) -> Result<Box<dyn Transaction>> {
        let (transaction, turn) = match access {
            Access::Read => (begin(&self.readers, "BEGIN").await, None),
            // Takes the write lock at once: a transaction that reads first and writes
            // later could otherwise find its view outdated and fail half-way.
            // The file has one writer at a time, whatever it writes.
            Access::Write | Access::Work | Access::Claim => {
                let turn = self.turns.take().await?;
                (begin(&self.writer, "BEGIN IMMEDIATE").await, Some(turn))
            }
        };
        let transaction = transaction.map_err(failed("store.begin"))?;
        let listeners = self.listeners.clone();
        Ok(Box::new(SqliteTransaction::new(scope.clone(), transaction, listeners, turn)))
    }

    async fn last_position(&self, scope: &Scope) -> Result<Position> {
        let position: Option<i64> =
            sqlx::query_scalar("SELECT MAX(position) FROM changes WHERE tenant_id = ?")
                .bind(scope.tenant().as_bytes().as_slice())
                .fetch_one(&self.readers)
                .await
                .map_err(failed("store.last_position"))?;
        Ok(position.map_or(0, i64::cast_unsigned))
    }

    async fn wait_beyond(&self, scope: &Scope, position: Position, patience: Duration) -> Result<Position> {
        let end = Instant::now() + patience;
        let mut pause = SHORTEST_PAUSE;
        loop {
            let last = self.last_position(scope).await?;
            let left = end.saturating_duration_since(Instant::now());
            if last > position || left.is_zero() {
                return Ok(last);
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn on_commit(&self, listener: CommitListener) {
        self.listeners.add(listener);
    }

    fn listen(&self) {
        // SQLite tells nobody.
    }

    async fn backup(&self, file: &Path) -> Result<()> {
        backup::write(&self.file, file).await
    }

    async fn integrity(&self) -> Result<Vec<String>> {
        backup::integrity_of(&self.file).await
    }

    async fn has_checksums(&self) -> Result<bool> {
        Ok(true)
    }

    fn job_calls(&self) -> Box<dyn JobCalls> {
        Box::new(Calls::new(self.readers.connect_options()))
    }

    fn schema_version(&self) -> i64 {
        SCHEMA_VERSION
    }

    async fn close(&self) {
        self.listeners.clear();
        self.readers.close().await;
        // The last to close takes the write-ahead log in: not while another opens. Without
        // a turn it is closed all the same.
        let _turn = self.turns.take().await;
        self.writer.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::{SqliteStore, inspect};
    use crate::base::ErrorKind;
    use crate::domain::Store;
    use crate::store::behaviour::suite;

    pub(super) async fn empty() -> (tempfile::TempDir, Box<dyn Store>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = SqliteStore::open(&folder.path().join("test.sqlite")).await.expect("opens");
        (folder, Box::new(store))
    }

    suite!(super::super::tests::empty);

    #[tokio::test]
    async fn a_newer_schema_is_refused_and_left_alone_and_so_is_a_backup_of_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("test.sqlite");
        let store = SqliteStore::open(&file).await.expect("opens");
        sqlx::query("INSERT INTO _sqlx_migrations SELECT 9999, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1")
            .execute(&store.writer)
            .await
            .expect("pretends");
        let backup = folder.path().join("backup");
        store.backup(&backup).await.expect("a backup");
        store.close().await;
        let refused = inspect(&backup).await.err().map(|error| error.kind());
        assert_eq!(refused, Some(ErrorKind::NewerVersion));
        let refused = SqliteStore::open(&file).await.err().map(|error| error.kind());
        assert_eq!(refused, Some(ErrorKind::NewerVersion));
    }
}
