//! How much was asked of Google, counted in memory: for health checks, and for whoever wants to
//! know what a quota is spent on.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::{AccountId, Timestamp};

/// For so many days units are remembered.
const DAYS: i64 = 2;

/// How one kind of call went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallCounts {
    /// Tries, each of which cost units.
    pub(crate) tries: u64,
    /// Calls that had no answer of success in the end.
    pub(crate) failed: u64,
    /// Tries that Google refused because there were too many.
    pub(crate) limited: u64,
}

/// Counts calls and units.
#[derive(Default)]
pub(crate) struct Usage(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    calls: BTreeMap<&'static str, CallCounts>,
    /// By day since the epoch (UTC), and account.
    units: BTreeMap<(i64, AccountId), u64>,
}

fn day(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(24 * 3_600 * 1_000_000)
}

impl Usage {
    pub(super) fn tried(&self, operation: &'static str, account: AccountId, units: u32, now: Timestamp) {
        let mut counts = self.counts();
        counts.calls.entry(operation).or_default().tries += 1;
        let today = day(now);
        *counts.units.entry((today, account)).or_default() += u64::from(units);
        while counts.units.first_key_value().is_some_and(|((day, _), _)| *day <= today - DAYS) {
            counts.units.pop_first();
        }
    }

    pub(super) fn failed(&self, operation: &'static str) {
        self.counts().calls.entry(operation).or_default().failed += 1;
    }

    pub(super) fn limited(&self, operation: &'static str) {
        self.counts().calls.entry(operation).or_default().limited += 1;
    }

    /// How calls went since the workspace was opened, by operation.
    pub(crate) fn calls(&self) -> BTreeMap<&'static str, CallCounts> {
        self.counts().calls.clone()
    }

    /// The units that an account has spent on the day (UTC) of `now`.
    pub(crate) fn units(&self, account: AccountId, now: Timestamp) -> u64 {
        self.counts().units.get(&(day(now), account)).copied().unwrap_or(0)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_operation_and_by_day() {
        let (usage, ana) = (Usage::default(), AccountId::from_bytes([1; 16]));
        let at = |day: i64| Timestamp::from_seconds(day * 86_400 + 5);
        usage.tried("gmail.history", ana, 2, at(10));
        usage.tried("gmail.history", ana, 3, at(10));
        usage.tried("gmail.history", ana, 7, at(11));
        usage.failed("gmail.history");
        usage.limited("gmail.history");
        assert_eq!((usage.units(ana, at(10)), usage.units(ana, at(11))), (5, 7));
        assert_eq!(usage.calls()["gmail.history"], CallCounts { tries: 3, failed: 1, limited: 1 });
        usage.tried("gmail.history", ana, 1, at(12));
        assert_eq!((usage.units(ana, at(10)), usage.units(ana, at(11))), (0, 7));
    }
}
