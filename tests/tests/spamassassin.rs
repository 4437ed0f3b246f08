//! Thousands of real mails, good and bad: none is lost, and the order of hands does not matter.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use besunny::{ErrorKind, IntakeReport, LoadOptions, OpenOptions, UserHandle, Workspace};
use besunny_tests::{data, generated_mail, has_model, open_without_model, variable};

/// The data sets, in the order in which they are taken.
fn corpora() -> Option<Vec<PathBuf>> {
    ["spamassassin", "mail_corpora"].into_iter().map(data).collect()
}

async fn user(workspace: &Workspace) -> UserHandle {
    workspace.users().create("ana", None).await.expect("user");
    let me = workspace.user("ana").await.expect("user");
    for fields in generated_mail::projects() {
        me.projects().create(fields).await.expect("project");
    }
    me
}

async fn load(me: &UserHandle, corpora: &[PathBuf]) -> Vec<IntakeReport> {
    let mut reports = Vec::new();
    for corpus in corpora {
        reports.push(me.mail().ingest_folder(corpus, LoadOptions::default()).await.expect("a load"));
    }
    reports
}

/// Every mail is accounted for, and every refusal has a code of the interface.
fn check(reports: &[IntakeReport]) -> (u64, u64, u64) {
    let (mut total, mut stored, mut refused) = (0, 0, 0);
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    for report in reports {
        assert_eq!(report.stored + report.updated + report.unchanged + report.refused, report.total);
        assert_eq!(report.updated, 0, "mail does not change");
        assert_eq!(report.refusals.len() as u64, report.refused);
        for refusal in &report.refusals {
            assert!(ErrorKind::ALL.iter().any(|kind| kind.code() == refusal.code), "{refusal:?}");
            *codes.entry(refusal.code.clone()).or_default() += 1;
        }
        total += report.total;
        stored += report.stored;
        refused += report.refused;
    }
    let unchanged = total - stored - refused;
    println!("{total} mails: {stored} stored, {unchanged} there already, {refused} refused {codes:?}");
    (total, stored, refused)
}

/// The `.eml` files below a folder, in the order in which a load takes them.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a listing") {
            let path = entry.expect("a listing").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml")) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mail_is_lost_and_file_by_file_is_the_same() {
    let Some(corpora) = corpora() else { return };
    let folder = tempfile::tempdir().expect("temporary folder");
    let workspace = open_without_model(&folder.path().join("bulk")).await;
    let me = user(&workspace).await;
    let (total, stored, refused) = check(&load(&me, &corpora).await);
    assert!(total > 0);
    let status = workspace.status().await.expect("status");
    println!("{} documents, {} chunks", status.documents, status.chunks);
    assert!(status.documents >= stored);

    let (_, again, refused_again) = check(&load(&me, &corpora).await);
    assert_eq!((again, refused_again), (0, refused), "a second run stores nothing");
    assert_eq!(workspace.status().await.expect("status").documents, status.documents);

    let other = open_without_model(&folder.path().join("single")).await;
    let me = user(&other).await;
    let mut refused_singly = 0;
    for file in corpora.iter().flat_map(|corpus| files(corpus)) {
        let raw = std::fs::read(&file).expect("a mail");
        refused_singly += u64::from(me.mail().ingest(raw).await.is_err());
    }
    assert_eq!(refused_singly, refused);
    let digest = workspace.digest().await.expect("digest");
    println!("digest {digest}");
    assert_eq!(digest, other.digest().await.expect("digest"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thread_or_two_give_the_same_vectors() {
    let Some(corpora) = corpora() else { return };
    if !has_model() {
        return;
    }
    if variable("BESUNNY_FULL").is_none() {
        println!("skipped: embedding it all takes minutes; set BESUNNY_FULL=1");
        return;
    }
    let mut digests = Vec::new();
    for threads in [1, 2] {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut options = OpenOptions::default();
        options.threads = threads;
        let workspace = Workspace::open(folder.path(), options).await.expect("workspace opens");
        let me = user(&workspace).await;
        let start = std::time::Instant::now();
        let (total, _, _) = check(&load(&me, &corpora).await);
        let chunks = workspace.status().await.expect("status").chunks;
        println!(
            "{threads} threads: {total} mails, {chunks} chunks in {:.1} s",
            start.elapsed().as_secs_f64()
        );
        check(&load(&me, &corpora).await);
        digests.push(workspace.digest().await.expect("digest"));
    }
    println!("digest {}", digests[0]);
    assert_eq!(digests[0], digests[1]);
}
