//! A Postgres server that is killed, or has no room, under those who write to it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use besunny::{Error, ErrorKind, SubscribeOptions, UserHandle};
use besunny_test_postgres::LoneServer;
use besunny_tests::crowd::{Place, Random, assert_found, documents_of, found, prepared, undisturbed_digest};
use besunny_tests::files::SmallDisk;
use besunny_tests::generated_mail;

/// How long a failed call waits until it tries again.
const PAUSE: Duration = Duration::from_millis(20);

/// What callers are told by a database that is not there or cannot write.
fn assert_retryable(error: &Error) {
    assert!(error.kind() == ErrorKind::Storage && error.is_retryable(), "{error}");
}

#[derive(Default)]
struct Log {
    acknowledged: BTreeSet<usize>,
    refusals: usize,
}

/// Takes mails in, each until it is acknowledged.
async fn write_all(me: UserHandle, mails: std::ops::Range<usize>, log: Arc<Mutex<Log>>) {
    for number in mails {
        while let Err(error) = me.mail().ingest(generated_mail::mail(number)).await {
            assert_retryable(&error);
            log.lock().expect("a log").refusals += 1;
            tokio::time::sleep(PAUSE).await;
        }
        log.lock().expect("a log").acknowledged.insert(number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_under_its_writers_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let server_folder = folder.path().join("server");
    std::fs::create_dir(&server_folder).expect("creates");
    let server = LoneServer::start_in(&server_folder);
    let place = Place::at(server.url(), &folder.path().join("index"));
    let (one, other) = (prepared(&place).await, place.open().await);
    let log = Arc::new(Mutex::new(Log::default()));
    let mut writers = Vec::new();
    let mails = 0..240;
    for writer in 0..4 {
        let me = if writer % 2 == 0 { &one } else { &other }.user("ana").await.expect("the user");
        let range = writer * 60..(writer + 1) * 60;
        writers.push(tokio::spawn(write_all(me, range, Arc::clone(&log))));
    }
    let me = one.user("ana").await.expect("the user");
    let follower =
        tokio::spawn(follow(other.user("ana").await.expect("the user"), documents_of(mails.clone())));
    let mut random = Random(5);
    let acknowledged = |log: &Mutex<Log>| log.lock().expect("a log").acknowledged.clone();
    for round in 0..6 {
        while acknowledged(&log).len() < 20 + round * 35 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(random.below(5_000))).await;
        let before = acknowledged(&log);
        server.kill();
        server.start();
        // The same handles go on by themselves.
        let mut attempts = 0;
        while let Err(error) = me.projects().list().await {
            assert_retryable(&error);
            attempts += 1;
            tokio::time::sleep(PAUSE).await;
        }
        println!("killed after {} mails; {attempts} attempts until it answered", before.len());
        assert_found(&found(&me).await, before);
    }
    for writer in writers {
        writer.await.expect("no caller gets another error");
    }
    assert_eq!(follower.await.expect("follows"), documents_of(mails.clone()), "every document is an event");
    assert_found(&found(&me).await, mails.clone());
    assert_eq!(found(&me).await.len(), documents_of(mails.clone()), "nothing is doubled");
    assert!(one.check(false).await.expect("a check").is_clean());
    assert_eq!(one.digest().await.expect("a digest"), undisturbed_digest(mails).await);
    println!("{} calls refused", log.lock().expect("a log").refusals);
    for workspace in [one, other] {
        workspace.close().await.expect("closes");
    }
}

/// Follows the events, whatever happens to the server, until it has seen so many documents.
async fn follow(me: UserHandle, documents: usize) -> usize {
    let mut options = SubscribeOptions::default();
    options.start = besunny::Start::Beginning;
    options.timeout = Some(Duration::from_secs(1));
    let mut seen = BTreeSet::new();
    let mut subscription = loop {
        match me.events().subscribe("mirror", options.clone()).await {
            Ok(subscription) => break subscription,
            Err(error) => assert_retryable(&error),
        }
        tokio::time::sleep(PAUSE).await;
    };
    while seen.len() < documents {
        match subscription.next_batch().await {
            Ok(events) => seen.extend(events.iter().filter_map(|event| event.document_id)),
            Err(error) => {
                assert_retryable(&error);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    seen.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_the_server_is_an_error_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk"), 160) else { return };
    let server_folder = disk.folder().join("server");
    std::fs::create_dir(&server_folder).expect("creates");
    let server = LoneServer::start_in(&server_folder);
    let place = Place::at(server.url(), &folder.path().join("index"));
    let workspace = prepared(&place).await;
    let me = workspace.user("ana").await.expect("the user");
    let (mut acknowledged, mut next) = (BTreeSet::new(), 0);
    for round in 0..3 {
        disk.fill_but(400_000 * (round + 1));
        let mut refused = 0;
        while refused < 3 {
            match me.mail().ingest(generated_mail::mail(next)).await {
                Ok(_) => {
                    acknowledged.insert(next);
                    next += 1;
                }
                Err(error) => {
                    assert_retryable(&error);
                    if refused == 0 {
                        println!("full after {next} mails: {error}");
                    }
                    refused += 1;
                }
            }
        }
        disk.clear();
        // It may have ended, where it could not write its log.
        server.start();
        while let Err(error) = me.mail().ingest(generated_mail::mail(next)).await {
            assert_retryable(&error);
            tokio::time::sleep(PAUSE).await;
        }
        acknowledged.insert(next);
        next += 1;
        let found = found(&me).await;
        assert_found(&found, acknowledged.iter().copied());
        assert_eq!(found.len(), documents_of(0..next), "what failed is not there");
        assert!(workspace.check(false).await.expect("a check").is_clean());
    }
    assert_eq!(workspace.digest().await.expect("a digest"), undisturbed_digest(0..next).await);
    workspace.close().await.expect("closes");
}
