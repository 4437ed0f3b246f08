//! Many processes on one workspace: 8 that store 500 documents each, against one that stores
//! all 4,000, and how long after the last commit each of them finds every document.
//!
//! `bench-processes [LOCATION [PROCESSES [DOCUMENTS]]]`: a folder, or the URL of an empty
//! Postgres database; a temporary folder without one. Works without a model: what is
//! measured is the store and the index.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use besunny::{NewDocument, OpenOptions, SearchMode, SearchRequest, UserHandle, Workspace};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The longest wait for documents of others; nobody should come near it.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, location, user, worker, workers, documents] = arguments.as_slice()
        && flag == "--worker"
    {
        return work(location, user, worker.parse()?, workers.parse()?, documents.parse()?).await;
    }
    let temporary = tempfile::tempdir()?;
    let location = match arguments.first().filter(|location| !location.is_empty()) {
        Some(location) => location.clone(),
        None => temporary.path().join("workspace").display().to_string(),
    };
    let processes: usize = arguments.get(1).map_or(Ok(8), |text| text.parse())?;
    let documents: usize = arguments.get(2).map_or(Ok(500), |text| text.parse())?;
    let alone = run(&location, "alone", 1, processes * documents).await?;
    let together = run(&location, "together", processes, documents).await?;
    println!("{processes} processes store {:.2} times as many a second as one", together / alone);
    Ok(())
}

/// Lets `workers` processes store `documents` each for a new user; documents a second.
async fn run(location: &str, user: &str, workers: usize, documents: usize) -> Outcome<f64> {
    let workspace = Workspace::open(location, options()).await?;
    workspace.users().create(user, None).await?;
    workspace.close().await?;
    let program = std::env::current_exe()?;
    let mut children = Vec::new();
    for worker in 0..workers {
        let arguments = [worker, workers, documents].map(|number| number.to_string());
        let child = Command::new(&program)
            .args(["--worker", location, user])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        children.push(Worker::new(child)?);
    }
    children.iter_mut().try_for_each(|child| child.expect("ready"))?;
    let started = Instant::now();
    children.iter_mut().try_for_each(|child| child.say("store"))?;
    children.iter_mut().try_for_each(|child| child.expect("stored"))?;
    let stored = started.elapsed();
    children.iter_mut().try_for_each(|child| child.say("find"))?;
    let last_commit = Instant::now();
    children.iter_mut().try_for_each(|child| child.expect("found"))?;
    let found = last_commit.elapsed();
    for mut child in children {
        child.say("leave")?;
        if !child.child.wait()?.success() {
            return Err("a worker failed".into());
        }
    }
    let rate = (workers * documents) as f64 / stored.as_secs_f64();
    println!(
        "{workers} x {documents} documents: {rate:.0} a second, 0 errors; \
         every process found all of them {:.0} ms after the last commit",
        found.as_secs_f64() * 1000.0
    );
    Ok(rate)
}

/// So many documents share a word; an answer of a search holds no more than 1,000.
const PER_UNIT: usize = 500;

/// A process that stores and finds when it is told to.
struct Worker {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    fn new(mut child: Child) -> Outcome<Self> {
        let orders = child.stdin.take().ok_or("no stdin")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        Ok(Self { child, orders, answers })
    }

    fn say(&mut self, order: &str) -> Outcome<()> {
        Ok(writeln!(self.orders, "{order}")?)
    }

    fn expect(&mut self, wanted: &str) -> Outcome<()> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.trim() == wanted { Ok(()) } else { Err(format!("a worker said {line:?}").into()) }
    }
}

async fn work(location: &str, user: &str, worker: usize, workers: usize, documents: usize) -> Outcome<()> {
    let workspace = Workspace::open(location, options()).await?;
    let me = workspace.user(user).await?;
    let mut orders = std::io::stdin().lines();
    println!("ready");
    orders.next().ok_or("no order to store")??;
    for number in 0..documents {
        let text = format!(
            "Call sheet {number} of unit{}u: crew call at {} o'clock, the crane is on roof {}.",
            (worker * documents + number) / PER_UNIT,
            number % 24,
            number * 7
        );
        let document = NewDocument {
            content: text.into_bytes(),
            source: Some("bench".to_owned()),
            source_id: Some(format!("{worker}-{number}")),
            ..NewDocument::default()
        };
        me.documents().ingest(document).await?;
    }
    println!("stored");
    orders.next().ok_or("no order to find")??;
    let started = Instant::now();
    while count(&me, workers * documents).await? < workers * documents {
        if started.elapsed() > PATIENCE {
            return Err("not every document was found".into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("found");
    orders.next().ok_or("no order to leave")??;
    workspace.close().await?;
    Ok(())
}

/// How many documents searches find, unit by unit.
async fn count(me: &UserHandle, documents: usize) -> Outcome<usize> {
    let mut found = 0;
    for unit in 0..documents.div_ceil(PER_UNIT) {
        let mut request = SearchRequest::new(format!("unit{unit}u"));
        request.mode = SearchMode::Lexical;
        request.limit = PER_UNIT;
        found += me.search(request).await?.len();
    }
    Ok(found)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::default();
    options.model = Some(PathBuf::new());
    options
}
