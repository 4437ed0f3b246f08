//! How events are read, subscribed to and handled.

use besunny::ChangeKind;
use napi::Result;
use napi_derive::napi;

use super::parse_some;
use crate::errors::{rejection, unfit};
use crate::types::input::{Count, Position};
use crate::types::time::Millis;
use crate::vocabulary::{self, ON_FAILURE};

/// Which events are read.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct ReadOptions {
    /// Only events after this position; 0, before the first, if not said.
    #[napi(ts_type = "number")]
    pub after: Option<Position>,
    /// Only events of these kinds; all if not said.
    #[napi(ts_type = "Array<ChangeKind>")]
    pub kinds: Option<Vec<String>>,
    /// How many at most, from 1 to 1,000; 100 if not said.
    #[napi(ts_type = "number")]
    pub limit: Option<Count>,
}

/// How events from now on are subscribed to.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct LiveOptions {
    /// Only events of these kinds; all if not said.
    #[napi(ts_type = "Array<ChangeKind>")]
    pub kinds: Option<Vec<String>>,
    /// How many events are read at once, from 1 to 1,000; 100 if not said.
    #[napi(ts_type = "number")]
    pub batch: Option<Count>,
    /// The iteration ends when nothing came for so many milliseconds; it waits for ever if
    /// not said.
    #[napi(ts_type = "number")]
    pub timeout: Option<Millis>,
}

/// How events are subscribed to under a name.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct SubscribeOptions {
    /// Only events of these kinds; all if not said.
    #[napi(ts_type = "Array<ChangeKind>")]
    pub kinds: Option<Vec<String>>,
    /// How many events are read at once, from 1 to 1,000; 100 if not said. So many handled
    /// ones can come again after a crash.
    #[napi(ts_type = "number")]
    pub batch: Option<Count>,
    /// The iteration ends when nothing came for so many milliseconds; it waits for ever if
    /// not said.
    #[napi(ts_type = "number")]
    pub timeout: Option<Millis>,
    /// Where the cursor begins if it is not there yet; at the `beginning` if not said.
    #[napi(ts_type = "Start")]
    pub start: Option<String>,
    /// Whether asking for the next event acknowledges those before it; it does if not said.
    pub auto_ack: Option<bool>,
}

/// How events are handled.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct HandleOptions {
    /// Only events of these kinds; all if not said.
    #[napi(ts_type = "Array<ChangeKind>")]
    pub kinds: Option<Vec<String>>,
    /// How many events are read at once, from 1 to 1,000; 100 if not said.
    #[napi(ts_type = "number")]
    pub batch: Option<Count>,
    /// The handling ends when nothing came for so many milliseconds; it waits for ever if not
    /// said.
    #[napi(ts_type = "number")]
    pub timeout: Option<Millis>,
    /// Where the cursor begins if it is not there yet; at the `beginning` if not said.
    #[napi(ts_type = "Start")]
    pub start: Option<String>,
    /// How often an event is tried, at least once; 5 times if not said.
    #[napi(ts_type = "number")]
    pub attempts: Option<Count>,
    /// How many milliseconds to wait before the second attempt, 200 if not said; it doubles
    /// with each one after.
    #[napi(ts_type = "number")]
    pub backoff: Option<Millis>,
    /// The longest wait between two attempts, in milliseconds; 30,000 if not said.
    #[napi(ts_type = "number")]
    pub longest_backoff: Option<Millis>,
    /// What becomes of an event whose last attempt failed; `stop` if not said.
    #[napi(ts_type = "OnFailure")]
    pub on_failure: Option<String>,
}

impl SubscribeOptions {
    pub(crate) fn into_core(self) -> Result<besunny::SubscribeOptions> {
        let Self { kinds, batch, timeout, start, auto_ack } = self;
        let mut options = LiveOptions { kinds, batch, timeout }.into_core()?;
        options.start = parse_some(start)?.unwrap_or_default();
        options.auto_ack = auto_ack.unwrap_or(true);
        Ok(options)
    }
}

impl LiveOptions {
    pub(crate) fn into_core(self) -> Result<besunny::SubscribeOptions> {
        let mut options = besunny::SubscribeOptions::default();
        options.kinds = kinds(self.kinds)?;
        if let Some(Count(batch)) = self.batch {
            options.batch = batch;
        }
        options.timeout = self.timeout.map(|Millis(timeout)| timeout);
        Ok(options)
    }
}

impl HandleOptions {
    pub(crate) fn into_core(self) -> Result<besunny::HandleOptions> {
        let Self { kinds, batch, timeout, start, attempts, backoff, longest_backoff, on_failure } = self;
        let mut options = besunny::HandleOptions::default();
        options.subscribe = SubscribeOptions { kinds, batch, timeout, start, auto_ack: None }.into_core()?;
        if let Some(Count(attempts)) = attempts {
            options.attempts = attempts;
        }
        if let Some(Millis(backoff)) = backoff {
            options.backoff = backoff;
        }
        if let Some(Millis(longest)) = longest_backoff {
            options.longest_backoff = longest;
        }
        if let Some(word) = on_failure {
            let known = ON_FAILURE.into_iter().find(|known| vocabulary::on_failure(*known) == word);
            options.on_failure =
                known.ok_or_else(|| unfit("on failure, handling is to `stop` or to `skip` the event"))?;
        }
        Ok(options)
    }
}

pub(crate) fn kinds(names: Option<Vec<String>>) -> Result<Vec<ChangeKind>> {
    names.unwrap_or_default().iter().map(|name| name.parse().map_err(rejection)).collect()
}
