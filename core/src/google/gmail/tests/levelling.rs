//! A mailbox that lives, faults on the way, and a mirror of it that must be equal in the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use besunny_fake_google::{FakeGoogle, FaultKind, Settings, When};
use sha2::{Digest, Sha256};

use super::fixtures::{options, stored, wanted};
use crate::base::Timestamp;
use crate::domain::{
    Channel, ChannelState, Content, Fetched, News, NextPage, ObjectState, Service, Source, SourceFailure,
    StreamKey, Told, WatchRequest,
};
use crate::google::api::Api;
use crate::google::gmail::{GmailOptions, GmailSource};
use crate::google::testing::ANA;
use crate::google::with_fake::{Chance, Linked};

const TOPIC: &str = "projects/fake-project/topics/mail";

/// What is kept of a message: labels, thread, SHA-256, and when it was accepted.
type Kept = (Vec<String>, String, String, i64);

struct Mirror {
    source: GmailSource,
    cursor: Option<String>,
    mail: BTreeMap<String, Kept>,
    snapshots: u32,
}

impl Mirror {
    fn new(api: Arc<dyn Api>, options: GmailOptions) -> Self {
        Self { source: GmailSource::new(api, options), cursor: None, mail: BTreeMap::new(), snapshots: 0 }
    }

    async fn level(&mut self) {
        if let Some(cursor) = self.cursor.clone() {
            match self.look(&cursor).await {
                Ok(()) => return,
                Err(SourceFailure::CursorExpired) => {}
                Err(failure) => panic!("{failure:?}"),
            }
        }
        self.snapshots += 1;
        let cursor = self.source.start().await.unwrap().unwrap();
        let (mut page, mut met) = (None, Vec::new());
        loop {
            let listed = self.source.snapshot(page.as_deref()).await.unwrap();
            met.extend(listed.told);
            match listed.next {
                NextPage::Page(next) => page = Some(next),
                next => {
                    assert_eq!(next, NextPage::Done(None));
                    break;
                }
            }
        }
        self.mail.retain(|id, _| met.iter().any(|told| told.id == *id));
        self.take(met).await;
        self.cursor = Some(cursor.clone());
        self.look(&cursor).await.unwrap();
    }

    async fn look(&mut self, cursor: &str) -> Result<(), SourceFailure> {
        let mut page = None;
        loop {
            let told = self.source.changes(cursor, page.as_deref()).await?;
            self.take(told.told).await;
            match told.next {
                NextPage::Page(next) => page = Some(next),
                NextPage::Done(next) => {
                    self.cursor = next;
                    return Ok(());
                }
                next => panic!("{next:?}"),
            }
        }
    }

    async fn take(&mut self, told: Vec<Told>) {
        let mut changed = Vec::new();
        for Told { id, what } in told {
            match what {
                News::Changed if self.mail.contains_key(&id) => changed.push(stored(&id)),
                News::Changed => changed.push(wanted(&id)),
                News::Gone => {
                    self.mail.remove(&id);
                }
                News::Relabelled { added, removed } => {
                    if let Some((labels, ..)) = self.mail.get_mut(&id) {
                        labels.retain(|label| !removed.contains(label));
                        labels.extend(added);
                        labels.sort();
                        labels.dedup();
                    }
                }
                News::Is(_) => panic!("mail is not described"),
            }
        }
        for batch in changed.chunks(self.source.batch()) {
            for (wanted, fetched) in batch.iter().zip(self.source.fetch(batch).await) {
                let Fetched::Object { state, content } = fetched.unwrap() else {
                    self.mail.remove(&wanted.id);
                    continue;
                };
                let ObjectState::Mail(state) = *state else { panic!("not a mail") };
                let hash = match content {
                    Content::Mail(raw) => hex(&raw),
                    Content::Same => self.mail[&wanted.id].2.clone(),
                    other => panic!("{other:?}"),
                };
                let date = state.received_at.unwrap().as_micros() / 1_000;
                self.mail.insert(wanted.id.clone(), (state.labels, state.thread, hash, date));
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the mirror is to be.
fn truth(fake: &FakeGoogle, is_mirrored: impl Fn(&Kept) -> bool) -> BTreeMap<String, Kept> {
    let mail = fake.snapshot(ANA).mail.into_iter();
    let mail = mail.map(|(id, truth)| (id, (truth.labels, truth.thread, truth.sha256, truth.date)));
    mail.filter(|(_, kept)| is_mirrored(kept)).collect()
}

fn is_shown((labels, ..): &Kept) -> bool {
    !labels.iter().any(|label| ["SPAM", "TRASH", "DRAFT"].contains(&label.as_str()))
}

/// Something happens in the mailbox.
fn live(fake: &FakeGoogle, chance: &mut Chance, ids: &mut Vec<String>, count: &mut u32) {
    let kind = chance.below(10);
    if kind < 4 || ids.is_empty() {
        *count += 1;
        let labels: &[&str] = match chance.below(8) {
            0 => &["SPAM"],
            1 => &["DRAFT"],
            2 => &[],
            _ => &["INBOX", "UNREAD"],
        };
        let raw = format!("Message-ID: <{count}@tide.example>\r\nSubject: {count}\r\n\r\nText {count}\r\n");
        ids.extend(fake.deliver(ANA, raw.as_bytes(), labels));
        return;
    }
    let id = ids[chance.below(ids.len())].clone();
    match kind {
        4 => fake.trash_mail(ANA, &id),
        5 => fake.untrash_mail(ANA, &id),
        6 => fake.relabel(ANA, &id, &["SPAM"], &["INBOX"]),
        7 => fake.relabel(ANA, &id, &["INBOX"], &["SPAM", "DRAFT", "UNREAD"]),
        8 => fake.relabel(ANA, &id, &["STARRED"], &["UNREAD"]),
        _ => fake.delete_mail(ANA, &id),
    };
}

#[tokio::test]
async fn whatever_happens_the_mirror_is_equal_in_the_end() {
    for seed in 1..=4 {
        let google = Linked::new(Settings { seed, ..Settings::default() }).await;
        let fake = &google.fixture.fake;
        let mut mirror = Mirror::new(Arc::clone(&google.api), options());
        let (mut chance, mut ids, mut count) = (Chance(seed), Vec::new(), 0);
        for round in 0..30 {
            match round % 6 {
                1 => google.fault(FaultKind::EmptyPage, "gmail.users.history.list", When::Next(1)),
                2 => google.fault(
                    FaultKind::RateLimit {
                        status: 429,
                        reason: "rateLimitExceeded".into(),
                        retry_after: None,
                        retry_in_message: None,
                    },
                    "gmail.users.messages.get",
                    When::Next(3),
                ),
                3 => google.fault(FaultKind::LateChange { millis: 700 }, "change.gmail", When::Next(2)),
                4 => google.fault(
                    FaultKind::Unavailable { status: 503, html: true },
                    "gmail.users.messages.get",
                    When::Next(2),
                ),
                5 => fake.expire_history(ANA),
                _ => {}
            }
            for _ in 0..=chance.below(12) {
                live(fake, &mut chance, &mut ids, &mut count);
            }
            mirror.level().await;
            google.fixture.advance(1);
        }
        fake.clear_faults();
        google.fixture.advance(10);
        mirror.level().await;
        assert_eq!(mirror.mail, truth(fake, is_shown), "seed {seed}");
        assert!(count > 20 && mirror.snapshots > 1, "seed {seed}");
    }
}

#[tokio::test]
async fn a_large_mailbox_is_listed_page_by_page_and_bounded_where_that_is_asked_for() {
    let google = Linked::new(Settings::default()).await;
    let (fake, api) = (&google.fixture.fake, Arc::clone(&google.api));
    let start = fake.now() - 1_000_000;
    for number in 0..1_100_i64 {
        let raw = format!("Subject: {number}\r\n\r\nText");
        fake.deliver_at(ANA, raw.as_bytes(), &["INBOX"], start + number * 10).unwrap();
    }
    let mut all = Mirror::new(Arc::clone(&api), options());
    all.level().await;
    assert_eq!(all.mail, truth(fake, |_| true));
    let middle = start + 5_503;
    let since = Some(Timestamp::from_micros(middle * 1_000));
    let mut recent = Mirror::new(Arc::clone(&api), GmailOptions { since, ..options() });
    recent.level().await;
    assert_eq!(recent.mail, truth(fake, |(.., date)| *date >= middle));
    let mut few = Mirror::new(api, GmailOptions { max_messages: Some(510), ..options() });
    few.level().await;
    assert_eq!(few.mail, truth(fake, |(.., date)| *date >= start + (1_100 - 510) * 10));
}

#[tokio::test]
async fn trap_04_an_expired_cursor_costs_one_listing_and_an_idle_one_none() {
    let google = Linked::new(Settings::default()).await;
    let (fake, api) = (&google.fixture.fake, Arc::clone(&google.api));
    fake.deliver(ANA, b"Subject: 1\r\n\r\n1", &["INBOX"]).unwrap();
    let mut mirror = Mirror::new(api, options());
    mirror.level().await;
    google.fault(FaultKind::ExpiredCursor, "gmail.users.history.list", When::Next(1));
    mirror.level().await;
    assert_eq!(mirror.snapshots, 1, "nothing happened: nothing to list");
    fake.deliver(ANA, b"Subject: 2\r\n\r\n2", &["INBOX"]).unwrap();
    google.fault(FaultKind::ExpiredCursor, "gmail.users.history.list", When::Next(1));
    mirror.level().await;
    assert_eq!((mirror.snapshots, mirror.mail), (2, truth(fake, is_shown)));
}

#[tokio::test]
async fn trap_15_a_cold_mailbox_and_a_token_that_ends_cost_no_message() {
    let google = Linked::new(Settings::default()).await;
    let (fake, api) = (&google.fixture.fake, Arc::clone(&google.api));
    for number in 0..60 {
        fake.deliver(ANA, format!("Subject: {number}\r\n\r\nx").as_bytes(), &["INBOX"]).unwrap();
    }
    google.fault(FaultKind::ColdMailbox, "batch", When::Always);
    google.fault(FaultKind::Unauthorized, "gmail.users.messages.get", When::Next(5));
    let mut mirror = Mirror::new(api, options());
    mirror.level().await;
    assert_eq!(mirror.mail, truth(fake, is_shown));
}

#[tokio::test]
async fn a_mailbox_is_watched_for_a_week_and_stopped() {
    let google = Linked::new(Settings::default()).await;
    let (fake, api) = (&google.fixture.fake, Arc::clone(&google.api));
    fake.set_topic(TOPIC, true);
    let source = GmailSource::new(api, GmailOptions { topic: Some(TOPIC.into()), ..options() });
    let request = WatchRequest {
        channel: "c".into(),
        token: String::new(),
        file: None,
        cursor: None,
        until: Timestamp::from_micros(i64::MAX),
    };
    let watch = source.watch(&request).await.unwrap();
    let watches = fake.mail_watches(ANA);
    assert_eq!(watches, [(TOPIC.to_owned(), watch.expires_at.as_micros() / 1_000)]);
    let channel = Channel {
        id: "c".into(),
        tenant: google.fixture.ana,
        stream: StreamKey::new(crate::base::AccountId::from_bytes([1; 16]), Service::Gmail, None),
        file: None,
        resource: None,
        token_hash: Vec::new(),
        state: ChannelState::Stopping,
        expires_at: watch.expires_at,
        created_at: watch.expires_at,
        heard_at: None,
    };
    for _ in 0..2 {
        source.unwatch(&channel).await.unwrap();
        assert!(fake.mail_watches(ANA).is_empty());
    }
}
