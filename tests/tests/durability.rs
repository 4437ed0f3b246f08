//! What becomes of a workspace when disks are full, versions change, and backups are made
//! and restored.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use besunny::{ErrorKind, OpenOptions, SearchRequest, Workspace};
use besunny_test_postgres::server;
use besunny_tests::crowd::{Place, Random, assert_found, closed, documents, documents_of, found, prepared};
use besunny_tests::files::{SmallDisk, copy, files};
use besunny_tests::{generated_mail, open_without_model, root};

async fn without_model(folder: &Path) -> besunny::Result<Workspace> {
    let mut options = OpenOptions::default();
    options.model = Some(PathBuf::new());
    Workspace::open(folder, options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_an_error_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk"), 8) else { return };
    let location = disk.folder().join("workspace");
    let workspace = prepared(&Place::folder(&location)).await;
    let me = workspace.user("ana").await.expect("the user");
    let kinds = [ErrorKind::Storage, ErrorKind::Io, ErrorKind::Index];
    let mut acknowledged = BTreeSet::new();
    let mut next = 0;
    for round in 0..3 {
        disk.fill_but(600_000 * (round + 1));
        let (mut failures, mut searches) = (0, 0);
        while failures < 5 {
            match me.mail().ingest(generated_mail::mail(next)).await {
                Ok(_) => {
                    acknowledged.insert(next);
                    next += 1;
                }
                Err(error) => {
                    assert!(kinds.contains(&error.kind()), "{error}");
                    failures += 1;
                }
            }
            if let Err(error) = me.search(SearchRequest::new(generated_mail::COMMON_WORD)).await {
                assert!(kinds.contains(&error.kind()), "{error}");
                searches += 1;
            }
            let copy = disk.folder().join("backup");
            let backup = workspace.backup(&copy).await;
            assert!(backup.is_err() || fs::remove_file(copy).is_ok());
        }
        println!("full after {next} mails; {searches} searches refused");
        disk.clear();
        let found = found(&me).await;
        assert_found(&found, acknowledged.iter().copied());
        assert_eq!(found.len(), documents_of(0..next), "what failed is not there");
        me.mail().ingest(generated_mail::mail(next)).await.expect("there is room again");
        acknowledged.insert(next);
        next += 1;
        let report = workspace.check(false).await.expect("a check");
        assert!(report.is_clean(), "{report:?}");
    }
    workspace.close().await.expect("closes");
    let reopened = open_without_model(&location).await;
    let me = reopened.user("ana").await.expect("the user");
    assert_found(&found(&me).await, acknowledged);
    reopened.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspace_of_version_0_1_0_opens() {
    let folder = tempfile::tempdir().expect("folder");
    copy(&root().join("tests/fixtures/workspace-0.1.0"), folder.path());
    let old_files = files(&folder.path().join("index"));
    // What is left of an attempt that was killed.
    let left = folder.path().join("besunny.sqlite.new");
    fs::write(&left, "half of a database").expect("writes");
    let workspace = open_without_model(folder.path()).await;
    let me = workspace.user("ana").await.expect("the user");
    assert_eq!(documents(&me).await.len(), 5);
    let hits = me.search(SearchRequest::new("rules")).await.expect("a search");
    assert_eq!(hits[0].document.source_id, FOUND_IN_0_1_0);
    assert_eq!(workspace.digest().await.expect("digest"), DIGEST_OF_0_1_0);
    let report = workspace.check(false).await.expect("a check");
    assert!(report.is_clean() && report.checksums && report.users[0].documents == 5, "{report:?}");
    assert!(!left.exists() && !old_files.iter().any(|file| file.exists()), "the old index is gone");
    workspace.close().await.expect("closes");
}

/// As version 0.1.0 printed it.
const DIGEST_OF_0_1_0: &str = "83a4def6a41aae3e234dbd0bdabc769ecd57ce2c3dd416e437edd5647ec2e8ee";
const FOUND_IN_0_1_0: &str = "20260203115531.7C2@mail.tideline-films.example";

#[tokio::test(flavor = "multi_thread")]
async fn restoring_refuses_what_it_cannot_trust() {
    let folder = tempfile::tempdir().expect("folder");
    let (location, backup) = (folder.path().join("workspace"), folder.path().join("backup"));
    closed(&location, 0..4).await;
    let workspace = open_without_model(&location).await;
    workspace.backup(&backup).await.expect("a backup");
    let target = folder.path().join("target");
    let restore =
        async |from: &Path, to: &Path| Workspace::restore(from, to).await.expect_err("refuses").kind();
    assert_eq!(restore(&backup, &location).await, ErrorKind::AlreadyExists);
    assert_eq!(restore(&folder.path().join("none"), &target).await, ErrorKind::NotFound);
    let damaged = folder.path().join("damaged");
    fs::write(&damaged, "Dear diary").expect("writes");
    assert_eq!(restore(&damaged, &target).await, ErrorKind::Malformed);
    let bytes = fs::read(&backup).expect("reads");
    fs::write(&damaged, &bytes[..bytes.len() / 2]).expect("writes");
    assert_eq!(restore(&damaged, &target).await, ErrorKind::Storage);
    assert!(!target.exists(), "nothing is left behind");
    // Whoever restores has the folder alone.
    fs::create_dir(&target).expect("creates");
    let lock = fs::File::create(target.join("lock")).expect("creates");
    lock.lock_shared().expect("locks");
    assert_eq!(restore(&backup, &target).await, ErrorKind::Locked);
    lock.unlock().expect("unlocks");
    lock.lock().expect("locks");
    assert_eq!(without_model(&target).await.expect_err("refuses").kind(), ErrorKind::Locked);
    lock.unlock().expect("unlocks");
    Workspace::restore(&backup, &target).await.expect("restores");
    let restored = open_without_model(&target).await;
    assert_eq!(restored.digest().await.expect("digest"), workspace.digest().await.expect("digest"));
    restored.close().await.expect("closes");
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_is_refused_before_anything_is_made_of_it() {
    let folder = tempfile::tempdir().expect("folder");
    let (location, backup) = (folder.path().join("workspace"), folder.path().join("backup"));
    closed(&location, 0..6).await;
    let workspace = open_without_model(&location).await;
    workspace.backup(&backup).await.expect("a backup");
    workspace.close().await.expect("closes");
    let (damaged, target) = (folder.path().join("damaged"), folder.path().join("target"));
    let whole = fs::read(&backup).expect("reads");
    let mut random = Random(11);
    for case in 0..100 {
        let mut bytes = whole.clone();
        let place = random.below(bytes.len() as u64) as usize;
        match case % 4 {
            0 => bytes.truncate(place),
            _ => bytes[place] ^= 1 << random.below(8),
        }
        fs::write(&damaged, bytes).expect("writes");
        let refused = Workspace::restore(&damaged, &target).await.expect_err("refuses");
        let kinds = [ErrorKind::Storage, ErrorKind::Malformed];
        assert!(kinds.contains(&refused.kind()), "case {case} at {place}: {refused}");
        assert!(!target.exists(), "nothing is left behind");
    }
    Workspace::restore(&backup, &target).await.expect("restores");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_a_workspace_in_use_is_no_backup() {
    let folder = tempfile::tempdir().expect("folder");
    let (location, target) = (folder.path().join("workspace"), folder.path().join("target"));
    let workspace = prepared(&Place::folder(&location)).await;
    // What was committed last is not in the file yet.
    let refused = Workspace::restore(location.join("besunny.sqlite"), &target).await.expect_err("refuses");
    assert_eq!(refused.kind(), ErrorKind::Malformed, "{refused}");
    assert!(!target.exists());
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_of_version_0_1_0_is_restored_from_its_file() {
    let folder = tempfile::tempdir().expect("folder");
    let target = folder.path().join("target");
    let old = root().join("tests/fixtures/workspace-0.1.0/besunny.sqlite");
    Workspace::restore(&old, &target).await.expect("restores");
    let workspace = open_without_model(&target).await;
    assert_eq!(workspace.digest().await.expect("digest"), DIGEST_OF_0_1_0);
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_database_that_is_gone_is_no_part_of_the_next() {
    let folder = tempfile::tempdir().expect("folder");
    let (location, used) = (folder.path().join("workspace"), folder.path().join("used"));
    let workspace = prepared(&Place::folder(&location)).await;
    copy(&location, &used);
    workspace.close().await.expect("closes");
    assert!(fs::metadata(used.join("besunny.sqlite-wal")).expect("a log").len() > 0);
    fs::remove_file(used.join("besunny.sqlite")).expect("removes");
    let workspace = open_without_model(&used).await;
    assert!(workspace.users().list().await.expect("a list").is_empty());
    assert!(workspace.check(false).await.expect("a check").is_clean());
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_backups_to_one_name_one_is_made_and_is_whole() {
    let folder = tempfile::tempdir().expect("folder");
    let (location, backup) = (folder.path().join("workspace"), folder.path().join("copies/backup"));
    fs::create_dir(folder.path().join("copies")).expect("creates");
    let digest = closed(&location, 0..12).await;
    let workspace = open_without_model(&location).await;
    let started: Vec<_> = (0..8)
        .map(|_| {
            let (workspace, backup) = (workspace.clone(), backup.clone());
            tokio::spawn(async move { workspace.backup(backup).await })
        })
        .collect();
    let mut made = 0;
    for each in started {
        match each.await.expect("ends") {
            Ok(()) => made += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}"),
        }
    }
    assert_eq!((made, files(&folder.path().join("copies"))), (1, vec![backup.clone()]));
    Workspace::restore(&backup, folder.path().join("target")).await.expect("restores");
    let restored = open_without_model(&folder.path().join("target")).await;
    assert_eq!(restored.digest().await.expect("digest"), digest);
    restored.close().await.expect("closes");
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_the_index_holds_up_searches_and_nothing_else() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk"), 4) else { return };
    let database = server().database(None);
    for (name, location) in [
        ("sqlite", folder.path().join("workspace").to_str().expect("UTF-8").to_owned()),
        ("postgres", database.url()),
    ] {
        let index = disk.folder().join(name);
        let workspace = prepared(&Place::at(location, &index)).await;
        let me = workspace.user("ana").await.expect("the user");
        disk.fill_but(200_000);
        let (mut refused, mut mails) = (0, 0);
        while refused < 3 {
            me.mail().ingest(generated_mail::mail(mails)).await.expect("the database has room");
            mails += 1;
            if let Err(error) = me.search(SearchRequest::new(generated_mail::COMMON_WORD)).await {
                assert!([ErrorKind::Io, ErrorKind::Index].contains(&error.kind()), "{error}");
                refused += 1;
            }
        }
        println!("{name}: the index is full after {mails} mails");
        disk.clear();
        assert_eq!(found(&me).await.len(), documents_of(0..mails));
        let report = workspace.check(false).await.expect("a check");
        assert!(report.is_clean(), "{report:?}");
        workspace.close().await.expect("closes");
        fs::remove_dir_all(index).expect("removes");
    }
}
