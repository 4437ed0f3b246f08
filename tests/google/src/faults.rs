//! What goes wrong when a test wants it to: rules, each with a place, a moment and an
//! effect. Decisions depend on the seed, the rule, the account and how often it was asked,
//! so that one account's faults are the same however others interleave.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock;
use crate::error::ApiError;
use crate::http::Answer;
use crate::http::routes::Service;
use crate::rng::{hash, mix};

/// What happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The answer is held back for so many real milliseconds.
    Delay {
        /// How long.
        millis: u64,
    },
    /// The virtual clock moves on by so many milliseconds before the answer.
    VirtualDelay {
        /// How far.
        millis: u64,
    },
    /// The connection is broken off without an answer.
    Reset,
    /// An error of the server's, as JSON or as the page of a proxy.
    Unavailable {
        /// 500, 502, 503 or 504.
        status: u16,
        /// Whether the body is HTML.
        html: bool,
    },
    /// A limit is said to be exceeded.
    RateLimit {
        /// 403 or 429.
        status: u16,
        /// `rateLimitExceeded`, `userRateLimitExceeded`, `dailyLimitExceeded`, `quotaExceeded`, ...
        reason: String,
        /// Seconds for the header `Retry-After`.
        #[serde(default)]
        retry_after: Option<u64>,
        /// Seconds until the time that Gmail writes into the message.
        #[serde(default)]
        retry_in_message: Option<u64>,
    },
    /// Too much at once: Gmail's 429 for concurrent requests.
    TooManyConcurrent,
    /// 401, as with a token that has just expired.
    Unauthorized,
    /// Parts of a batch beyond the 25th get [`FaultKind::TooManyConcurrent`]. Place: `batch`.
    ColdMailbox,
    /// A page without entries but with a token for the next one. Lists only.
    EmptyPage,
    /// The cursor is refused as too old: 404 for Gmail's history, 410 for Calendar's sync
    /// tokens and for Drive's page tokens. Lists with a cursor only.
    ExpiredCursor,
    /// A search says that it did not look everywhere. Place: `drive.files.list`.
    IncompleteSearch,
    /// An export to PDF that is too large is answered 500 instead of 403. Place:
    /// `drive.files.export`.
    LargeExportFails,
    /// The token endpoint answers `invalid_grant`. Place: `oauth.token`.
    InvalidGrant {
        /// `error_description`.
        #[serde(default)]
        description: Option<String>,
        /// `error_subtype`, `invalid_rapt` for instance.
        #[serde(default)]
        subtype: Option<String>,
    },
    /// The token endpoint answers `invalid_client`. Place: `oauth.token`.
    InvalidClient,
    /// A change is visible in history and change lists only so many milliseconds later.
    /// Places: `change.gmail`, `change.drive`, `change.calendar`.
    LateChange {
        /// How much later, on the fake's clock.
        millis: u64,
    },
    /// A push is lost. Places: `push.pubsub`, `push.channel`.
    DropPush,
    /// The watch or channel that a push comes from dies without a word. Places as above.
    DeadWatch,
    /// A push comes twice; from Pub/Sub with the same `messageId` and another `publishTime`.
    DuplicatePush,
    /// A push comes so many milliseconds later, and so after others.
    DelayPush {
        /// How much later, on the fake's clock.
        millis: u64,
    },
}

/// When it happens, of all the times it could.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Each time.
    Always,
    /// The next so many times.
    Next(u32),
    /// With a probability, decided by the seed.
    Probability(f64),
    /// Not so many times, and then once.
    After(u32),
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What happens.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// The beginning of the place's name: a method's id (`gmail.users.history.list`,
    /// `drive.`), `oauth.token`, `oauth.certs`, `batch`, `push.`, `change.`. Empty means all
    /// methods of the three APIs, and all pushes or changes where the kind is about those.
    #[serde(default)]
    pub place: String,
    /// The address of the one account that it happens to.
    #[serde(default)]
    pub account: Option<String>,
    /// Whether it happens only to requests that ask for a further page.
    #[serde(default)]
    pub only_further_pages: bool,
    /// When it happens.
    pub when: When,
}

impl Fault {
    /// A rule for a place.
    #[must_use]
    pub fn new(kind: FaultKind, place: &str, when: When) -> Self {
        Self { kind, place: place.to_owned(), account: None, only_further_pages: false, when }
    }

    /// The same for one account only.
    #[must_use]
    pub fn of(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// The same for requests of further pages only.
    #[must_use]
    pub fn on_further_pages(mut self) -> Self {
        self.only_further_pages = true;
        self
    }
}

/// What a rule does where it applies.
pub(crate) type Effect = FaultKind;

impl FaultKind {
    fn family(&self) -> Family {
        match self {
            Self::DropPush | Self::DeadWatch | Self::DuplicatePush | Self::DelayPush { .. } => Family::Push,
            Self::LateChange { .. } => Family::Change,
            _ => Family::Call,
        }
    }

    /// The answer that it is, if it is one.
    pub(crate) fn answer(&self, service: Service, now: i64) -> Option<Answer> {
        let names_status = service == Service::Gmail;
        Some(match self {
            Self::Reset => Answer { is_reset: true, ..Answer::nothing() },
            Self::Unavailable { status, html: true } => {
                let title = format!("Error {status} (Server Error)!!1");
                Answer::html(*status, &title, "That's an error. Please try again in 30 seconds.")
            }
            Self::Unavailable { status, html: false } => {
                ApiError::new(*status, "backendError", "Backend Error").answer(names_status)
            }
            Self::RateLimit { status, reason, retry_after, retry_in_message } => {
                let message = match (retry_in_message, reason.as_str()) {
                    (Some(seconds), _) => {
                        let until = now + *seconds as i64 * 1000;
                        format!("User-rate limit exceeded.  Retry after {}", clock::rfc3339(until))
                    }
                    (None, "userRateLimitExceeded") => "User Rate Limit Exceeded".to_owned(),
                    (None, "dailyLimitExceeded") => "Daily Limit Exceeded".to_owned(),
                    (None, "quotaExceeded") => "Calendar usage limits exceeded.".to_owned(),
                    (None, _) => "Rate Limit Exceeded".to_owned(),
                };
                let mut error = ApiError::new(*status, reason, message).in_domain("usageLimits");
                if let Some(seconds) = retry_after {
                    error = error.with_header("Retry-After", seconds.to_string());
                }
                error.answer(names_status)
            }
            Self::TooManyConcurrent => {
                let message = "Too many concurrent requests for user";
                ApiError::new(429, "rateLimitExceeded", message).in_domain("usageLimits").answer(names_status)
            }
            Self::Unauthorized => ApiError::credentials().answer(names_status),
            Self::InvalidGrant { description, subtype } => {
                let description = description.as_deref().unwrap_or("Token has been expired or revoked.");
                let mut body = json!({"error": "invalid_grant", "error_description": description});
                if let Some(subtype) = subtype {
                    body["error_subtype"] = json!(subtype);
                }
                Answer::json(400, body)
            }
            Self::InvalidClient => {
                let description = "The OAuth client was not found.";
                Answer::json(401, json!({"error": "invalid_client", "error_description": description}))
            }
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Family {
    Call,
    Push,
    Change,
}

/// Where something could go wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    Call { method: &'a str, account: &'a str, has_page: bool },
    Push { name: &'a str, account: &'a str },
    Change { name: &'a str, account: &'a str },
}

/// All rules.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    seed: u64,
    next_id: u64,
    rules: BTreeMap<u64, Rule>,
    /// How often each kind happened.
    pub(crate) happened: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    asked: HashMap<String, u64>,
    left: u32,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, next_id: 1, ..Self::default() }
    }

    pub(crate) fn add(&mut self, fault: Fault) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let left = match fault.when {
            When::Next(left) => left,
            When::After(skipped) => skipped.saturating_add(1),
            When::Always | When::Probability(_) => u32::MAX,
        };
        self.rules.insert(id, Rule { fault, asked: HashMap::new(), left });
        id
    }

    pub(crate) fn remove(&mut self, id: u64) -> bool {
        self.rules.remove(&id).is_some()
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// What happens here and now.
    pub(crate) fn at(&mut self, place: Place<'_>, _now: i64) -> Vec<Effect> {
        if self.rules.is_empty() {
            return Vec::new();
        }
        let (name, account, has_page, family) = match place {
            Place::Call { method, account, has_page } => (method, account, has_page, Family::Call),
            Place::Push { name, account } => (name, account, false, Family::Push),
            Place::Change { name, account } => (name, account, false, Family::Change),
        };
        let mut effects = Vec::new();
        for (id, rule) in &mut self.rules {
            if rule.left == 0 || !rule.fault.is_for(family, name, account, has_page) {
                continue;
            }
            let asked = rule.asked.entry(account.to_owned()).or_default();
            *asked += 1;
            let happens = match rule.fault.when {
                When::Always => true,
                When::Next(_) => {
                    rule.left -= 1;
                    true
                }
                When::After(_) => {
                    rule.left -= 1;
                    rule.left == 0
                }
                When::Probability(probability) => {
                    let draw = mix(self.seed
                        ^ mix(*id)
                        ^ hash(account.as_bytes())
                        ^ asked.wrapping_mul(0x9E37_79B9));
                    (draw >> 11) as f64 / (1_u64 << 53) as f64 <= probability && probability > 0.0
                }
            };
            if happens {
                effects.push(rule.fault.kind.clone());
            }
        }
        for effect in &effects {
            let name = serde_json::to_value(effect).ok();
            let name = name.as_ref().and_then(|value| value.get("kind")?.as_str()).unwrap_or_default();
            *self.happened.entry(name.to_owned()).or_default() += 1;
        }
        effects
    }
}

impl Fault {
    fn is_for(&self, family: Family, name: &str, account: &str, has_page: bool) -> bool {
        let is_place = match (family, self.place.as_str()) {
            (Family::Call, "") => {
                let is_of_one_place = matches!(
                    self.kind,
                    FaultKind::ColdMailbox | FaultKind::InvalidGrant { .. } | FaultKind::InvalidClient
                );
                is_of_one_place
                    || ["gmail.", "drive.", "calendar."].iter().any(|service| name.starts_with(service))
            }
            (_, place) => name.starts_with(place),
        };
        // What makes no sense for a method is not used up by it.
        let makes_sense = match &self.kind {
            FaultKind::EmptyPage => name.ends_with(".list"),
            FaultKind::ExpiredCursor => {
                matches!(name, "gmail.users.history.list" | "drive.changes.list")
                    || matches!(name, "calendar.events.list" | "calendar.calendarList.list")
            }
            FaultKind::ColdMailbox => name == "batch",
            FaultKind::IncompleteSearch => name == "drive.files.list",
            FaultKind::LargeExportFails => name == "drive.files.export",
            FaultKind::InvalidGrant { .. } | FaultKind::InvalidClient => name == "oauth.token",
            _ => true,
        };
        family == self.kind.family()
            && is_place
            && makes_sense
            && (has_page || !self.only_further_pages)
            && self.account.as_deref().is_none_or(|own| own == account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &'static str, account: &'static str) -> Place<'static> {
        Place::Call { method, account, has_page: false }
    }

    #[test]
    fn the_next_ones_and_no_more() {
        let mut faults = Faults::new(1);
        faults.add(Fault::new(FaultKind::Reset, "gmail.", When::Next(2)).of("a"));
        assert!(faults.at(call("gmail.users.getProfile", "b"), 0).is_empty());
        assert!(faults.at(call("drive.files.list", "a"), 0).is_empty());
        let hits: Vec<usize> =
            (0..4).map(|_| faults.at(call("gmail.users.getProfile", "a"), 0).len()).collect();
        assert_eq!(hits, [1, 1, 0, 0]);
        assert_eq!(faults.happened["reset"], 2);
    }

    #[test]
    fn chance_is_decided_by_the_seed_for_each_account_alone() {
        let draw = |seed, accounts: &[&'static str]| {
            let mut faults = Faults::new(seed);
            faults.add(Fault::new(FaultKind::Reset, "", When::Probability(0.3)));
            let mut of_a = Vec::new();
            for _ in 0..200 {
                for account in accounts {
                    let hit = !faults.at(call("drive.files.get", account), 0).is_empty();
                    if *account == "a" {
                        of_a.push(hit);
                    }
                }
            }
            of_a
        };
        let alone = draw(7, &["a"]);
        assert_eq!(alone, draw(7, &["b", "a", "c"]));
        assert_ne!(alone, draw(8, &["a"]));
        let hits = alone.iter().filter(|hit| **hit).count();
        assert!((40..80).contains(&hits), "{hits}");
    }

    #[test]
    fn rules_read_from_json() {
        let text =
            r#"{"kind":"unavailable","status":502,"html":true,"place":"oauth.token","when":{"next":1}}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(fault.when, When::Next(1));
        let fault: Fault =
            serde_json::from_str(r#"{"kind":"drop_push","when":{"probability":0.5}}"#).unwrap();
        assert_eq!(fault.kind, FaultKind::DropPush);
    }
}
