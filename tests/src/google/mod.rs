//! A workspace beside a fake of Google, with one clock for both.

mod browser;
mod child;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use besunny::{
    Clock, ConsentOptions, DocumentFilter, GoogleEndpoints, GoogleOptions, Linked, MeetingFilter,
    OpenOptions, PageRequest, PushOptions, Service, Timestamp, TokenKey, UserHandle, VirtualClock,
    WebhookOutcome, Workspace,
};
use besunny_fake_google::{Client, Delivery, FakeGoogle, Settings, Subscription};

pub use self::browser::{browse, redirect};
pub use self::child::GoogleChild;

/// Where Google sends browsers back.
pub const REDIRECT: &str = "http://127.0.0.1:9/callback";
pub const AUDIENCE: &str = "https://app.example/push/gmail";
pub const SIGNER: &str = "push@fake-project.iam.gserviceaccount.com";
const TOPIC: &str = "projects/fake-project/topics/mail";
const SUBSCRIPTION: &str = "projects/fake-project/subscriptions/mail";

/// Options for a workspace that works with a fake.
pub fn google_options(fake: &FakeGoogle) -> GoogleOptions {
    google_options_at(fake.base_url())
}

/// The same, for a process that knows its address only.
pub fn google_options_at(base: &str) -> GoogleOptions {
    let client = Client::standard();
    let mut push = PushOptions::default();
    push.topic = TOPIC.into();
    push.subscription = SUBSCRIPTION.into();
    push.audience = AUDIENCE.into();
    push.service_account = SIGNER.into();
    let mut options = GoogleOptions::default();
    options.client_id = client.client_id;
    options.client_secret = client.client_secret.into();
    options.redirect_uri = REDIRECT.into();
    options.token_keys = vec![TokenKey::new("k1", "ab".repeat(32))];
    options.endpoints = GoogleEndpoints::at(base);
    options.push = Some(push);
    options.webhook_address = Some("http://127.0.0.1:9/hooks".into());
    options
}

/// Lets a fake's Gmail notify.
pub fn subscribe(fake: &FakeGoogle) {
    fake.set_topic(TOPIC, true);
    let subscription = serde_json::json!({
        "name": SUBSCRIPTION, "topic": TOPIC, "endpoint": "http://127.0.0.1:9/hooks/gmail/notify",
        "service_account": SIGNER, "audience": AUDIENCE,
    });
    let subscription: Subscription = serde_json::from_value(subscription).expect("a subscription");
    fake.subscribe(subscription);
}

/// A workspace beside a fake.
pub struct Beside {
    pub fake: FakeGoogle,
    pub clock: VirtualClock,
    pub workspace: Workspace,
    pub folder: tempfile::TempDir,
}

impl Beside {
    pub async fn new() -> Self {
        Self::with(Settings::default(), |_| {}).await
    }

    pub async fn with(settings: Settings, change: impl FnOnce(&mut OpenOptions)) -> Self {
        let fake = FakeGoogle::start(settings);
        subscribe(&fake);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = VirtualClock::new(Timestamp::from_micros(fake.now() * 1_000));
        let mut options = OpenOptions::default();
        // By words alone: what is proved here does not depend on a model.
        options.model = Some("".into());
        options.clock = std::sync::Arc::new(clock.clone());
        options.google = Some(google_options(&fake));
        change(&mut options);
        let workspace = Workspace::open(folder.path().join("workspace"), options).await.expect("opens");
        workspace.google().start().await.expect("starts");
        Self { fake, clock, workspace, folder }
    }

    /// A user here and at Google.
    pub async fn user(&self, name: &str) -> UserHandle {
        self.fake.add_account(&email(name), name);
        self.workspace.users().create(name, None).await.expect("creates");
        self.workspace.user(name).await.expect("is there")
    }

    /// Links a user's account, as a browser would.
    pub async fn link(&self, me: &UserHandle, services: &[Service]) -> Linked {
        let mut options = ConsentOptions::default();
        options.login_hint = Some(email(me.user().username.as_str()));
        let consent = me.google().consent(services, options).await.expect("asks");
        let callback = browse(&consent.url).await;
        me.google().finish(callback).await.expect("finishes")
    }

    /// Lets time pass on both sides, and the library do what falls due on the way.
    pub async fn pass(&self, by: Duration) {
        let end = self.clock.now().after(by);
        // In steps, so that Google's clock is never far from ours.
        while self.clock.now() < end {
            let left = end.since(self.clock.now());
            let step = left.min(Duration::from_mins(1));
            self.fake.advance(step);
            self.workspace.jobs().advance(&self.clock, step).await.expect("advances");
        }
    }

    /// Does what is due now.
    pub async fn work(&self) {
        self.workspace.jobs().run_due().await.expect("works");
    }

    /// Hands on what Google notifies of by now; how each was answered.
    pub async fn notify(&self) -> Vec<u16> {
        let mut answers = Vec::new();
        for push in self.fake.take_pushes(1_000) {
            let outcome = self.hand(&push).await;
            self.fake.report_push(push.id, Some(outcome.status));
            answers.push(outcome.status);
        }
        answers
    }

    /// Hands one notification on.
    pub async fn hand(&self, push: &Delivery) -> WebhookOutcome {
        let google = self.workspace.google();
        let hooks = match push.url.as_str() {
            url if url.contains("/gmail/") => google.gmail(),
            url if url.contains("/drive/") => google.drive(),
            _ => google.calendar(),
        };
        hooks.notify(push.headers.clone(), push.body.as_bytes()).await.expect("an answer")
    }

    /// Notifications, and the work they lead to, until there is none.
    pub async fn settle(&self) {
        loop {
            self.work().await;
            // What Gmail throttles or the source shows late.
            self.fake.advance(Duration::from_secs(2));
            self.clock.set(Timestamp::from_micros(self.fake.now() * 1_000));
            if self.notify().await.is_empty() {
                return;
            }
        }
    }

    /// The titles of a user's documents of one source, with their ids there.
    pub async fn documents(&self, me: &UserHandle, source: &str) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut page = PageRequest::default();
        loop {
            let listed = me.documents().list(DocumentFilter::default(), page.clone()).await.expect("lists");
            let of_source = listed.items.iter().filter(|document| document.source == source);
            found.extend(of_source.map(|document| (document.source_id.clone(), document.title.clone())));
            match listed.next {
                Some(next) => page.after = Some(next),
                None => return found,
            }
        }
    }

    /// The titles of a user's meetings.
    pub async fn meetings(&self, me: &UserHandle) -> BTreeSet<String> {
        let page = me.meetings().list(MeetingFilter::default(), PageRequest::default()).await.expect("lists");
        page.items.into_iter().map(|meeting| format!("{} {}", meeting.start, meeting.title)).collect()
    }

    /// Whether a search of the user's finds something.
    pub async fn finds(&self, me: &UserHandle, words: &str) -> bool {
        !me.search(besunny::SearchRequest::new(words)).await.expect("searches").is_empty()
    }
}

pub fn email(name: &str) -> String {
    format!("{name}@lumen.example")
}

/// A mail with a Message-ID that names it.
pub fn mail(id: &str, subject: &str, text: &str) -> Vec<u8> {
    format!(
        "From: Marta Nunes <marta@tide.example>\r\nTo: ana@lumen.example\r\nSubject: {subject}\r\n\
         Message-ID: <{id}@tide.example>\r\nDate: Wed, 1 Jul 2026 11:00:00 +0000\r\n\r\n{text}\r\n"
    )
    .into_bytes()
}
