//! Jobs through the face, and with workers that are killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use besunny::{
    CancelToken, ErrorKind, JobContext, JobFilter, JobState, NewDocument, NewJob, NewSchedule, OpenOptions,
    PageRequest, SearchRequest, Timestamp, VirtualClock, WorkOptions, Workspace, blocking,
};
use besunny_test_postgres::server;
use besunny_tests::{generated_mail, has_model, lexical_workspace, open_without_model};
use serde_json::{Value, json};

const WORKERS: usize = 4;
const JOBS: usize = 2000;
const KILLS: usize = 30;
/// How long anything may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(120);

fn start(workspace: &Path, effects: &Path) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jobs_child"))
        .args([workspace, effects])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let mut line = String::new();
    let output = child.stdout.take().expect("the child has an output");
    BufReader::new(output).read_line(&mut line).expect("the child is ready");
    assert_eq!(line, "ready\n");
    child
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("lists");
    entries.map(|entry| entry.expect("lists").file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_effect_happens_once_though_workers_are_killed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    effects_happen_once(&folder.path().join("workspace"), &folder.path().join("effects")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_effect_happens_once_on_postgres_though_workers_are_killed() {
    let (folder, database) = (tempfile::tempdir().expect("temporary folder"), server().database(None));
    effects_happen_once(Path::new(&database.url()), &folder.path().join("effects")).await;
}

async fn effects_happen_once(location: &Path, effects: &Path) {
    for part in ["runs", "done"] {
        std::fs::create_dir_all(effects.join(part)).expect("a folder");
    }
    let workspace = open_without_model(location).await;
    let jobs = (0..JOBS).map(|number| {
        let key = (number % 4 == 0).then(|| format!("key {}", number % 3));
        NewJob {
            max_attempts: 1000,
            concurrency_key: key,
            concurrency_limit: 3,
            ..NewJob::new("effect", Value::Null)
        }
    });
    let enqueued = workspace.jobs().enqueue_many(jobs.collect()).await.expect("enqueues");
    let wanted: BTreeSet<String> = enqueued.iter().map(|job| job.id.to_string()).collect();

    let mut children: Vec<Child> = (0..WORKERS).map(|_| start(location, effects)).collect();
    let begin = Instant::now();
    let (mut kills, mut moment) = (0, 7_u64);
    let stats = loop {
        let stats = workspace.jobs().stats().await.expect("stats").remove(0);
        if stats.succeeded == JOBS as u64 {
            break stats;
        }
        assert!(begin.elapsed() < PATIENCE, "stuck: {stats:?}");
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis((moment >> 33) % 120)).await;
        if kills < KILLS {
            let victim = (moment >> 40) as usize % WORKERS;
            children[victim].kill().expect("is killed");
            children[victim].wait().expect("is gone");
            children[victim] = start(location, effects);
            kills += 1;
        }
    };
    for mut child in children {
        child.kill().expect("is killed");
        child.wait().expect("is gone");
    }
    assert_eq!((stats.running, stats.ready, stats.dead, stats.failed), (0, 0, 0, 0));
    let done: BTreeSet<String> = names(&effects.join("done")).into_iter().collect();
    assert_eq!(done, wanted);
    let runs = names(&effects.join("runs")).len();
    println!(
        "{JOBS} jobs, {kills} kills, {runs} runs of the handler, {:.1} s",
        begin.elapsed().as_secs_f64()
    );
    assert!(kills > 0 && runs >= JOBS);
    workspace.close().await.expect("closes");
}

async fn virtual_workspace() -> (tempfile::TempDir, Workspace, VirtualClock) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let start: Timestamp = "2026-03-28T12:00:00Z".parse().expect("an instant");
    let clock = VirtualClock::new(start);
    let mut options = OpenOptions::default();
    options.model = Some("".into());
    options.clock = Arc::new(clock.clone());
    let workspace = Workspace::open(folder.path(), options).await.expect("opens");
    (folder, workspace, clock)
}

#[tokio::test]
async fn a_users_jobs_run_for_that_user() {
    let (_folder, workspace, _) = virtual_workspace().await;
    workspace.users().create("ana", None).await.expect("creates");
    let me = workspace.user("ana").await.expect("a user");
    workspace
        .jobs()
        .handler("note", |context: JobContext| async move {
            let me = context.user().await?.ok_or(besunny::JobError::permanent("whose?"))?;
            let content = context.payload::<String>()?.into_bytes();
            me.documents().ingest(NewDocument { content, ..NewDocument::default() }).await?;
            context.progress(1.0, Some("noted"));
            Ok(())
        })
        .expect("registers");
    let good = me.jobs().enqueue(NewJob::new("note", json!("Crew call at six"))).await.expect("enqueues");
    let bad = me.jobs().enqueue(NewJob::new("note", json!(6))).await.expect("enqueues");
    let nobodys = workspace.jobs().enqueue(NewJob::new("note", json!("?"))).await.expect("enqueues");
    assert_eq!(workspace.jobs().run_due().await.expect("runs"), 3);
    let job = me.jobs().get(good.id).await.expect("a job");
    assert_eq!(job.progress.and_then(|progress| progress.message).as_deref(), Some("noted"));
    assert_eq!(me.jobs().get(bad.id).await.expect("a job").state, JobState::Dead);
    assert_eq!(workspace.jobs().get(nobodys.id).await.expect("a job").state, JobState::Dead);
    assert_eq!(me.jobs().get(nobodys.id).await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    assert_eq!(me.search(SearchRequest::new("crew")).await.expect("finds").len(), 1);
    let dead = JobFilter { state: Some(JobState::Dead), ..JobFilter::default() };
    assert_eq!(me.jobs().list(dead, PageRequest::default()).await.expect("lists").items.len(), 1);
    let refused = me.jobs().work(WorkOptions::default()).await.err().map(|error| error.kind());
    assert_eq!(refused, Some(ErrorKind::Forbidden));
    workspace.close().await.expect("closes");
    assert_eq!(me.jobs().stats().await.err().map(|error| error.kind()), Some(ErrorKind::Closed));
}

#[tokio::test]
async fn built_in_kinds_take_in_and_rebuild() {
    let (_folder, workspace, _) = virtual_workspace().await;
    workspace.users().create("ana", None).await.expect("creates");
    let me = workspace.user("ana").await.expect("a user");
    let note =
        NewDocument { content: b"Drone permit".to_vec(), title: Some("T".into()), ..NewDocument::default() };
    let jobs = vec![
        NewJob::ingest_mail(&generated_mail::mail(1)),
        NewJob::ingest_document(note).expect("a job"),
        NewJob::new("ingest", json!({"mail": "not base64!"})),
    ];
    let ids = me.jobs().enqueue_many(jobs).await.expect("enqueues");
    let first = me.jobs().enqueue(NewJob::rebuild()).await.expect("enqueues");
    let again = me.jobs().enqueue(NewJob::rebuild()).await.expect("enqueues");
    assert_eq!((again.id, again.is_new), (first.id, false));
    let all = workspace.jobs().enqueue(NewJob::rebuild()).await.expect("enqueues");
    assert_eq!(workspace.jobs().run_due().await.expect("runs"), 5);
    let found = me.search(SearchRequest::new("drone permit")).await.expect("finds");
    let shoot = me.projects().create(besunny::ProjectFields::named("Shoot")).await.expect("creates");
    me.documents().assign(found[0].document.id, Some(shoot.id)).await.expect("is corrected");
    let trained = workspace.jobs().enqueue(NewJob::train()).await.expect("enqueues");
    assert_eq!(workspace.jobs().run_due().await.expect("runs"), 1);
    let trained = workspace.jobs().get(trained.id).await.expect("a job");
    let said = trained.progress.and_then(|progress| progress.message);
    assert_eq!(said.as_deref(), Some("corrections learned: 1"));
    let mut states = Vec::new();
    for id in ids.iter().map(|job| job.id).chain([first.id, all.id]) {
        states.push(workspace.jobs().get(id).await.expect("a job").state);
    }
    use JobState::{Dead, Succeeded};
    assert_eq!(states, [Succeeded, Succeeded, Dead, Succeeded, Succeeded]);
    assert_eq!(me.search(SearchRequest::new("drone permit")).await.expect("finds")[0].document.title, "T");
    workspace.close().await.expect("closes");
}

#[tokio::test]
async fn what_lacks_vectors_is_embedded_again() {
    if !has_model() {
        return;
    }
    let (folder, workspace) = lexical_workspace().await;
    workspace.users().create("ana", None).await.expect("creates");
    let me = workspace.user("ana").await.expect("a user");
    for number in 1..=5 {
        me.mail().ingest(generated_mail::mail(number)).await.expect("taken in");
    }
    let without = me.jobs().enqueue(NewJob::re_embed()).await.expect("enqueues");
    workspace.jobs().run_due().await.expect("runs");
    let dead = me.jobs().get(without.id).await.expect("a job");
    assert_eq!(dead.failure.map(|failure| failure.code).as_deref(), Some("model_missing"));
    workspace.close().await.expect("closes");

    let workspace = Workspace::open(folder.path(), OpenOptions::default()).await.expect("opens");
    let before = workspace.digest().await.expect("a digest");
    workspace.jobs().enqueue(NewJob::re_embed()).await.expect("enqueues");
    assert_eq!(workspace.jobs().run_due().await.expect("runs"), 1);
    // The digest is over the vectors, too.
    let after = workspace.digest().await.expect("a digest");
    assert_ne!(before, after);
    workspace.jobs().enqueue(NewJob::re_embed()).await.expect("enqueues");
    workspace.jobs().run_due().await.expect("runs");
    assert_eq!(workspace.digest().await.expect("a digest"), after);
    workspace.close().await.expect("closes");
}

#[tokio::test]
async fn schedules_follow_the_wall_clock() {
    let (_folder, workspace, clock) = virtual_workspace().await;
    let jobs = workspace.jobs();
    jobs.handler("report", |_: JobContext| async { Ok(()) }).expect("registers");
    let daily = NewSchedule::new("daily", "30 1 * * *", "Europe/Lisbon", NewJob::new("report", Value::Null));
    jobs.schedule(daily.clone()).await.expect("schedules");
    // The night of the 29th has no 01:30.
    assert_eq!(jobs.advance(&clock, Duration::from_secs(2 * 86_400)).await.expect("advances"), 2);
    let ran = jobs.list(JobFilter::default(), PageRequest::default()).await.expect("lists").items;
    let times: Vec<String> = ran.iter().rev().map(|job| job.run_at.to_string()).collect();
    assert_eq!(times, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    assert_eq!(jobs.schedule(daily).await.expect("schedules").last_at, Some(ran[0].run_at));
    jobs.unschedule("daily").await.expect("drops");
    assert_eq!(jobs.unschedule("daily").await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    assert_eq!(jobs.advance(&clock, Duration::from_secs(86_400)).await.expect("advances"), 0);
    assert_eq!(jobs.prune(Duration::ZERO).await.expect("prunes"), 2);
    workspace.close().await.expect("closes");
}

fn blocking_workspace() -> (tempfile::TempDir, blocking::Workspace) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut options = OpenOptions::default();
    options.model = Some("".into());
    let workspace = blocking::Workspace::open(folder.path(), options).expect("opens");
    (folder, workspace)
}

#[test]
fn plain_functions_do_jobs_on_threads() {
    let (_folder, workspace) = blocking_workspace();
    workspace.create_user("ana", None).expect("creates");
    let (jobs, me) = (workspace.jobs(), workspace.user("ana").expect("a user"));
    jobs.handler("note", |job: blocking::JobContext| {
        let me = job.user()?.ok_or(besunny::JobError::permanent("whose?"))?;
        let content = job.payload::<String>()?.into_bytes();
        me.ingest_document(NewDocument { content, ..NewDocument::default() })?;
        let count = job.workspace()?.status()?.documents;
        job.progress(1.0, Some(&format!("{count} documents")));
        Ok(())
    })
    .expect("registers");
    jobs.handler("breaks", |_| panic!("asked to panic")).expect("registers");
    let note = me.jobs().enqueue(NewJob::new("note", json!("Crew call at six"))).expect("enqueues");
    assert_eq!(jobs.run_due().expect("runs"), 1);
    let noted = me.jobs().get(note.id).expect("a job").progress.and_then(|progress| progress.message);
    assert_eq!(noted.as_deref(), Some("1 documents"));
    me.jobs().enqueue(NewJob::new("note", json!("Bring the long lens"))).expect("enqueues");
    let breaks = NewJob { max_attempts: 1, ..NewJob::new("breaks", Value::Null) };
    let broken = jobs.enqueue(breaks).expect("enqueues");
    let mut options = WorkOptions::default();
    options.until_idle = true;
    let report = jobs.work(options.clone()).expect("works");
    assert_eq!((report.succeeded, report.dead), (1, 1));
    let failure = jobs.get(broken.id).expect("a job").failure.expect("a failure");
    assert_eq!((failure.code.as_str(), failure.message.as_str()), ("panic", "asked to panic"));
    let refused = me.jobs().work(options).err().map(|error| error.kind());
    assert_eq!(refused, Some(ErrorKind::Forbidden));
    workspace.close().expect("closes");
}

#[test]
fn a_plain_function_that_does_not_stop_is_left_behind() {
    let (folder, workspace) = blocking_workspace();
    let (begun, beginning) = std::sync::mpsc::channel();
    let (ended, ending) = std::sync::mpsc::channel();
    let stop = CancelToken::new();
    let token = stop.clone();
    workspace
        .jobs()
        .handler("report", move |job: blocking::JobContext| {
            token.cancel();
            while !job.cancel().is_cancelled() {
                std::thread::sleep(Duration::from_millis(5));
            }
            // Its handle may be the last, and is dropped here, on one of the threads.
            let workspace = job.workspace()?;
            begun.send(()).expect("somebody waits");
            std::thread::sleep(Duration::from_millis(100));
            drop((job, workspace));
            ended.send(()).expect("somebody waits");
            Ok(())
        })
        .expect("registers");
    let job = workspace.jobs().enqueue(NewJob::new("report", Value::Null)).expect("enqueues");
    let mut options = WorkOptions::default();
    (options.stop, options.grace) = (stop, Duration::ZERO);
    assert_eq!(workspace.jobs().work(options).expect("works").handed_back, 1);
    assert_eq!(workspace.jobs().get(job.id).expect("a job").state, JobState::Ready);
    beginning.recv_timeout(PATIENCE).expect("it looks at its token");
    drop(workspace);
    ending.recv_timeout(PATIENCE).expect("it ends");
    drop(folder);
}
