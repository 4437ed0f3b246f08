//! Free-form values, by way of `JSON`: what JavaScript puts into it is what is stored.

use napi::bindgen_prelude::{FromNapiValue, Function, JsObjectValue, Object, ToNapiValue, Unknown};
use napi::{Env, Result, ValueType, sys};
use serde_json::Value;

use super::input::accepts_anything_then_checks;
use crate::errors::unfit;

/// A value that `JSON` can hold.
#[derive(Debug)]
pub struct Json(pub(crate) Value);

accepts_anything_then_checks!(Json, "unknown");

impl FromNapiValue for Json {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller vouches for `env` and `value`.
        let value = unsafe { Unknown::from_napi_value(env, value) }?;
        if value.get_type()? == ValueType::Undefined {
            return Ok(Self(Value::Null));
        }
        let text: Unknown<'_> = json(env)?
            .get_named_property::<Function<'_, Unknown<'_>, Unknown<'_>>>("stringify")?
            .call(value)
            .map_err(|error| unfit(format!("this cannot be written as JSON: {}", error.reason)))?;
        if text.get_type()? != ValueType::String {
            return Err(unfit("a function or symbol cannot be written as JSON"));
        }
        // SAFETY: it is a string of this `env`.
        let text = unsafe { text.cast::<String>() }?;
        let read = serde_json::from_str(&text);
        read.map(Self).map_err(|error| unfit(format!("this JSON cannot be read: {error}")))
    }
}

impl ToNapiValue for Json {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        let parse = json(env)?.get_named_property::<Function<'_, String, Unknown<'_>>>("parse")?;
        let value = parse.call(value.0.to_string())?;
        // SAFETY: the caller vouches for `env`.
        unsafe { Unknown::to_napi_value(env, value) }
    }
}

/// The global object `JSON`.
fn json<'env>(env: sys::napi_env) -> Result<Object<'env>> {
    Env::from_raw(env).get_global()?.get_named_property("JSON")
}
