//! The behaviour suite on Postgres: directly, through a pooler in transaction mode, and with
//! row level security; and what only Postgres has.

mod existing;
mod google;
mod jobs;
mod meetings;
mod policies;
mod sessions;

use besunny_test_postgres::{Database, server};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

use super::PostgresStore;
use crate::domain::Store;

/// A database that has the schema.
async fn migrated() -> Database {
    static TEMPLATE: OnceCell<Database> = OnceCell::const_new();
    let template = TEMPLATE
        .get_or_init(|| async {
            let database = server().database(None);
            PostgresStore::open(&database.url(), false).await.expect("migrates").close().await;
            server().authenticator();
            database
        })
        .await;
    server().database(Some(template.name()))
}

/// Runs statements as the owner of everything, around the library.
async fn around(database: &Database, sql: &str) {
    let mut connection = PgConnection::connect(&database.url()).await.expect("connects");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("runs");
}

async fn direct() -> (Database, Box<dyn Store>) {
    let database = migrated().await;
    let store = PostgresStore::open(&database.url(), false).await.expect("opens");
    (database, Box::new(store))
}

async fn pooled() -> (Database, Box<dyn Store>) {
    let database = migrated().await;
    let store = PostgresStore::open(&database.pooled_url(), false).await.expect("opens");
    (database, Box::new(store))
}

async fn restricted() -> (Database, Box<dyn Store>) {
    let database = migrated().await;
    let store = PostgresStore::open(&database.url_as("authenticator"), true).await.expect("opens");
    (database, Box::new(store))
}

mod through_a_connection {
    crate::store::behaviour::suite!(super::super::direct);
}

mod through_a_pooler {
    crate::store::behaviour::suite!(super::super::pooled);
}

mod with_row_level_security {
    crate::store::behaviour::suite!(super::super::restricted);
}
