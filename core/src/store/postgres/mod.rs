//! The store for many processes and machines: a Postgres database, as Supabase runs it.
//!
//! Tables that the web front end reads and writes keep its names; the library's own are in
//! the schema `besunny`. What the front end writes directly, triggers put into the change
//! log. Everything works through a pooler in transaction mode.
//!
//! Invariant: the writers of one tenant queue, so positions are in the order of commits and
//! a follower that has read one position has read all below it.
//! Invariant: nothing outlives a transaction in a session: no prepared statement, no
//! setting, no lock.
//! Invariant: every statement goes through [`statement`], and runs in a transaction.
//! Invariant: a password is in no error, log or debug output.

mod accounts;
mod changes;
mod channels;
mod chunks;
mod codec;
mod connect;
mod consents;
mod corrections;
mod cursors;
mod documents;
mod embeddings;
mod intake_log;
mod job_ends;
mod job_work;
mod jobs;
mod listener;
mod meetings;
mod migrations;
mod objects;
mod outside;
mod projects;
mod schedules;
mod statement;
mod streams;
#[cfg(test)]
mod tests;
mod threads;
mod tokens;
mod transaction;
mod users;
mod work;

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Connection;
use sqlx::postgres::PgPool;
use tokio::time::Instant;

use self::codec::{Columns, failed};
use self::connect::Target;
use self::listener::Listener;
use self::migrations::SCHEMA_VERSION;
use self::statement::statement;
use self::transaction::PostgresTransaction;
use crate::base::{Result, Scope};
use crate::domain::{Access, CommitListener, JobCalls, Position, Store, Transaction};
use crate::store::listeners::Listeners;

/// The most connections of a process that write, and that read. They are apart, because a
/// writer may read on the side: were all connections taken by writers that queue, the first
/// of them would wait for itself.
const WRITERS: u32 = 4;
const READERS: u32 = 4;
/// How long the database is left alone between two looks for changes, if it does not tell.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// The same, if it does.
const LISTENING_PAUSE: Duration = Duration::from_millis(500);

/// A workspace database on Postgres.
pub(crate) struct PostgresStore {
    writers: PgPool,
    readers: PgPool,
    listener: Listener,
    listeners: Listeners,
    row_level_security: bool,
    identity: [u8; 16],
}

impl PostgresStore {
    /// Opens the database behind a URL, making or migrating the schema as needed. With
    /// `row_level_security` each transaction takes on the role and the claims of its scope.
    pub(crate) async fn open(url: &str, row_level_security: bool) -> Result<Self> {
        let target = Target::parse(url)?;
        let mut first = target.connect().await?;
        migrations::run(&mut first, row_level_security).await?;
        // Closed in vain is closed by the server.
        let _ = first.close().await;
        let readers = target.pool(READERS);
        let listeners = Listeners::default();
        let mut look = PostgresTransaction::begin(
            &readers,
            &Scope::service(),
            Access::Read,
            row_level_security,
            listeners.clone(),
        )
        .await?;
        let row = statement("SELECT id FROM besunny.workspace")
            .fetch_one(look.connection())
            .await
            .map_err(failed("workspace.open"))?;
        let identity = Columns(&row).id("id")?;
        drop(look);
        Ok(Self {
            listener: Listener::new(target.pool(1), readers.clone(), listeners.clone()),
            listeners,
            writers: target.pool(WRITERS),
            readers,
            row_level_security,
            identity,
        })
    }

    /// What tells this database from every other, wherever it is moved.
    pub(crate) fn identity(&self) -> [u8; 16] {
        self.identity
    }

    async fn transaction(&self, scope: &Scope, access: Access) -> Result<PostgresTransaction> {
        let pool = match access {
            Access::Read => &self.readers,
            Access::Write | Access::Work | Access::Claim => &self.writers,
        };
        let listeners = self.listeners.clone();
        PostgresTransaction::begin(pool, scope, access, self.row_level_security, listeners).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn begin(&self, scope: &Scope, access: Access) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(self.transaction(scope, access).await?))
    }

    async fn last_position(&self, scope: &Scope) -> Result<Position> {
        self.transaction(scope, Access::Read).await?.last_position().await
    }

    async fn wait_beyond(&self, scope: &Scope, position: Position, patience: Duration) -> Result<Position> {
        let end = Instant::now() + patience;
        let mut waiter = self.listener.waiter();
        let mut pause = SHORTEST_PAUSE;
        loop {
            let last = self.last_position(scope).await?;
            let left = end.saturating_duration_since(Instant::now());
            if last > position || left.is_zero() {
                return Ok(last);
            }
            let longest = if self.listener.is_listening() { LISTENING_PAUSE } else { pause };
            // Elapsed or woken: both mean to look again.
            let _ = tokio::time::timeout(longest.min(left), waiter.woken(scope.tenant())).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn has_checksums(&self) -> Result<bool> {
        let mut look = self.transaction(&Scope::service(), Access::Read).await?;
        let row = statement("SELECT current_setting('data_checksums') AS setting")
            .fetch_one(look.connection())
            .await
            .map_err(failed("store.integrity"))?;
        Ok(Columns(&row).text("setting")? == "on")
    }

    fn on_commit(&self, listener: CommitListener) {
        self.listeners.add(listener);
    }

    fn listen(&self) {
        self.listener.start();
    }

    fn writes_side_by_side(&self) -> bool {
        true
    }

    fn job_calls(&self) -> Box<dyn JobCalls> {
        Box::new(self.listener.calls())
    }

    fn schema_version(&self) -> i64 {
        SCHEMA_VERSION
    }

    async fn close(&self) {
        self.listeners.clear();
        self.listener.close().await;
        self.readers.close().await;
        self.writers.close().await;
    }
}
