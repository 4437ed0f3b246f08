use super::fixtures::{NOW, assigned, document, listed, project, put, read, unassigned, user, write};
use crate::base::{DocumentId, ErrorKind, Timestamp};
use crate::domain::{Assignment, ChangeKind, Correction, DecidedBy, DocumentFilter, DocumentType, Store};

const LATER: Timestamp = Timestamp::from_seconds(1_790_000_000);

pub(crate) async fn what_is_not_there_is_not_found(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = DocumentId::from_bytes([9; 16]);
    let mut write = write(store, &ana).await;
    assert!(write.document(id).await.unwrap().is_none());
    assert!(write.chunks(id).await.unwrap().is_empty());
    assert!(write.attachments_of(id).await.unwrap().is_empty());
    assert!(write.delete_document(id, NOW).await.unwrap().is_empty());
    assert!(!write.set_assignment(id, &unassigned(), NOW).await.unwrap());
    assert!(write.project(project(9).id).await.unwrap().is_none());
    assert_eq!(write.update_project(&project(9)).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!write.delete_project(project(9).id, NOW).await.unwrap());
    assert!(write.changes_after(0, 10).await.unwrap().is_empty(), "nothing happened");
}

pub(crate) async fn the_same_id_of_two_sources_is_two_items(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut other = document(2, "one");
    other.document.source = "other".into();
    other.document.source_id = "item 1".into();
    put(store, &ana, &document(1, "one")).await;
    put(store, &ana, &other).await;
    // Nor can a border be moved.
    let (mut left, mut right) = (document(3, "x"), document(4, "x"));
    (left.document.source, left.document.source_id) = ("ab".into(), "c".into());
    (right.document.source, right.document.source_id) = ("a".into(), "bc".into());
    put(store, &ana, &left).await;
    put(store, &ana, &right).await;
    assert_eq!(read(store, &ana).await.counts().await.unwrap().documents, 4);
}

pub(crate) async fn assigning_is_a_change_and_leaves_the_content(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "one")).await;
    let mut write = write(store, &ana).await;
    write.insert_project(&project(5)).await.unwrap();
    assert!(write.set_assignment(id, &assigned(project(5).id), LATER).await.unwrap());
    let stored = write.document(id).await.unwrap().unwrap().document;
    assert_eq!((stored.revision, stored.created_at, stored.updated_at), (1, NOW, LATER));
    assert_eq!(stored.assignment, assigned(project(5).id));
    assert!(write.set_assignment(id, &unassigned(), LATER).await.unwrap());
    assert_eq!(write.document(id).await.unwrap().unwrap().document.assignment, unassigned());
    let log = write.changes_of(&[ChangeKind::DocumentAssigned], 0, 10).await.unwrap();
    assert_eq!(log.iter().map(|change| change.project_id).collect::<Vec<_>>(), [Some(project(5).id), None]);
}

pub(crate) async fn a_user_can_decide_that_it_belongs_nowhere(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "one")).await;
    let mut write = write(store, &ana).await;
    write.insert_project(&project(5)).await.unwrap();
    write.set_assignment(id, &Assignment::by_user(None, Vec::new()), NOW).await.unwrap();
    let mut revised = document(1, "two");
    revised.document.assignment = assigned(project(5).id);
    write.put_document(&revised).await.unwrap();
    let stored = write.document(id).await.unwrap().unwrap().document;
    assert_eq!((stored.project_id(), stored.assignment.decided_by), (None, DecidedBy::User));
}

pub(crate) async fn a_deleted_project_frees_every_document_and_keeps_the_others(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut setup = write(store, &ana).await;
    for number in [50, 51] {
        setup.insert_project(&project(number)).await.unwrap();
    }
    setup.commit().await.unwrap();
    for number in 1..=4 {
        let mut record = document(number, "x");
        record.document.assignment = assigned(project(50 + number % 2).id);
        put(store, &ana, &record).await;
    }
    let mut write = write(store, &ana).await;
    let correction = Correction {
        document_id: document(1, "").document.id,
        from_project: Some(project(50).id),
        to_project: Some(project(51).id),
        at: NOW,
    };
    write.insert_correction(&correction).await.unwrap();
    assert!(write.delete_project(project(51).id, LATER).await.unwrap());
    for number in 1..=4 {
        let stored = write.document(document(number, "").document.id).await.unwrap().unwrap().document;
        assert_eq!(stored.project_id(), (number % 2 == 0).then_some(project(50).id));
    }
    let log =
        write.changes_of(&[ChangeKind::DocumentAssigned, ChangeKind::ProjectDeleted], 0, 10).await.unwrap();
    let kinds: Vec<_> = log.iter().map(|change| change.kind).collect();
    assert_eq!(
        kinds,
        [ChangeKind::DocumentAssigned, ChangeKind::DocumentAssigned, ChangeKind::ProjectDeleted]
    );
}

pub(crate) async fn a_revision_stays_in_its_place(store: &dyn Store) {
    let ana = user(store, 1).await;
    for number in [1, 2, 3] {
        put(store, &ana, &document(number, "x")).await;
    }
    put(store, &ana, &document(1, "other")).await;
    assert_eq!(listed(store, &ana, &DocumentFilter::default(), 10).await, "3 2 1");
}

pub(crate) async fn every_type_is_kept_and_found(store: &dyn Store) {
    let ana = user(store, 1).await;
    for (kind, number) in DocumentType::ALL.iter().zip(1..) {
        let mut record = document(number, "x");
        record.document.kind = *kind;
        put(store, &ana, &record).await;
    }
    for (kind, number) in DocumentType::ALL.iter().zip(1..) {
        let filter = DocumentFilter { kind: Some(*kind), ..DocumentFilter::default() };
        assert_eq!(listed(store, &ana, &filter, 10).await, number.to_string());
    }
}
