//! Times: `Date` out, `Date` or RFC 3339 text in. Durations are in milliseconds, as
//! everywhere in JavaScript.

use std::ptr;
use std::time::Duration;

use besunny::Timestamp;
use napi::bindgen_prelude::{FromNapiValue, Null, ToNapiValue, ValidateNapiValue};
use napi::{Result, check_status, sys};

use super::input::accepts_anything_then_checks;
use crate::errors::{rejection, unfit};

/// An instant that becomes a `Date`, in whole milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Instant(Timestamp);

impl From<Timestamp> for Instant {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl ToNapiValue for Instant {
    #[expect(clippy::cast_precision_loss, reason = "a Date has a smaller range than f64 has exact integers")]
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        let millis = value.0.as_micros().div_euclid(1000) as f64;
        let mut date = ptr::null_mut();
        // SAFETY: the caller vouches for `env`.
        check_status!(unsafe { sys::napi_create_date(env, millis, &mut date) })?;
        Ok(date)
    }
}

/// An instant from a `Date` or a text.
#[derive(Clone, Copy, Debug)]
pub struct TimeInput(pub(crate) Timestamp);

accepts_anything_then_checks!(TimeInput, "Date | string");

impl ToNapiValue for TimeInput {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        // SAFETY: the caller vouches for `env`.
        unsafe { Instant::to_napi_value(env, Instant(value.0)) }
    }
}

impl FromNapiValue for TimeInput {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut is_date = false;
        // SAFETY: the caller vouches for `env` and `value`.
        check_status!(unsafe { sys::napi_is_date(env, value, &mut is_date) })?;
        if is_date {
            let mut millis = f64::NAN;
            // SAFETY: as above, and it is a date.
            check_status!(unsafe { sys::napi_get_date_value(env, value, &mut millis) })?;
            return from_millis(millis).map(Self);
        }
        // SAFETY: as above.
        let text = unsafe { String::from_napi_value(env, value) };
        let text = text.map_err(|_| unfit("a time is a Date or a text in RFC 3339"))?;
        text.parse().map(Self).map_err(rejection)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a valid Date is a whole number below 2^53")]
fn from_millis(millis: f64) -> Result<Timestamp> {
    if !millis.is_finite() {
        return Err(unfit("this Date is no valid time"));
    }
    Ok(Timestamp::from_micros((millis as i64).saturating_mul(1000)))
}

/// A duration as a number of milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Millis(pub(crate) Duration);

accepts_anything_then_checks!(Millis, "number");

impl FromNapiValue for Millis {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        let millis = unsafe { f64::from_napi_value(env, value) };
        let duration = millis.ok().and_then(|millis| Duration::try_from_secs_f64(millis / 1000.0).ok());
        duration.map(Self).ok_or_else(|| unfit("a duration is a number of milliseconds, 0 or more"))
    }
}

impl ToNapiValue for Millis {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        // SAFETY: the caller vouches for `env`.
        unsafe { f64::to_napi_value(env, value.0.as_secs_f64() * 1000.0) }
    }
}

/// For how long something is kept, or with `null` for ever.
#[derive(Clone, Copy, Debug)]
pub struct KeepFor(pub(crate) Option<Duration>);

accepts_anything_then_checks!(KeepFor, "number | null");

impl FromNapiValue for KeepFor {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        if unsafe { Null::validate(env, value) }.is_ok() {
            return Ok(Self(None));
        }
        // SAFETY: as above.
        unsafe { Millis::from_napi_value(env, value) }.map(|millis| Self(Some(millis.0)))
    }
}
