//! No secret and no private word in any log at any level, nor, of secrets, in any file.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use besunny::{Disconnect, Service};
use besunny_fake_google::{Client, Fault, FaultKind, NewFile, When};
use besunny_tests::google::{Beside, mail};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const ANA: &str = "ana@lumen.example";
const PRIVATE: &str = "zebra-quince-lantern";

/// Keeps everything that is said, at all levels.
#[derive(Clone, Default)]
struct Everything {
    said: Arc<Mutex<String>>,
    spans: Arc<AtomicU64>,
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut said = self.said.lock().expect("unpoisoned");
        let _ = write!(said, "\n{}", span.metadata().name());
        span.record(&mut Line(&mut said));
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.said.lock().expect("unpoisoned")));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut said = self.said.lock().expect("unpoisoned");
        let _ = write!(said, "\n{} {}", event.metadata().level(), event.metadata().target());
        event.record(&mut Line(&mut said));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn files_below(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("lists").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            files_below(&path, found);
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.push((path.display().to_string(), bytes));
        }
    }
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_or_stored_in_plain_text() {
    let everything = Everything::default();
    tracing::subscriber::set_global_default(everything.clone()).expect("the first one");
    let beside = Beside::new().await;
    let me = beside.user("ana").await;
    beside.fake.deliver(ANA, &mail("a", PRIVATE, PRIVATE), &["INBOX"]);
    beside.fake.add_file(ANA, NewFile::new("note.txt", "text/plain", PRIVATE.as_bytes()));
    let services = [Service::Gmail, Service::Drive, Service::Calendar];
    let linked = beside.link(&me, &services).await;
    beside.settle().await;
    assert!(beside.finds(&me, PRIVATE).await);
    // Everything that fails, fails loudly: refreshes, calls, notifications that are forged.
    beside.fake.expire_access_tokens(ANA);
    beside.fake.fault(Fault::new(FaultKind::Unavailable { status: 503, html: true }, "", When::Next(9)));
    beside.pass(Duration::from_hours(2)).await;
    let forged = [("Authorization", "Bearer e30.e30.c2VjcmV0LXNpZ25hdHVyZQ")];
    let outcome = beside.workspace.google().gmail().notify(forged, b"{}").await.expect("an answer");
    assert_eq!(outcome.status, 401);
    beside.fake.revoke(ANA);
    beside.pass(Duration::from_hours(2)).await;
    beside.link(&me, &services).await;
    beside.settle().await;

    let mut files = Vec::new();
    files_below(beside.folder.path(), &mut files);
    assert!(files.iter().any(|(_, bytes)| holds(bytes, ANA)), "the database is among them");
    let secrets = ["ya29.", "1//0", &Client::standard().client_secret, "abababab"];
    for (name, bytes) in &files {
        for secret in secrets {
            assert!(!holds(bytes, secret), "{secret} is in {name}");
        }
    }
    me.google().disconnect(linked.account.id, Disconnect::Erase).await.expect("disconnects");

    let said = everything.said.lock().expect("unpoisoned");
    assert!(said.len() > 10_000 && said.contains("oauth2") | said.contains("/token"), "{}", said.len());
    for secret in secrets.into_iter().chain([PRIVATE, "Bearer ", "e30.e30", "code_verifier"]) {
        let found = said.find(secret).map(|place| {
            let start = said.floor_char_boundary(place.saturating_sub(200));
            &said[start..said.floor_char_boundary(place + 40)]
        });
        assert_eq!(found, None, "{secret} was logged");
    }
}
