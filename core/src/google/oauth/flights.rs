//! One question at a time: of many who need the same token at once, one fetches it and the
//! others get what it brought, be it a token or an error.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::{Error, Result, Secret, Timestamp};

/// A token to call with.
#[derive(Clone, Debug)]
pub(crate) struct AccessToken {
    pub(crate) secret: Secret,
    pub(crate) expires_at: Timestamp,
}

/// The tokens at hand, by whose they are.
pub(super) struct Flights<K> {
    slots: Mutex<HashMap<K, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    held: Mutex<Held>,
    /// Held by the one who fetches; free again when that is done, failed or given up.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Held {
    token: Option<AccessToken>,
    /// How many fetches have failed, and how the last of them did.
    failures: u64,
    failure: Option<Error>,
}

impl<K: Eq + Hash + Clone> Flights<K> {
    pub(super) fn new() -> Self {
        Self { slots: Mutex::default() }
    }

    /// The token that is at hand if it `is_good`, or else what `fetch` brings.
    pub(super) async fn token(
        &self,
        key: &K,
        is_good: impl Fn(&AccessToken) -> bool,
        fetch: impl Future<Output = Result<AccessToken>>,
    ) -> Result<AccessToken> {
        let slot = self.slot(key);
        let failures = {
            let held = slot.held();
            if let Some(token) = held.token.as_ref().filter(|token| is_good(token)) {
                return Ok(token.clone());
            }
            held.failures
        };
        let _turn = slot.turn.lock().await;
        {
            let held = slot.held();
            if let Some(token) = held.token.as_ref().filter(|token| is_good(token)) {
                return Ok(token.clone());
            }
            // Whoever was waited for failed: to ask again at once would be a stampede, one
            // after the other.
            if let Some(failure) = held.failure.as_ref().filter(|_| held.failures > failures) {
                return Err(twin(failure));
            }
        }
        let fetched = fetch.await;
        let mut held = slot.held();
        match &fetched {
            Ok(token) => (held.token, held.failure) = (Some(token.clone()), None),
            Err(error) => {
                held.failures += 1;
                held.failure = Some(twin(error));
            }
        }
        fetched
    }

    /// The token at hand, good or not.
    pub(super) fn at_hand(&self, key: &K) -> Option<AccessToken> {
        self.slot(key).held().token.clone()
    }

    /// Lets go of the token at hand.
    pub(super) fn forget(&self, key: &K) {
        self.slot(key).held().token = None;
    }

    fn slot(&self, key: &K) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key.clone()).or_default())
    }
}

impl Slot {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same error once more, without what is below it.
fn twin(error: &Error) -> Error {
    let twin = Error::new(error.kind(), error.operation(), error.message());
    error.context().iter().fold(twin, |twin, (key, value)| twin.with(key, value))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::base::ErrorKind;

    async fn fetch(count: Arc<AtomicUsize>, fails: bool) -> Result<AccessToken> {
        count.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(30)).await;
        if fails {
            return Err(Error::new(ErrorKind::Upstream, "test.fetch", "down").with("key", "value"));
        }
        Ok(AccessToken { secret: "t".into(), expires_at: Timestamp::from_seconds(1) })
    }

    async fn at_once(
        flights: &Arc<Flights<u8>>,
        count: &Arc<AtomicUsize>,
        fails: bool,
    ) -> Vec<Result<AccessToken>> {
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (flights, count) = (Arc::clone(flights), Arc::clone(count));
                tokio::spawn(async move { flights.token(&1, |_| true, fetch(count, fails)).await })
            })
            .collect();
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.expect("a task"));
        }
        results
    }

    #[tokio::test]
    async fn many_at_once_fetch_once_and_share_failures() {
        let (flights, count) = (Arc::new(Flights::new()), Arc::new(AtomicUsize::new(0)));
        let failed = at_once(&flights, &count, true).await;
        assert!(failed.iter().all(|result| {
            result.as_ref().err().is_some_and(|e| e.kind() == ErrorKind::Upstream && e.context().len() == 1)
        }));
        assert_eq!(count.load(Ordering::Relaxed), 1);
        assert!(at_once(&flights, &count, false).await.iter().all(Result::is_ok));
        assert_eq!(count.load(Ordering::Relaxed), 2);
        flights.forget(&1);
        assert!(flights.at_hand(&1).is_none());
    }

    #[tokio::test]
    async fn who_gives_up_holds_nobody_up() {
        let (flights, count) = (Arc::new(Flights::new()), Arc::new(AtomicUsize::new(0)));
        let given_up = flights.token(&1, |_| true, fetch(Arc::clone(&count), false));
        assert!(tokio::time::timeout(Duration::from_millis(5), given_up).await.is_err());
        let token = flights.token(&1, |_| true, fetch(Arc::clone(&count), false)).await;
        assert!(token.is_ok());
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }
}
