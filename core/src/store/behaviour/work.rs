use super::fixtures::{NOW, read, user, write};
use super::job_fixtures::seconds;
use super::sync_fixtures::{follow, new_work, work};
use crate::base::{Scope, Timestamp};
use crate::domain::{NewWork, Postponed, Store, StreamKey, WorkCounts, WorkItem};

async fn add(store: &dyn Store, scope: &Scope, key: &StreamKey, ids: &[&str], now: u64) {
    let new = new_work(ids);
    work(store, scope, async |write| write.add_work(key, &new, seconds(now)).await.expect("adds")).await;
}

async fn item(store: &dyn Store, scope: &Scope, key: &StreamKey, id: &str) -> Option<WorkItem> {
    read(store, scope).await.work_items(key, &[id]).await.expect("reads").remove(0)
}

async fn due(store: &dyn Store, scope: &Scope, key: &StreamKey, now: u64) -> String {
    let due = read(store, scope).await.due_work(key, seconds(now), 100).await.expect("reads");
    due.iter().map(|item| item.id.as_str()).collect::<Vec<_>>().join(" ")
}

fn failed(item: &WorkItem, due_at: u64, aside: bool) -> Postponed {
    Postponed {
        id: item.id.clone(),
        generation: item.generation,
        attempts: item.attempts + 1,
        due_at: seconds(due_at),
        aside,
        error_code: "network".into(),
        error_message: "the line\0 was cut".into(),
    }
}

async fn postpone(store: &dyn Store, scope: &Scope, key: &StreamKey, tries: &[Postponed]) {
    work(store, scope, async |write| write.postpone_work(key, tries).await.expect("postpones")).await;
}

async fn finish(store: &dyn Store, scope: &Scope, key: &StreamKey, done: &[(&str, u64)]) {
    work(store, scope, async |write| write.finish_work(key, done).await.expect("finishes")).await;
}

pub(crate) async fn work_comes_by_the_time_it_is_due_then_by_id(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    add(store, &ana, &key, &["c", "a"], 10).await;
    add(store, &ana, &key, &["b"], 5).await;
    add(store, &ana, &key, &["d"], 20).await;
    add(store, &ana, &key, &[], 20).await;
    assert_eq!(due(store, &ana, &key, 10).await, "b a c");
    let mut read = read(store, &ana).await;
    let two = read.due_work(&key, seconds(10), 2).await.unwrap();
    assert_eq!(two.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!((two[0].attempts, two[0].aside, two[0].since), (0, false, seconds(5)));
    let asked = read.work_items(&key, &["d", "none", "a"]).await.unwrap();
    let found: Vec<_> = asked.iter().map(|item| item.as_ref().map(|item| item.id.as_str())).collect();
    assert_eq!(found, [Some("d"), None, Some("a")]);
}

pub(crate) async fn a_note_comes_back_and_the_last_one_counts(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let noted = |note: &str| NewWork { id: "ä".into(), note: Some(note.into()) };
    let new = [noted("1"), noted(r#"{"why":"push"}"#)];
    work(store, &ana, async |write| write.add_work(&key, &new, NOW).await.unwrap()).await;
    assert_eq!(item(store, &ana, &key, "ä").await.unwrap().note.as_deref(), Some(r#"{"why":"push"}"#));
    add(store, &ana, &key, &["ä"], 1).await;
    assert_eq!(item(store, &ana, &key, "ä").await.unwrap().note, None);
    assert_eq!(read(store, &ana).await.work_counts(&key).await.unwrap().waiting, 1);
}

pub(crate) async fn what_is_asked_for_anew_starts_again_in_its_place(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    add(store, &ana, &key, &["a", "b"], 10).await;
    let first = item(store, &ana, &key, "a").await.unwrap();
    let other = item(store, &ana, &key, "b").await.unwrap();
    postpone(store, &ana, &key, &[failed(&first, 1000, true)]).await;
    add(store, &ana, &key, &["a", "b"], 20).await;
    let again = item(store, &ana, &key, "a").await.unwrap();
    assert!(again.generation > first.generation);
    let expected = WorkItem { generation: again.generation, due_at: seconds(20), ..first.clone() };
    assert_eq!(again, expected, "tried afresh, and waiting since it was first asked for");
    assert_eq!(item(store, &ana, &key, "b").await.unwrap().due_at, other.due_at, "it was due already");
    finish(store, &ana, &key, &[("a", first.generation)]).await;
    postpone(store, &ana, &key, &[failed(&first, 5000, true)]).await;
    assert_eq!(item(store, &ana, &key, "a").await, Some(again.clone()), "an older try does not count");
    finish(store, &ana, &key, &[("a", again.generation), ("none", 1)]).await;
    assert_eq!(item(store, &ana, &key, "a").await, None);
    assert_eq!(due(store, &ana, &key, 99).await, "b");
}

pub(crate) async fn no_generation_comes_twice(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let mut last = 0;
    for _ in 0..3 {
        add(store, &ana, &key, &["a"], 0).await;
        let generation = item(store, &ana, &key, "a").await.unwrap().generation;
        assert!(generation > last);
        last = generation;
        finish(store, &ana, &key, &[("a", generation)]).await;
        assert_eq!(item(store, &ana, &key, "a").await, None);
    }
    add(store, &ana, &key, &["a"], 0).await;
    finish(store, &ana, &key, &[("a", last)]).await;
    assert!(item(store, &ana, &key, "a").await.is_some(), "one who stalled finishes nothing newer");
}

pub(crate) async fn failed_tries_wait_and_say_why(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    add(store, &ana, &key, &["a", "b"], 0).await;
    let (a, b) = (item(store, &ana, &key, "a").await.unwrap(), item(store, &ana, &key, "b").await.unwrap());
    postpone(store, &ana, &key, &[failed(&a, 60, false), failed(&b, 30, true)]).await;
    postpone(store, &ana, &key, &[]).await;
    let expected = WorkItem {
        attempts: 1,
        due_at: seconds(60),
        error_code: Some("network".into()),
        error_message: Some("the line\u{fffd} was cut".into()),
        ..a
    };
    assert_eq!(item(store, &ana, &key, "a").await, Some(expected));
    assert_eq!(due(store, &ana, &key, 29).await, "");
    assert_eq!(due(store, &ana, &key, 60).await, "b a", "what was set aside is tried too");
}

pub(crate) async fn what_was_set_aside_is_listed_and_tried_on_request(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let names = ["d", "b", "a", "c"];
    add(store, &ana, &key, &names, 0).await;
    for (name, aside) in names.into_iter().zip([true, true, true, false]) {
        let tried = item(store, &ana, &key, name).await.unwrap();
        postpone(store, &ana, &key, &[failed(&tried, 1000, aside)]).await;
    }
    let aside = async |after: Option<&str>, limit| {
        let aside = read(store, &ana).await.aside(&key, after, limit).await.unwrap();
        aside.iter().map(|item| item.id.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(aside(None, 2).await, "a b");
    assert_eq!(aside(Some("b"), 2).await, "d");
    let retried = work(store, &ana, async |write| write.retry_aside(&key, seconds(9)).await.unwrap()).await;
    assert_eq!((retried, due(store, &ana, &key, 9).await.as_str()), (3, "a b d"));
    assert_eq!(aside(None, 9).await, "a b d", "until a try succeeds");
}

pub(crate) async fn counts_say_what_waits_and_since_when(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let counts = async || read(store, &ana).await.work_counts(&key).await.unwrap();
    assert_eq!(counts().await, WorkCounts::default());
    add(store, &ana, &key, &["a"], 5).await;
    add(store, &ana, &key, &["b", "c"], 10).await;
    let tried = item(store, &ana, &key, "a").await.unwrap();
    postpone(store, &ana, &key, &[failed(&tried, 7, true)]).await;
    let at = |at: u64| -> Option<Timestamp> { Some(seconds(at)) };
    let expected = WorkCounts { waiting: 2, aside: 1, next_at: at(7), oldest_since: at(10) };
    assert_eq!(counts().await, expected);
}

pub(crate) async fn much_work_takes_few_statements(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let names: Vec<String> = (0..3000).map(|number| format!("{number:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    add(store, &ana, &key, &names, 0).await;
    let due = read(store, &ana).await.due_work(&key, NOW, 5000).await.unwrap();
    assert_eq!(due.len(), 3000);
    let tries: Vec<_> = due[..1000].iter().map(|item| failed(item, 60, false)).collect();
    postpone(store, &ana, &key, &tries).await;
    let done: Vec<_> = due[1000..].iter().map(|item| (item.id.as_str(), item.generation)).collect();
    finish(store, &ana, &key, &done).await;
    let counts = read(store, &ana).await.work_counts(&key).await.unwrap();
    assert_eq!((counts.waiting, counts.next_at), (1000, Some(seconds(60))));
}

pub(crate) async fn work_of_others_does_not_exist(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let hers = follow(store, &ana, 1).await;
    add(store, &ana, &hers, &["a"], 0).await;
    let kept = item(store, &ana, &hers, "a").await.unwrap();
    let mut theirs = write(store, &joao).await;
    assert!(theirs.due_work(&hers, NOW, 9).await.unwrap().is_empty());
    assert_eq!(theirs.work_items(&hers, &["a"]).await.unwrap(), [None]);
    theirs.finish_work(&hers, &[("a", kept.generation)]).await.unwrap();
    theirs.postpone_work(&hers, &[failed(&kept, 9, true)]).await.unwrap();
    assert_eq!(theirs.retry_aside(&hers, NOW).await.unwrap(), 0);
    assert_eq!(theirs.work_counts(&hers).await.unwrap(), WorkCounts::default());
    assert!(theirs.add_work(&hers, &new_work(&["b"]), NOW).await.is_err());
    drop(theirs);
    assert_eq!(item(store, &ana, &hers, "a").await, Some(kept));
}
