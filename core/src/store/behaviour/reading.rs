use std::time::Duration;

use super::fixtures::{NOW, document, put, read, user, write};
use crate::base::{Scope, UserId};
use crate::domain::{ChangeKind, Store, User};

pub(crate) async fn changes_of_several_kinds_keep_their_order(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "x")).await;
    put(store, &ana, &document(1, "y")).await;
    let mut delete = write(store, &ana).await;
    delete.delete_document(id, NOW).await.unwrap();
    let kinds = [ChangeKind::DocumentDeleted, ChangeKind::DocumentStored];
    let log = delete.changes_of(&kinds, 0, 10).await.unwrap();
    let found: Vec<_> = log.iter().map(|change| change.kind).collect();
    assert_eq!(found, [ChangeKind::DocumentStored, ChangeKind::DocumentDeleted]);
    assert!(delete.changes_of(&[ChangeKind::ProjectUpdated], 0, 10).await.unwrap().is_empty());
}

pub(crate) async fn waiting_ends_with_patience(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    put(store, &ana, &document(1, "x")).await;
    let last = store.last_position(&ana).await.unwrap();
    let (waited, ()) = tokio::join!(store.wait_beyond(&ana, last, Duration::from_millis(50)), async {
        put(store, &joao, &document(40, "x")).await;
    });
    assert_eq!(waited.unwrap(), last);
}

pub(crate) async fn waiting_for_what_is_there_does_not_wait(store: &dyn Store) {
    let ana = user(store, 1).await;
    put(store, &ana, &document(1, "x")).await;
    let last = store.last_position(&ana).await.unwrap();
    assert_eq!(store.wait_beyond(&ana, last - 1, Duration::from_secs(3_600)).await.unwrap(), last);
}

pub(crate) async fn many_wait_and_all_are_told(store: &dyn Store) {
    let ana = user(store, 1).await;
    let wait = || store.wait_beyond(&ana, 0, Duration::from_secs(60));
    let (a, b, c, ()) = tokio::join!(wait(), wait(), wait(), async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        put(store, &ana, &document(1, "x")).await;
    });
    assert!([a, b, c].into_iter().all(|position| position.unwrap() > 0));
}

pub(crate) async fn conversations_list_mail_in_order_and_no_attachments(store: &dyn Store) {
    let ana = user(store, 1).await;
    for number in [3, 1, 2] {
        let mut record = document(number, "x");
        record.document.thread_id = Some("t".into());
        record.document.parent_id = (number == 2).then(|| document(1, "").document.id);
        put(store, &ana, &record).await;
    }
    let listed = read(store, &ana).await.thread_assignments("t").await.unwrap();
    let ids: Vec<_> = listed.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [3, 1].map(|number| document(number, "").document.id));
    assert_eq!(listed[0].1, document(3, "").document.assignment);
}

pub(crate) async fn names_are_folded_as_ascii(store: &dyn Store) {
    let service = Scope::service();
    let mut write = write(store, &service).await;
    let ids = [[1; 16], [2; 16]].map(UserId::from_bytes);
    for (id, name) in ids.into_iter().zip(["Kim", "Ilse"]) {
        write.insert_user(&User::new(id, name.parse().unwrap(), None, NOW)).await.unwrap();
    }
    for (asked, found) in
        [("KIM", 1), ("kim", 1), ("\u{212a}im", 0), ("İlse", 0), ("ILSE", 1), ("K_m", 0), ("k%", 0), ("", 0)]
    {
        assert_eq!(write.users_named(asked).await.unwrap().len(), found, "{asked}");
    }
}
