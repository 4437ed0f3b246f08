//! Google beside several processes, and beside one that is killed again and again.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use besunny::Service;
use besunny_fake_google::{Delivery, FakeGoogle, Fault, FaultKind, NewFile, Settings, When};
use besunny_tests::crowd::Random;
use besunny_tests::google::{Beside, GoogleChild, email, mail};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_google_child");

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_20_fifty_tasks_in_two_processes_refresh_a_token_once() {
    let beside = Beside::new().await;
    let me = beside.user("ana").await;
    beside.link(&me, &[Service::Calendar]).await;
    beside.settle().await;
    let folder = beside.folder.path().join("workspace");
    beside.workspace.close().await.expect("closes");
    // The access token has ended, and Google takes its time to give another.
    beside.fake.advance(Duration::from_hours(2));
    beside.fake.fault(Fault::new(FaultKind::Delay { millis: 1_500 }, "oauth.token", When::Always));
    let start =
        || GoogleChild::start(Path::new(PROGRAM), beside.fake.base_url(), &folder, beside.fake.now() * 1_000);
    let mut children = [start(), start()];
    let before = beside.fake.token_calls().refreshes;
    for child in &mut children {
        child.send(&json!({"calendars": 25}));
    }
    for child in &mut children {
        assert_eq!(child.answer().expect("answers")["answered"], 25);
    }
    assert_eq!(beside.fake.token_calls().refreshes - before, 1);
}

/// Something that somebody does at Google.
#[derive(Clone, Debug)]
enum Change {
    Mail,
    Relabel,
    TrashMail,
    UntrashMail,
    DeleteMail,
    AddFile,
    EditFile,
    RenameFile,
    TrashFile,
    UntrashFile,
    RemoveFile,
    AddEvent,
    MoveEvent,
    CancelEvent,
}

const CHANGES: [(Change, u64); 14] = [
    (Change::Mail, 30),
    (Change::Relabel, 12),
    (Change::TrashMail, 5),
    (Change::UntrashMail, 3),
    (Change::DeleteMail, 4),
    (Change::AddFile, 12),
    (Change::EditFile, 8),
    (Change::RenameFile, 5),
    (Change::TrashFile, 3),
    (Change::UntrashFile, 2),
    (Change::RemoveFile, 3),
    (Change::AddEvent, 8),
    (Change::MoveEvent, 3),
    (Change::CancelEvent, 2),
];

/// What an account has at Google.
#[derive(Default)]
struct Person {
    name: String,
    /// Message-IDs and subjects by Gmail's id.
    mail: BTreeMap<String, (String, String)>,
    files: Vec<String>,
    /// Starts and titles of events that take place, by id.
    events: BTreeMap<String, (i64, String)>,
}

struct Simulation {
    beside: Beside,
    random: Random,
    people: Vec<Person>,
    count: u64,
    child: Option<GoogleChild>,
    kills: u64,
}

impl Simulation {
    async fn new(people: u64, seed: u64) -> Self {
        let settings = Settings { seed, ..Settings::default() };
        let beside = Beside::with(settings, |_| {}).await;
        let mut all = Vec::new();
        for number in 0..people {
            let name = format!("person{number}").replace(|c: char| c.is_ascii_digit(), "") + &letters(number);
            let me = beside.user(&name).await;
            beside.link(&me, &[Service::Gmail, Service::Drive, Service::Calendar]).await;
            all.push(Person { name, ..Person::default() });
        }
        beside.settle().await;
        beside.workspace.close().await.expect("closes");
        Self { beside, random: Random(seed), people: all, count: 0, child: None, kills: 0 }
    }

    fn fake(&self) -> &FakeGoogle {
        &self.beside.fake
    }

    fn child(&mut self) -> &mut GoogleChild {
        let now = self.beside.fake.now() * 1_000;
        let (base, folder) =
            (self.beside.fake.base_url().to_owned(), self.beside.folder.path().join("workspace"));
        self.child.get_or_insert_with(|| GoogleChild::start(Path::new(PROGRAM), &base, &folder, now))
    }

    fn change(&mut self) {
        let total: u64 = CHANGES.iter().map(|(_, weight)| weight).sum();
        let mut drawn = self.random.below(total);
        let change = CHANGES.iter().find(|(_, weight)| {
            let is_it = drawn < *weight;
            drawn = drawn.saturating_sub(*weight);
            is_it
        });
        let change = change.map_or(Change::Mail, |(change, _)| change.clone());
        let place = self.random.below(self.people.len() as u64) as usize;
        self.count += 1;
        let (count, now) = (self.count, self.fake().now());
        let draw = self.random.below(u64::MAX);
        let fake = self.beside.fake.clone();
        let person = &mut self.people[place];
        let email = email(&person.name);
        let pick = |length: usize| (length > 0).then(|| (draw % length.max(1) as u64) as usize);
        let some_mail = pick(person.mail.len()).and_then(|place| person.mail.keys().nth(place).cloned());
        let some_file = pick(person.files.len()).map(|place| person.files[place].clone());
        let some_event = pick(person.events.len()).and_then(|place| person.events.keys().nth(place).cloned());
        match (change, some_mail, some_file, some_event) {
            (Change::Relabel, Some(id), ..) => whatever(fake.relabel(&email, &id, &["STARRED"], &["UNREAD"])),
            (Change::TrashMail, Some(id), ..) => whatever(fake.trash_mail(&email, &id)),
            (Change::UntrashMail, Some(id), ..) => whatever(fake.untrash_mail(&email, &id)),
            (Change::DeleteMail, Some(id), ..) => whatever(fake.delete_mail(&email, &id)),
            (Change::EditFile, _, Some(id), _) => {
                whatever(fake.edit_file(&id, format!("edit {count}").as_bytes()))
            }
            (Change::RenameFile, _, Some(id), _) => {
                whatever(fake.rename_file(&id, &format!("renamed {count}.txt")))
            }
            (Change::TrashFile, _, Some(id), _) => whatever(fake.trash_file(&id)),
            (Change::UntrashFile, _, Some(id), _) => whatever(fake.untrash_file(&id)),
            (Change::RemoveFile, _, Some(id), _) => whatever(fake.remove_file(&id)),
            (Change::MoveEvent, _, _, Some(id)) => {
                let start = (now + 86_400_000) / 1_000 * 1_000;
                fake.edit_event(&email, &id, &times(start)).expect("moves");
                if let Some((known, _)) = person.events.get_mut(&id) {
                    *known = start;
                }
            }
            (Change::CancelEvent, _, _, Some(id)) => {
                fake.cancel_event(&email, &id);
                person.events.remove(&id);
            }
            (Change::AddFile, ..) => {
                let file = NewFile::new(&format!("file {count}.txt"), "text/plain", b"something to read");
                person.files.extend(fake.add_file(&email, file));
            }
            (Change::AddEvent, ..) => {
                let (start, title) = ((now + 3_600_000) / 1_000 * 1_000, format!("event {count}"));
                let mut event = times(start);
                event["summary"] = json!(title);
                event["location"] = json!("https://meet.google.com/abc-defg-hij");
                let id = fake.add_event(&email, &event).expect("adds");
                person.events.insert(id, (start, title));
            }
            _ => {
                let (id, subject) = (format!("m{count}"), format!("mail {count}"));
                let raw = mail(&id, &subject, "something to read");
                if let Some(known) = fake.deliver(&email, &raw, &["INBOX", "UNREAD"]) {
                    person.mail.insert(known, (format!("{id}@tide.example"), subject));
                }
            }
        }
    }

    /// Time passes; what Google notifies of on the way is handed on, and now and then the
    /// process is killed in the middle of its work.
    fn pass(&mut self, by: Duration) {
        self.fake().advance(by);
        let micros = u64::try_from(by.as_micros()).unwrap_or(0);
        self.ask(&json!({ "advance": micros }));
        let pushes = self.fake().take_pushes(1_000);
        let had_any = !pushes.is_empty();
        for push in pushes {
            let answered = self.ask(&pushed(&push));
            let status = answered.and_then(|answer| answer["status"].as_u64());
            self.fake().report_push(push.id, status.and_then(|status| u16::try_from(status).ok()));
        }
        if had_any {
            self.ask(&json!({"work": true}));
        }
    }

    fn ask(&mut self, request: &Value) -> Option<Value> {
        let dies = self.kills > 0 && self.random.below(200) == 0;
        if !dies {
            return self.child().ask(request);
        }
        self.kills -= 1;
        let wait = Duration::from_micros(self.random.below(30_000));
        self.child().send(request);
        std::thread::sleep(wait);
        if let Some(child) = self.child.take() {
            child.kill();
        }
        None
    }
}

/// What is changed may be gone by now; then nothing happens.
fn whatever(_happened: bool) {}

fn letters(number: u64) -> String {
    number.to_string().chars().map(|digit| char::from(b'a' + digit as u8 - b'0')).collect()
}

fn times(start: i64) -> Value {
    let at = |millis: i64| besunny::Timestamp::from_micros(millis * 1_000).to_string();
    json!({"start": {"dateTime": at(start)}, "end": {"dateTime": at(start + 1_800_000)}})
}

fn pushed(push: &Delivery) -> Value {
    json!({"push": {"url": push.url, "headers": push.headers, "body": push.body}})
}

/// Everything that goes wrong at Google and on the way.
fn faults(fake: &FakeGoogle) {
    let fault = |kind, place: &str, probability| {
        fake.fault(Fault::new(kind, place, When::Probability(probability)));
    };
    fault(FaultKind::DuplicatePush, "push.", 0.05);
    fault(FaultKind::DropPush, "push.", 0.05);
    fault(FaultKind::DelayPush { millis: 40_000 }, "push.", 0.10);
    fault(FaultKind::DeadWatch, "push.", 0.002);
    fault(FaultKind::Unavailable { status: 503, html: true }, "gmail.", 0.01);
    fault(FaultKind::Unavailable { status: 500, html: false }, "drive.", 0.01);
    fault(FaultKind::ExpiredCursor, "gmail.users.history.list", 0.002);
    fault(FaultKind::ExpiredCursor, "calendar.events.list", 0.002);
    fault(FaultKind::LateChange { millis: 500 }, "change.", 0.05);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_end_everything_here_is_as_it_is_there() {
    let (people, changes) = (number("BESUNNY_GOOGLE_PEOPLE", 3), number("BESUNNY_GOOGLE_CHANGES", 300));
    let days = number("BESUNNY_GOOGLE_DAYS", 1);
    let mut simulation = Simulation::new(people, number("BESUNNY_GOOGLE_SEED", 7)).await;
    simulation.kills = number("BESUNNY_GOOGLE_KILLS", 5);
    faults(simulation.fake());
    let between = days * 86_400_000 / changes.max(1);
    for _ in 0..changes {
        simulation.change();
        let pause = simulation.random.below(2 * between);
        simulation.pass(Duration::from_millis(pause));
    }
    simulation.fake().clear_faults();
    simulation.kills = 0;
    // Longer than any poll, and than what was set aside waits.
    for _ in 0..60 {
        simulation.pass(Duration::from_mins(30));
    }
    for place in 0..simulation.people.len() {
        let name = simulation.people[place].name.clone();
        let state = simulation.child().ask(&json!({ "state": name })).expect("answers");
        let truth = simulation.fake().snapshot(&email(&name));
        let person = &simulation.people[place];
        let shown = |labels: &[String]| !labels.iter().any(|label| label == "TRASH" || label == "SPAM");
        let mails: BTreeMap<&str, &str> = truth
            .mail
            .iter()
            .filter(|(_, mail)| shown(&mail.labels))
            .map(|(id, _)| (person.mail[id].0.as_str(), person.mail[id].1.as_str()))
            .collect();
        let files: BTreeMap<&str, &str> = truth
            .files
            .iter()
            .filter(|(_, file)| !file.trashed && !file.mime_type.ends_with(".folder"))
            .map(|(id, file)| (id.as_str(), file.name.as_str()))
            .collect();
        let meetings: BTreeMap<&str, String> = person
            .events
            .iter()
            .map(|(id, (start, title))| {
                (id.as_str(), format!("{} {title}", besunny::Timestamp::from_micros(start * 1_000)))
            })
            .collect();
        let empty = json!({});
        let here = |source: &str| state["documents"].get(source).unwrap_or(&empty).clone();
        assert_eq!(here("email"), json!(mails), "mail of {name}: {}", state["health"]);
        assert_eq!(here("drive"), json!(files), "files of {name}: {}", state["health"]);
        assert_eq!(state["meetings"], json!(meetings), "meetings of {name}: {}", state["health"]);
    }
}
