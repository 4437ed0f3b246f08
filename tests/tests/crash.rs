//! Killed at any moment, a workspace has lost nothing it acknowledged and doubled nothing.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use besunny::{
    Document, DocumentFilter, DocumentId, OpenOptions, PageRequest, SearchMode, SearchRequest, StoreStatus,
    UserHandle, Workspace,
};
use besunny_tests::{generated_mail, has_model, open_without_model, variable};

/// How often the child is killed; `BESUNNY_CRASH_ROUNDS` says otherwise.
const ROUNDS: usize = 50;
/// With the model, which takes a while to load.
const ROUNDS_WITH_MODEL: usize = 8;
/// Mails of one block.
const BLOCK: usize = 10;
/// New mails after which a child is killed, at most.
const MAX_NEW: u64 = 9;

/// SplitMix64 (Steele, Lea and Flood, 2014): the same moments on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

struct Run<'a> {
    workspace: &'a Path,
    blocks: &'a Path,
    mode: &'a str,
}

impl Run<'_> {
    fn start(&self, block: usize) -> Child {
        Command::new(env!("CARGO_BIN_EXE_crash_child"))
            .args([self.workspace, self.blocks])
            .args([&block.to_string(), self.mode])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child starts")
    }

    /// Runs to the end.
    fn finish(&self, block: usize) {
        let output = self.start(block).wait_with_output().expect("the child ends");
        assert!(output.status.success(), "the child failed");
        assert!(String::from_utf8_lossy(&output.stdout).ends_with("done\n"));
    }

    /// Runs until some new mails are acknowledged and a moment more, and kills.
    fn kill(&self, block: usize, random: &mut Random, acknowledged: &mut BTreeSet<usize>) {
        let mut child = self.start(block);
        let stdout = child.stdout.take().expect("the child has an output");
        let (lines, acks) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { break };
                if lines.send(line).is_err() {
                    break;
                }
            }
        });
        let mut take = |line: &str| {
            let mut words = line.split(' ');
            let (Some("ack"), Some(number), Some(status)) = (words.next(), words.next(), words.next()) else {
                return 0;
            };
            acknowledged.insert(number.parse().expect("a number"));
            u64::from(status == StoreStatus::Stored.as_str())
        };
        // A tenth of the children die while they open the workspace.
        if random.below(10) > 0 {
            let wanted = 1 + random.below(MAX_NEW);
            let mut new = 0;
            while new < wanted {
                let line = acks.recv().expect("the child goes on until it is killed");
                new += take(&line);
            }
            std::thread::sleep(Duration::from_micros(random.below(4_000)));
        } else {
            std::thread::sleep(Duration::from_micros(random.below(40_000)));
        }
        child.kill().expect("the child can be killed");
        child.wait().expect("the child ends");
        // What it acknowledged before it died counts.
        for line in acks {
            take(&line);
        }
        reader.join().expect("the reader ends");
    }
}

/// Writes all mails, in blocks.
fn write_blocks(folder: &Path, mails: usize) {
    for number in 0..mails {
        let block = folder.join(format!("{:04}", number / BLOCK));
        std::fs::create_dir_all(&block).expect("folder");
        std::fs::write(block.join(format!("{number:05}.eml")), generated_mail::mail(number)).expect("mail");
    }
}

async fn open(folder: &Path, mode: &str) -> Workspace {
    if mode == "words" {
        return open_without_model(folder).await;
    }
    Workspace::open(folder, OpenOptions::default()).await.expect("workspace opens")
}

async fn all_documents(me: &UserHandle) -> Vec<Document> {
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

/// What must be true whenever the workspace is opened. Gives the number of documents.
async fn check(workspace: &Workspace, acknowledged: &BTreeSet<usize>, mode: &str) -> usize {
    if workspace.users().list().await.expect("users").is_empty() {
        assert!(acknowledged.is_empty());
        return 0;
    }
    let me = workspace.user("ana").await.expect("the user is there");
    let documents = all_documents(&me).await;
    let mut by_source: HashMap<(&str, &str), &Document> = HashMap::new();
    for document in &documents {
        let before = by_source.insert((&document.source, &document.source_id), document);
        assert!(before.is_none(), "{} is there twice", document.source_id);
        assert_eq!(document.revision, 1, "{} was stored over", document.source_id);
    }
    for &number in acknowledged {
        let id = generated_mail::message_id(number);
        assert!(by_source.contains_key(&("email", &*id)), "mail {number} was acknowledged and is lost");
    }
    // A mail and what came with it are one commit.
    for number in 0..documents.len() {
        let id = generated_mail::message_id(number);
        let attached = by_source.contains_key(&("email_attachment", &*format!("{id}#1")));
        let expected = by_source.contains_key(&("email", &*id)) && generated_mail::has_attachment(number);
        assert_eq!(attached, expected, "mail {number} and its attachment");
    }
    let modes: &[SearchMode] =
        if mode == "words" { &[SearchMode::Lexical] } else { &[SearchMode::Lexical, SearchMode::Semantic] };
    let stored: BTreeSet<_> = documents.iter().map(|document| document.id).collect();
    for &mode in modes {
        let hits = found(&me, mode, documents.len()).await;
        let found: BTreeSet<_> = hits.iter().copied().collect();
        assert_eq!(found, stored, "{mode} search finds what is stored");
        assert_eq!(hits.len(), found.len(), "{mode} search finds it once");
    }
    documents.len()
}

/// Everything that a search for the common word finds: in one go or, where that would be
/// more hits than one search may ask for, day by day.
async fn found(me: &UserHandle, mode: SearchMode, documents: usize) -> Vec<DocumentId> {
    let mut request = SearchRequest::new(generated_mail::COMMON_WORD);
    (request.mode, request.limit) = (mode, 1000);
    let mut requests = vec![request.clone()];
    if documents > request.limit {
        let day = |day: usize| format!("2026-03-{day:02}").parse().ok();
        requests = (1..=27)
            .map(|number| {
                let mut of_day = request.clone();
                (of_day.filter.since, of_day.filter.until) = (day(number), day(number + 1));
                of_day
            })
            .collect();
    }
    let mut hits = Vec::new();
    for request in requests {
        hits.extend(me.search(request).await.expect("a search").into_iter().map(|hit| hit.document.id));
    }
    hits
}

async fn killed_and_reopened(rounds: usize, mode: &str) {
    let mails = (rounds * MAX_NEW as usize).div_ceil(BLOCK) * BLOCK;
    let folder = tempfile::tempdir().expect("temporary folder");
    let blocks = folder.path().join("blocks");
    write_blocks(&blocks, mails);
    let (killed, whole) = (folder.path().join("killed"), folder.path().join("whole"));
    let run = Run { workspace: &killed, blocks: &blocks, mode };
    let mut random = Random(20_260_301 + rounds as u64);
    let mut acknowledged = BTreeSet::new();
    let mut surprised = 0;
    for _ in 0..rounds {
        // It goes on with the block of the last mail it acknowledged, from the start.
        let block = acknowledged.last().map_or(0, |last| last / BLOCK);
        run.kill(block, &mut random, &mut acknowledged);
        let workspace = open(&killed, mode).await;
        check(&workspace, &acknowledged, mode).await;
        if let Ok(me) = workspace.user("ana").await {
            let mails = all_documents(&me).await.iter().filter(|document| document.mail.is_some()).count();
            surprised += usize::from(mails > acknowledged.len());
        }
        workspace.close().await.expect("workspace closes");
    }
    println!(
        "{mode}: {rounds} kills over {} of {mails} mails; {surprised} times a mail was committed and not yet acknowledged",
        acknowledged.len()
    );
    run.finish(acknowledged.last().map_or(0, |last| last / BLOCK));
    Run { workspace: &whole, ..run }.finish(0);
    let (killed, whole) = (open(&killed, mode).await, open(&whole, mode).await);
    let all: BTreeSet<usize> = (0..mails).collect();
    assert_eq!(check(&killed, &all, mode).await, check(&whole, &all, mode).await);
    assert_eq!(killed.digest().await.expect("digest"), whole.digest().await.expect("digest"));

    let me = killed.user("ana").await.expect("user");
    let after = me.mail().ingest(generated_mail::mail(mails + 1)).await.expect("the next mail");
    assert_eq!(after.status, StoreStatus::Stored);
    let hits = me.search(SearchRequest::new(format!("item{:04}", mails + 1))).await.expect("a search");
    assert_eq!(hits[0].document.id, after.document.id);
}

fn rounds(default: usize) -> usize {
    let asked = variable("BESUNNY_CRASH_ROUNDS").and_then(|rounds| rounds.to_str()?.parse().ok());
    asked.unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nothing_is_doubled() {
    killed_and_reopened(rounds(ROUNDS), "words").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_with_the_model() {
    if has_model() {
        killed_and_reopened(rounds(ROUNDS_WITH_MODEL).min(ROUNDS_WITH_MODEL), "model").await;
    }
}
