//! The log of what was handed in.

use super::fixtures::{NOW, commit, document, page, put, read, user};
use crate::base::{Scope, Timestamp};
use crate::domain::{IntakeEntry, IntakeStatus, Store};

fn entry(status: IntakeStatus) -> IntakeEntry {
    IntakeEntry {
        at: NOW,
        source: "email".into(),
        source_id: None,
        address: None,
        status,
        error_code: None,
        error_message: None,
        document_id: None,
    }
}

async fn log(store: &dyn Store, scope: &Scope, entry: &IntakeEntry) {
    commit(store, scope, async |write| write.log_intake(entry).await.unwrap()).await;
}

async fn lines(store: &dyn Store, scope: &Scope) -> Vec<IntakeEntry> {
    read(store, scope).await.intake_log(&page(1000, None)).await.unwrap().items
}

pub(crate) async fn every_outcome_comes_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    for &status in IntakeStatus::ALL {
        log(store, &ana, &entry(status)).await;
    }
    let seen: Vec<_> = lines(store, &ana).await.iter().map(|entry| entry.status).rev().collect();
    assert_eq!(seen, IntakeStatus::ALL);
}

pub(crate) async fn every_field_of_a_line_comes_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    let full = IntakeEntry {
        at: Timestamp::from_micros(-1),
        source_id: Some("<ünïcode@x>".into()),
        address: Some("ai+ana@besunny.ai".into()),
        error_code: Some("limit_exceeded".into()),
        error_message: Some("too large; \"quoted\"".repeat(1000)),
        document_id: Some(document(1, "").document.id),
        ..entry(IntakeStatus::Refused)
    };
    log(store, &ana, &full).await;
    log(store, &ana, &entry(IntakeStatus::Refused)).await;
    assert_eq!(lines(store, &ana).await, [entry(IntakeStatus::Refused), full]);
}

pub(crate) async fn lines_of_others_and_of_the_workspace_are_apart(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    log(store, &ana, &entry(IntakeStatus::Stored)).await;
    log(store, &Scope::service(), &entry(IntakeStatus::UserNotFound)).await;
    assert_eq!(lines(store, &ana).await, [entry(IntakeStatus::Stored)]);
    assert!(lines(store, &joao).await.is_empty());
    assert_eq!(lines(store, &Scope::service()).await, [entry(IntakeStatus::UserNotFound)]);
}

pub(crate) async fn a_log_that_fills_its_page_has_no_next(store: &dyn Store) {
    let ana = user(store, 1).await;
    for number in 0..4 {
        log(
            store,
            &ana,
            &IntakeEntry { source_id: Some(format!("{number}")), ..entry(IntakeStatus::Stored) },
        )
        .await;
    }
    let mut read = read(store, &ana).await;
    let first = read.intake_log(&page(2, None)).await.unwrap();
    let second = read.intake_log(&page(2, first.next)).await.unwrap();
    assert_eq!((second.items[1].source_id.as_deref(), second.next), (Some("0"), None));
}

pub(crate) async fn a_line_is_no_change_and_outlives_its_document(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "x")).await;
    let position = store.last_position(&ana).await.unwrap();
    let line = IntakeEntry { document_id: Some(id), ..entry(IntakeStatus::Stored) };
    log(store, &ana, &line).await;
    assert_eq!(store.last_position(&ana).await.unwrap(), position);
    commit(store, &ana, async |write| write.delete_document(id, NOW).await.unwrap()).await;
    assert_eq!(lines(store, &ana).await, [line]);
}
