use super::fixtures::{NOW, read, user, write};
use super::job_fixtures::seconds;
use super::sync_fixtures::{channel, follow, key, link, new_work, object, put_objects, stream, work};
use crate::base::{AccountId, ErrorKind, Scope, Timestamp};
use crate::domain::{Service, Snapshot, Store, Stream, StreamKey};

async fn put(store: &dyn Store, scope: &Scope, stream: &Stream) {
    work(store, scope, async |write| write.put_stream(stream).await.expect("puts")).await;
}

async fn stored(store: &dyn Store, scope: &Scope, key: &StreamKey) -> Stream {
    read(store, scope).await.stream(key).await.expect("reads").expect("is there")
}

async fn hint(store: &dyn Store, scope: &Scope, keys: &[StreamKey], now: Timestamp) {
    work(store, scope, async |write| write.hint(keys, now).await.expect("hints")).await;
}

pub(crate) async fn streams_come_back_as_written_by_name(store: &dyn Store) {
    let ana = user(store, 1).await;
    let account = link(store, &ana, 1).await;
    let mut mail = stream(&account, &key(&account));
    mail.snapshot = Some(Snapshot { number: 3, cursor: Some("10".into()), page: None, listed: true });
    let mut drive = stream(&account, &StreamKey::new(account.id, Service::Drive, Some("0A")));
    drive.cursor = Some("page".into());
    (drive.next_at, drive.hints) = (None, 4);
    drive.state = r#"{"odd":"\u0000 ünï"}"#.into();
    put(store, &ana, &mail).await;
    put(store, &ana, &drive).await;
    assert_eq!(read(store, &ana).await.streams_of(account.id).await.unwrap(), [drive.clone(), mail.clone()]);
    let mut changed = stream(&account, &mail.key);
    (changed.cursor, changed.next_at, changed.hints) = (Some("11".into()), Some(seconds(60)), 9);
    changed.created_at = seconds(5);
    put(store, &ana, &changed).await;
    (changed.created_at, changed.hints) = (NOW, 0);
    assert_eq!(stored(store, &ana, &mail.key).await, changed);
    assert_eq!(stored(store, &ana, &drive.key).await, drive);
    assert_eq!(store.last_position(&ana).await.unwrap(), 1, "streams are in no log");
}

pub(crate) async fn a_stream_hangs_from_an_account_of_its_tenant(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let hers = link(store, &ana, 1).await;
    let mut moved = stream(&hers, &key(&hers));
    let refused = write(store, &joao).await.put_stream(&moved).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
    moved.tenant = joao.tenant();
    let refused = write(store, &joao).await.put_stream(&moved).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    moved.tenant = ana.tenant();
    moved.key.account = AccountId::from_bytes([77; 16]);
    let refused = write(store, &ana).await.put_stream(&moved).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    put(store, &Scope::service(), &stream(&hers, &key(&hers))).await;
    assert_eq!(read(store, &ana).await.streams_of(hers.id).await.unwrap().len(), 1);
}

pub(crate) async fn streams_of_others_do_not_exist(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let hers = follow(store, &ana, 1).await;
    for scope in [&joao, &Scope::service()] {
        let mut theirs = write(store, scope).await;
        assert_eq!(theirs.stream(&hers).await.unwrap(), None);
        assert!(theirs.streams_of(hers.account).await.unwrap().is_empty());
        assert!(!theirs.delete_stream(&hers).await.unwrap());
    }
    assert!(read(store, &joao).await.due_streams(seconds(9), 9).await.unwrap().is_empty());
}

pub(crate) async fn the_longest_overdue_come_first(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    for (scope, number, next_at) in
        [(&ana, 1, Some(30)), (&joao, 2, Some(10)), (&ana, 3, Some(20)), (&ana, 4, None), (&ana, 5, Some(99))]
    {
        let key = follow(store, scope, number).await;
        let mut due = stored(store, scope, &key).await;
        due.next_at = next_at.map(seconds);
        put(store, scope, &due).await;
    }
    let due = async |scope: &Scope, now, limit| -> Vec<u8> {
        let due = read(store, scope).await.due_streams(seconds(now), limit).await.unwrap();
        due.iter().map(|stream| stream.key.account.as_bytes()[0]).collect()
    };
    assert_eq!(due(&Scope::service(), 30, 9).await, [2, 3, 1]);
    assert_eq!(due(&Scope::service(), 30, 2).await, [2, 3]);
    assert_eq!(due(&Scope::service(), 29, 9).await, [2, 3]);
    assert_eq!(due(&ana, 30, 9).await, [3, 1]);
    assert!(due(&ana, 9, 9).await.is_empty());
}

pub(crate) async fn a_hint_counts_and_makes_due_at_once(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let (hers, paused) = (follow(store, &ana, 1).await, follow(store, &ana, 2).await);
    let theirs = follow(store, &joao, 3).await;
    for (key, next_at) in [(&hers, Some(seconds(100))), (&paused, None)] {
        let mut stream = stored(store, &ana, key).await;
        stream.next_at = next_at;
        put(store, &ana, &stream).await;
    }
    let unknown = StreamKey::new(hers.account, Service::Calendar, Some("x"));
    let all = [paused.clone(), unknown, hers.clone(), theirs.clone(), hers.clone()];
    hint(store, &Scope::service(), &all, seconds(50)).await;
    hint(store, &ana, &[hers.clone(), theirs.clone()], seconds(60)).await;
    let seen = async |scope: &Scope, key| {
        let stream = stored(store, scope, key).await;
        (stream.hints, stream.next_at)
    };
    assert_eq!(seen(&ana, &hers).await, (2, Some(seconds(50))));
    assert_eq!(seen(&ana, &paused).await, (1, None));
    assert_eq!(seen(&joao, &theirs).await, (1, Some(NOW)), "due before; and no user hints at another's");
    hint(store, &ana, &[], NOW).await;
}

pub(crate) async fn who_was_hinted_at_meanwhile_is_not_put_off(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let mut read_before = stored(store, &ana, &key).await;
    hint(store, &ana, std::slice::from_ref(&key), seconds(5)).await;
    read_before.next_at = Some(seconds(600));
    read_before.cursor = Some("12".into());
    put(store, &ana, &read_before).await;
    let mut now = stored(store, &ana, &key).await;
    assert_eq!((now.hints, now.next_at, now.cursor.as_deref()), (1, Some(NOW), Some("12")));
    now.next_at = Some(seconds(600));
    put(store, &ana, &now).await;
    assert_eq!(stored(store, &ana, &key).await.next_at, Some(seconds(600)));
    put(store, &ana, &Stream { next_at: None, hints: 0, ..now.clone() }).await;
    assert_eq!(stored(store, &ana, &key).await.next_at, None, "its account cannot be used");
    put(store, &ana, &Stream { hints: 0, ..now }).await;
    assert_eq!(stored(store, &ana, &key).await.next_at, Some(seconds(600)));
}

pub(crate) async fn a_deleted_stream_takes_what_hangs_from_it(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    put_objects(store, &ana, &key, &[object("a", 1)]).await;
    work(store, &ana, async |write| {
        write.add_work(&key, &new_work(&["a"]), NOW).await.unwrap();
        write.put_channel(&channel("c", ana.tenant(), &key)).await.unwrap();
    })
    .await;
    assert!(work(store, &ana, async |write| write.delete_stream(&key).await.unwrap()).await);
    assert!(!work(store, &ana, async |write| write.delete_stream(&key).await.unwrap()).await);
    let mut write = write(store, &ana).await;
    assert_eq!(write.count_objects(&key).await.unwrap(), 0);
    assert_eq!(write.channel("c").await.unwrap(), None);
    let refused = write.put_objects(&key, &[object("a", 1)]).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    let refused = write.add_work(&key, &new_work(&["a"]), NOW).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    let refused = write.put_channel(&channel("c", ana.tenant(), &key)).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
}
