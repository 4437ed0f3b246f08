//! What becomes of a workspace when files are damaged, old, new, or have no room.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use besunny::{CancelToken, ErrorKind, OpenOptions, RebuildOptions, SearchRequest, Workspace};
use besunny_tests::crowd::{assert_found, documents, documents_of, found, prepared};
use besunny_tests::{generated_mail, open_without_model, root};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("creates");
    for entry in fs::read_dir(from).expect("lists") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copies");
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("lists") {
        let path = entry.expect("entry").path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

/// A closed workspace of these mails, with its index.
async fn closed(folder: &Path, mails: std::ops::Range<usize>) -> String {
    let workspace = prepared(folder).await;
    let me = workspace.user("ana").await.expect("the user");
    for number in mails.clone() {
        me.mail().ingest(generated_mail::mail(number)).await.expect("a mail");
        if number % 3 == 0 {
            found(&me).await;
        }
    }
    assert_found(&found(&me).await, mails);
    let digest = workspace.digest().await.expect("digest");
    workspace.close().await.expect("closes");
    digest
}

async fn without_model(folder: &Path) -> besunny::Result<Workspace> {
    let mut options = OpenOptions::default();
    options.model = Some(PathBuf::new());
    Workspace::open(folder, options).await
}

/// What spoils a file, by name.
type Damage = (String, Box<dyn Fn(&Path)>);

/// Ways to damage a file: cut it, flip a bit in it, empty or remove it.
fn damages(length: usize, offsets: usize) -> Vec<Damage> {
    let mut all: Vec<Damage> =
        vec![("removed".into(), Box::new(|file| fs::remove_file(file).expect("removes")))];
    let step = length.div_ceil(offsets).max(1);
    for offset in (0..length).step_by(step) {
        all.push((
            format!("cut at {offset}"),
            Box::new(move |file| {
                fs::OpenOptions::new()
                    .write(true)
                    .open(file)
                    .and_then(|file| file.set_len(offset as u64))
                    .expect("cuts");
            }),
        ));
        all.push((
            format!("flipped at {offset}"),
            Box::new(move |file| {
                let mut bytes = fs::read(file).expect("reads");
                bytes[offset] ^= 1 << (offset % 8);
                fs::write(file, bytes).expect("writes");
            }),
        ));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_never_answers_wrongly() {
    let folder = tempfile::tempdir().expect("folder");
    let whole = folder.path().join("whole");
    let mails = 0..12;
    closed(&whole, mails.clone()).await;
    let mut cases = 0;
    for file in files(&whole.join("index")) {
        let name = file.strip_prefix(&whole).expect("inside").to_owned();
        let length = usize::try_from(fs::metadata(&file).expect("file").len()).expect("small");
        for (how, damage) in damages(length, 5) {
            let damaged = folder.path().join("damaged");
            let _ = fs::remove_dir_all(&damaged);
            copy(&whole, &damaged);
            damage(&damaged.join(&name));
            let workspace = open_without_model(&damaged).await;
            let me = workspace.user("ana").await.expect("the user");
            let found = found(&me).await;
            assert_eq!(found.len(), documents_of(mails.clone()), "{} {how}", name.display());
            let report = workspace.check(false).await.expect("a check");
            assert!(report.is_clean(), "{} {how}: {report:?}", name.display());
            workspace.close().await.expect("closes");
            cases += 1;
        }
    }
    assert!(cases > 50, "{cases} cases");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_goes_while_it_is_open_comes_back() {
    let folder = tempfile::tempdir().expect("folder");
    let workspace = prepared(folder.path()).await;
    let me = workspace.user("ana").await.expect("the user");
    for number in 0..5 {
        me.mail().ingest(generated_mail::mail(number)).await.expect("a mail");
    }
    found(&me).await;
    fs::remove_dir_all(folder.path().join("index")).expect("removes");
    me.mail().ingest(generated_mail::mail(5)).await.expect("a mail");
    assert_eq!(found(&me).await.len(), documents_of(0..6));
    for file in files(&folder.path().join("index")) {
        fs::remove_file(file).expect("removes");
    }
    me.mail().ingest(generated_mail::mail(6)).await.expect("a mail");
    assert_eq!(found(&me).await.len(), documents_of(0..7));
    let report = workspace.check(false).await.expect("a check");
    assert!(report.is_clean() && report.users[0].documents as usize == documents_of(0..7), "{report:?}");
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_finds_and_repairs_what_differs() {
    let folder = tempfile::tempdir().expect("folder");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    closed(&one, 0..6).await;
    copy(&one, &other);
    // The index of one state under the database of another: as long, and of other documents.
    let workspace = open_without_model(&one).await;
    let me = workspace.user("ana").await.expect("the user");
    let first = documents(&me).await[0].id;
    me.documents().delete(first).await.expect("deletes");
    me.mail().ingest(generated_mail::mail(6)).await.expect("a mail");
    found(&me).await;
    workspace.close().await.expect("closes");
    let workspace = open_without_model(&other).await;
    let me = workspace.user("ana").await.expect("the user");
    let last = documents(&me).await.last().expect("a document").id;
    me.documents().assign(last, None).await.expect("assigns");
    me.mail().ingest(generated_mail::mail(8)).await.expect("a mail");
    workspace.close().await.expect("closes");
    fs::remove_dir_all(other.join("index")).expect("removes");
    copy(&one.join("index"), &other.join("index"));

    let workspace = open_without_model(&other).await;
    let report = workspace.check(false).await.expect("a check");
    let user = &report.users[0];
    assert!(!report.is_clean() && user.missing > 0 && user.stray > 0 && !user.repaired, "{report:?}");
    let report = workspace.check(true).await.expect("a check");
    assert!(report.is_clean() && report.users[0].repaired, "{report:?}");
    let report = workspace.check(false).await.expect("a check");
    let user = &report.users[0];
    assert!(report.is_clean() && !user.repaired && user.missing + user.stray == 0, "{report:?}");
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_tells_how_far_it_is_and_can_be_cancelled() {
    let folder = tempfile::tempdir().expect("folder");
    closed(folder.path(), 0..10).await;
    let workspace = open_without_model(folder.path()).await;
    let me = workspace.user("ana").await.expect("the user");
    let steps = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = std::sync::Arc::clone(&steps);
    let options = RebuildOptions::default().on_progress(move |step| told.lock().expect("steps").push(step));
    workspace.rebuild(options).await.expect("rebuilds");
    let steps = steps.lock().expect("steps").clone();
    let last = steps.last().expect("a step");
    assert_eq!((last.position, last.users_done, last.users), (last.target, 0, 1));
    assert_eq!(found(&me).await.len(), documents_of(0..10));
    let token = CancelToken::new();
    token.cancel();
    let cancelled = workspace.rebuild(RebuildOptions::default().cancelled_by(token)).await;
    assert_eq!(cancelled.expect_err("cancelled").kind(), ErrorKind::Cancelled);
    assert_eq!(found(&me).await.len(), documents_of(0..10));
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_an_error_and_never_a_panic() {
    let folder = tempfile::tempdir().expect("folder");
    let whole = folder.path().join("whole");
    let digest = closed(&whole, 0..12).await;
    let length =
        usize::try_from(fs::metadata(whole.join("besunny.sqlite")).expect("file").len()).expect("small");
    let (mut refused, mut unharmed, mut unnoticed) = (0, 0, 0);
    for (how, damage) in damages(length, 40) {
        if how == "removed" || how == "cut at 0" {
            // That is a new workspace.
            continue;
        }
        let damaged = folder.path().join("damaged");
        let _ = fs::remove_dir_all(&damaged);
        copy(&whole, &damaged);
        damage(&damaged.join("besunny.sqlite"));
        match try_everything(&damaged).await {
            Ok(Some(same)) if same == digest => unharmed += 1,
            // SQLite has no checksums: a bit of a text that no hash of ours covers.
            Ok(Some(_)) => unnoticed += 1,
            Ok(None) => refused += 1,
            Err(error) => {
                let kinds = [ErrorKind::Storage, ErrorKind::NewerVersion, ErrorKind::NotFound];
                assert!(kinds.contains(&error.kind()), "{how}: {error}");
                refused += 1;
            }
        }
    }
    println!("{refused} damaged databases refused, {unharmed} unharmed, {unnoticed} with another text");
    assert!(refused > 40 && unnoticed < 8, "{refused} {unnoticed}");
}

/// Uses a workspace; its digest where a check finds nothing wrong.
async fn try_everything(folder: &Path) -> besunny::Result<Option<String>> {
    let workspace = without_model(folder).await?;
    let used = async {
        let me = workspace.user("ana").await?;
        me.search(SearchRequest::new(generated_mail::COMMON_WORD)).await?;
        me.mail().ingest(generated_mail::mail(3)).await?;
        let report = workspace.check(false).await?;
        Ok(if report.is_clean() { Some(workspace.digest().await?) } else { None })
    };
    let used = used.await;
    workspace.close().await?;
    used
}

/// A small file system in memory, until it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(at).expect("creates");
        let options = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(at.to_owned()));
        }
        println!("skipped: a file system in memory cannot be mounted here; it takes root");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_an_error_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk"), 8) else { return };
    let ballast = disk.0.join("ballast");
    let location = disk.0.join("workspace");
    let workspace = prepared(&location).await;
    let me = workspace.user("ana").await.expect("the user");
    let kinds = [ErrorKind::Storage, ErrorKind::Io, ErrorKind::Index];
    let mut acknowledged = BTreeSet::new();
    let mut next = 0;
    for round in 0..3 {
        fs::write(&ballast, vec![0; 4_000_000 - round * 300_000]).expect("writes");
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
            let backup = workspace.backup(disk.0.join("backup")).await;
            assert!(backup.is_err() || fs::remove_file(disk.0.join("backup")).is_ok());
        }
        println!("full after {next} mails; {searches} searches refused");
        fs::remove_file(&ballast).expect("removes");
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
    let workspace = open_without_model(folder.path()).await;
    let me = workspace.user("ana").await.expect("the user");
    assert_eq!(documents(&me).await.len(), 5);
    let hits = me.search(SearchRequest::new("rules")).await.expect("a search");
    assert_eq!(hits[0].document.source_id, FOUND_IN_0_1_0);
    assert_eq!(workspace.digest().await.expect("digest"), DIGEST_OF_0_1_0);
    let report = workspace.check(false).await.expect("a check");
    assert!(report.is_clean() && report.users[0].documents == 5, "{report:?}");
    assert!(!old_files.iter().any(|file| file.exists()), "the old index is gone");
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
