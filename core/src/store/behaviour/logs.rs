use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::fixtures::{NOW, document, project, put, read, user, write};
use crate::base::{ErrorKind, TenantId};
use crate::domain::{
    ChangeKind, Committer, Correction, DocumentFilter, IntakeEntry, IntakeStatus, PageRequest, Store,
};

pub(crate) async fn changes_come_in_order_and_by_kind(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let id = put(store, &ana, &document(1, "one")).await;
    put(store, &joao, &document(40, "theirs")).await;
    put(store, &ana, &document(1, "two")).await;
    let mut delete = write(store, &ana).await;
    delete.insert_project(&project(5)).await.unwrap();
    delete.delete_document(id, NOW).await.unwrap();
    delete.commit().await.unwrap();
    let mut read = read(store, &ana).await;
    let changes = read.changes_after(0, 100).await.unwrap();
    let kinds: Vec<ChangeKind> = changes.iter().map(|change| change.kind).collect();
    assert_eq!(
        kinds,
        [
            ChangeKind::DocumentStored,
            ChangeKind::DocumentUpdated,
            ChangeKind::ProjectCreated,
            ChangeKind::DocumentDeleted
        ]
    );
    assert!(changes.is_sorted_by(|a, b| a.position < b.position));
    assert_eq!(store.last_position(&ana).await.unwrap(), changes[3].position);
    assert_eq!(read.changes_after(changes[1].position, 1).await.unwrap(), [changes[2].clone()]);
    let deleted = read.changes_of(&[ChangeKind::DocumentDeleted], 0, 10).await.unwrap();
    assert_eq!(deleted, [changes[3].clone()]);
    assert_eq!(deleted[0].document_id, Some(id));
}

pub(crate) async fn intake_lines_come_latest_first_in_pages(store: &dyn Store) {
    let ana = user(store, 1).await;
    for number in 0..3 {
        let entry = IntakeEntry {
            at: NOW,
            source: "email".into(),
            source_id: Some(format!("{number}")),
            address: None,
            status: IntakeStatus::Refused,
            error_code: Some("malformed".into()),
            error_message: Some("empty".into()),
            document_id: None,
        };
        let mut write = write(store, &ana).await;
        write.log_intake(&entry).await.unwrap();
        write.commit().await.unwrap();
    }
    let mut read = read(store, &ana).await;
    let first = read.intake_log(&PageRequest { size: 2, after: None }).await.unwrap();
    let ids: Vec<_> = first.items.iter().filter_map(|entry| entry.source_id.as_deref()).collect();
    assert_eq!(ids, ["2", "1"]);
    let second = read.intake_log(&PageRequest { size: 2, after: first.next }).await.unwrap();
    assert_eq!((second.items.len(), second.next), (1, None));
}

pub(crate) async fn corrections_are_changes(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "one")).await;
    let mut write = write(store, &ana).await;
    write.insert_project(&project(5)).await.unwrap();
    let correction =
        Correction { document_id: id, from_project: None, to_project: Some(project(5).id), at: NOW };
    write.insert_correction(&correction).await.unwrap();
    write.commit().await.unwrap();
    let changes = read(store, &ana).await.changes_of(&[ChangeKind::DocumentCorrected], 0, 10).await.unwrap();
    assert_eq!((changes[0].document_id, changes[0].project_id), (Some(id), Some(project(5).id)));
}

pub(crate) async fn who_listens_is_told_of_each_commit_that_grew_a_log(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let told: Arc<Mutex<Vec<TenantId>>> = Arc::default();
    let heard = Arc::clone(&told);
    store.on_commit(Arc::new(move |tenant, committer| {
        if committer == Committer::Us {
            heard.lock().unwrap().push(tenant);
        }
    }));
    put(store, &ana, &document(1, "one")).await;
    assert_eq!(*told.lock().unwrap(), [ana.tenant()]);
    // Unchanged; not committed; no change.
    put(store, &ana, &document(1, "one")).await;
    write(store, &joao).await.put_document(&document(2, "two")).await.unwrap();
    let mut cursor = write(store, &joao).await;
    cursor.advance_cursor("mine", 1, NOW).await.unwrap();
    cursor.commit().await.unwrap();
    assert_eq!(*told.lock().unwrap(), [ana.tenant()]);
    put(store, &joao, &document(2, "two")).await;
    assert_eq!(*told.lock().unwrap(), [ana.tenant(), joao.tenant()]);
}

pub(crate) async fn bad_cursors_are_refused(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut read = read(store, &ana).await;
    for request in [
        PageRequest { size: 0, after: None },
        PageRequest { size: 1001, after: None },
        PageRequest { size: 1, after: Some("x' OR 1=1".into()) },
    ] {
        let refused = read.documents(&DocumentFilter::default(), &request).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert_eq!(read.intake_log(&request).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

pub(crate) async fn waiting_ends_with_the_next_change_of_the_tenant(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let patience = Duration::from_secs(60);
    put(store, &ana, &document(1, "one")).await;
    let before = store.wait_beyond(&ana, 0, patience).await.unwrap();
    assert!(before > 0);
    assert_eq!(store.wait_beyond(&joao, 0, Duration::ZERO).await.unwrap(), 0);
    let (after, ()) = tokio::join!(store.wait_beyond(&ana, before, patience), async {
        put(store, &joao, &document(40, "two")).await;
        put(store, &ana, &document(2, "three")).await;
    });
    assert!(after.unwrap() > before);
}
