//! Damaged files: a wrong answer is never one of the answers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use besunny::{
    CancelToken, DocumentFilter, DocumentId, ErrorKind, JobFilter, NewJob, PageRequest, ProjectFilter,
    RebuildOptions, Result, SearchRequest, Timestamp, Workspace,
};
use besunny_test_postgres::server;
use besunny_tests::crowd::{Place, Random, closed, documents, documents_of, found, prepared};
use besunny_tests::files::{copy, files};
use besunny_tests::{generated_mail, open_without_model};
use serde_json::{Value, json};

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
    let workspace = prepared(&Place::folder(folder.path())).await;
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

/// What a reader is told, by question; answers that need the index come last.
type Answers = BTreeMap<&'static str, Result<Value>>;

/// Asks a workspace about everything that is in it, these documents among them.
async fn ask(place: &Place, documents: &[DocumentId]) -> Result<Answers> {
    let workspace = place.try_open().await?;
    let answers = answers_of(&workspace, documents).await;
    workspace.close().await?;
    answers
}

async fn answers_of(workspace: &Workspace, documents: &[DocumentId]) -> Result<Answers> {
    let mut answers = Answers::new();
    answers.insert("users", workspace.users().list().await.map(|users| json!(users)));
    let me = workspace.user("ana").await?;
    let page = PageRequest { size: 200, after: None };
    answers.insert("projects", me.projects().list().await.map(|projects| json!(projects)));
    let listed = me.documents().list(DocumentFilter::default(), page.clone()).await;
    answers.insert("documents", listed.map(|page| json!(page)));
    let unassigned = DocumentFilter { project: Some(ProjectFilter::Unassigned), ..DocumentFilter::default() };
    answers.insert("unassigned", me.documents().list(unassigned, page.clone()).await.map(|page| json!(page)));
    let mut each = Vec::new();
    for &id in documents {
        each.push(me.documents().get(id).await.map(|document| json!(document)));
        each.push(me.documents().attachments(id).await.map(|documents| json!(documents)));
    }
    answers.insert("each document", each.into_iter().collect::<Result<Vec<_>>>().map(|each| json!(each)));
    answers.insert("intake log", me.intake_log(page.clone()).await.map(|page| json!(page)));
    answers.insert("events", me.events().read(0, &[], 1000).await.map(|events| json!(events)));
    answers.insert("jobs", me.jobs().list(JobFilter::default(), page).await.map(|page| json!(page)));
    answers.insert("digest", workspace.digest().await.map(|digest| json!(digest)));
    let hits = me.search(SearchRequest::new(generated_mail::COMMON_WORD)).await;
    answers.insert("search", hits.map(|hits| json!(hits)));
    answers.insert("check", workspace.check(false).await.map(|report| json!(report)));
    Ok(answers)
}

/// One byte or many, somewhere in the file.
fn spoil(bytes: &mut Vec<u8>, random: &mut Random) -> &'static str {
    let place = random.below(bytes.len() as u64) as usize;
    match random.below(10) {
        0..=6 => {
            bytes[place] ^= 1 << random.below(8);
            "a bit flipped"
        }
        7 => {
            let end = (place + 512).min(bytes.len());
            bytes[place..end].fill_with(|| random.below(256) as u8);
            "512 bytes of noise"
        }
        8 => {
            let (from, to) = (place / 4096 * 4096, random.below(bytes.len() as u64) as usize / 4096 * 4096);
            bytes.copy_within(from..from + 4096, to);
            "a page in the place of another"
        }
        _ => {
            bytes.truncate(place);
            "cut off"
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_an_error_and_never_another_answer() {
    let folder = tempfile::tempdir().expect("folder");
    let (whole, damaged) = (folder.path().join("workspace"), folder.path().join("damaged"));
    closed(&whole, 0..12).await;
    let filled = open_without_model(&whole).await;
    let me = filled.user("ana").await.expect("the user");
    let job =
        NewJob { run_at: Some(Timestamp::from_seconds(4_000_000_000)), ..NewJob::new("later", json!("a")) };
    me.jobs().enqueue(job).await.expect("takes a job");
    let ids: Vec<DocumentId> = documents(&me).await.iter().map(|document| document.id).collect();
    filled.close().await.expect("closes");
    let undamaged = ask(&Place::folder(&whole), &ids).await.expect("answers");
    let undamaged = undamaged.into_iter().map(|(question, answer)| (question, answer.expect("answers")));
    let undamaged: BTreeMap<&str, Value> = undamaged.collect();
    let database = fs::read(whole.join("besunny.sqlite")).expect("reads");
    let mut random = Random(20_261_125);
    let mut table: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for case in 0..400 {
        let _ = fs::remove_dir_all(&damaged);
        copy(&whole, &damaged);
        let mut bytes = database.clone();
        let how = spoil(&mut bytes, &mut random);
        fs::write(damaged.join("besunny.sqlite"), &bytes).expect("writes");
        if bytes.is_empty() {
            continue;
        }
        let counts = table.entry(how).or_default();
        let answers = match ask(&Place::folder(&damaged), &ids).await {
            Ok(answers) => answers,
            Err(error) => {
                assert_typed(&error);
                counts[0] += 1;
                continue;
            }
        };
        let (mut refused, mut reported) = (false, false);
        for (question, answer) in answers {
            match answer {
                Err(error) => {
                    assert_typed(&error);
                    refused = true;
                }
                Ok(report) if question == "check" => reported = report["database"] != json!([]),
                Ok(answer) => {
                    assert!(answer == undamaged[question], "case {case}, {how}: {question}");
                }
            }
        }
        let place = if refused { 1 } else { 2 + usize::from(!reported) };
        counts[place] += 1;
        // Where nothing is noticed, nothing that is in use is damaged.
        assert!(reported || !refused, "case {case}, {how}: a check finds nothing");
    }
    println!("{:32} refused to open, refused an answer, reported by a check, unharmed", "");
    let mut sums = [0; 4];
    for (how, counts) in &table {
        println!("{how:32} {counts:?}");
        (0..4).for_each(|place| sums[place] += counts[place]);
    }
    println!("{:32} {sums:?} of {} bytes", "all", database.len());
    assert!(sums[..3].iter().sum::<usize>() > 350, "{sums:?}");
}

fn assert_typed(error: &besunny::Error) {
    let kinds = [ErrorKind::Storage, ErrorKind::NewerVersion];
    assert!(kinds.contains(&error.kind()), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_the_damaged_table() {
    let folder = tempfile::tempdir().expect("folder");
    closed(folder.path(), 0..4).await;
    let file = folder.path().join("besunny.sqlite");
    let mut bytes = fs::read(&file).expect("reads");
    let name = b"Food photographs for a restaurant";
    let place = bytes.windows(name.len()).position(|window| window == name).expect("a project's description");
    bytes[place] ^= 1;
    fs::write(&file, bytes).expect("writes");
    let workspace = open_without_model(folder.path()).await;
    let me = workspace.user("ana").await.expect("the user");
    let refused = me.projects().list().await.expect_err("is damaged");
    assert!(refused.kind() == ErrorKind::Storage && refused.message().contains("damaged"), "{refused}");
    let report = workspace.check(true).await.expect("a check");
    assert!(!report.is_clean() && report.checksums, "{report:?}");
    assert!(report.database.iter().any(|line| line == "table projects is damaged"), "{report:?}");
    assert!(!report.database.iter().any(|line| line.contains("table users")), "{report:?}");
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_of_a_postgres_database_never_answers_wrongly() {
    let folder = tempfile::tempdir().expect("folder");
    let (database, whole, damaged) =
        (server().database(None), folder.path().join("whole"), folder.path().join("damaged"));
    let mails = 0..12;
    let workspace = prepared(&Place::at(database.url(), &whole)).await;
    let me = workspace.user("ana").await.expect("the user");
    for number in mails.clone() {
        me.mail().ingest(generated_mail::mail(number)).await.expect("a mail");
        found(&me).await;
    }
    // The tests' server is set up without checksums, and says so.
    assert!(!workspace.check(false).await.expect("a check").checksums);
    workspace.close().await.expect("closes");
    for file in files(&whole.join("index")) {
        let name = file.strip_prefix(&whole).expect("inside").to_owned();
        let length = usize::try_from(fs::metadata(&file).expect("file").len()).expect("small");
        for (how, damage) in damages(length, 2) {
            let _ = fs::remove_dir_all(&damaged);
            copy(&whole, &damaged);
            damage(&damaged.join(&name));
            let workspace = Place::at(database.url(), &damaged).open().await;
            let me = workspace.user("ana").await.expect("the user");
            assert_eq!(found(&me).await.len(), documents_of(mails.clone()), "{} {how}", name.display());
            let report = workspace.check(false).await.expect("a check");
            assert!(report.is_clean(), "{} {how}: {report:?}", name.display());
            workspace.close().await.expect("closes");
        }
    }
}
