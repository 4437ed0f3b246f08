//! The behaviour suite on Postgres, directly and through a pooler, and what only Postgres has.

use besunny_test_postgres::{Database, server};
use tokio::sync::OnceCell;

use super::PostgresStore;
use crate::domain::Store;

/// A database that has the schema.
pub(super) async fn migrated() -> Database {
    static TEMPLATE: OnceCell<Database> = OnceCell::const_new();
    let template = TEMPLATE
        .get_or_init(|| async {
            let database = server().database(None);
            PostgresStore::open(&database.url(), false).await.expect("migrates").close().await;
            database
        })
        .await;
    server().database(Some(template.name()))
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

mod through_a_connection {
    crate::store::behaviour::suite!(super::super::direct);
}

mod through_a_pooler {
    crate::store::behaviour::suite!(super::super::pooled);
}
