//! The arguments of an operation.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(super) struct Arguments(pub(super) Map<String, Value>);

impl Arguments {
    pub(super) fn text(&self, name: &str) -> Result<&str, String> {
        self.maybe(name).ok_or_else(|| format!("the argument {name} is missing, or is no text"))
    }

    pub(super) fn maybe(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn number(&self, name: &str) -> Result<i64, String> {
        let number = self.0.get(name).and_then(Value::as_i64);
        number.ok_or_else(|| format!("the argument {name} is missing, or is no whole number"))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    pub(super) fn value(&self, name: &str) -> Result<&Value, String> {
        self.0.get(name).ok_or_else(|| format!("the argument {name} is missing"))
    }

    /// All arguments together, as a type of the library.
    pub(super) fn all<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_value(Value::Object(self.0.clone())).map_err(|error| error.to_string())
    }

    pub(super) fn typed<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        serde_json::from_value(self.value(name)?.clone()).map_err(|error| format!("{name}: {error}"))
    }

    /// Bytes: text under `name`, or base64 under `name_base64`.
    pub(super) fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        match self.maybe(&format!("{name}_base64")) {
            Some(text) => STANDARD.decode(text).map_err(|error| format!("{name}_base64: {error}")),
            None => Ok(self.text(name)?.as_bytes().to_vec()),
        }
    }
}
