//! How long a failed job waits before it is tried again.

use std::time::Duration;

/// Exponential backoff with full jitter: the wait is anything from nothing to a ceiling that
/// doubles with each attempt, so that jobs that failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The ceiling after the first attempt.
    pub first: Duration,
    /// The ceiling never exceeds this.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(10), longest: Duration::from_secs(3600) }
    }
}

impl Backoff {
    /// The wait after `attempt` (1 is the first) failed. `random` is uniform over its range.
    #[must_use]
    pub fn delay(&self, attempt: u32, random: u64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let ceiling = self.first.saturating_mul(1 << doublings).min(self.longest);
        // The upper 53 bits are what an f64 holds exactly.
        let fraction = (random >> 11) as f64 / (1_u64 << 53) as f64;
        ceiling.mul_f64(fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_and_is_capped() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
        let most = |attempt| backoff.delay(attempt, u64::MAX).as_secs_f64().round();
        assert_eq!([1, 2, 3, 6, 7, 8, 40, u32::MAX].map(most), [1.0, 2.0, 4.0, 32.0, 60.0, 60.0, 60.0, 60.0]);
    }

    #[test]
    fn jitter_is_full() {
        let backoff = Backoff::default();
        assert_eq!(backoff.delay(5, 0), Duration::ZERO);
        assert_eq!(backoff.delay(1, 1 << 63), Duration::from_secs(5));
    }
}
