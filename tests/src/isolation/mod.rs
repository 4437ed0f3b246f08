//! Random calls of the whole face as several users, who guess each other's ids, names and
//! cursors, with what is done to the whole workspace in between. No answer may hold anything
//! of another user.
//!
//! Every text a user writes holds a word of their own. Every answer is turned into JSON and
//! searched for the words of others, and for ids that were seen in answers to others. What is
//! asked with another's id must be refused exactly as if there were no such id.

mod calls;
mod jobs;
mod maintenance;
mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use besunny::{Error, Result, Workspace};
use serde_json::Value;

use self::people::{Person, listed};

/// The methods of a user's face; each must have been called and have answered.
const METHODS: [&str; 41] = [
    "projects.create",
    "projects.get",
    "projects.list",
    "projects.update",
    "projects.delete",
    "documents.ingest",
    "documents.get",
    "documents.list",
    "documents.attachments",
    "documents.delete",
    "documents.assign",
    "mail.ingest",
    "mail.ingest_mbox",
    "mail.ingest_maildir",
    "mail.ingest_folder",
    "intake_log",
    "classify",
    "search",
    "events.read",
    "events.subscribe",
    "events.live",
    "events.handle",
    "events.ack",
    "events.cursors",
    "events.delete_cursor",
    "jobs.enqueue",
    "jobs.enqueue_batch",
    "jobs.get",
    "jobs.batch",
    "jobs.list",
    "jobs.stats",
    "jobs.cancel",
    "jobs.requeue",
    "jobs.prune",
    "jobs.schedule",
    "jobs.unschedule",
    "jobs.schedules",
    "check",
    "rebuild",
    "status",
    "user",
];

/// Numbers that are the same in each run: splitmix64.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Report {
    /// How often each method answered, and how often it refused.
    pub calls: BTreeMap<&'static str, (u64, u64)>,
    /// How many calls named something of another user.
    pub foreign: u64,
    /// How many documents there are in the end.
    pub documents: usize,
}

/// Everything that a run knows.
struct Fuzz<'a> {
    workspace: &'a Workspace,
    folder: &'a std::path::Path,
    random: Random,
    people: Vec<Person>,
    /// Whose each id is that was seen in an answer.
    owners: BTreeMap<String, usize>,
    report: Report,
}

/// Makes five users and `calls` random calls as them. `folder` is for mailboxes to load.
///
/// # Panics
/// When an answer holds anything of another user, or a refusal tells that something exists.
pub async fn fuzz(workspace: &Workspace, folder: &std::path::Path, seed: u64, calls: u64) -> Report {
    let mut fuzz = Fuzz {
        workspace,
        folder,
        random: Random(seed),
        people: Vec::new(),
        owners: BTreeMap::new(),
        report: Report::default(),
    };
    for name in ["ana", "joao", "marta", "pedro", "sofia"] {
        workspace.users().create(name, None).await.expect("a new user");
        fuzz.people.push(Person::new(workspace.user(name).await.expect("is there")));
    }
    let mistaken = jobs::register(workspace);
    for _ in 0..calls {
        let who = fuzz.random.below(fuzz.people.len());
        fuzz.call(who).await;
    }
    fuzz.settle().await;
    assert_eq!(mistaken.load(Ordering::Relaxed), 0, "handlers that were given another's job");
    for method in METHODS {
        let answers = fuzz.report.calls.get(method).map_or(0, |(answers, _)| *answers);
        assert!(answers > 0, "{method} never answered");
    }
    fuzz.report
}

impl Fuzz<'_> {
    /// Looks through an answer to `who`, and counts it.
    fn check(&mut self, who: usize, method: &'static str, outcome: &Result<Value>) {
        let count = self.report.calls.entry(method).or_default();
        let Ok(answer) = outcome else {
            count.1 += 1;
            return;
        };
        count.0 += 1;
        let text = answer.to_string();
        for (other, person) in self.people.iter().enumerate() {
            assert!(other == who || !text.contains(&person.word), "{method} shows another's text: {text}");
        }
        for id in ids(&text) {
            let owner = *self.owners.entry(id.clone()).or_insert(who);
            assert!(owner == who, "{method} shows the id {id} of another: {text}");
        }
    }

    /// In the end each user has exactly what they made and did not delete.
    async fn settle(&mut self) {
        for who in 0..self.people.len() {
            let listed = listed(&self.people[who].me).await;
            let kept: BTreeSet<_> = self.people[who].documents.keys().copied().collect();
            assert_eq!(listed, kept, "documents of {}", self.people[who].word);
            let projects = self.people[who].me.projects().list().await.expect("lists");
            let projects: BTreeSet<_> = projects.iter().map(|project| project.id).collect();
            assert_eq!(projects, self.people[who].projects, "projects of {}", self.people[who].word);
            self.report.documents += kept.len();
        }
    }
}

/// A refusal of something foreign must read as one of something that is nowhere.
fn assert_alike(method: &str, foreign: &Result<Value>, foreign_id: &str, nowhere: &Result<Value>, id: &str) {
    let shape = |outcome: &Result<Value>, id: &str| match outcome {
        Ok(value) => value.to_string(),
        Err(error) => format!("{error} {:?}", context(error)).replace(id, "ID"),
    };
    assert_eq!(shape(foreign, foreign_id), shape(nowhere, id), "{method} tells that {foreign_id} exists");
}

fn context(error: &Error) -> Vec<&'static str> {
    error.context().iter().map(|(key, _)| *key).collect()
}

/// Every UUID in a text.
fn ids(text: &str) -> Vec<String> {
    let is_id = |window: &[u8]| {
        window.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let found = text.as_bytes().windows(36).filter(|window| is_id(window));
    found.map(|window| String::from_utf8_lossy(window).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_anywhere() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(ids(&format!("{{\"id\":\"{id}\"}} x{id}")), [id, id]);
        assert!(ids("01890a5d-ac96-774b-bcce-b302099a805").is_empty());
    }

    #[test]
    fn a_refusal_that_tells_is_seen() {
        let refusal = |message: &str, id: &str| -> Result<Value> {
            Err(Error::new(besunny::ErrorKind::NotFound, "documents.get", message).with("document", id))
        };
        assert_alike("x", &refusal("gone", "a"), "a", &refusal("gone", "b"), "b");
        let told = std::panic::catch_unwind(|| {
            assert_alike("x", &refusal("not yours", "a"), "a", &refusal("gone", "b"), "b");
        });
        assert!(told.is_err());
    }
}
