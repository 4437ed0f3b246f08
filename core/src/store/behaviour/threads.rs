use super::fixtures::{document, put, read, user, write};
use crate::base::Scope;
use crate::domain::{Store, ThreadClue};

fn clue(message_ids: &[&str]) -> ThreadClue {
    ThreadClue { message_ids: message_ids.iter().map(|&id| id.to_owned()).collect(), ..ThreadClue::default() }
}

async fn join(store: &dyn Store, scope: &Scope, thread: &str, clue: &ThreadClue) {
    let mut write = write(store, scope).await;
    write.join_thread(thread, clue).await.unwrap();
    write.commit().await.unwrap();
}

pub(crate) async fn mail_finds_its_conversation(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    join(store, &ana, "t1", &clue(&["a", "b"])).await;
    let found = read(store, &ana).await.find_thread(&clue(&["x", "b"])).await.unwrap();
    assert_eq!(found.as_deref(), Some("t1"));
    assert_eq!(read(store, &ana).await.find_thread(&clue(&["x"])).await.unwrap(), None);
    assert_eq!(read(store, &joao).await.find_thread(&clue(&["b"])).await.unwrap(), None);
}

pub(crate) async fn conversations_join(store: &dyn Store) {
    let ana = user(store, 1).await;
    for (number, thread) in [(1, "t1"), (10, "t2")] {
        let mut record = document(number, "x");
        record.document.thread_id = Some(thread.into());
        put(store, &ana, &record).await;
    }
    join(store, &ana, "t1", &clue(&["a"])).await;
    join(store, &ana, "t2", &clue(&["b"])).await;
    join(store, &ana, "t1", &clue(&["a", "b", "c"])).await;
    let mut read = read(store, &ana).await;
    for id in ["a", "b", "c"] {
        assert_eq!(read.find_thread(&clue(&[id])).await.unwrap().as_deref(), Some("t1"), "{id}");
    }
    assert_eq!(read.thread_assignments("t1").await.unwrap().len(), 2);
    assert!(read.thread_assignments("t2").await.unwrap().is_empty());
}

pub(crate) async fn replies_without_references_go_by_subject(store: &dyn Store) {
    let ana = user(store, 1).await;
    let first = ThreadClue { own_subject: Some("call sheet".into()), ..clue(&["a"]) };
    join(store, &ana, "t1", &first).await;
    join(store, &ana, "t2", &ThreadClue { message_ids: vec!["b".into()], ..first.clone() }).await;
    let reply = ThreadClue { reply_subject: Some("call sheet".into()), ..clue(&["z"]) };
    let found = read(store, &ana).await.find_thread(&reply).await.unwrap();
    assert_eq!(found.as_deref(), Some("t2"), "the latest of that subject");
    let fresh = ThreadClue { reply_subject: None, ..reply };
    assert_eq!(read(store, &ana).await.find_thread(&fresh).await.unwrap(), None);
}
