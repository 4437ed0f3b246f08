//! Many processes on one workspace: all write, all find everything, whoever is killed,
//! stopped or slow.
//!
//! `BESUNNY_CROWD_KILLS=200` kills that often; it takes some minutes.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::time::Duration;

use besunny::Workspace;
use besunny_test_postgres::{Database, server};
use besunny_tests::crowd::{
    Place, Random, Writer, assert_found, documents_of, found, prepared, undisturbed_digest,
};
use besunny_tests::{open_without_model, variable};

/// How often a writer is killed; `BESUNNY_CROWD_KILLS` says otherwise.
const KILLS: usize = 40;
/// Mails of each writer for each kill that it may suffer: enough to be busy for long, and few
/// enough that one search shows all of 200 kills.
const MAILS_PER_KILL: usize = 4;

/// A fresh folder or database; both go with this.
struct Ground {
    place: Place,
    _folder: tempfile::TempDir,
    _database: Option<Database>,
}

impl Ground {
    fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        Self { place: Place::folder(folder.path()), _folder: folder, _database: None }
    }

    fn postgres() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let database = server().database(None);
        let place = Place::at(database.url(), folder.path());
        Self { place, _folder: folder, _database: Some(database) }
    }
}

fn start(place: &Place, mails: std::ops::Range<usize>, pause: u64) -> Writer {
    Writer::start(env!("CARGO_BIN_EXE_crowd_child"), place, mails, pause)
}

async fn assert_clean(workspace: &Workspace) {
    let report = workspace.check(false).await.expect("a check");
    assert!(report.is_clean(), "{report:?}");
}

async fn all_write_and_find(place: &Place, writers: usize, mails_each: usize) {
    let workspace = prepared(place).await;
    let range = |writer: usize| writer * mails_each..(writer + 1) * mails_each;
    let mut children: Vec<Writer> = (0..writers).map(|writer| start(place, range(writer), 0)).collect();
    children.iter_mut().for_each(Writer::wait_until_done);
    let all = 0..writers * mails_each;
    for child in &mut children {
        assert_eq!(child.find_all(), documents_of(all.clone()), "each process finds what all have written");
    }
    let me = workspace.user("ana").await.expect("the user");
    assert_found(&found(&me).await, all.clone());
    children.into_iter().for_each(Writer::finish);
    assert_clean(&workspace).await;
    assert_eq!(workspace.digest().await.expect("a digest"), undisturbed_digest(all).await);
    assert_eq!(place.generations().len(), 1, "nobody had to begin anew");
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_write_and_find_everything() {
    all_write_and_find(&Ground::sqlite().place, 2, 40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_write_and_find_everything() {
    all_write_and_find(&Ground::sqlite().place, 8, 25).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_write_and_find_everything_on_postgres() {
    all_write_and_find(&Ground::postgres().place, 4, 25).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_killed_at_random_moments_lose_and_double_nothing() {
    lose_and_double_nothing(&Ground::sqlite().place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_killed_at_random_moments_lose_and_double_nothing_on_postgres() {
    lose_and_double_nothing(&Ground::postgres().place).await;
}

async fn lose_and_double_nothing(place: &Place) {
    let asked = variable("BESUNNY_CROWD_KILLS").and_then(|kills| kills.to_str()?.parse().ok());
    let kills: usize = asked.unwrap_or(KILLS);
    let (writers, mails_each) = (4, kills / 4 * MAILS_PER_KILL + 10);
    let workspace = prepared(place).await;
    let me = workspace.user("ana").await.expect("the user");
    let end = |writer: usize| (writer + 1) * mails_each;
    let mut acknowledged: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); writers];
    let mut children: Vec<Option<Writer>> =
        (0..writers).map(|writer| Some(start(place, writer * mails_each..end(writer), 0))).collect();
    let mut random = Random(20_261_122);
    for round in 0..kills {
        // One after the other, so that all have mails left; the moment is what is random.
        let victim = round % writers;
        let mut child = children[victim].take().expect("it runs");
        for _ in 0..random.below(MAILS_PER_KILL as u64) {
            child.wait_for_ack();
        }
        std::thread::sleep(Duration::from_micros(random.below(8_000)));
        acknowledged[victim].extend(child.kill());
        if round % 3 == 0 {
            for (writer, child) in children.iter_mut().enumerate() {
                let Some(child) = child else { continue };
                child.listen();
                acknowledged[writer].extend(&child.acknowledged);
            }
            assert_found(&found(&me).await, acknowledged.iter().flatten().copied());
        }
        // It goes on with the last mail that it acknowledged.
        let next = acknowledged[victim].last().copied().unwrap_or(victim * mails_each);
        children[victim] = Some(start(place, next..end(victim), 0));
    }
    for child in children.iter_mut().flatten() {
        child.wait_until_done();
    }
    let all = 0..writers * mails_each;
    assert_found(&found(&me).await, all.clone());
    assert_eq!(found(&me).await.len(), documents_of(all.clone()));
    children.into_iter().flatten().for_each(Writer::finish);
    assert_clean(&workspace).await;
    assert_eq!(workspace.digest().await.expect("a digest"), undisturbed_digest(all).await);
    workspace.close().await.expect("closes");
    let reopened = place.open().await;
    assert_clean(&reopened).await;
    reopened.close().await.expect("closes");
    println!("{kills} kills, {} mails", writers * mails_each);
}

/// Whether somebody holds the lease of the newest generation.
fn is_held(place: &Place) -> bool {
    let held = |folder: &std::path::PathBuf| {
        let file = OpenOptions::new().write(true).open(folder.join("lease"));
        file.is_ok_and(|file| file.try_lock().is_err())
    };
    place.generations().iter().any(held)
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_lease_holder_is_passed_over_and_spoils_nothing() {
    let ground = Ground::sqlite();
    let place = &ground.place;
    let workspace = prepared(place).await;
    let me = workspace.user("ana").await.expect("the user");
    let mails = 0..400;
    let mut child = start(place, mails.clone(), 0);
    let mut random = Random(7);
    child.wait_for_ack();
    // Stopped again and again, until it is in the middle of writing the index.
    let is_stopped_within = loop {
        assert!(child.wait_for_ack(), "it was never stopped while it held the lease");
        std::thread::sleep(Duration::from_micros(random.below(10_000)));
        child.signal("STOP");
        std::thread::sleep(Duration::from_millis(5));
        if is_held(place) {
            break true;
        }
        child.signal("CONT");
    };
    assert!(is_stopped_within);
    child.listen();
    assert_found(&found(&me).await, child.acknowledged.iter().copied());
    child.signal("CONT");
    // It goes on, finds what it writes, and is found.
    child.wait_until_done();
    assert_eq!(child.find_all(), documents_of(mails.clone()));
    assert_found(&found(&me).await, mails.clone());
    child.finish();
    assert_clean(&workspace).await;
    assert_eq!(place.generations().len(), 1, "the old generation is gone");
    assert_eq!(workspace.digest().await.expect("a digest"), undisturbed_digest(mails).await);
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_while_others_write_is_one_moment_of_the_workspace() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let place = Place::folder(&folder.path().join("workspace"));
    let workspace = prepared(&place).await;
    let mails_each = 60;
    let mut writers: Vec<Writer> =
        (0..2).map(|writer| start(&place, writer * mails_each..(writer + 1) * mails_each, 2)).collect();
    for number in 0..3 {
        let mut before: BTreeSet<usize> = BTreeSet::new();
        for writer in &mut writers {
            (0..8).for_each(|_| {
                writer.wait_for_ack();
            });
            before.extend(&writer.acknowledged);
        }
        let backup = folder.path().join(format!("backup-{number}.sqlite"));
        workspace.backup(&backup).await.expect("a backup");
        let refused = workspace.backup(&backup).await.expect_err("the file is there");
        assert_eq!(refused.kind(), besunny::ErrorKind::AlreadyExists);
        let target = folder.path().join(format!("restored-{number}"));
        Workspace::restore(&backup, &target).await.expect("restores");
        let restored = open_without_model(&target).await;
        assert_clean(&restored).await;
        let me = restored.user("ana").await.expect("the user");
        let found = found(&me).await;
        assert_found(&found, before);
        // Of each writer the mails up to some moment, and none beyond.
        let mut digested = Vec::new();
        for writer in 0..2 {
            let range = writer * mails_each..(writer + 1) * mails_each;
            let has = |number: &usize| found.contains(&besunny_tests::generated_mail::message_id(*number));
            let first_missing = range.clone().find(|number| !has(number)).unwrap_or(range.end);
            assert!(!(first_missing..range.end).any(|number| has(&number)), "writer {writer} has a gap");
            digested.extend(range.start..first_missing);
        }
        let again = prepared(&Place::folder(&folder.path().join(format!("again-{number}")))).await;
        let me = again.user("ana").await.expect("the user");
        for number in digested {
            me.mail().ingest(besunny_tests::generated_mail::mail(number)).await.expect("a mail");
        }
        assert_eq!(restored.digest().await.expect("digest"), again.digest().await.expect("digest"));
        restored.close().await.expect("closes");
        again.close().await.expect("closes");
    }
    for mut writer in writers {
        writer.wait_until_done();
        writer.finish();
    }
    workspace.close().await.expect("closes");
}
