//! What goes with a document that is deleted, and what stays.

use super::fixtures::{NOW, commit, document, put, read, stored, user};
use crate::base::{DocumentId, Scope};
use crate::domain::{ContentHash, Counts, Store, StoreStatus};

async fn attached(store: &dyn Store, scope: &Scope, number: u8, to: DocumentId) -> DocumentId {
    let mut record = document(number, "note");
    record.document.parent_id = Some(to);
    put(store, scope, &record).await
}

async fn delete(store: &dyn Store, scope: &Scope, id: DocumentId) -> Vec<DocumentId> {
    commit(store, scope, async |write| write.delete_document(id, NOW).await.unwrap()).await
}

pub(crate) async fn attachments_come_in_order_of_ingestion(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mail = put(store, &ana, &document(1, "x")).await;
    for number in [9, 5, 7] {
        attached(store, &ana, number, mail).await;
    }
    let found = read(store, &ana).await.attachments_of(mail).await.unwrap();
    assert_eq!(found.iter().map(|each| &*each.title).collect::<Vec<_>>(), ["title 9", "title 5", "title 7"]);
}

pub(crate) async fn a_deleted_attachment_leaves_its_mail(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mail = put(store, &ana, &document(1, "x")).await;
    let (gone, kept) = (attached(store, &ana, 5, mail).await, attached(store, &ana, 6, mail).await);
    assert_eq!(delete(store, &ana, gone).await, [gone]);
    let left = read(store, &ana).await.attachments_of(mail).await.unwrap();
    assert_eq!(left.iter().map(|each| each.id).collect::<Vec<_>>(), [kept]);
}

pub(crate) async fn attachments_of_attachments_go_too(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mail = put(store, &ana, &document(1, "x")).await;
    let forwarded = attached(store, &ana, 5, mail).await;
    let inner = attached(store, &ana, 6, forwarded).await;
    assert_eq!(delete(store, &ana, mail).await, [inner, forwarded, mail]);
    assert_eq!(read(store, &ana).await.counts().await.unwrap(), Counts::default());
}

pub(crate) async fn deleting_twice_is_no_change(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "x")).await;
    assert_eq!(delete(store, &ana, id).await, [id]);
    let position = store.last_position(&ana).await.unwrap();
    assert!(delete(store, &ana, id).await.is_empty());
    assert_eq!(store.last_position(&ana).await.unwrap(), position);
}

pub(crate) async fn what_was_deleted_comes_back_as_new(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "one")).await;
    put(store, &ana, &document(1, "two")).await;
    put(store, &ana, &document(2, "other")).await;
    delete(store, &ana, id).await;
    let again =
        commit(store, &ana, async |write| write.put_document(&document(1, "two")).await.unwrap()).await;
    assert_eq!(again.status, StoreStatus::Stored);
    assert_eq!(stored(store, &ana, again.id).await.revision, 1);
    let mut read = read(store, &ana).await;
    let order = read.document(again.id).await.unwrap().unwrap().order;
    let other = read.document(DocumentId::from_bytes([2; 16])).await.unwrap().unwrap().order;
    assert!(order > other, "a place in the order is never used again");
}

pub(crate) async fn a_revision_lets_go_of_vectors_it_does_not_need(store: &dyn Store) {
    let ana = user(store, 1).await;
    put(store, &ana, &document(1, "old both")).await;
    put(store, &ana, &document(20, "shared both")).await;
    let hashes = ["old", "both", "shared"].map(|word| ContentHash::of(word.as_bytes()));
    let vectors = hashes.map(|hash| (hash, vec![1.0]));
    commit(store, &ana, async |write| write.put_vectors("m", &vectors).await.unwrap()).await;
    put(store, &ana, &document(1, "new")).await;
    let left = read(store, &ana).await.vectors("m", &hashes).await.unwrap();
    assert_eq!(left, [None, Some(vec![1.0]), Some(vec![1.0])]);
}

pub(crate) async fn vectors_of_all_models_go(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "word word")).await;
    let hash = ContentHash::of(b"word");
    for model in ["m", "n"] {
        commit(store, &ana, async |write| write.put_vectors(model, &[(hash, vec![1.0])]).await.unwrap())
            .await;
    }
    delete(store, &ana, id).await;
    let mut read = read(store, &ana).await;
    for model in ["m", "n"] {
        assert_eq!(read.vectors(model, &[hash]).await.unwrap(), [None]);
    }
}

pub(crate) async fn anothers_equal_passage_keeps_nothing_alive(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let (hers, hash) = (put(store, &ana, &document(1, "word")).await, ContentHash::of(b"word"));
    put(store, &joao, &document(30, "word")).await;
    for scope in [&ana, &joao] {
        commit(store, scope, async |write| write.put_vectors("m", &[(hash, vec![1.0])]).await.unwrap()).await;
    }
    delete(store, &ana, hers).await;
    assert_eq!(read(store, &ana).await.vectors("m", &[hash]).await.unwrap(), [None]);
    assert_eq!(read(store, &joao).await.vectors("m", &[hash]).await.unwrap(), [Some(vec![1.0])]);
}
