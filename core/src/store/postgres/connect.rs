//! From a URL to connections.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use crate::base::{Error, ErrorKind, Result};

/// How long a caller waits for a connection before it gets an error.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long opening waits for the server.
const OPENING_PATIENCE: Duration = Duration::from_secs(30);
/// Connections are replaced after this time: routers forget old ones, and a server that
/// was added behind an address gets its share.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 60);
/// Connections that nobody needed for this long are given back.
const LONGEST_IDLENESS: Duration = Duration::from_secs(5 * 60);

/// Where a database is. It knows the password and has no `Debug`.
#[derive(Clone)]
pub(super) struct Target(PgConnectOptions);

impl Target {
    /// Reads a URL `postgres://user:password@host:port/database?options`.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse().map_err(|_: sqlx::Error| {
            // Neither the URL nor what the parser says of it: the password is in there.
            Error::new(
                ErrorKind::InvalidInput,
                "workspace.open",
                "the database URL cannot be read; it has the form postgres://user:password@host:port/database, \
                 with special characters percent-encoded",
            )
        })?;
        // Poolers refuse start-up parameters that they do not know.
        let options =
            options.statement_cache_capacity(0).extra_float_digits(None).disable_statement_logging();
        Ok(Self(options))
    }

    /// One connection, made now.
    pub(super) async fn connect(&self) -> Result<PgConnection> {
        let unreachable = || {
            Error::new(ErrorKind::Storage, "workspace.open", "the database cannot be reached")
                .with("host", self.host())
                .with("database", self.0.get_database().unwrap_or_default())
        };
        match tokio::time::timeout(OPENING_PATIENCE, PgConnection::connect_with(&self.0)).await {
            Ok(connected) => connected.map_err(|error| unreachable().caused_by(error)),
            Err(elapsed) => Err(unreachable().caused_by(elapsed)),
        }
    }

    /// Up to `size` connections, made as they are needed.
    pub(super) fn pool(&self, size: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(size)
            .test_before_acquire(false)
            .acquire_timeout(PATIENCE)
            .max_lifetime(LONGEST_LIFE)
            .idle_timeout(LONGEST_IDLENESS)
            .connect_lazy_with(self.0.clone())
    }

    fn host(&self) -> String {
        match self.0.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => format!("{}:{}", self.0.get_host(), self.0.get_port()),
        }
    }
}
