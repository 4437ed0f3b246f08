use super::fixtures::{NOW, document, put, read, user, write};
use crate::base::{Scope, Timestamp};
use crate::domain::{Cursor, Position, Store};

async fn advance(
    store: &dyn Store,
    scope: &Scope,
    name: &str,
    position: Position,
    now: Timestamp,
) -> Position {
    let mut write = write(store, scope).await;
    let position = write.advance_cursor(name, position, now).await.unwrap();
    write.commit().await.unwrap();
    position
}

pub(crate) async fn an_unknown_cursor_has_no_position(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut read = read(store, &ana).await;
    assert_eq!(read.cursor("mailer").await.unwrap(), None);
    assert!(read.cursors().await.unwrap().is_empty());
}

pub(crate) async fn advancing_makes_and_moves_a_cursor(store: &dyn Store) {
    let ana = user(store, 1).await;
    assert_eq!(advance(store, &ana, "mailer", 0, NOW).await, 0);
    assert_eq!(read(store, &ana).await.cursor("mailer").await.unwrap(), Some(0));
    assert_eq!(advance(store, &ana, "mailer", 7, NOW).await, 7);
    assert_eq!(read(store, &ana).await.cursor("mailer").await.unwrap(), Some(7));
}

pub(crate) async fn a_cursor_never_goes_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    let later = Timestamp::from_seconds(1_780_000_000);
    advance(store, &ana, "mailer", 7, NOW).await;
    for position in [6, 7, 0] {
        assert_eq!(advance(store, &ana, "mailer", position, later).await, 7);
    }
    let cursors = read(store, &ana).await.cursors().await.unwrap();
    assert_eq!(cursors, [Cursor::new("mailer".into(), 7, 0, NOW)], "what did not move kept its time");
}

pub(crate) async fn an_advance_that_is_not_committed_never_was(store: &dyn Store) {
    let ana = user(store, 1).await;
    advance(store, &ana, "mailer", 1, NOW).await;
    let mut dropped = write(store, &ana).await;
    assert_eq!(dropped.advance_cursor("mailer", 5, NOW).await.unwrap(), 5);
    drop(dropped);
    assert_eq!(read(store, &ana).await.cursor("mailer").await.unwrap(), Some(1));
}

pub(crate) async fn cursors_come_by_name_with_their_lag(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    put(store, &ana, &document(1, "one")).await;
    let first = store.last_position(&ana).await.unwrap();
    put(store, &joao, &document(40, "theirs")).await;
    put(store, &ana, &document(2, "two")).await;
    put(store, &ana, &document(3, "three")).await;
    let last = store.last_position(&ana).await.unwrap();
    advance(store, &ana, "b", first, NOW).await;
    advance(store, &ana, "a", 0, NOW).await;
    advance(store, &ana, "C", last, NOW).await;
    let cursors = read(store, &ana).await.cursors().await.unwrap();
    let seen: Vec<_> = cursors.iter().map(|cursor| (cursor.name.as_str(), cursor.lag)).collect();
    assert_eq!(seen, [("C", 0), ("a", 3), ("b", 2)], "by bytes; changes of others do not count");
}

pub(crate) async fn a_deleted_cursor_begins_anew(store: &dyn Store) {
    let ana = user(store, 1).await;
    advance(store, &ana, "mailer", 9, NOW).await;
    let mut delete = write(store, &ana).await;
    assert!(delete.delete_cursor("mailer").await.unwrap());
    assert!(!delete.delete_cursor("mailer").await.unwrap());
    delete.commit().await.unwrap();
    assert_eq!(read(store, &ana).await.cursor("mailer").await.unwrap(), None);
    assert_eq!(advance(store, &ana, "mailer", 2, NOW).await, 2);
}

pub(crate) async fn cursors_of_others_do_not_exist(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    advance(store, &ana, "mailer", 9, NOW).await;
    let mut theirs = write(store, &joao).await;
    assert_eq!(theirs.cursor("mailer").await.unwrap(), None);
    assert!(theirs.cursors().await.unwrap().is_empty());
    assert!(!theirs.delete_cursor("mailer").await.unwrap());
    assert_eq!(theirs.advance_cursor("mailer", 3, NOW).await.unwrap(), 3);
    theirs.commit().await.unwrap();
    assert_eq!(read(store, &ana).await.cursor("mailer").await.unwrap(), Some(9));
}

pub(crate) async fn the_workspace_itself_has_cursors_too(store: &dyn Store) {
    advance(store, &Scope::service(), "jobs", 4, NOW).await;
    assert_eq!(read(store, &Scope::service()).await.cursor("jobs").await.unwrap(), Some(4));
}

pub(crate) async fn moving_a_cursor_is_no_change(store: &dyn Store) {
    let ana = user(store, 1).await;
    advance(store, &ana, "mailer", 9, NOW).await;
    assert_eq!(store.last_position(&ana).await.unwrap(), 0);
    assert!(read(store, &ana).await.changes_after(0, 10).await.unwrap().is_empty());
}

pub(crate) async fn names_of_cursors_are_told_apart_to_the_letter(store: &dyn Store) {
    let ana = user(store, 1).await;
    for (position, name) in (1..).zip(["mailer", "Mailer", "mailer ", "é", "e\u{301}"]) {
        advance(store, &ana, name, position, NOW).await;
    }
    let mut read = read(store, &ana).await;
    assert_eq!(read.cursors().await.unwrap().len(), 5);
    assert_eq!(read.cursor("Mailer").await.unwrap(), Some(2));
    assert_eq!(read.cursor("é").await.unwrap(), Some(4));
}

pub(crate) async fn the_largest_position_comes_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    let largest = i64::MAX.cast_unsigned();
    assert_eq!(advance(store, &ana, "mailer", largest, NOW).await, largest);
    assert_eq!(read(store, &ana).await.cursors().await.unwrap()[0].position, largest);
}
