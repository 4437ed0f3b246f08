//! Connections that go, and what several sessions do to each other.

use std::time::Duration;

use super::super::PostgresStore;
use crate::base::{ErrorKind, Scope};
use crate::domain::{Access, Store};
use crate::store::behaviour::fixtures::{document, put, user, write};

#[tokio::test]
async fn errors_name_the_host_and_the_database_but_no_password() {
    let refused = PostgresStore::open("postgres://ana:secret@localhost:1/work", false).await.err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Storage);
    assert!(refused.is_retryable());
    let text = refused.to_string();
    assert!(text.contains("localhost:1") && text.contains("work") && !text.contains("secret"), "{text}");
    for url in
        ["postgres://ana:secret@localhost:port/work", "postgres://ana:secret@localhost/work?sslmode=secret"]
    {
        let refused = PostgresStore::open(url, false).await.err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert!(!refused.to_string().contains("secret"), "{refused}");
        let mut source = std::error::Error::source(&refused);
        while let Some(error) = source {
            assert!(!error.to_string().contains("secret"), "{error}");
            source = error.source();
        }
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let database = super::migrated().await;
    super::around(&database, "INSERT INTO besunny.migrations VALUES (9999, 'later', now())").await;
    for row_level_security in [false, true] {
        let refused = PostgresStore::open(&database.url(), row_level_security).await.err();
        assert_eq!(refused.map(|error| error.kind()), Some(ErrorKind::NewerVersion));
    }
}

#[tokio::test]
async fn connections_that_the_server_ended_are_replaced() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    let ana = user(&store, 1).await;
    put(&store, &ana, &document(1, "one")).await;
    let end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
    super::around(&database, end_all).await;
    put(&store, &ana, &document(2, "two")).await;
    // In the middle of a transaction it is an error that a retry mends.
    let mut lost = write(&store, &ana).await;
    super::around(&database, end_all).await;
    let error = lost.put_document(&document(3, "three")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    drop(lost);
    put(&store, &ana, &document(3, "three")).await;
    let counts = store.begin(&ana, Access::Read).await.unwrap().counts().await.unwrap();
    assert_eq!(counts.documents, 3);
}

#[tokio::test]
async fn writers_of_two_tenants_do_not_wait_for_each_other() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    let (ana, joao) = (user(&store, 1).await, user(&store, 2).await);
    let first = write(&store, &ana).await;
    // This would wait for ever, were there one lock for all.
    put(&store, &joao, &document(1, "one")).await;
    // And this does wait.
    let second = tokio::time::timeout(Duration::from_millis(200), write(&store, &ana)).await;
    assert!(second.is_err());
    first.commit().await.unwrap();
    put(&store, &ana, &document(2, "two")).await;
}

#[tokio::test]
async fn direct_writers_queue_with_the_library() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    let ana = user(&store, 1).await;
    let id = put(&store, &ana, &document(1, "one")).await;
    let library = write(&store, &ana).await;
    let sql = format!("UPDATE public.documents SET title = 'by hand' WHERE id = '{id}'");
    let mut direct = std::pin::pin!(super::around(&database, &sql));
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut direct).await.is_err());
    library.commit().await.unwrap();
    direct.await;
    assert_eq!(store.begin(&ana, Access::Read).await.unwrap().changes_after(0, 10).await.unwrap().len(), 2);
}

/// Behind a pooler the listener finds out that it cannot hear anything, and a direct one
/// hears; a change is noticed either way (see the suite).
#[tokio::test]
async fn a_pooler_is_recognised() {
    let database = super::migrated().await;
    for (url, hears) in [(database.url(), true), (database.pooled_url(), false)] {
        let store = PostgresStore::open(&url, false).await.unwrap();
        let ana = user(&store, if hears { 1 } else { 2 }).await;
        store.wait_beyond(&ana, 0, Duration::from_millis(1)).await.unwrap();
        if hears {
            while !store.listener.is_listening() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        } else {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(!store.listener.is_listening());
        }
        store.close().await;
    }
}

#[tokio::test]
async fn a_word_from_the_database_wakes() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    let ana = user(&store, 1).await;
    let mut waiter = store.listener.waiter();
    while !store.listener.is_listening() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let elsewhere = PostgresStore::open(&database.pooled_url(), false).await.unwrap();
    put(&elsewhere, &ana, &document(1, "one")).await;
    tokio::time::timeout(Duration::from_secs(60), waiter.woken(ana.tenant())).await.expect("is told");
}

#[tokio::test]
async fn a_store_that_was_closed_answers_with_an_error() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    store.close().await;
    let refused = store.begin(&Scope::service(), Access::Read).await.err().map(|error| error.kind());
    assert_eq!(refused, Some(ErrorKind::Storage));
}
