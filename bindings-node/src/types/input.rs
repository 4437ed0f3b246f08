//! Arguments that need more care than a derive takes: bytes and whole numbers.

use napi::bindgen_prelude::{FromNapiValue, Null, ToNapiValue, Uint8Array, ValidateNapiValue};
use napi::{Result, sys};

use crate::errors::unfit;

macro_rules! accepts_anything_then_checks {
    ($name:ident, $typescript:literal) => {
        impl napi::bindgen_prelude::TypeName for $name {
            fn type_name() -> &'static str {
                $typescript
            }

            fn value_type() -> napi::ValueType {
                napi::ValueType::Unknown
            }
        }

        impl napi::bindgen_prelude::ValidateNapiValue for $name {
            unsafe fn validate(
                _: napi::sys::napi_env,
                _: napi::sys::napi_value,
            ) -> napi::Result<napi::sys::napi_value> {
                Ok(std::ptr::null_mut())
            }
        }
    };
}
pub(crate) use accepts_anything_then_checks;

/// Bytes, copied once, while JavaScript waits: it may change its buffer afterwards.
#[derive(Debug)]
pub struct Bytes(pub(crate) Vec<u8>);

accepts_anything_then_checks!(Bytes, "Uint8Array");

impl FromNapiValue for Bytes {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        let array = unsafe { Uint8Array::from_napi_value(env, value) };
        let array = array.map_err(|_| unfit("bytes are a Uint8Array or a Buffer"))?;
        Ok(Self(array.to_vec()))
    }
}

/// A text, as UTF-8, or bytes.
#[derive(Debug)]
pub struct Content(pub(crate) Vec<u8>);

accepts_anything_then_checks!(Content, "string | Uint8Array");

impl FromNapiValue for Content {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        if let Ok(text) = unsafe { String::from_napi_value(env, value) } {
            return Ok(Self(text.into_bytes()));
        }
        // SAFETY: as above.
        let bytes = unsafe { Bytes::from_napi_value(env, value) };
        bytes.map(|bytes| Self(bytes.0)).map_err(|_| unfit("content is a text, a Uint8Array or a Buffer"))
    }
}

/// A whole number from 0 to 2^32 - 1; a plain `u32` would wrap and round in silence.
#[derive(Clone, Copy, Debug)]
pub struct Count(pub(crate) u32);

accepts_anything_then_checks!(Count, "number");

impl FromNapiValue for Count {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        let number = unsafe { f64::from_napi_value(env, value) };
        match number {
            Ok(number) if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) => {
                Ok(Self(number as u32))
            }
            _ => Err(unfit("a count is a whole number and not negative")),
        }
    }
}

impl ToNapiValue for Count {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        // SAFETY: the caller vouches for `env`.
        unsafe { u32::to_napi_value(env, value.0) }
    }
}

/// A whole number from -2^31 to 2^31 - 1.
#[derive(Clone, Copy, Debug)]
pub struct Whole(pub(crate) i32);

accepts_anything_then_checks!(Whole, "number");

impl FromNapiValue for Whole {
    #[expect(clippy::cast_possible_truncation, reason = "checked before")]
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        let number = unsafe { f64::from_napi_value(env, value) };
        match number {
            Ok(number)
                if number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number) =>
            {
                Ok(Self(number as i32))
            }
            _ => Err(unfit("this is a whole number of at most 31 bits")),
        }
    }
}

impl ToNapiValue for Whole {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        // SAFETY: the caller vouches for `env`.
        unsafe { i32::to_napi_value(env, value.0) }
    }
}

/// A position in the change log: a whole number that JavaScript holds exactly.
#[derive(Clone, Copy, Debug)]
pub struct Position(pub(crate) u64);

accepts_anything_then_checks!(Position, "number");

/// `Number.MAX_SAFE_INTEGER`.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

impl FromNapiValue for Position {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        let number = unsafe { f64::from_napi_value(env, value) };
        match number {
            Ok(number) if number.fract() == 0.0 && (0.0..=MAX_SAFE_INTEGER).contains(&number) => {
                Ok(Self(number as u64))
            }
            _ => Err(unfit("a position is a whole number and not negative")),
        }
    }
}

/// An id or `null`; leaving it out is a mistake and not the same.
#[derive(Debug)]
pub struct IdOrNull(pub(crate) Option<String>);

accepts_anything_then_checks!(IdOrNull, "string | null");

impl FromNapiValue for IdOrNull {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        if let Ok(id) = unsafe { String::from_napi_value(env, value) } {
            return Ok(Self(Some(id)));
        }
        // SAFETY: as above.
        match unsafe { Null::validate(env, value) } {
            Ok(_) => Ok(Self(None)),
            Err(_) => Err(unfit("a project is its id, or null for none")),
        }
    }
}
