//! A fake Google, a store, and processes that share both: for tests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use besunny_fake_google::{Client, FakeGoogle, Settings};
use reqwest::Method;

use super::client::Google;
use super::endpoints::GoogleEndpoints;
use super::oauth::{Callback, ConsentRequest, Finished, Granted, Purpose};
use super::options::{GoogleOptions, PushOptions, TokenKey};
use crate::base::{Clock, IdGenerator, Result, Scope, TenantId, Timestamp, UserId, VirtualClock, uuid_v7};
use crate::domain::{Access, Account, Sealed, SealedTokens, Service, Store, User};
use crate::net::{Http, HttpOptions, HttpRequest};
use crate::store::sqlite::SqliteStore;

pub(crate) const ANA: &str = "ana@lumen.example";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:3000/callback";

/// Ids in order, with well-mixed last bytes.
#[derive(Default)]
struct CountedIds(AtomicU64);

impl IdGenerator for CountedIds {
    fn next(&self, now: Timestamp) -> [u8; 16] {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        let mut random = [0; 10];
        random[..2].copy_from_slice(&count.to_be_bytes()[6..]);
        random[2..].copy_from_slice(&count.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        uuid_v7(now, random)
    }
}

pub(crate) struct Fixture {
    pub(crate) fake: FakeGoogle,
    pub(crate) clock: VirtualClock,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) options: Mutex<GoogleOptions>,
    /// A user.
    pub(crate) ana: TenantId,
    ids: Arc<CountedIds>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let fake = FakeGoogle::start(settings);
        fake.add_account(ANA, "Ana Lopes");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = SqliteStore::open(&folder.path().join("google.sqlite")).await.expect("opens");
        let client = Client::standard();
        let options = GoogleOptions {
            client_id: client.client_id,
            client_secret: client.client_secret.into(),
            redirect_uri: REDIRECT.into(),
            token_keys: vec![key("k1")],
            endpoints: GoogleEndpoints::at(fake.base_url()),
            push: Some(PushOptions {
                topic: "projects/fake-project/topics/mail".into(),
                subscription: "projects/fake-project/subscriptions/mail".into(),
                audience: "https://app.example/push".into(),
                service_account: "push@fake-project.iam.gserviceaccount.com".into(),
            }),
            ..GoogleOptions::default()
        };
        let fixture = Self {
            clock: VirtualClock::new(Timestamp::from_micros(fake.now() * 1_000)),
            fake,
            store: Arc::new(store),
            options: Mutex::new(options),
            ana: TenantId::SYSTEM,
            ids: Arc::default(),
            _folder: folder,
        };
        let ana = fixture.user(1, "ana").await;
        Self { ana, ..fixture }
    }

    pub(crate) async fn user(&self, number: u8, name: &str) -> TenantId {
        let id = UserId::from_bytes([number; 16]);
        let user = User::new(id, name.parse().expect("a name"), None, self.clock.now());
        let mut write = self.store.begin(&Scope::service(), Access::Write).await.expect("begins");
        write.insert_user(&user).await.expect("inserts");
        write.commit().await.expect("commits");
        id.into()
    }

    /// What another process would have.
    pub(crate) fn google(&self) -> Arc<Google> {
        self.google_on(Arc::clone(&self.store))
    }

    /// The same, with another store.
    pub(crate) fn google_on(&self, store: Arc<dyn Store>) -> Arc<Google> {
        let options = self.options.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let configured = options.checked().expect("options that pass");
        Google::new(configured, store, Arc::new(self.clock.clone()), Arc::clone(&self.ids) as _)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut GoogleOptions)) {
        change(&mut self.options.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.fake.advance(Duration::from_secs(seconds));
        self.clock.set(Timestamp::from_micros(self.fake.now() * 1_000));
    }

    /// A question for Gmail, by Ana.
    pub(crate) fn question(&self) -> ConsentRequest {
        ConsentRequest {
            purpose: Purpose::Link,
            tenant: self.ana,
            services: vec![Service::Gmail],
            login_hint: Some(ANA.into()),
            return_to: Some("/settings".into()),
            session: None,
        }
    }

    /// Links an account for a tenant.
    pub(crate) async fn link(&self, google: &Google, tenant: TenantId) -> Granted {
        let url =
            google.consents.ask(ConsentRequest { tenant, ..self.question() }).await.expect("a question").url;
        granted(google.consents.finish(browse(&url).await, Some(tenant)).await)
    }

    /// Links Ana's account.
    pub(crate) async fn linked(&self, google: &Google) -> Account {
        self.link(google, self.ana).await.account
    }

    pub(crate) async fn account(&self, account: &Account) -> Account {
        let mut read = self.store.begin(&Scope::service(), Access::Read).await.expect("begins");
        read.account(account.id).await.expect("reads").expect("is there")
    }

    pub(crate) async fn tokens(&self, account: &Account) -> SealedTokens {
        let mut read = self.store.begin(&Scope::service(), Access::Read).await.expect("begins");
        read.tokens(account.id).await.expect("reads").expect("is there")
    }

    /// Damages what is stored of an account's access token.
    pub(crate) async fn overwrite_access(&self, account: &Account, sealed: Sealed) {
        let stored = self.tokens(account).await;
        let mut write = self.store.begin(&Scope::service(), Access::Work).await.expect("begins");
        let tokens = SealedTokens { access: Some(sealed), ..stored };
        assert!(write.put_tokens(account.id, &tokens, self.clock.now()).await.expect("writes"));
        write.commit().await.expect("commits");
    }
}

pub(crate) fn key(id: &str) -> TokenKey {
    let hex: String = id.bytes().cycle().take(32).map(|byte| format!("{byte:02x}")).collect();
    TokenKey::new(id, hex)
}

pub(crate) fn granted(finished: Result<Finished>) -> Granted {
    match finished.expect("a consent that went well") {
        Finished::Linked(granted) => granted,
        Finished::SignedIn(_) => panic!("a login"),
    }
}

/// What the user's browser comes back with.
pub(crate) async fn browse(url: &str) -> Callback {
    let request = HttpRequest::new("test.browse", Method::GET, url).expect("an address");
    let answer = Http::new(HttpOptions::default()).send(request).await.expect("an answer");
    let location = answer.header("location").unwrap_or_else(|| panic!("no redirect: {}", answer.status));
    assert!(location.starts_with(REDIRECT), "{location}");
    Callback::from_query(location.split_once('?').map(|(_, query)| query).expect("a query"))
}
