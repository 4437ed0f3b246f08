//! Notices jobs that any process enqueues. SQLite tells nobody, but it counts the commits of
//! others, and reading that count is far cheaper than looking for jobs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::domain::JobCalls;

/// How often to read the count.
const PAUSE: Duration = Duration::from_millis(10);
/// How long to leave the file alone after it could not be read.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Who waits for jobs. It has a connection of its own, for the count is each connection's.
pub(super) struct Calls {
    options: Arc<SqliteConnectOptions>,
    connection: Option<SqliteConnection>,
    commits: Option<i64>,
}

impl Calls {
    pub(super) fn new(options: Arc<SqliteConnectOptions>) -> Self {
        Self { options, connection: None, commits: None }
    }

    async fn count(&mut self) -> Result<i64, sqlx::Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.options.connect().await?),
        };
        sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
    }
}

#[async_trait]
impl JobCalls for Calls {
    async fn next(&mut self) {
        loop {
            match self.count().await {
                Ok(commits) if self.commits.replace(commits) != Some(commits) => return,
                Ok(_) => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    tracing::debug!(%error, "not noticing what others commit; polling instead");
                    if let Some(connection) = self.connection.take() {
                        // It failed already.
                        let _ = connection.close().await;
                    }
                    self.commits = None;
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                }
            }
        }
    }

    fn are_heard(&self) -> bool {
        self.connection.is_some()
    }
}
