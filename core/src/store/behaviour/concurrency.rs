use std::time::Duration;

use super::fixtures::{NOW, document, put, read, user, write};
use crate::base::{DocumentId, ErrorKind, Scope};
use crate::domain::{Access, Store, StoreStatus};

/// Ten documents, each in a transaction of its own, from one of several writers.
async fn ten(store: &dyn Store, scope: &Scope, writer: u8) {
    for number in 0..10 {
        let mut record = document(100, "");
        record.document.id = DocumentId::from_bytes([writer * 10 + number + 1; 16]);
        record.document.source_id = format!("{writer} {number}");
        let mut write = write(store, scope).await;
        write.put_document(&record).await.unwrap();
        // Others get their turn while this one holds its position and has not committed.
        tokio::task::yield_now().await;
        write.commit().await.unwrap();
    }
}

pub(crate) async fn a_follower_misses_nothing_of_eight_writers(store: &dyn Store) {
    let ana = user(store, 1).await;
    let follow = async {
        let (mut position, mut seen) = (0, Vec::new());
        while seen.len() < 80 {
            store.wait_beyond(&ana, position, Duration::from_secs(60)).await.unwrap();
            let changes = read(store, &ana).await.changes_after(position, 7).await.unwrap();
            position = changes.last().map_or(position, |change| change.position);
            seen.extend(changes);
        }
        seen
    };
    let w = |writer| ten(store, &ana, writer);
    let (seen, ..) = tokio::join!(follow, w(0), w(1), w(2), w(3), w(4), w(5), w(6), w(7));
    assert_eq!(read(store, &ana).await.changes_after(0, 1_000).await.unwrap(), seen);
    assert!(seen.is_sorted_by(|a, b| a.position < b.position));
}

pub(crate) async fn writers_of_two_tenants_keep_apart(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    tokio::join!(ten(store, &ana, 0), ten(store, &joao, 1), ten(store, &ana, 2), ten(store, &joao, 3));
    for scope in [&ana, &joao] {
        let mut read = read(store, scope).await;
        assert_eq!(read.counts().await.unwrap().documents, 20);
        assert_eq!(read.changes_after(0, 100).await.unwrap().len(), 20);
    }
}

pub(crate) async fn an_item_that_comes_four_times_at_once_is_stored_once(store: &dyn Store) {
    let ana = user(store, 1).await;
    let put = async |number: u8| {
        let mut record = document(1, "same");
        record.document.id = DocumentId::from_bytes([number; 16]);
        let mut write = write(store, &ana).await;
        let put = write.put_document(&record).await.unwrap();
        write.commit().await.unwrap();
        put
    };
    let (a, b, c, d) = tokio::join!(put(1), put(2), put(3), put(4));
    let all = [a, b, c, d];
    assert_eq!(all.iter().filter(|put| put.status == StoreStatus::Stored).count(), 1);
    assert!(all.iter().all(|put| put.id == all[0].id));
}

pub(crate) async fn a_dropped_transaction_frees_the_writers(store: &dyn Store) {
    let ana = user(store, 1).await;
    for _ in 0..20 {
        let mut dropped = write(store, &ana).await;
        dropped.put_document(&document(1, "one")).await.unwrap();
    }
    assert_eq!(store.last_position(&ana).await.unwrap(), 0);
    put(store, &ana, &document(1, "one")).await;
    assert_eq!(read(store, &ana).await.counts().await.unwrap().documents, 1);
}

pub(crate) async fn who_stops_waiting_for_a_turn_holds_up_nobody(store: &dyn Store) {
    let ana = user(store, 1).await;
    let first = write(store, &ana).await;
    for _ in 0..3 {
        let second = tokio::time::timeout(Duration::from_millis(20), store.begin(&ana, Access::Write)).await;
        assert!(second.is_err());
    }
    first.commit().await.unwrap();
    put(store, &ana, &document(1, "one")).await;
}

pub(crate) async fn a_reader_sees_one_moment(store: &dyn Store) {
    let ana = user(store, 1).await;
    put(store, &ana, &document(1, "one")).await;
    let mut before = read(store, &ana).await;
    assert_eq!(before.counts().await.unwrap().documents, 1);
    put(store, &ana, &document(2, "two")).await;
    assert_eq!(before.counts().await.unwrap().documents, 1);
    assert_eq!(before.changes_after(0, 10).await.unwrap().len(), 1);
    assert_eq!(read(store, &ana).await.counts().await.unwrap().documents, 2);
}

pub(crate) async fn a_writer_sees_its_own_writes_and_nobody_else_does(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut write = write(store, &ana).await;
    let id = write.put_document(&document(1, "one")).await.unwrap().id;
    assert!(write.document(id).await.unwrap().is_some());
    assert_eq!(write.changes_after(0, 10).await.unwrap().len(), 1);
    assert!(read(store, &ana).await.document(id).await.unwrap().is_none());
    assert_eq!(store.last_position(&ana).await.unwrap(), 0);
    write.commit().await.unwrap();
    assert!(read(store, &ana).await.document(id).await.unwrap().is_some());
}

pub(crate) async fn reading_transactions_refuse_to_write(store: &dyn Store) {
    let ana = user(store, 1).await;
    let refused = read(store, &ana).await.put_document(&document(1, "one")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Storage);
    let refused = read(store, &ana).await.delete_document(document(1, "").document.id, NOW).await;
    assert!(refused.is_err() || store.last_position(&ana).await.unwrap() == 0);
    assert_eq!(store.last_position(&ana).await.unwrap(), 0);
}
