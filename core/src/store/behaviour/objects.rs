use super::fixtures::{NOW, commit};
use super::fixtures::{document, put, read, user, write};
use super::sync_fixtures::{follow, ids, object, of_document, put_objects, work};
use crate::base::{DocumentId, Scope};
use crate::domain::{MirrorObject, Service, Store, StreamKey};

pub(crate) async fn objects_come_back_as_written_in_the_order_asked(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let document = put(store, &ana, &document(40, "text")).await;
    let full = MirrorObject {
        id: "ünï/ 1".into(),
        parent: Some("thread".into()),
        version: Some("7".into()),
        data: r#"{"labels":["INBOX"],"odd":"\u0000\"'"}"#.into(),
        document: Some(document),
        seen: 3,
    };
    put_objects(store, &ana, &key, &[full.clone(), object("bare", 0)]).await;
    let mut read = read(store, &ana).await;
    let asked = ["bare", "none", "ünï/ 1", "bare"];
    let expected = [Some(object("bare", 0)), None, Some(full), Some(object("bare", 0))];
    assert_eq!(read.objects(&key, &asked).await.unwrap(), expected);
    assert!(read.objects(&key, &[]).await.unwrap().is_empty());
    assert_eq!(read.count_objects(&key).await.unwrap(), 2);
}

pub(crate) async fn writing_again_writes_over_everything(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let id = put(store, &ana, &document(40, "text")).await;
    put_objects(store, &ana, &key, &[of_document("a", id), object("b", 1)]).await;
    let (first, second) = (object("a", 2), MirrorObject { version: Some("2".into()), ..object("a", 3) });
    put_objects(store, &ana, &key, &[first, second.clone()]).await;
    put_objects(store, &ana, &key, &[]).await;
    let stored = read(store, &ana).await.objects(&key, &["a", "b"]).await.unwrap();
    assert_eq!(stored, [Some(second), Some(object("b", 1))], "the last of two of one id counts");
}

pub(crate) async fn many_objects_take_few_statements(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let names: Vec<String> = (0..3000).map(|number| format!("object {number:05}")).collect();
    let objects: Vec<_> = names.iter().map(|name| object(name, 1)).collect();
    put_objects(store, &ana, &key, &objects).await;
    let names: Vec<&str> = names.iter().rev().map(String::as_str).collect();
    let stored = read(store, &ana).await.objects(&key, &names).await.unwrap();
    assert!(stored.iter().zip(&names).all(|(object, name)| object.as_ref().unwrap().id == *name));
    let missing =
        work(store, &ana, async |write| write.mark_seen(&key, &names[..2990], 2).await.unwrap()).await;
    assert!(missing.is_empty());
    let mut write = write(store, &ana).await;
    assert_eq!(write.unseen(&key, 2, 100).await.unwrap(), objects[..10]);
    write.delete_objects(&key, &names).await.unwrap();
    assert_eq!(write.count_objects(&key).await.unwrap(), 0);
}

pub(crate) async fn objects_are_walked_by_the_bytes_of_their_ids(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let objects: Vec<_> = ["b", "a", "B", "é", "a b", "10", "9"].iter().map(|id| object(id, 1)).collect();
    put_objects(store, &ana, &key, &objects).await;
    let mut read = read(store, &ana).await;
    assert_eq!(ids(&read.objects_after(&key, None, 4).await.unwrap()), "10 9 B a");
    assert_eq!(ids(&read.objects_after(&key, Some("a"), 9).await.unwrap()), "a b b é");
    assert!(read.objects_after(&key, Some("é"), 9).await.unwrap().is_empty());
}

pub(crate) async fn children_of_several_parents_come_by_id(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let child = |id: &str, parent: &str| MirrorObject { parent: Some(parent.into()), ..object(id, 1) };
    let objects = [child("c", "x"), child("a", "y"), child("b", "z"), child("d", "x"), object("x", 1)];
    put_objects(store, &ana, &key, &objects).await;
    let mut read = read(store, &ana).await;
    assert_eq!(ids(&read.children(&key, &["x", "y", "x"]).await.unwrap()), "a c d");
    assert!(read.children(&key, &["a"]).await.unwrap().is_empty());
    assert!(read.children(&key, &[]).await.unwrap().is_empty());
}

pub(crate) async fn what_a_snapshot_has_not_met_is_left(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let objects = [object("a", 1), object("b", 2), object("c", 1), object("d", 3), object("e", 0)];
    put_objects(store, &ana, &key, &objects).await;
    let missing =
        work(store, &ana, async |write| write.mark_seen(&key, &["new", "c", "b", "newer"], 2).await.unwrap());
    assert_eq!(missing.await, ["new", "newer"]);
    let mut write = write(store, &ana).await;
    assert_eq!(ids(&write.unseen(&key, 2, 9).await.unwrap()), "a e");
    assert_eq!(ids(&write.unseen(&key, 2, 1).await.unwrap()), "a");
    assert_eq!(write.objects(&key, &["c"]).await.unwrap(), [Some(object("c", 2))]);
    write.delete_objects(&key, &["a", "none"]).await.unwrap();
    assert_eq!(ids(&write.unseen(&key, 2, 9).await.unwrap()), "e");
    assert!(write.mark_seen(&key, &[], 2).await.unwrap().is_empty());
}

pub(crate) async fn the_objects_of_a_document_are_known_until_it_is_gone(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (one, two) = (follow(store, &ana, 1).await, follow(store, &ana, 2).await);
    let id = put(store, &ana, &document(40, "text")).await;
    put_objects(store, &ana, &two, &[of_document("b", id), of_document("a", id)]).await;
    put_objects(store, &ana, &one, &[of_document("c", id), object("d", 1)]).await;
    let expected =
        [(one.clone(), "c".to_owned()), (two.clone(), "a".to_owned()), (two.clone(), "b".to_owned())];
    assert_eq!(read(store, &ana).await.objects_of_document(id).await.unwrap(), expected);
    commit(store, &ana, async |write| write.delete_document(id, NOW).await.unwrap()).await;
    let mut read = read(store, &ana).await;
    assert!(read.objects_of_document(id).await.unwrap().is_empty());
    assert_eq!(read.objects(&two, &["a"]).await.unwrap(), [Some(object("a", 1))]);
}

pub(crate) async fn a_document_that_is_gone_or_anothers_is_not_noted(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let key = follow(store, &ana, 1).await;
    let theirs = put(store, &joao, &document(40, "theirs")).await;
    let gone = DocumentId::from_bytes([77; 16]);
    put_objects(store, &ana, &key, &[of_document("a", gone), of_document("b", theirs)]).await;
    let stored = read(store, &ana).await.objects(&key, &["a", "b"]).await.unwrap();
    assert_eq!(stored, [Some(object("a", 1)), Some(object("b", 1))]);
    assert!(read(store, &joao).await.objects_of_document(theirs).await.unwrap().is_empty());
}

pub(crate) async fn the_workspaces_own_objects_become_documents_of_users(store: &dyn Store) {
    let ana = user(store, 1).await;
    let service = Scope::service();
    let key = follow(store, &service, 1).await;
    let id = put(store, &ana, &document(40, "text")).await;
    put_objects(store, &service, &key, &[of_document("a", id)]).await;
    let expected = [(key.clone(), "a".to_owned())];
    assert_eq!(read(store, &service).await.objects_of_document(id).await.unwrap(), expected);
    assert!(read(store, &ana).await.objects_of_document(id).await.unwrap().is_empty());
    commit(store, &ana, async |write| write.delete_document(id, NOW).await.unwrap()).await;
    assert!(read(store, &service).await.objects_of_document(id).await.unwrap().is_empty());
}

pub(crate) async fn objects_of_others_and_of_other_streams_are_apart(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let (hers, theirs) = (follow(store, &ana, 1).await, follow(store, &joao, 2).await);
    put_objects(store, &ana, &hers, &[object("a", 1)]).await;
    put_objects(store, &joao, &theirs, &[object("a", 5)]).await;
    let mut write = write(store, &joao).await;
    assert_eq!(write.objects(&hers, &["a"]).await.unwrap(), [None]);
    assert_eq!(write.mark_seen(&hers, &["a"], 9).await.unwrap(), ["a"]);
    assert!(write.unseen(&hers, 9, 9).await.unwrap().is_empty());
    assert!(write.objects_after(&hers, None, 9).await.unwrap().is_empty());
    assert_eq!(write.count_objects(&hers).await.unwrap(), 0);
    write.delete_objects(&hers, &["a"]).await.unwrap();
    assert!(write.put_objects(&hers, &[object("b", 1)]).await.is_err());
    drop(write);
    let other = StreamKey::new(hers.account, Service::Drive, None);
    let mut read = read(store, &ana).await;
    assert_eq!(read.objects(&other, &["a"]).await.unwrap(), [None]);
    assert_eq!(read.objects(&hers, &["a"]).await.unwrap(), [Some(object("a", 1))]);
}
