//! Jobs that do nothing: how many a second go through, and how soon an idle worker picks one
//! up.
//!
//! `bench-jobs [LOCATION [JOBS [CONCURRENCY [PROCESSES]]]]`: a folder, or the URL of a Postgres
//! database; a temporary folder without one. 100,000 jobs, a concurrency of 16 and one process
//! without the others. Several processes run the jobs together, each with that concurrency.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use besunny::{JobContext, NewJob, OpenOptions, WorkOptions, Workspace};
use serde_json::Value;
use tokio::sync::Notify;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Jobs of one transaction.
const TOGETHER: usize = 1000;
/// Jobs whose pick-up is timed, one after the other.
const TIMED: usize = 500;
/// Tells a process that it is one of several; its value is the concurrency.
const WORKER: &str = "BENCH_JOBS_WORKER";

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let temporary = tempfile::tempdir()?;
    let location = match arguments.first() {
        Some(location) => location.clone(),
        None => temporary.path().join("workspace").display().to_string(),
    };
    let jobs: usize = arguments.get(1).map_or(Ok(100_000), |text| text.parse())?;
    let concurrency: usize = arguments.get(2).map_or(Ok(16), |text| text.parse())?;
    let processes: usize = arguments.get(3).map_or(Ok(1), |text| text.parse())?;
    let mut options = OpenOptions::default();
    options.model = Some("".into());
    let workspace = Workspace::open(location.as_str(), options).await?;
    workspace.jobs().handler("noop", |_: JobContext| async { Ok(()) })?;
    if let Ok(concurrency) = std::env::var(WORKER) {
        println!("ready");
        std::io::stdin().lock().read_line(&mut String::new())?;
        println!("{}", run(&workspace, concurrency.parse()?).await?);
        workspace.close().await?;
        return Ok(());
    }
    let workers: Vec<Child> =
        (1..processes).map(|_| worker(&location, concurrency)).collect::<Outcome<_>>()?;
    throughput(&workspace, jobs, concurrency, workers).await?;
    latency(&workspace).await?;
    workspace.close().await?;
    Ok(())
}

/// Another process, which works when it gets a line.
fn worker(location: &str, concurrency: usize) -> Outcome<Child> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg(location)
        .env(WORKER, concurrency.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.as_mut().ok_or("a worker has an output")?;
    // A byte at a time: what follows the line stays where it is.
    BufReader::with_capacity(1, output).read_line(&mut String::new())?;
    Ok(child)
}

/// Works until nothing is left; how many jobs that were.
async fn run(workspace: &Workspace, concurrency: usize) -> Outcome<u64> {
    let mut options = WorkOptions::default();
    (options.concurrency, options.until_idle) = (concurrency, true);
    Ok(workspace.jobs().work(options).await?.succeeded)
}

async fn throughput(
    workspace: &Workspace,
    jobs: usize,
    concurrency: usize,
    mut workers: Vec<Child>,
) -> Outcome<()> {
    let processes = workers.len() + 1;
    let started = Instant::now();
    for first in (0..jobs).step_by(TOGETHER) {
        let count = TOGETHER.min(jobs - first);
        let new = (0..count).map(|_| NewJob::new("noop", Value::Null)).collect();
        workspace.jobs().enqueue_many(new).await?;
    }
    let enqueued = started.elapsed();
    let started = Instant::now();
    for worker in &mut workers {
        worker.stdin.as_mut().ok_or("a worker has an input")?.write_all(b"\n")?;
    }
    let mut done = run(workspace, concurrency).await?;
    for mut worker in workers {
        let mut line = String::new();
        BufReader::new(worker.stdout.as_mut().ok_or("a worker has an output")?).read_line(&mut line)?;
        done += line.trim().parse::<u64>()?;
        worker.wait()?;
    }
    let worked = started.elapsed();
    assert_eq!(done, jobs as u64, "every job is done once");
    println!(
        "{jobs} jobs: enqueued {:.0}/s, run {:.0}/s (concurrency {concurrency}, processes {processes})",
        jobs as f64 / enqueued.as_secs_f64(),
        jobs as f64 / worked.as_secs_f64()
    );
    Ok(())
}

/// From before a job is enqueued to when its handler begins.
async fn latency(workspace: &Workspace) -> Outcome<()> {
    let (begun, at) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Instant::now())));
    let seen = (Arc::clone(&begun), Arc::clone(&at));
    workspace.jobs().handler("timed", move |_: JobContext| {
        *seen.1.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        seen.0.notify_one();
        async { Ok(()) }
    })?;
    let options = WorkOptions::default();
    let stop = options.stop.clone();
    let working = tokio::spawn({
        let jobs = workspace.jobs();
        async move { jobs.work(options).await }
    });
    let mut times = Vec::new();
    for _ in 0..TIMED {
        let before = Instant::now();
        workspace.jobs().enqueue(NewJob::new("timed", Value::Null)).await?;
        begun.notified().await;
        times.push(at.lock().unwrap_or_else(PoisonError::into_inner).duration_since(before));
        // Long enough for the worker to be idle again.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    working.await??;
    times.sort_unstable();
    let millis = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1000.0;
    println!("picked up after {:.2} ms (median), {:.2} ms (99 of 100)", millis(50), millis(99));
    Ok(())
}
