//! What the change log says, and how it is followed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::fixtures::{
    NOW, add_project, all, assigned, commit, document, project, put, read, unassigned, user, write,
};
use crate::base::{DocumentId, ProjectId, Scope};
use crate::domain::{ChangeKind, Correction, IntakeEntry, IntakeStatus, Position, Store, ThreadClue};

/// A change without its place and time.
type Said = (ChangeKind, Option<DocumentId>, Option<ProjectId>);

/// What was appended after `position`, and the last position now.
async fn appended(store: &dyn Store, scope: &Scope, position: Position) -> (Vec<Said>, Position) {
    let changes = read(store, scope).await.changes_after(position, 100).await.unwrap();
    let said = changes.iter().map(|change| (change.kind, change.document_id, change.project_id)).collect();
    (said, store.last_position(scope).await.unwrap())
}

pub(crate) async fn each_call_writes_exactly_its_changes(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = DocumentId::from_bytes;
    let (mail, note, shoot) = (id([1; 16]), id([10; 16]), project(5).id);
    let mut attachment = document(10, "note");
    attachment.document.parent_id = Some(mail);
    let mut at = 0;
    /// Commits one call, and compares what it appended.
    macro_rules! check {
        ($name:literal, |$write:ident| $call:expr, $expected:expr) => {
            commit(store, &ana, async |$write| {
                $call.await.unwrap();
            })
            .await;
            let (said, last) = appended(store, &ana, at).await;
            let expected: Vec<Said> = Vec::from($expected);
            assert_eq!(said, expected, $name);
            at = last;
        };
    }
    use ChangeKind as K;
    check!("a project", |w| w.insert_project(&project(5)), [(K::ProjectCreated, None, Some(shoot))]);
    check!("its update", |w| w.update_project(&project(5)), [(K::ProjectUpdated, None, Some(shoot))]);
    check!("a document", |w| w.put_document(&document(1, "a b")), [(K::DocumentStored, Some(mail), None)]);
    check!("the same again", |w| w.put_document(&document(1, "a b")), []);
    check!("a revision", |w| w.put_document(&document(1, "c")), [(K::DocumentUpdated, Some(mail), None)]);
    check!("an attachment", |w| w.put_document(&attachment), [(K::DocumentStored, Some(note), None)]);
    check!(
        "into a project",
        |w| w.set_assignment(mail, &assigned(shoot), NOW),
        [(K::DocumentAssigned, Some(mail), Some(shoot))]
    );
    let correction = Correction { document_id: mail, from_project: None, to_project: Some(shoot), at: NOW };
    check!(
        "a correction",
        |w| w.insert_correction(&correction),
        [(K::DocumentCorrected, Some(mail), Some(shoot))]
    );
    check!("vectors", |w| w.put_vectors("m", &[]), []);
    let clue = ThreadClue { message_ids: vec!["a".into()], ..ThreadClue::default() };
    check!("a conversation", |w| w.join_thread("t", &clue), []);
    let line = IntakeEntry {
        at: NOW,
        source: "email".into(),
        source_id: None,
        address: None,
        status: IntakeStatus::Stored,
        error_code: None,
        error_message: None,
        document_id: None,
    };
    check!("a line of the intake log", |w| w.log_intake(&line), []);
    check!("a cursor", |w| w.advance_cursor("mailer", 1, NOW), []);
    check!(
        "a deleted project",
        |w| w.delete_project(shoot, NOW),
        [(K::DocumentAssigned, Some(mail), None), (K::ProjectDeleted, None, Some(shoot)),]
    );
    check!("deleted again", |w| w.delete_project(shoot, NOW), []);
    check!("out of nothing", |w| w.set_assignment(id([99; 16]), &unassigned(), NOW), []);
    check!(
        "a deleted mail",
        |w| w.delete_document(mail, NOW),
        [(K::DocumentDeleted, Some(note), None), (K::DocumentDeleted, Some(mail), None),]
    );
    check!("deleted twice", |w| w.delete_document(mail, NOW), []);
    assert_eq!(store.last_position(&ana).await.unwrap(), at);
}

pub(crate) async fn a_document_that_is_stored_in_a_project_says_so(store: &dyn Store) {
    let ana = user(store, 1).await;
    let shoot = add_project(store, &ana, 5).await;
    let mut record = document(1, "x");
    record.document.assignment = assigned(shoot.id);
    let id = put(store, &ana, &record).await;
    let (said, _) = appended(store, &ana, 1).await;
    assert_eq!(said.last(), Some(&(ChangeKind::DocumentStored, Some(id), Some(shoot.id))));
}

pub(crate) async fn changes_of_one_commit_have_places_of_their_own(store: &dyn Store) {
    let ana = user(store, 1).await;
    commit(store, &ana, async |write| {
        for number in 1..=5 {
            write.put_document(&document(number, "x")).await.unwrap();
        }
    })
    .await;
    let changes = read(store, &ana).await.changes_after(0, 100).await.unwrap();
    assert_eq!(changes.len(), 5);
    assert!(changes.is_sorted_by(|a, b| a.position < b.position));
    let ids: Vec<_> = changes.iter().filter_map(|change| change.document_id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5].map(|number| DocumentId::from_bytes([number; 16])));
}

pub(crate) async fn kinds_are_chosen_before_the_limit(store: &dyn Store) {
    let ana = user(store, 1).await;
    for number in 1..=3 {
        put(store, &ana, &document(number, "x")).await;
        add_project(store, &ana, 50 + number).await;
        put(store, &ana, &document(number, "y")).await;
    }
    let mut read = read(store, &ana).await;
    let wanted = [ChangeKind::ProjectCreated, ChangeKind::DocumentUpdated];
    let found = read.changes_of(&wanted, 0, 4).await.unwrap();
    let kinds: Vec<_> = found.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [wanted, wanted].concat());
    let rest = read.changes_of(&wanted, found[3].position, 4).await.unwrap();
    assert_eq!(rest.len(), 2);
    assert_eq!(read.changes_of(&[], 0, 100).await.unwrap(), read.changes_after(0, 100).await.unwrap());
    assert!(read.changes_of(&[ChangeKind::ProjectDeleted], 0, 4).await.unwrap().is_empty());
}

pub(crate) async fn beyond_the_end_and_within_no_limit_there_is_nothing(store: &dyn Store) {
    let ana = user(store, 1).await;
    put(store, &ana, &document(1, "x")).await;
    let last = store.last_position(&ana).await.unwrap();
    let mut read = read(store, &ana).await;
    assert!(read.changes_after(last, 10).await.unwrap().is_empty());
    assert!(read.changes_after(i64::MAX.cast_unsigned(), 10).await.unwrap().is_empty());
    assert!(read.changes_after(0, 0).await.unwrap().is_empty());
    assert_eq!(read.changes_after(last - 1, 10).await.unwrap().len(), 1);
}

pub(crate) async fn what_was_given_up_leaves_no_hole_that_hides_a_change(store: &dyn Store) {
    let ana = user(store, 1).await;
    for number in 1..=3 {
        let mut dropped = write(store, &ana).await;
        dropped.put_document(&document(100 + number, "never")).await.unwrap();
        drop(dropped);
        put(store, &ana, &document(number, "x")).await;
    }
    let (said, last) = appended(store, &ana, 0).await;
    assert_eq!(said.len(), 3);
    assert_eq!(store.wait_beyond(&ana, last, Duration::ZERO).await.unwrap(), last);
}

pub(crate) async fn a_waiter_of_the_past_does_not_wait(store: &dyn Store) {
    let ana = user(store, 1).await;
    assert_eq!(store.wait_beyond(&ana, 0, Duration::ZERO).await.unwrap(), 0);
    put(store, &ana, &document(1, "x")).await;
    let last = store.last_position(&ana).await.unwrap();
    assert_eq!(store.wait_beyond(&ana, 0, Duration::from_secs(3600)).await.unwrap(), last);
    assert_eq!(store.wait_beyond(&ana, last, Duration::from_millis(1)).await.unwrap(), last);
}

/// How many documents each of eight writers stores in each of three tenants' names.
const ROUNDS: u8 = 6;

pub(crate) async fn followers_see_each_position_once_and_in_order_while_others_write(store: &dyn Store) {
    let scopes = [user(store, 1).await, user(store, 2).await, user(store, 3).await];
    let writing = AtomicUsize::new(8);
    let write_some = async |writer: u8| {
        for round in 0..ROUNDS {
            for (tenant, scope) in (0..).zip(&scopes) {
                let number = 1 + writer + 8 * round + 64 * tenant;
                let mut write = write(store, scope).await;
                write.put_document(&document(number, "x")).await.unwrap();
                if round % 3 == 2 {
                    // Takes positions that nobody must wait for.
                    drop(write);
                    write = super::fixtures::write(store, scope).await;
                    write.put_document(&document(number, "y")).await.unwrap();
                }
                write.commit().await.unwrap();
            }
        }
        writing.fetch_sub(1, Ordering::SeqCst);
    };
    let follow = async |scope: &Scope, batch: u32| {
        let mut seen: Vec<Position> = Vec::new();
        loop {
            let is_over = writing.load(Ordering::SeqCst) == 0;
            let last = seen.last().copied().unwrap_or(0);
            let changes = read(store, scope).await.changes_after(last, batch).await.unwrap();
            if changes.is_empty() && is_over {
                return seen;
            }
            seen.extend(changes.iter().map(|change| change.position));
            if changes.is_empty() {
                store.wait_beyond(scope, last, Duration::from_millis(20)).await.unwrap();
            }
        }
    };
    let followers = scopes.iter().flat_map(|scope| [1, 2, 7, 500].map(|batch| follow(scope, batch)));
    let (seen, _) = tokio::join!(all(followers), all((0..8).map(&write_some)));
    for (scope, of_tenant) in scopes.iter().zip(seen.chunks(4)) {
        let changes = read(store, scope).await.changes_after(0, 10_000).await.unwrap();
        let log: Vec<Position> = changes.iter().map(|change| change.position).collect();
        assert_eq!(log.len(), 8 * usize::from(ROUNDS));
        assert!(log.is_sorted_by(|a, b| a < b));
        assert!(of_tenant.iter().all(|seen| *seen == log), "{of_tenant:?} instead of {log:?}");
    }
}
