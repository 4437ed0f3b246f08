//! How events are subscribed to and handled.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::base::{CancelToken, Error, ErrorKind, Result};
use crate::domain::ChangeKind;

/// Where a cursor begins that is not there yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Start {
    /// Before the first event.
    #[default]
    Beginning,
    /// After the last event at the time of subscribing.
    Now,
}

impl Start {
    /// Every value, in declaration order.
    pub const ALL: &'static [Start] = &[Start::Beginning, Start::Now];

    /// The stable text form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Beginning => "beginning",
            Self::Now => "now",
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Start {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|start| start.as_str() == text).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "events.subscribe",
                "a new cursor begins at `beginning` or `now`",
            )
            .with("start", text.chars().take(64).collect::<String>())
        })
    }
}

/// How events are subscribed to. Start from the default and change what matters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscribeOptions {
    /// Only events of these kinds; an empty list means all.
    pub kinds: Vec<ChangeKind>,
    /// Where a cursor begins that is not there yet. A live subscription begins now.
    pub start: Start,
    /// How many events are read at once, from 1 to 1,000. It bounds how many handled
    /// events can be delivered again after a crash.
    pub batch: u32,
    /// How long to wait for an event before the iteration ends; `None`: for ever.
    pub timeout: Option<Duration>,
    /// Whether asking for the next event acknowledges those before it. Without it, call
    /// [`Subscription::ack`](crate::Subscription::ack).
    pub auto_ack: bool,
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self { kinds: Vec::new(), start: Start::default(), batch: 100, timeout: None, auto_ack: true }
    }
}

/// What becomes of an event whose handler keeps failing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnFailure {
    /// Stop with the error; the event is delivered again next time.
    #[default]
    Stop,
    /// Note it in the report, acknowledge it, and go on.
    Skip,
}

/// How a handler is retried.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HandleOptions {
    /// How events are subscribed to. What the handler returned for is acknowledged.
    pub subscribe: SubscribeOptions,
    /// How often an event is tried, at least once.
    pub attempts: u32,
    /// How long to wait before the second attempt; doubles with each one after.
    pub backoff: Duration,
    /// The longest wait between two attempts.
    pub longest_backoff: Duration,
    /// What becomes of an event whose last attempt failed.
    pub on_failure: OnFailure,
    /// Raised to end the subscription: the event that is being handled is the last.
    pub stop: CancelToken,
}

impl Default for HandleOptions {
    fn default() -> Self {
        Self {
            subscribe: SubscribeOptions::default(),
            attempts: 5,
            backoff: Duration::from_millis(200),
            longest_backoff: Duration::from_secs(30),
            on_failure: OnFailure::default(),
            stop: CancelToken::new(),
        }
    }
}
