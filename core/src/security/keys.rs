//! The public keys of whoever signs tokens, fetched when they are needed and kept as long as
//! their publisher allows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::jwt::RsaPublicKey;
use crate::base::{Clock, Error, ErrorKind, Result, Timestamp};

/// The least time between two fetches that unknown keys ask for: whoever makes up names of
/// keys causes one fetch in that time, not one each.
const COOLDOWN: Duration = Duration::from_secs(60);
/// The least time between two fetches while there are no keys at all, so that one that failed
/// does not shut everybody out for long.
const FIRST_COOLDOWN: Duration = Duration::from_secs(5);
/// Bounds of what a publisher may say about how long its keys hold.
const MIN_AGE: Duration = Duration::from_secs(60);
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Keys as published.
#[derive(Clone)]
pub(crate) struct FetchedKeys {
    pub(crate) keys: Vec<(String, RsaPublicKey)>,
    /// How long they hold, from now on.
    pub(crate) max_age: Duration,
}

/// Where keys come from.
#[async_trait]
pub(crate) trait FetchKeys: Send + Sync {
    async fn fetch(&self) -> Result<FetchedKeys>;
}

/// A publisher's keys by name.
pub(crate) struct KeySet<F> {
    source: F,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    /// Held while somebody fetches; the others wait for what they fetch.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<RsaPublicKey>>,
    fresh_until: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    is_asking: bool,
}

/// Says that somebody asks, until it is dropped: with the answer, or given up.
struct Asking<'a>(&'a Mutex<Known>);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_asking = false;
    }
}

/// What is known about a key without asking anybody.
enum Lookup {
    Key(Arc<RsaPublicKey>),
    /// It does not exist, as far as one may know by now.
    Unknown,
    /// The publisher has to be asked.
    Ask,
    /// The publisher did not answer yet, and may not be asked again before.
    NotBefore(Timestamp),
}

impl<F: FetchKeys> KeySet<F> {
    pub(crate) fn new(source: F, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, known: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// The key of that name; `None` when its publisher has no such key.
    ///
    /// # Errors
    /// `upstream` when no keys could be had yet.
    pub(crate) async fn key(&self, kid: &str) -> Result<Option<Arc<RsaPublicKey>>> {
        if let Some(answer) = self.without_asking(kid)? {
            return Ok(answer);
        }
        let _turn = self.fetching.lock().await;
        // Whoever had the turn before may have brought it.
        if let Some(answer) = self.without_asking(kid)? {
            return Ok(answer);
        }
        let now = self.clock.now();
        let asking = self.begin(now);
        let fetched = self.source.fetch().await;
        drop(asking);
        let mut known = self.known();
        match fetched {
            Ok(fetched) if !fetched.keys.is_empty() => {
                let age = fetched.max_age.clamp(MIN_AGE, MAX_AGE);
                known.keys = fetched.keys.into_iter().map(|(kid, key)| (kid, Arc::new(key))).collect();
                known.fresh_until = Some(self.clock.now().after(age));
            }
            // Old keys are better than none: what they signed was signed.
            Ok(_) | Err(_) if !known.keys.is_empty() => {
                tracing::warn!(
                    "the keys that tokens are signed with could not be fetched; the old ones stay"
                );
            }
            Ok(_) => return Err(none_yet(now.after(FIRST_COOLDOWN))),
            Err(error) => return Err(none_yet(now.after(FIRST_COOLDOWN)).caused_by(error)),
        }
        Ok(known.keys.get(kid).map(Arc::clone))
    }

    fn without_asking(&self, kid: &str) -> Result<Option<Option<Arc<RsaPublicKey>>>> {
        match self.known().look_up(kid, self.clock.now()) {
            Lookup::Key(key) => Ok(Some(Some(key))),
            Lookup::Unknown => Ok(Some(None)),
            Lookup::Ask => Ok(None),
            Lookup::NotBefore(at) => Err(none_yet(at)),
        }
    }

    fn begin(&self, now: Timestamp) -> Asking<'_> {
        let mut known = self.known();
        known.asked_at = Some(now);
        known.is_asking = true;
        Asking(&self.known)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn look_up(&self, kid: &str, now: Timestamp) -> Lookup {
        let key = self.keys.get(kid);
        let cooldown = if self.keys.is_empty() { FIRST_COOLDOWN } else { COOLDOWN };
        let may_ask_at = self.asked_at.map(|at| at.after(cooldown));
        let may_ask = may_ask_at.is_none_or(|at| now >= at);
        let is_fresh = self.fresh_until.is_some_and(|until| now < until);
        match (key, may_ask_at) {
            (Some(key), _) if is_fresh || !may_ask => Lookup::Key(Arc::clone(key)),
            // The answer is under way: worth waiting for.
            (None, _) if self.is_asking => Lookup::Ask,
            (None, Some(at)) if !may_ask && self.keys.is_empty() => Lookup::NotBefore(at),
            (None, _) if !may_ask => Lookup::Unknown,
            _ => Lookup::Ask,
        }
    }
}

fn none_yet(retry_at: Timestamp) -> Error {
    let message = "the keys that tokens are signed with could not be fetched";
    Error::new(ErrorKind::Upstream, "security.keys", message).with_retry_at(retry_at)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::jwt::tests::public_key;
    use super::*;
    use crate::base::VirtualClock;

    /// A publisher whose keys, mood and speed can be set.
    #[derive(Clone, Default)]
    struct Publisher(Arc<Shown>);

    #[derive(Default)]
    struct Shown {
        names: Mutex<Vec<String>>,
        is_down: std::sync::atomic::AtomicBool,
        asked: AtomicUsize,
    }

    impl Publisher {
        fn shows(&self, names: &[&str]) {
            *self.0.names.lock().expect("a lock") = names.iter().map(|name| (*name).to_owned()).collect();
        }

        fn asked(&self) -> usize {
            self.0.asked.load(Ordering::Relaxed)
        }
    }

    #[async_trait]
    impl FetchKeys for Publisher {
        async fn fetch(&self) -> Result<FetchedKeys> {
            self.0.asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            if self.0.is_down.load(Ordering::Relaxed) {
                return Err(Error::new(ErrorKind::Upstream, "test.keys", "down"));
            }
            let names = self.0.names.lock().expect("a lock").clone();
            let keys = names.into_iter().map(|name| (name, public_key(0))).collect();
            Ok(FetchedKeys { keys, max_age: Duration::from_secs(3600) })
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_770_000_000 + seconds)
    }

    fn key_set(names: &[&str]) -> (Publisher, VirtualClock, Arc<KeySet<Publisher>>) {
        let (publisher, clock) = (Publisher::default(), VirtualClock::new(at(0)));
        publisher.shows(names);
        let keys = Arc::new(KeySet::new(publisher.clone(), Arc::new(clock.clone())));
        (publisher, clock, keys)
    }

    async fn has(keys: &KeySet<Publisher>, kid: &str) -> bool {
        keys.key(kid).await.expect("an answer").is_some()
    }

    #[tokio::test]
    async fn trap_23_key_rotation() {
        let (publisher, clock, keys) = key_set(&["a"]);
        assert!(has(&keys, "a").await);
        publisher.shows(&["a", "b"]);
        clock.set(at(61));
        // An unknown name is worth a fetch, after which old and new both pass.
        assert!(has(&keys, "b").await && has(&keys, "a").await);
        assert_eq!(publisher.asked(), 2);
        // A revoked key is gone with the next fetch.
        publisher.shows(&["b"]);
        clock.set(at(61 + 3600));
        assert!(has(&keys, "b").await);
        assert!(!has(&keys, "a").await);
        assert_eq!(publisher.asked(), 3);
    }

    #[tokio::test]
    async fn trap_23_made_up_names_cause_one_fetch_per_cooldown() {
        let (publisher, clock, keys) = key_set(&["a"]);
        assert!(has(&keys, "a").await);
        for round in 1..=3_i64 {
            clock.set(at(61 * round));
            for number in 0..1_000 {
                assert!(!has(&keys, &format!("made up {number}")).await);
            }
        }
        assert!(has(&keys, "a").await);
        assert_eq!(publisher.asked(), 4);
    }

    #[tokio::test]
    async fn trap_23_a_publisher_that_is_down_costs_nobody_the_old_keys() {
        let (publisher, clock, keys) = key_set(&["a"]);
        assert!(has(&keys, "a").await);
        publisher.0.is_down.store(true, Ordering::Relaxed);
        clock.set(at(2 * 3600));
        assert!(has(&keys, "a").await && !has(&keys, "b").await && has(&keys, "a").await);
        assert_eq!(publisher.asked(), 2);
    }

    #[tokio::test]
    async fn before_the_first_answer_there_is_an_error_and_soon_another_try() {
        let (publisher, clock, keys) = key_set(&["a"]);
        publisher.0.is_down.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            let error = keys.key("a").await.expect_err("no keys");
            assert_eq!((error.kind(), error.retry_at()), (ErrorKind::Upstream, Some(at(5))));
        }
        assert_eq!(publisher.asked(), 1);
        publisher.0.is_down.store(false, Ordering::Relaxed);
        clock.set(at(5));
        assert!(has(&keys, "a").await);
    }

    #[tokio::test]
    async fn many_at_once_fetch_once() {
        let (publisher, _, keys) = key_set(&["a"]);
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let keys = Arc::clone(&keys);
                tokio::spawn(async move { has(&keys, "a").await })
            })
            .collect();
        for task in tasks {
            assert!(task.await.expect("a task"));
        }
        assert_eq!(publisher.asked(), 1);
    }
}
