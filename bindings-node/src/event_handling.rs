//! Handling events one by one with a function of JavaScript.

use besunny::{Error, ErrorKind};
use napi::Status;
use napi::bindgen_prelude::Promise;
use napi::threadsafe_function::ThreadsafeFunction;

use crate::types::event::Event;

/// What handles an event: it resolves with whether it succeeded. Made by `lib/events.js`, so
/// that it neither throws nor rejects. Weak: it does not keep the process alive.
pub(crate) type HandlerFunction = ThreadsafeFunction<Event, Promise<bool>, Event, Status, false, true>;

/// The operation of an error that stands for what the function threw.
const OPERATION: &str = "events.handler";

/// Handles one event. What the function threw stays on its side.
pub(crate) async fn handle(function: &HandlerFunction, event: besunny::Event) -> besunny::Result<()> {
    let outcome = async { function.call_async_catch(event.into()).await?.await };
    match outcome.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::new(ErrorKind::Internal, OPERATION, "the handler failed")),
        // The event loop has ended, or found that the promise can never settle. What was not
        // handled is not to be acknowledged.
        Err(_) => std::future::pending().await,
    }
}
