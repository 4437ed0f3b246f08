//! A clock for tests.

use besunny::Clock;
use napi::bindgen_prelude::{FromNapiRef, FromNapiValue};
use napi::{Result, sys};
use napi_derive::napi;

use crate::errors::unfit;
use crate::types::input::accepts_anything_then_checks;
use crate::types::time::{Instant, TimeInput};

/// A clock that stands still until it is set, for tests of what happens over time.
///
/// ```js
/// const clock = new VirtualClock('2026-03-28T12:00:00Z')
/// const ws = await Workspace.open('./workspace', { clock })
/// await ws.jobs.advance(clock, 3_600_000) // an hour goes by, and what falls due is done
/// ```
#[napi]
pub struct VirtualClock {
    inner: besunny::VirtualClock,
}

#[napi]
impl VirtualClock {
    /// A clock that shows `now`. Throws `invalid_input` for what is no time.
    #[napi(constructor, strict, catch_unwind)]
    pub fn new(#[napi(ts_arg_type = "Date | string")] now: TimeInput) -> Self {
        Self { inner: besunny::VirtualClock::new(now.0) }
    }

    /// The time it shows.
    #[napi(ts_return_type = "Date", catch_unwind)]
    pub fn now(&self) -> Instant {
        self.inner.now().into()
    }

    /// Moves the clock to `now`. It never goes back: an earlier time changes nothing.
    ///
    /// Throws `invalid_input` for what is no time.
    #[napi(strict, catch_unwind)]
    pub fn set(&self, #[napi(ts_arg_type = "Date | string")] now: TimeInput) {
        self.inner.set(now.0);
    }
}

/// A clock as an argument.
#[derive(Debug)]
pub struct ClockInput(pub(crate) besunny::VirtualClock);

accepts_anything_then_checks!(ClockInput, "VirtualClock");

impl FromNapiValue for ClockInput {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        let clock = unsafe { VirtualClock::from_napi_ref(env, value) };
        let clock = clock.map_err(|_| unfit("a clock is a VirtualClock"))?;
        Ok(Self(clock.inner.clone()))
    }
}
