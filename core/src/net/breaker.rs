//! Circuit breakers: a server that fails again and again is left alone for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::{Clock, Error, ErrorKind, Result, Timestamp};

/// After so many failures in a row nobody calls.
const FAILURES: u32 = 5;
/// For so long; then one call probes, and the others wait for what becomes of it.
const REST: Duration = Duration::from_secs(30);

/// A breaker for each host.
pub(crate) struct Breaker {
    clock: Arc<dyn Clock>,
    hosts: Mutex<HashMap<String, Host>>,
}

#[derive(Default)]
struct Host {
    failures: u32,
    /// Nobody calls before this.
    open_until: Option<Timestamp>,
    is_probed: bool,
}

/// Leave to make one call. Say how it went; dropped without a word it counts as neither.
#[must_use = "a call that is not reported counts as neither good nor bad"]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    host: String,
    is_probe: bool,
}

impl Breaker {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, hosts: Mutex::default() }
    }

    /// Leave to call a host.
    ///
    /// # Errors
    /// `upstream`, with the instant from which it is worth trying again, while the host is
    /// left alone.
    pub(crate) fn admit(&self, operation: &'static str, host: &str) -> Result<Permit<'_>> {
        let now = self.clock.now();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_probe = false;
        if let Some(state) = hosts.get_mut(host)
            && let Some(until) = state.open_until
        {
            if now < until || state.is_probed {
                let message = "the server failed too often, and is left alone for a while";
                // Whoever waits for a probe looks again a little later.
                let retry_at = until.max(now.after(Duration::from_secs(1)));
                return Err(Error::new(ErrorKind::Upstream, operation, message)
                    .with("host", host)
                    .with_retry_at(retry_at));
            }
            state.is_probed = true;
            is_probe = true;
        }
        Ok(Permit { breaker: self, host: host.to_owned(), is_probe })
    }

    fn change(&self, host: &str, change: impl FnOnce(&mut Host)) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        change(hosts.entry(host.to_owned()).or_default());
    }
}

impl Permit<'_> {
    /// The host answered, whatever it said.
    pub(crate) fn succeeded(mut self) {
        self.is_probe = false;
        self.breaker.hosts.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.host);
    }

    /// The host did not answer, or said that it failed.
    pub(crate) fn failed(mut self) {
        let until = self.breaker.clock.now().after(REST);
        let was_probe = std::mem::take(&mut self.is_probe);
        self.breaker.change(&self.host, |state| {
            state.failures = state.failures.saturating_add(1);
            if was_probe || state.failures >= FAILURES {
                state.open_until = Some(until);
                state.is_probed = false;
            }
        });
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            // The probe was given up: somebody else may.
            self.breaker.change(&self.host, |state| state.is_probed = false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::VirtualClock;

    fn breaker() -> (VirtualClock, Breaker) {
        let clock = VirtualClock::new(at(0));
        (clock.clone(), Breaker::new(Arc::new(clock)))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_770_000_000 + seconds)
    }

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.admit("test.call", "a.example").expect("leave").failed();
        }
    }

    #[test]
    fn opens_after_failures_in_a_row_and_for_that_host_only() {
        let (_, breaker) = breaker();
        fail(&breaker, FAILURES - 1);
        breaker.admit("test.call", "a.example").expect("leave").succeeded();
        fail(&breaker, FAILURES);
        let error = breaker.admit("test.call", "a.example").err().expect("open");
        assert_eq!((error.kind(), error.retry_at()), (ErrorKind::Upstream, Some(at(30))));
        breaker.admit("test.call", "b.example").expect("leave").succeeded();
    }

    #[test]
    fn one_probe_decides() {
        let (clock, breaker) = breaker();
        fail(&breaker, FAILURES);
        clock.set(at(30));
        let probe = breaker.admit("test.call", "a.example").expect("a probe");
        assert!(breaker.admit("test.call", "a.example").is_err());
        probe.failed();
        assert_eq!(breaker.admit("test.call", "a.example").err().and_then(|e| e.retry_at()), Some(at(60)));
        clock.set(at(60));
        // A probe that is given up holds nobody up.
        drop(breaker.admit("test.call", "a.example").expect("a probe"));
        breaker.admit("test.call", "a.example").expect("a probe").succeeded();
        fail(&breaker, FAILURES - 1);
        breaker.admit("test.call", "a.example").expect("closed").succeeded();
    }
}
