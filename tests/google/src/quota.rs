//! Quota: what was called and what it cost, and limits by the minute where they are on.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::error::{ApiError, Result};
use crate::http::routes::{Method, Service};

/// Which limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limits {
    /// None; units are counted as for new projects.
    Off,
    /// Those of projects from before May 2026.
    Old,
    /// Those of newer projects.
    New,
}

/// Calls of one method by one account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// How many requests came in, those that failed included.
    pub calls: u64,
    /// What those that were let through cost.
    pub units: u64,
}

#[derive(Debug)]
pub(crate) struct Quota {
    pub(crate) limits: Limits,
    usage: HashMap<&'static str, HashMap<String, Usage>>,
    /// Units in the minute that is named, of an account or a project.
    windows: HashMap<(Service, String), (i64, u64)>,
}

const MINUTE: i64 = 60_000;

impl Quota {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, usage: HashMap::new(), windows: HashMap::new() }
    }

    pub(crate) fn count(&mut self, method: &'static str, account: &str) {
        self.entry(method, account).calls += 1;
    }

    fn entry(&mut self, method: &'static str, account: &str) -> &mut Usage {
        let accounts = self.usage.entry(method).or_default();
        if !accounts.contains_key(account) {
            accounts.insert(account.to_owned(), Usage::default());
        }
        accounts.entry(account.to_owned()).or_default()
    }

    /// Takes the cost of a call from what is left of the minute.
    pub(crate) fn spend(
        &mut self,
        method: &'static Method,
        project: &str,
        account: &str,
        now: i64,
    ) -> Result<()> {
        let service = method.service();
        let cost = u64::from(if self.limits == Limits::Old { method.cost.0 } else { method.cost.1 });
        let (of_user, of_project) = per_minute(service, self.limits);
        let user = format!("{project}/{account}");
        self.take(service, user, cost, of_user, now, "userRateLimitExceeded")?;
        self.take(service, project.to_owned(), cost, of_project, now, "rateLimitExceeded")?;
        self.entry(method.id, account).units += cost;
        Ok(())
    }

    fn take(
        &mut self,
        service: Service,
        who: String,
        cost: u64,
        limit: u64,
        now: i64,
        reason: &str,
    ) -> Result<()> {
        if self.limits == Limits::Off {
            return Ok(());
        }
        let minute = now.div_euclid(MINUTE);
        let window = self.windows.entry((service, who)).or_insert((minute, 0));
        if window.0 != minute {
            *window = (minute, 0);
        }
        if window.1 + cost > limit {
            return Err(exceeded(service, reason, (minute + 1) * MINUTE, now));
        }
        window.1 += cost;
        Ok(())
    }

    /// By method, then by account.
    pub(crate) fn usage(&self) -> BTreeMap<String, BTreeMap<String, Usage>> {
        let methods = self.usage.iter().map(|(method, accounts)| {
            let accounts = accounts.iter().map(|(account, usage)| (account.clone(), *usage)).collect();
            ((*method).to_owned(), accounts)
        });
        methods.collect()
    }

    pub(crate) fn reset(&mut self) {
        self.usage.clear();
        self.windows.clear();
    }
}

fn per_minute(service: Service, limits: Limits) -> (u64, u64) {
    match (service, limits) {
        (Service::Gmail, Limits::Old) => (15_000, 1_200_000),
        (Service::Gmail, _) => (6_000, 1_200_000),
        (Service::Drive, Limits::Old) => (12_000, 12_000),
        (Service::Drive, _) => (325_000, 1_000_000),
        (Service::Calendar, _) => (600, 10_000),
    }
}

/// Gmail says 429 with a time in the message, the others 403.
fn exceeded(service: Service, reason: &str, until: i64, now: i64) -> ApiError {
    let error = match (service, reason) {
        (Service::Gmail, "userRateLimitExceeded") => {
            let message = format!("User-rate limit exceeded.  Retry after {}", clock::rfc3339(until));
            ApiError::new(429, "rateLimitExceeded", message)
        }
        (_, "userRateLimitExceeded") => ApiError::new(
            403,
            reason,
            "User Rate Limit Exceeded. Rate of requests for user exceed configured project quota, you may consider re-evaluating expected per-user traffic to the API and adjust project quota limits accordingly.",
        ),
        _ => ApiError::new(403, reason, "Rate Limit Exceeded"),
    };
    let seconds = (until - now + 999) / 1000;
    error.in_domain("usageLimits").with_header("Retry-After", seconds.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_of_gmail_is_300_reads_for_new_projects_and_3000_for_old_ones() {
        let get =
            crate::gmail::METHODS.iter().find(|method| method.id == "gmail.users.messages.get").unwrap();
        for (limits, reads) in [(Limits::New, 300), (Limits::Old, 3_000)] {
            let mut quota = Quota::new(limits);
            for _ in 0..reads {
                quota.spend(get, "p", "a", 60_000).unwrap();
            }
            let error = quota.spend(get, "p", "a", 119_000).unwrap_err();
            assert_eq!((error.code, error.reason.as_str()), (429, "rateLimitExceeded"));
            assert!(error.message.ends_with("Retry after 1970-01-01T00:02:00.000Z"), "{}", error.message);
            quota.spend(get, "p", "b", 119_000).unwrap();
            quota.spend(get, "p", "a", 120_000).unwrap();
            assert_eq!(
                quota.usage()["gmail.users.messages.get"]["b"].units,
                u64::from(get.cost.1.min(if limits == Limits::Old { get.cost.0 } else { 99 }))
            );
        }
    }
}
