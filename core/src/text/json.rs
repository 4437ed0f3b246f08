//! JSON to lines of `path: value`.
//!
//! The reader is a loop with a stack of its own: depth is a limit, not the call stack.

use crate::base::Result;

use super::limits::{Limits, exceeded};

/// A key longer than this is cut in the path; its full text is not lost, it is a value's name.
const MAX_KEY_BYTES: usize = 80;

/// A path shows this many of its last keys, or a deep value would repeat them all.
const MAX_PATH_KEYS: usize = 4;

/// Each value on a line, behind the last keys that lead to it; list positions are left out.
/// Text that is not JSON comes back as it is.
pub(super) fn convert(source: &str, limits: &Limits) -> Result<String> {
    let mut out = String::new();
    // One value, or one a line.
    if flatten(source, limits, &mut out)? {
        return Ok(out.trim_end().to_owned());
    }
    out.clear();
    for line in source.lines().filter(|line| !line.trim().is_empty()) {
        if !flatten(line, limits, &mut out)? {
            return Ok(source.to_owned());
        }
    }
    Ok(out.trim_end().to_owned())
}

/// Appends the lines of one JSON text; whether it was one.
fn flatten(source: &str, limits: &Limits, out: &mut String) -> Result<bool> {
    let too_deep = depth_exceeds(source, limits.max_depth);
    if too_deep {
        return Err(exceeded("text.json", "max_depth", limits.max_depth, "value"));
    }
    // The depth is known to be small: this parser's recursion is bounded by it.
    let Ok(value) = serde_json::from_str::<serde_json::Value>(source) else {
        return Ok(false);
    };
    let mut path: Vec<String> = Vec::new();
    walk(&value, &mut path, limits, out)?;
    Ok(true)
}

/// Whether brackets outside strings nest deeper than `max`.
fn depth_exceeds(source: &str, max: usize) -> bool {
    let (mut depth, mut string, mut escaped) = (0_usize, false, false);
    for byte in source.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            b'[' | b'{' if !string => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' if !string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

fn walk(value: &serde_json::Value, path: &mut Vec<String>, limits: &Limits, out: &mut String) -> Result<()> {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                path.push(super::charset::prefix(key, MAX_KEY_BYTES).to_owned());
                walk(value, path, limits, out)?;
                path.pop();
            }
        }
        Value::Array(values) => {
            for value in values {
                walk(value, path, limits, out)?;
            }
        }
        Value::Null => {}
        Value::String(text) if text.trim().is_empty() => {}
        Value::String(_) | Value::Number(_) | Value::Bool(_) => {
            if !path.is_empty() {
                out.push_str(&path[path.len().saturating_sub(MAX_PATH_KEYS)..].join("."));
                out.push_str(": ");
            }
            match value {
                Value::String(text) => out.push_str(&super::charset::tidy(text.trim().into())),
                other => out.push_str(&other.to_string()),
            }
            out.push('\n');
            if out.len() > limits.max_text_bytes {
                return Err(exceeded("text.json", "max_text_bytes", limits.max_text_bytes, "value"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ErrorKind;
    use proptest::prelude::*;

    fn text(source: &str) -> String {
        convert(source, &Limits::default()).unwrap()
    }

    #[test]
    fn values_stand_behind_their_path() {
        assert_eq!(
            text(r#"{"shoot": {"city": "Lisbon", "days": [1, 2], "open": true, "x": null}}"#),
            "shoot.city: Lisbon\nshoot.days: 1\nshoot.days: 2\nshoot.open: true"
        );
        assert_eq!(text("{\"a\":1}\n{\"a\":2}\n"), "a: 1\na: 2");
        assert_eq!(text("not json"), "not json");
    }

    #[test]
    fn depth_is_limited() {
        let error = convert(&"[".repeat(100_000), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    }

    proptest! {
        #[test]
        fn any_text_is_read(source in "[\\[\\]{}\",:a1\\\\ \n]{0,60}") {
            let _ = convert(&source, &Limits::default());
        }
    }
}
