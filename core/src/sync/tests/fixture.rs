//! An engine with everything it needs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::world::WorldSource;
use crate::base::{
    AccountId, CancelToken, Clock, IdGenerator, Result, Scope, Timestamp, UserId, VirtualClock, uuid_v7,
};
use crate::domain::{
    Access, Account, AccountKind, Channel, MailState, ObjectState, Service, Source, Store, Stream, StreamKey,
    Transaction, User, WorkItem,
};
use crate::store::sqlite::SqliteStore;
use crate::sync::engine::{Engine, RunOptions, RunReport, Trigger};
use crate::sync::health::{Facts, StreamHealth, judge};
use crate::sync::kept::Kept;
use crate::sync::policy::IntervalBounds;
use crate::sync::sink::{Arrival, Departure, Outcome, Sink, Sources};

pub(super) const START: Timestamp = Timestamp::from_seconds(1_790_000_000);

#[derive(Default)]
pub(super) struct MixedIds(AtomicU64);

impl IdGenerator for MixedIds {
    fn next(&self, now: Timestamp) -> [u8; 16] {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        let mixed = count.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
        let mut random = [0; 10];
        random[..2].copy_from_slice(&count.to_be_bytes()[6..]);
        random[2..].copy_from_slice(&mixed.to_be_bytes());
        uuid_v7(now, random)
    }
}

struct OneSource(WorldSource);

#[async_trait]
impl Sources for OneSource {
    async fn open(&self, _: &Account, _: &StreamKey) -> Result<Arc<dyn Source>> {
        Ok(Arc::new(self.0.clone()))
    }

    fn can_notify(&self, _: &StreamKey) -> bool {
        true
    }

    fn channel_token(&self) -> Result<(String, Vec<u8>)> {
        Ok(("token".into(), vec![1; 32]))
    }
}

/// Keeps nothing but what the engine keeps.
struct PlainSink(Arc<dyn Store>);

#[async_trait]
impl Sink for PlainSink {
    async fn store(&self, stream: &Stream, arrivals: Vec<Arrival>) -> Vec<Result<()>> {
        let mut results = Vec::new();
        for arrival in arrivals {
            results.push(self.one(stream, &arrival).await);
        }
        results
    }

    async fn remove(&self, _: &mut dyn Transaction, _: &Stream, _: &[Departure], _: Timestamp) -> Result<()> {
        Ok(())
    }
}

impl PlainSink {
    async fn one(&self, stream: &Stream, arrival: &Arrival) -> Result<()> {
        let mut write = self.0.begin(&Scope::of(stream.tenant), Access::Work).await?;
        let outcome = Outcome { read: true, ..Outcome::default() };
        arrival.complete(&mut *write, &stream.key, outcome).await?;
        write.commit().await
    }
}

pub(super) struct Fixture {
    pub(super) clock: VirtualClock,
    pub(super) store: Arc<dyn Store>,
    pub(super) source: WorldSource,
    pub(super) engine: Engine,
    pub(super) scope: Scope,
    pub(super) key: StreamKey,
    _folder: tempfile::TempDir,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("sync.sqlite")).await.expect("opens"));
        let clock = VirtualClock::new(START);
        let source = WorldSource::new(&clock);
        let user = UserId::from_bytes([1; 16]);
        let scope = Scope::user(user);
        let key = StreamKey::new(AccountId::from_bytes([2; 16]), Service::Gmail, None);
        let account = Account::new(
            key.account,
            scope.tenant(),
            AccountKind::Consented,
            "subject".into(),
            "ana@example.org".into(),
            START,
        );
        let stream = Stream {
            tenant: scope.tenant(),
            key: key.clone(),
            cursor: None,
            snapshot: None,
            next_at: Some(START),
            hints: 0,
            state: String::new(),
            created_at: START,
        };
        let mut write = store.begin(&Scope::service(), Access::Write).await.expect("begins");
        write
            .insert_user(&User::new(user, "ana".parse().expect("valid"), None, START))
            .await
            .expect("inserts");
        write.commit().await.expect("commits");
        let mut write = store.begin(&scope, Access::Write).await.expect("begins");
        write.put_account(&account).await.expect("puts");
        write.put_stream(&stream).await.expect("puts");
        write.commit().await.expect("commits");
        let engine = Engine::new(
            Arc::clone(&store),
            Arc::new(clock.clone()) as Arc<dyn Clock>,
            Arc::new(MixedIds::default()),
            Arc::new(OneSource(source.clone())),
            Arc::new(PlainSink(Arc::clone(&store))),
            IntervalBounds::default(),
        );
        Self { clock, store, source, engine, scope, key, _folder: folder }
    }

    pub(super) async fn run(&self, trigger: Trigger) -> RunReport {
        let options = RunOptions { trigger, cancel: CancelToken::new(), progress: None };
        self.engine.run(&self.scope, &self.key, &options).await.expect("runs")
    }

    pub(super) fn pass(&self, by: Duration) {
        self.clock.set(self.clock.now().after(by));
    }

    pub(super) async fn hint(&self) {
        let mut write = self.store.begin(&self.scope, Access::Work).await.expect("begins");
        write.hint(std::slice::from_ref(&self.key), self.clock.now()).await.expect("hints");
        write.commit().await.expect("commits");
    }

    pub(super) async fn read(&self) -> Box<dyn Transaction> {
        self.store.begin(&self.scope, Access::Read).await.expect("begins")
    }

    pub(super) async fn stream(&self) -> Stream {
        self.read().await.stream(&self.key).await.expect("reads").expect("is there")
    }

    pub(super) async fn channels(&self) -> Vec<Channel> {
        self.read().await.channels_of(&self.key).await.expect("reads")
    }

    pub(super) async fn aside(&self) -> Vec<WorkItem> {
        self.read().await.aside(&self.key, None, 100).await.expect("reads")
    }

    /// What is known here.
    pub(super) async fn objects(&self) -> BTreeMap<String, MailState> {
        let objects = self.read().await.objects_after(&self.key, None, 10_000).await.expect("reads");
        let state = |kept: Kept| match kept.state {
            ObjectState::Mail(mail) => mail,
            other => panic!("not a message: {other:?}"),
        };
        objects
            .into_iter()
            .map(|object| (object.id.clone(), state(Kept::read_from(&object).expect("reads"))))
            .collect()
    }

    pub(super) async fn health(&self) -> StreamHealth {
        let mut read = self.read().await;
        let account = read.account(self.key.account).await.expect("reads").expect("is there");
        let stream = read.stream(&self.key).await.expect("reads").expect("is there");
        let counts = read.work_counts(&self.key).await.expect("counts");
        let channels = read.channels_of(&self.key).await.expect("reads");
        let objects = read.count_objects(&self.key).await.expect("counts");
        judge(&Facts {
            account: &account,
            stream: &stream,
            counts,
            objects,
            channels: &channels,
            notified: true,
            now: self.clock.now(),
        })
    }
}
