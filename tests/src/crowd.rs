//! A workspace that several processes share, and starting, watching, stopping and killing
//! `crowd_child`.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use besunny::{
    Document, DocumentFilter, OpenOptions, PageRequest, Result, SearchMode, SearchRequest, UserHandle,
    Workspace,
};

use crate::generated_mail;

/// Longer than any child goes without a line, however slow the machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The most that one search can be asked for.
const MOST_HITS: usize = 1000;

/// SplitMix64 (Steele, Lea and Flood, 2014): the same choices on every run.
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Where a workspace is.
#[derive(Clone, Debug)]
pub struct Place {
    location: String,
    /// What has the folder `index` in it.
    folder: PathBuf,
}

impl Place {
    /// A workspace in a folder, on SQLite.
    pub fn folder(folder: &Path) -> Self {
        let location = folder.to_str().expect("a path in UTF-8").to_owned();
        Self { location, folder: folder.to_owned() }
    }

    /// A workspace in a folder or at the URL of a database, with its index in a folder.
    pub fn at(location: String, folder: &Path) -> Self {
        Self { location, folder: folder.to_owned() }
    }

    /// Opens it, to work by words alone.
    pub async fn try_open(&self) -> Result<Workspace> {
        let mut options = OpenOptions::default();
        options.model = Some(PathBuf::new());
        if self.location != self.folder.to_string_lossy() {
            options.index_folder = Some(self.folder.clone());
        }
        Workspace::open(&*self.location, options).await
    }

    /// Opens it, to work by words alone.
    pub async fn open(&self) -> Workspace {
        self.try_open().await.expect("the workspace opens")
    }

    /// The folders of the index generations of the only user.
    pub fn generations(&self) -> Vec<PathBuf> {
        let list = |folder: &Path| -> Vec<PathBuf> {
            let entries = std::fs::read_dir(folder).into_iter().flatten();
            entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect()
        };
        list(&self.folder.join("index")).iter().flat_map(|tenant| list(tenant)).collect()
    }
}

/// A running child and what it said.
pub struct Writer {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// The mails that it acknowledged.
    pub acknowledged: BTreeSet<usize>,
    /// Whether it has taken in all that it was given.
    pub is_done: bool,
}

impl Writer {
    /// Starts a child that takes in the mails of a range.
    pub fn start(program: &str, place: &Place, mails: std::ops::Range<usize>, pause: u64) -> Self {
        let mut child = Command::new(program)
            .arg(&place.location)
            .arg(&place.folder)
            .args([mails.start.to_string(), mails.end.to_string(), pause.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child starts");
        let stdout = child.stdout.take().expect("the child has an output");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        Self { child, input, lines, acknowledged: BTreeSet::new(), is_done: false }
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Takes in what it has said so far, without waiting.
    pub fn listen(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            self.take(&line);
        }
    }

    /// Waits for its next acknowledgement; `false` when it is done.
    pub fn wait_for_ack(&mut self) -> bool {
        let before = self.acknowledged.len();
        while !self.is_done && self.acknowledged.len() == before {
            let line = self.next_line();
            self.take(&line);
        }
        !self.is_done
    }

    /// Waits until it is done.
    pub fn wait_until_done(&mut self) {
        while self.wait_for_ack() {}
    }

    /// Lets a child that is done search for everything; how many documents it found.
    pub fn find_all(&mut self) -> usize {
        writeln!(self.input.as_mut().expect("it listens"), "go").expect("it listens");
        let line = self.next_line();
        line.strip_prefix("found ").and_then(|count| count.parse().ok()).expect("a count")
    }

    /// Kills it; what it acknowledged before counts.
    pub fn kill(mut self) -> BTreeSet<usize> {
        self.child.kill().expect("the child can be killed");
        self.child.wait().expect("the child ends");
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.take(&line);
        }
        self.acknowledged
    }

    /// Lets a child that is done end, and expects no error of it.
    pub fn finish(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().expect("the child ends").success(), "the child failed");
    }

    /// Sends it a signal, by name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    fn next_line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| match error {
            RecvTimeoutError::Timeout => panic!("the child is stuck"),
            RecvTimeoutError::Disconnected => panic!("the child ended with an error"),
        })
    }

    fn take(&mut self, line: &str) {
        let mut words = line.split(' ');
        match (words.next(), words.next()) {
            (Some("ack"), Some(number)) => {
                self.acknowledged.insert(number.parse().expect("a number"));
            }
            (Some("done"), _) => self.is_done = true,
            _ => panic!("the child says {line:?}"),
        }
    }
}

/// How many documents these mails are, with what came with them.
pub fn documents_of(mails: std::ops::Range<usize>) -> usize {
    let attached = mails.clone().filter(|&number| generated_mail::has_attachment(number)).count();
    mails.len() + attached
}

/// A workspace with the user and the projects that the children expect.
pub async fn prepared(place: &Place) -> Workspace {
    let workspace = place.open().await;
    workspace.users().create("ana", None).await.expect("a user");
    let me = workspace.user("ana").await.expect("the user");
    for fields in generated_mail::projects() {
        me.projects().create(fields).await.expect("a project");
    }
    workspace
}

/// The digest of a workspace that took the mails in undisturbed, by one process, on SQLite.
pub async fn undisturbed_digest(mails: std::ops::Range<usize>) -> String {
    let folder = tempfile::tempdir().expect("temporary folder");
    let workspace = prepared(&Place::folder(folder.path())).await;
    let me = workspace.user("ana").await.expect("the user");
    for number in mails {
        me.mail().ingest(generated_mail::mail(number)).await.expect("a mail");
    }
    let digest = workspace.digest().await.expect("a digest");
    workspace.close().await.expect("closes");
    digest
}

/// The Message-IDs and attachment ids that a search for the common word finds.
pub async fn found(me: &UserHandle) -> BTreeSet<String> {
    let mut request = SearchRequest::new(generated_mail::COMMON_WORD);
    (request.mode, request.limit) = (SearchMode::Lexical, MOST_HITS);
    let hits = me.search(request).await.expect("a search");
    assert!(hits.len() < MOST_HITS, "more is there than one search shows");
    let ids: BTreeSet<String> = hits.iter().map(|hit| hit.document.source_id.clone()).collect();
    assert_eq!(ids.len(), hits.len(), "nothing is found twice");
    ids
}

/// Whether all of these mails are among what was found.
pub fn assert_found(found: &BTreeSet<String>, mails: impl IntoIterator<Item = usize>) {
    for number in mails {
        assert!(found.contains(&generated_mail::message_id(number)), "mail {number} is lost");
    }
}

/// All documents of a user.
pub async fn documents(me: &UserHandle) -> Vec<Document> {
    let mut all = Vec::new();
    let mut page = PageRequest { size: 200, after: None };
    loop {
        let documents = me.documents().list(DocumentFilter::default(), page.clone()).await.expect("a list");
        all.extend(documents.items);
        page.after = documents.next;
        if page.after.is_none() {
            return all;
        }
    }
}

/// A closed workspace of these mails, with its index.
pub async fn closed(folder: &Path, mails: std::ops::Range<usize>) -> String {
    let workspace = prepared(&Place::folder(folder)).await;
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
