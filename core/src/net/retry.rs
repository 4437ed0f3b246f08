//! When to try again: how long a failure makes us wait, and how long the server asks us to.

use std::time::Duration;

use crate::base::{Clock, IdGenerator, Timestamp};

/// The longest that a call waits by itself. What takes longer is handed back with the instant
/// from which it is worth trying again.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The longest wait that is believed when a server demands it.
const LONGEST_DEMAND: Duration = Duration::from_secs(24 * 60 * 60);

/// Exponential backoff with full jitter: after failure n, anything between nothing and
/// `base` times 2^n. Many that failed together do not come back together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    /// How often it is tried in all.
    pub(crate) tries: u32,
    /// The longest wait after the first failure.
    pub(crate) base: Duration,
    /// The longest wait after any.
    pub(crate) cap: Duration,
}

impl RetryPolicy {
    pub(crate) const fn tries(tries: u32) -> Self {
        Self { tries, base: Duration::from_secs(1), cap: Duration::from_secs(8) }
    }

    /// How long to wait after `failed` tries (1 or more), `None` when that was the last.
    /// `chance` is in 0..1; a server's demand is waited for, and jitter comes on top.
    pub(crate) fn wait(&self, failed: u32, chance: f64, demanded: Option<Duration>) -> Option<Duration> {
        if failed >= self.tries {
            return None;
        }
        let doubled = self.base.saturating_mul(1 << failed.saturating_sub(1).min(20));
        let jitter = doubled.min(self.cap).mul_f64(chance.clamp(0.0, 1.0));
        Some(demanded.unwrap_or_default() + jitter)
    }
}

/// A number in 0..1 from the injected ids, for jitter.
pub(crate) fn fraction(ids: &dyn IdGenerator, clock: &dyn Clock) -> f64 {
    let id = u128::from_be_bytes(ids.next(clock.now()));
    #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
    let mut mixed = (id >> 64) as u64 ^ (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // SplitMix64: ids differ in a few bits only, their jitter is to differ in all.
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let bits = (mixed ^ (mixed >> 31)) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let fraction = bits as f64 / (1_u64 << 53) as f64;
    fraction
}

/// How long a server asks us to wait: by `Retry-After` (seconds or an HTTP date), by
/// `Retry-After-Ms`, or in the text of its error ("Retry after 2026-03-01T09:00:00.000Z",
/// "retry after 1500 ms", "retry in 12s"). Names of headers are in lower case.
pub(crate) fn demanded_wait(headers: &[(String, String)], message: &str, now: Timestamp) -> Option<Duration> {
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
    let by_header = header("retry-after").and_then(|value| seconds_or_date(value, now));
    let by_millis = || header("retry-after-ms")?.parse().ok().map(Duration::from_millis);
    let demanded = by_header.or_else(by_millis).or_else(|| in_text(message, now))?;
    Some(demanded.min(LONGEST_DEMAND))
}

fn seconds_or_date(value: &str, now: Timestamp) -> Option<Duration> {
    if let Some(seconds) = seconds(value) {
        return Some(seconds);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).ok()?).since(now))
}

fn seconds(value: &str) -> Option<Duration> {
    let seconds: f64 = value.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn in_text(message: &str, now: Timestamp) -> Option<Duration> {
    let lower = message.to_ascii_lowercase();
    let (at, phrase) = ["retry after", "retry in", "try again in", "retry-after"]
        .into_iter()
        .filter_map(|phrase| lower.find(phrase).map(|at| (at, phrase)))
        .min()?;
    // Lower case keeps every place in ASCII, and the phrase is ASCII.
    let mut words = message.get(at + phrase.len()..)?.trim_start_matches([':', ' ']).split_whitespace();
    let word = words.next()?.trim_end_matches(['.', ',', ';', ')']);
    if let Ok(instant) = word.parse::<Timestamp>() {
        // A bare date is no instant to wait for.
        return word.contains('T').then(|| instant.since(now));
    }
    let digits = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
    let (number, unit) = word.split_at(digits);
    let unit = if unit.is_empty() { words.next().unwrap_or("s").trim_end_matches(['.', ',']) } else { unit };
    let scale = match unit.to_ascii_lowercase().as_str() {
        "ms" | "millis" | "milliseconds" => 0.001,
        "m" | "min" | "minutes" | "minute" => 60.0,
        _ => 1.0,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * scale).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::{FixedClock, uuid_v7};

    fn now() -> Timestamp {
        "2026-03-01T09:00:00Z".parse().expect("a time")
    }

    fn demanded(header: Option<(&str, &str)>, message: &str) -> Option<u128> {
        let headers: Vec<_> = header.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        demanded_wait(&headers, message, now()).map(|wait| wait.as_millis())
    }

    #[test]
    fn trap_29_reads_every_form_of_a_demand() {
        let after = |value| demanded(Some(("retry-after", value)), "");
        assert_eq!(after("7"), Some(7_000));
        assert_eq!(after("0"), Some(0));
        assert_eq!(after("Sun, 01 Mar 2026 09:00:30 GMT"), Some(30_000));
        assert_eq!(after("Sun, 01 Mar 2026 08:00:00 GMT"), Some(0));
        assert_eq!(after("soon"), None);
        assert_eq!(after("-1"), None);
        assert_eq!(after("99999999999"), Some(24 * 3_600_000));
        assert_eq!(demanded(Some(("retry-after-ms", "1500")), ""), Some(1_500));
        let said = |message| demanded(None, message);
        assert_eq!(said("User-rate limit exceeded.  Retry after 2026-03-01T09:00:12.500Z"), Some(12_500));
        assert_eq!(said("Retry after 2026-03-01T09:00:01Z (Mail sending)"), Some(1_000));
        assert_eq!(said("please retry after 1500 ms."), Some(1_500));
        assert_eq!(said("Retry after 250ms"), Some(250));
        assert_eq!(said("retry in 12s"), Some(12_000));
        assert_eq!(said("Try again in 2 minutes."), Some(120_000));
        assert_eq!(said("Quota exceeded"), None);
        assert_eq!(said("retry after lunch"), None);
        assert_eq!(said("retry after"), None);
    }

    #[test]
    fn tries_are_counted_and_waits_grow_to_a_cap() {
        let policy = RetryPolicy { tries: 5, base: Duration::from_secs(1), cap: Duration::from_secs(3) };
        let waits: Vec<_> = (1..=5).map(|failed| policy.wait(failed, 1.0, None)).collect();
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(waits, [seconds(1), seconds(2), seconds(3), seconds(3), None]);
        assert_eq!(policy.wait(1, 0.0, None), Some(Duration::ZERO));
        assert_eq!(RetryPolicy::tries(1).wait(1, 0.5, seconds(1)), None);
    }

    #[test]
    fn trap_29_many_that_failed_together_come_back_apart_and_never_early() {
        struct Counter(std::sync::atomic::AtomicU64);
        impl IdGenerator for Counter {
            fn next(&self, now: Timestamp) -> [u8; 16] {
                let number = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let mut random = [0; 10];
                random[2..].copy_from_slice(&number.to_be_bytes());
                uuid_v7(now, random)
            }
        }
        let (ids, clock) = (Counter(std::sync::atomic::AtomicU64::new(0)), FixedClock(now()));
        let demand = Duration::from_secs(10);
        let mut bins = [0_u32; 40];
        for _ in 0..200 {
            let wait = RetryPolicy::tries(5).wait(3, fraction(&ids, &clock), Some(demand)).expect("a wait");
            assert!(wait >= demand);
            bins[usize::try_from((wait - demand).as_millis() / 100).expect("a bin")] += 1;
        }
        // 200 over 40 tenths of a second: 5 in each, if evenly spread.
        assert!(bins.iter().all(|count| *count <= 20), "{bins:?}");
        assert!(bins.iter().filter(|count| **count > 0).count() > 30, "{bins:?}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(header in ".{0,40}", message in ".{0,80}", tail in ".{0,40}") {
            let headers = [("retry-after".to_owned(), header.clone()), ("retry-after-ms".to_owned(), header)];
            for text in [message, format!("İ Retry after {tail}")] {
                if let Some(wait) = demanded_wait(&headers, &text, now()) {
                    prop_assert!(wait <= LONGEST_DEMAND);
                }
            }
        }
    }
}
