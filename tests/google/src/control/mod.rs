//! Control over HTTP: the handle's methods by name, for other languages.

mod arguments;
mod data;
mod system;

use std::sync::Arc;

use serde_json::{Value, json};

use arguments::Arguments;

use crate::handle::FakeGoogle;
use crate::http::{Answer, Request};
use crate::world::Shared;

/// What an operation gives, or what is wrong with the request.
type Outcome = Result<Value, String>;
/// An operation and its name.
type Operation = (&'static str, fn(&FakeGoogle, &Arguments) -> Outcome);

fn operations() -> impl Iterator<Item = &'static Operation> {
    system::OPERATIONS.iter().chain(data::OPERATIONS)
}

/// Answers `/_control/{operation}`.
pub(crate) fn answer(shared: &Arc<Shared>, operation: &str, request: &Request) -> Answer {
    let refuse = |status: u16, text: String| Answer::json(status, json!({"error": text}));
    if operation == "operations" {
        let names: Vec<&str> = operations().map(|own| own.0).collect();
        return Answer::json(200, json!({"operations": names}));
    }
    let Some((_, run)) = operations().find(|own| own.0 == operation) else {
        return refuse(404, format!("no operation {operation}"));
    };
    let body = match request.json() {
        Ok(body) => body,
        Err(error) => return refuse(400, error.message),
    };
    match run(&FakeGoogle::of(shared), &Arguments(body)) {
        Ok(value) => Answer::json(200, value),
        Err(text) => refuse(400, text),
    }
}
