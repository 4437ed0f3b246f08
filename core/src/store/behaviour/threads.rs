use super::fixtures::{NOW, commit, document, put, read, user, write};
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

async fn found(store: &dyn Store, scope: &Scope, clue: &ThreadClue) -> Option<String> {
    read(store, scope).await.find_thread(clue).await.unwrap()
}

pub(crate) async fn without_a_clue_there_is_no_conversation(store: &dyn Store) {
    let ana = user(store, 1).await;
    join(store, &ana, "t1", &ThreadClue::default()).await;
    assert_eq!(found(store, &ana, &ThreadClue::default()).await, None);
    assert!(read(store, &ana).await.thread_assignments("t1").await.unwrap().is_empty());
}

pub(crate) async fn hundreds_of_references_lead_to_one_conversation(store: &dyn Store) {
    let ana = user(store, 1).await;
    let ids: Vec<String> = (0..400).map(|number| format!("{number}@x")).collect();
    let all = ThreadClue { message_ids: ids.clone(), ..ThreadClue::default() };
    join(store, &ana, "t1", &all).await;
    join(store, &ana, "t1", &all).await;
    for id in [&ids[0], &ids[399]] {
        assert_eq!(found(store, &ana, &clue(&[id])).await.as_deref(), Some("t1"));
    }
    let strangers: Vec<String> = (0..400).map(|number| format!("{number}@y")).collect();
    let last = ThreadClue { message_ids: [strangers, vec!["7@x".into()]].concat(), ..ThreadClue::default() };
    assert_eq!(found(store, &ana, &last).await.as_deref(), Some("t1"));
}

pub(crate) async fn the_first_reference_that_is_known_decides(store: &dyn Store) {
    let ana = user(store, 1).await;
    join(store, &ana, "t1", &clue(&["a"])).await;
    join(store, &ana, "t2", &clue(&["b"])).await;
    assert_eq!(found(store, &ana, &clue(&["x", "b", "a"])).await.as_deref(), Some("t2"));
    assert_eq!(found(store, &ana, &clue(&["a", "b"])).await.as_deref(), Some("t1"));
}

pub(crate) async fn references_outrank_the_subject(store: &dyn Store) {
    let ana = user(store, 1).await;
    let own = ThreadClue { own_subject: Some("call sheet".into()), ..clue(&["a"]) };
    join(store, &ana, "t1", &own).await;
    join(store, &ana, "t2", &clue(&["b"])).await;
    let both = ThreadClue { reply_subject: Some("call sheet".into()), ..clue(&["b"]) };
    assert_eq!(found(store, &ana, &both).await.as_deref(), Some("t2"));
}

pub(crate) async fn a_subject_moves_with_its_conversation(store: &dyn Store) {
    let ana = user(store, 1).await;
    let own = ThreadClue { own_subject: Some("call sheet".into()), ..clue(&["b"]) };
    join(store, &ana, "t1", &clue(&["a"])).await;
    join(store, &ana, "t2", &own).await;
    join(store, &ana, "t1", &clue(&["a", "b"])).await;
    let reply = ThreadClue { reply_subject: Some("call sheet".into()), ..ThreadClue::default() };
    assert_eq!(found(store, &ana, &reply).await.as_deref(), Some("t1"));
}

pub(crate) async fn conversations_join_in_chains(store: &dyn Store) {
    let ana = user(store, 1).await;
    for (thread, id) in [("t1", "a"), ("t2", "b"), ("t3", "c")] {
        join(store, &ana, thread, &clue(&[id])).await;
    }
    join(store, &ana, "t2", &clue(&["c"])).await;
    join(store, &ana, "t1", &clue(&["b"])).await;
    for id in ["a", "b", "c"] {
        assert_eq!(found(store, &ana, &clue(&[id])).await.as_deref(), Some("t1"), "{id}");
    }
}

pub(crate) async fn conversations_of_others_stay_apart(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let own = ThreadClue { own_subject: Some("call sheet".into()), ..clue(&["a"]) };
    join(store, &ana, "t1", &own).await;
    join(store, &joao, "t9", &own).await;
    join(store, &joao, "t8", &clue(&["a"])).await;
    let reply = ThreadClue { reply_subject: Some("call sheet".into()), ..ThreadClue::default() };
    for clue in [&clue(&["a"]), &reply] {
        assert_eq!(found(store, &ana, clue).await.as_deref(), Some("t1"));
        assert_eq!(found(store, &joao, clue).await.as_deref(), Some("t8"));
    }
}

pub(crate) async fn attachments_do_not_speak_for_a_conversation(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut mail = document(9, "x");
    mail.document.thread_id = Some("t1".into());
    let first = put(store, &ana, &mail).await;
    let mut attachment = document(3, "y");
    (attachment.document.parent_id, attachment.document.thread_id) = (Some(first), Some("t1".into()));
    put(store, &ana, &attachment).await;
    let mut reply = document(1, "z");
    reply.document.thread_id = Some("t1".into());
    let second = put(store, &ana, &reply).await;
    let found = read(store, &ana).await.thread_assignments("t1").await.unwrap();
    assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [first, second], "in order of ingestion");
}

pub(crate) async fn a_conversation_is_known_after_its_mail_is_deleted(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut mail = document(1, "x");
    mail.document.thread_id = Some("t1".into());
    let id = put(store, &ana, &mail).await;
    join(store, &ana, "t1", &clue(&["a"])).await;
    commit(store, &ana, async |write| write.delete_document(id, NOW).await.unwrap()).await;
    assert_eq!(found(store, &ana, &clue(&["a"])).await.as_deref(), Some("t1"));
    assert!(read(store, &ana).await.thread_assignments("t1").await.unwrap().is_empty());
}
