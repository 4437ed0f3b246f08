//! The arguments of a step: references and bytes resolved, then taken by name and type.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Failure, Kept};

/// The arguments of one call. Each is taken once; [`Arguments::done`] tells which were not.
pub(super) struct Arguments(BTreeMap<String, Argument>);

enum Argument {
    Json(Value),
    Bytes(Vec<u8>),
    Path(PathBuf),
}

impl Arguments {
    pub(super) fn resolve(args: &Value, kept: &Kept) -> Result<Self, String> {
        let given = match args {
            Value::Null => return Ok(Self(BTreeMap::new())),
            Value::Object(given) => given,
            _ => return Err("`args` is an object".to_owned()),
        };
        let resolve =
            |(name, value): (&String, &Value)| argument(value, kept).map(|value| (name.clone(), value));
        given.iter().map(resolve).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn bytes(&mut self, name: &str) -> Result<Vec<u8>, Failure> {
        match self.0.remove(name) {
            Some(Argument::Bytes(bytes)) => Ok(bytes),
            _ => Err(Failure::Case(format!("`{name}` must be bytes"))),
        }
    }

    pub(super) fn path(&mut self, name: &str) -> Result<PathBuf, Failure> {
        match self.0.remove(name) {
            Some(Argument::Path(path)) => Ok(path),
            _ => Err(Failure::Case(format!("`{name}` must be a path"))),
        }
    }

    /// Text; absent and `null` are the same.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Failure> {
        match self.0.remove(name) {
            None | Some(Argument::Json(Value::Null)) => Ok(None),
            Some(Argument::Json(Value::String(text))) => Ok(Some(text)),
            _ => Err(Failure::Case(format!("`{name}` must be text"))),
        }
    }

    /// Text that must be given.
    pub(super) fn required(&mut self, name: &str) -> Result<String, Failure> {
        self.text(name)?.ok_or_else(|| Failure::Case(format!("`{name}` is missing")))
    }

    /// Text, read as what it stands for.
    pub(super) fn parsed<T>(&mut self, name: &str) -> Result<Option<T>, Failure>
    where
        T: std::str::FromStr<Err = besunny::Error>,
    {
        Ok(self.text(name)?.map(|text| text.parse()).transpose()?)
    }

    pub(super) fn count(&mut self, name: &str) -> Result<Option<u64>, Failure> {
        match self.0.remove(name) {
            None | Some(Argument::Json(Value::Null)) => Ok(None),
            Some(Argument::Json(Value::Number(number))) if number.is_u64() => Ok(number.as_u64()),
            _ => Err(Failure::Case(format!("`{name}` must be a count"))),
        }
    }

    /// A time in seconds.
    pub(super) fn seconds(&mut self, name: &str) -> Result<Option<Duration>, Failure> {
        let given = match self.0.remove(name) {
            None | Some(Argument::Json(Value::Null)) => return Ok(None),
            Some(Argument::Json(value)) => value.as_f64(),
            _ => None,
        };
        let duration = given.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        duration.map(Some).ok_or_else(|| Failure::Case(format!("`{name}` must be a number of seconds")))
    }

    /// Any value that must be given.
    pub(super) fn value(&mut self, name: &str) -> Result<Value, Failure> {
        match self.0.remove(name) {
            Some(Argument::Json(value)) => Ok(value),
            _ => Err(Failure::Case(format!("`{name}` is missing"))),
        }
    }

    /// Yes or no; absent means no.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Failure> {
        match self.0.remove(name) {
            None | Some(Argument::Json(Value::Null)) => Ok(false),
            Some(Argument::Json(Value::Bool(flag))) => Ok(flag),
            _ => Err(Failure::Case(format!("`{name}` must be true or false"))),
        }
    }

    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let listed = match self.0.remove(name) {
            Some(Argument::Json(Value::Array(list))) => list,
            _ => return Err(Failure::Case(format!("`{name}` must be a list"))),
        };
        let text = |value: Value| value.as_str().map(str::to_owned);
        let all: Option<Vec<String>> = listed.into_iter().map(text).collect();
        all.ok_or_else(|| Failure::Case(format!("`{name}` must be a list of texts")))
    }

    /// A list of texts, each read as what it stands for; absent and empty are the same.
    pub(super) fn listed<T>(&mut self, name: &str) -> Result<Vec<T>, Failure>
    where
        T: std::str::FromStr<Err = besunny::Error>,
    {
        if !self.0.contains_key(name) {
            return Ok(Vec::new());
        }
        Ok(self.texts(name)?.iter().map(|text| text.parse()).collect::<Result<_, _>>()?)
    }

    /// Everything that is left, as one object.
    pub(super) fn rest(&mut self) -> Result<Value, Failure> {
        let mut rest = Map::new();
        for (name, argument) in std::mem::take(&mut self.0) {
            match argument {
                Argument::Json(value) => rest.insert(name, value),
                _ => return Err(Failure::Case(format!("`{name}` must not be bytes"))),
            };
        }
        Ok(Value::Object(rest))
    }

    /// Says which arguments the call does not have.
    pub(super) fn done(&self) -> Result<(), Failure> {
        match self.0.keys().next() {
            Some(name) => Err(Failure::Case(format!("the call has no argument `{name}`"))),
            None => Ok(()),
        }
    }
}

fn argument(value: &Value, kept: &Kept) -> Result<Argument, String> {
    let special = match value.as_object() {
        Some(object) if object.len() == 1 => object.iter().next(),
        _ => None,
    };
    let Some((key, inner)) = special.filter(|(key, _)| key.starts_with('$')) else {
        return json(value, kept).map(Argument::Json);
    };
    let text = || inner.as_str().ok_or_else(|| format!("`{key}` takes a text"));
    Ok(match key.as_str() {
        "$text" => Argument::Bytes(text()?.as_bytes().to_vec()),
        "$base64" => Argument::Bytes(base64(text()?)?),
        "$path" => Argument::Path(crate::root().join(text()?)),
        "$file" => {
            let path = crate::root().join(text()?);
            Argument::Bytes(std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?)
        }
        "$repeat" => {
            let (piece, times) = (inner[0].as_str(), inner[1].as_u64());
            let times = times.and_then(|times| usize::try_from(times).ok());
            let (Some(piece), Some(times)) = (piece, times) else {
                return Err("`$repeat` takes a text and a count".to_owned());
            };
            Argument::Bytes(piece.repeat(times).into_bytes())
        }
        _ => return Err(format!("unknown `{key}`")),
    })
}

/// Resolves references, in lists and objects too.
pub(super) fn json(value: &Value, kept: &Kept) -> Result<Value, String> {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(reference) => look_up(reference, kept),
            None => Ok(value.clone()),
        },
        Value::Array(list) => list.iter().map(|each| json(each, kept)).collect(),
        Value::Object(fields) => {
            let resolve = |(name, value): (&String, &Value)| Ok((name.clone(), json(value, kept)?));
            fields.iter().map(resolve).collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        _ => Ok(value.clone()),
    }
}

fn look_up(reference: &str, kept: &Kept) -> Result<Value, String> {
    let (name, path) = reference.split_once('.').map_or((reference, None), |(name, path)| (name, Some(path)));
    let mut found = kept.get(name).ok_or_else(|| format!("nothing was kept as `{name}`"))?;
    for part in path.into_iter().flat_map(|path| path.split('.')) {
        let below = match found {
            Value::Array(list) => part.parse().ok().and_then(|index: usize| list.get(index)),
            other => other.get(part),
        };
        found = below.ok_or_else(|| format!("`${reference}`: there is no `{part}`"))?;
    }
    Ok(found.clone())
}

/// RFC 4648, without line ends.
fn base64(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut bits) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err("`$base64` takes base64".to_owned()),
        };
        group = (group << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((group >> bits) as u8);
            group &= (1 << bits) - 1;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bytes_come_in_four_ways() {
        let kept = Kept::new();
        let bytes = |value: &Value| match argument(value, &kept) {
            Ok(Argument::Bytes(bytes)) => bytes,
            _ => panic!("{value} is no bytes"),
        };
        assert_eq!(bytes(&json!({"$text": "é"})), "é".as_bytes());
        assert_eq!(bytes(&json!({"$base64": "GyRC/w=="})), b"\x1b$B\xff");
        assert_eq!(bytes(&json!({"$repeat": ["ab", 3]})), b"ababab");
        assert!(bytes(&json!({"$file": "Cargo.toml"})).starts_with(b"[workspace]"));
    }

    #[test]
    fn references_walk_objects_and_lists() {
        let kept = Kept::from([("mail".to_owned(), json!([{"document": {"id": "x"}}]))]);
        assert_eq!(json(&json!(["$mail.0.document.id"]), &kept), Ok(json!(["x"])));
        assert_eq!(json(&json!({"id": ["$mail.0.document.id"]}), &kept), Ok(json!({"id": ["x"]})));
        assert!(json(&json!("$mail.1.document.id"), &kept).is_err());
        assert!(json(&json!("$nothing"), &kept).is_err());
    }
}
