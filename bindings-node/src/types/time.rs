//! Times: `Date` out, `Date` or RFC 3339 text in.

use std::ptr;

use besunny::Timestamp;
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, TypeName, ValidateNapiValue};
use napi::{Result, ValueType, check_status, sys};

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

impl TypeName for TimeInput {
    fn type_name() -> &'static str {
        "Date | string"
    }

    fn value_type() -> ValueType {
        ValueType::Unknown
    }
}

impl ValidateNapiValue for TimeInput {
    unsafe fn validate(_: sys::napi_env, _: sys::napi_value) -> Result<sys::napi_value> {
        Ok(ptr::null_mut())
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
