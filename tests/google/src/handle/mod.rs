//! The handle: what a test does to a fake, from the same process.

pub(crate) mod calendar;
pub(crate) mod drive;
pub(crate) mod mail;
pub(crate) mod oauth;
pub(crate) mod push;
pub(crate) mod snapshot;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::faults::Fault;
use crate::http::serve;
use crate::quota::{Limits, Usage};
use crate::settings::Settings;
use crate::world::{Locked, Shared, World};

/// A running fake. Clones are the same one; it ends with the last of them.
///
/// It serves from a thread of its own, so a test needs no async runtime to have it.
#[derive(Debug, Clone)]
pub struct FakeGoogle {
    shared: Arc<Shared>,
    /// `None` while the fake itself handles a request of control.
    _running: Option<Arc<Running>>,
    base_url: String,
}

#[derive(Debug)]
struct Running {
    end: watch::Sender<bool>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end.send(true);
    }
}

impl FakeGoogle {
    /// Starts a fake.
    ///
    /// # Panics
    /// When there is no port to listen on, or no thread.
    #[must_use]
    #[expect(clippy::panic, reason = "a test that has no server cannot go on")]
    pub fn start(settings: Settings) -> Self {
        Self::try_start(settings).unwrap_or_else(|error| panic!("the fake does not start: {error}"))
    }

    /// Starts a fake.
    ///
    /// # Errors
    /// When there is no port to listen on, or no thread.
    pub fn try_start(settings: Settings) -> io::Result<Self> {
        let (listener, address) = serve::listen(settings.port)?;
        let base_url = format!("http://{address}");
        let clock = Arc::new(Clock::new(settings.start));
        let shared = Arc::new(Shared::new(World::new(settings, base_url.clone(), clock)));
        let (end, ended) = watch::channel(false);
        serve::start(Arc::clone(&shared), listener, ended)?;
        Ok(Self { shared, _running: Some(Arc::new(Running { end })), base_url })
    }

    /// The handle for control, which does not keep the fake running.
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        let base_url = shared.lock().base_url.clone();
        Self { shared: Arc::clone(shared), _running: None, base_url }
    }

    pub(crate) fn lock(&self) -> Locked<'_> {
        self.shared.lock()
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Milliseconds since 1970 on the fake's clock.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.lock().now()
    }

    /// Moves the clock on. What falls due can be taken, or is posted.
    pub fn advance(&self, by: Duration) {
        self.lock().advance(i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4));
    }

    /// Moves the clock to an instant, in milliseconds since 1970; never back.
    pub fn advance_to(&self, millis: i64) {
        let mut world = self.lock();
        world.clock.set(millis);
        world.catch_up();
    }

    /// Adds a rule of what goes wrong; its id.
    pub fn fault(&self, fault: Fault) -> u64 {
        self.lock().faults.add(fault)
    }

    /// Takes a rule away; whether it was there.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.lock().faults.remove(id)
    }

    /// Takes all rules away.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// How often each kind of fault has happened, by its name in JSON.
    #[must_use]
    pub fn faults_happened(&self) -> BTreeMap<String, u64> {
        self.lock().faults.happened.clone()
    }

    /// What was called and what it cost: by method, then by account.
    #[must_use]
    pub fn usage(&self) -> BTreeMap<String, BTreeMap<String, Usage>> {
        self.lock().quota.usage()
    }

    /// How often a method was called, by all accounts together.
    #[must_use]
    pub fn calls(&self, method: &str) -> u64 {
        self.usage().get(method).map_or(0, |accounts| accounts.values().map(|usage| usage.calls).sum())
    }

    /// Counts anew from zero.
    pub fn reset_usage(&self) {
        self.lock().quota.reset();
    }

    /// Sets which limits hold.
    pub fn set_limits(&self, limits: Limits) {
        self.lock().quota.limits = limits;
    }
}
