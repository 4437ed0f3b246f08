//! Pacing: how much an upstream may be asked in a minute, kept to before it has to say no.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::retry::LONGEST_WAIT;
use crate::base::{Clock, Error, ErrorKind, Result, Timestamp};

/// The part of a minute's units that may be spent at once.
const BURST: f64 = 1.0 / 6.0;
/// How many keys are remembered before those that have rested long enough are forgotten.
const MANY: usize = 4_096;

/// How many units a minute a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) units_per_minute: u32,
}

impl Pace {
    fn burst(self) -> f64 {
        (f64::from(self.units_per_minute) * BURST).max(1.0)
    }

    /// Units a second beside the burst, so that no minute sees more than its units.
    fn rate(self) -> f64 {
        let steady = (f64::from(self.units_per_minute) - self.burst()) / 60.0;
        steady.max(f64::from(self.units_per_minute.max(1)) / 600.0)
    }
}

/// Buckets of units by key: a sixth of a minute's units at once, the rest evenly. In whatever
/// minute, a key spends at most its units; a single call that costs more than a burst waits
/// for a full bucket and may go beyond by its excess.
pub(crate) struct Budget<K> {
    clock: Arc<dyn Clock>,
    buckets: Mutex<HashMap<K, Bucket>>,
}

struct Bucket {
    /// What is there; negative where calls have reserved what is still to come.
    units: f64,
    /// As of when.
    at: Timestamp,
    /// Nothing is spent before this: the upstream said so.
    held_until: Option<Timestamp>,
}

impl<K: Eq + Hash + Clone> Budget<K> {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, buckets: Mutex::default() }
    }

    /// Spends `units` of each of the keys, waiting up to ten seconds for them.
    ///
    /// # Errors
    /// `rate_limited`, with the instant from which it is worth trying again, when it would
    /// take longer; then nothing is spent.
    pub(crate) async fn acquire(
        &self,
        operation: &'static str,
        keys: &[(K, Pace)],
        units: u32,
    ) -> Result<()> {
        let wait = self.reserve(operation, keys, units)?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Spends nothing of a key before `until`.
    pub(crate) fn hold(&self, key: &K, pace: Pace, until: Timestamp) {
        let now = self.clock.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(key.clone()).or_insert_with(|| Bucket::full(pace, now));
        bucket.held_until = bucket.held_until.max(Some(until));
    }

    /// Reserves units; how long until they may be spent.
    fn reserve(&self, operation: &'static str, keys: &[(K, Pace)], units: u32) -> Result<Duration> {
        let now = self.clock.now();
        let units = f64::from(units);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > MANY {
            let rested = |bucket: &Bucket| {
                now.since(bucket.at) > Duration::from_secs(120)
                    && bucket.held_until.is_none_or(|until| until < now)
            };
            buckets.retain(|_, bucket| !rested(bucket));
        }
        let mut wait = Duration::ZERO;
        for (key, pace) in keys {
            let bucket = buckets.entry(key.clone()).or_insert_with(|| Bucket::full(*pace, now));
            bucket.fill(*pace, now);
            wait = wait.max(bucket.wait(*pace, units, now));
        }
        if wait > LONGEST_WAIT {
            let message = "the pace that is kept to leaves no room for this call now";
            return Err(Error::new(ErrorKind::RateLimited, operation, message).with_retry_at(now.after(wait)));
        }
        for (key, _) in keys {
            if let Some(bucket) = buckets.get_mut(key) {
                bucket.units -= units;
            }
        }
        Ok(wait)
    }
}

impl Bucket {
    fn full(pace: Pace, now: Timestamp) -> Self {
        Self { units: pace.burst(), at: now, held_until: None }
    }

    fn fill(&mut self, pace: Pace, now: Timestamp) {
        let gained = now.since(self.at).as_secs_f64() * pace.rate();
        self.units = (self.units + gained).min(pace.burst());
        self.at = self.at.max(now);
    }

    /// How long until `units` may be spent.
    fn wait(&self, pace: Pace, units: f64, now: Timestamp) -> Duration {
        let missing = (units.min(pace.burst()) - self.units).max(0.0);
        let by_units = Duration::try_from_secs_f64(missing / pace.rate()).unwrap_or(Duration::MAX);
        by_units.max(self.held_until.map_or(Duration::ZERO, |until| until.since(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::VirtualClock;

    const PACE: Pace = Pace { units_per_minute: 600 };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(1_770_000_000_000_000 + millis * 1_000)
    }

    fn budget() -> (VirtualClock, Budget<&'static str>) {
        let clock = VirtualClock::new(at(0));
        (clock.clone(), Budget::new(Arc::new(clock)))
    }

    fn wait(budget: &Budget<&'static str>, key: &'static str, units: u32) -> Result<u128> {
        budget.reserve("test.call", &[(key, PACE)], units).map(|wait| wait.as_millis())
    }

    #[test]
    fn a_burst_is_free_and_then_the_pace_holds() {
        let (clock, budget) = budget();
        assert_eq!(wait(&budget, "ana", 100).ok(), Some(0));
        // 500 of 600 units come evenly over the minute: one takes 120 ms.
        assert_eq!(wait(&budget, "ana", 10).ok(), Some(1_200));
        assert_eq!(wait(&budget, "ana", 10).ok(), Some(2_400));
        assert_eq!(wait(&budget, "bo", 10).ok(), Some(0));
        clock.set(at(60_000));
        assert_eq!(wait(&budget, "ana", 100).ok(), Some(0));
    }

    #[test]
    fn what_takes_too_long_is_refused_with_the_instant_and_costs_nothing() {
        let (_, budget) = budget();
        assert_eq!(wait(&budget, "ana", 100).ok(), Some(0));
        let error = wait(&budget, "ana", 90).expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_at(), Some(at(90 * 120)));
        assert_eq!(wait(&budget, "ana", 1).ok(), Some(120));
    }

    #[test]
    fn no_minute_sees_more_than_its_units() {
        let (clock, budget) = budget();
        let mut spent: Vec<i64> = Vec::new();
        let mut time = 0;
        while time < 300_000 {
            clock.set(at(time));
            // Bursts and pauses.
            if (time / 7_000) % 3 != 0 {
                while let Ok(wait) = wait(&budget, "ana", 5) {
                    spent.push(time + i64::try_from(wait).expect("short"));
                }
            }
            time += 500;
        }
        for start in (0..300_000).step_by(1_000) {
            let units = 5 * spent.iter().filter(|at| (start..start + 60_000).contains(*at)).count();
            assert!(units <= 605, "{units} in the minute from {start}");
        }
        assert!(spent.len() * 5 > 2_000);
    }

    #[test]
    fn all_keys_pay_and_the_slowest_decides() {
        let (_, budget) = budget();
        let slow = Pace { units_per_minute: 60 };
        let keys = [("ana", PACE), ("project", slow)];
        assert!(budget.reserve("test.call", &keys, 10).expect("free").is_zero());
        let wait = budget.reserve("test.call", &keys, 1).expect("a wait");
        assert_eq!(wait.as_millis(), 1_200);
    }

    #[test]
    fn trap_29_nothing_is_spent_while_the_upstream_says_no() {
        let (clock, budget) = budget();
        budget.hold(&"ana", PACE, at(5_000));
        budget.hold(&"ana", PACE, at(2_000));
        assert_eq!(wait(&budget, "ana", 1).ok(), Some(5_000));
        budget.hold(&"ana", PACE, at(60_000));
        assert_eq!(wait(&budget, "ana", 1).expect_err("held").retry_at(), Some(at(60_000)));
        assert_eq!(wait(&budget, "bo", 1).ok(), Some(0));
        clock.set(at(60_000));
        assert_eq!(wait(&budget, "ana", 1).ok(), Some(0));
    }

    #[test]
    fn a_call_dearer_than_a_burst_waits_for_a_full_bucket() {
        let (_, budget) = budget();
        assert_eq!(wait(&budget, "ana", 150).ok(), Some(0));
        // 50 beyond: they are missing to whoever comes next.
        assert_eq!(wait(&budget, "ana", 1).ok(), Some(6_120));
    }

    #[tokio::test]
    async fn a_short_wait_is_waited() {
        let (_, budget) = budget();
        let started = tokio::time::Instant::now();
        budget.acquire("test.call", &[("ana", PACE)], 100).await.expect("free");
        budget.acquire("test.call", &[("ana", PACE)], 1).await.expect("a wait");
        assert!(started.elapsed() >= Duration::from_millis(119));
    }
}
