//! The one way an error leaves: as JSON in the reason of a napi error, on synchronous and
//! asynchronous calls alike. `lib/errors.js` turns it into a `BesunnyError`.

use std::error::Error as _;

use besunny::{Error, ErrorKind};
use napi::Status;
use napi_derive::napi;
use serde_json::{Map, Value, json};

/// Packs an error for the other side.
pub(crate) fn rejection(error: Error) -> napi::Error {
    let context: Map<String, Value> =
        error.context().iter().map(|(key, value)| ((*key).to_owned(), Value::from(value.as_str()))).collect();
    let packed = json!({
        "besunny": {
            "code": error.kind().code(),
            "operation": error.operation(),
            "message": error.to_string(),
            "context": context,
            "retryable": error.is_retryable(),
            "cause": error.source().map(ToString::to_string),
        }
    });
    napi::Error::new(Status::GenericFailure, packed.to_string())
}

/// An argument that cannot be taken. The JavaScript side puts the call's name in place of
/// the operation.
pub(crate) fn unfit(message: impl Into<String>) -> napi::Error {
    rejection(Error::new(ErrorKind::InvalidInput, "arguments", message))
}

/// Every error code.
#[napi(skip_typescript)]
pub fn error_codes() -> Vec<String> {
    ErrorKind::ALL.iter().map(|kind| kind.code().to_owned()).collect()
}

/// An error of each code on request, so that tests can see that all of them arrive.
#[napi(skip_typescript)]
pub async fn fail(code: String) -> napi::Result<()> {
    fail_at_once(code)
}

/// As [`fail`], on a synchronous call.
#[napi(skip_typescript)]
pub fn fail_at_once(code: String) -> napi::Result<()> {
    let kind = ErrorKind::ALL.iter().copied().find(|kind| kind.code() == code);
    let kind = kind.ok_or_else(|| unfit("no such code"))?;
    Err(rejection(Error::new(kind, "test.fail", "on request").with("key", "value").caused_by("a cause")))
}

/// A panic on request, so that tests can see that it arrives as an error.
#[napi(skip_typescript)]
pub async fn panic_on_request() -> napi::Result<()> {
    panicking()
}

/// As [`panic_on_request`], on a synchronous call.
#[napi(skip_typescript, catch_unwind)]
pub fn panic_at_once() -> napi::Result<()> {
    panicking()
}

#[expect(clippy::panic, reason = "it is what this function is for")]
fn panicking() -> napi::Result<()> {
    panic!("on request")
}
