//! Compares a result with what a case expects of it.

use serde_json::{Map, Number, Value};

/// How much two numbers may differ and still be equal.
const TOLERANCE: f64 = 1e-9;
/// How much of a value a difference shows.
const SHOWN_CHARS: usize = 400;

/// Every place where `got` is not what `expected` asks for; nothing when it is.
pub fn differences(expected: &Value, got: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("result", expected, got, &mut found);
    found
}

fn compare(path: &str, expected: &Value, got: &Value, found: &mut Vec<String>) {
    match (expected, got) {
        (Value::Object(wanted), _) if wanted.keys().any(|key| key.starts_with('$')) => {
            for (key, operand) in wanted {
                if !holds(key, operand, got) {
                    let wanted = Value::Object(Map::from_iter([(key.clone(), operand.clone())]));
                    note(path, &wanted, got, found);
                }
            }
        }
        (Value::Object(wanted), Value::Object(there)) => {
            for (key, value) in wanted {
                let path = format!("{path}.{key}");
                match there.get(key) {
                    Some(there) => compare(&path, value, there, found),
                    None => found.push(format!("  {path}\n    expected {}\n    got nothing", shown(value))),
                }
            }
        }
        (Value::Array(wanted), Value::Array(there)) if wanted.len() == there.len() => {
            for (index, (value, there)) in wanted.iter().zip(there).enumerate() {
                compare(&format!("{path}.{index}"), value, there, found);
            }
        }
        (Value::Number(wanted), Value::Number(there)) if close(wanted, there) => {}
        _ if expected != got => note(path, expected, got, found),
        _ => {}
    }
}

fn close(a: &Number, b: &Number) -> bool {
    a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| (a - b).abs() <= TOLERANCE)
}

fn holds(key: &str, operand: &Value, got: &Value) -> bool {
    let number = |compared: fn(f64, f64) -> bool| {
        got.as_f64().zip(operand.as_f64()).is_some_and(|(got, limit)| compared(got, limit))
    };
    match (key, got) {
        ("$any", _) => !got.is_null(),
        ("$length", Value::Array(list)) => operand.as_u64() == Some(list.len() as u64),
        ("$length", Value::String(text)) => operand.as_u64() == Some(text.chars().count() as u64),
        ("$contains", Value::String(text)) => operand.as_str().is_some_and(|part| text.contains(part)),
        ("$contains", Value::Array(list)) => list.iter().any(|each| differences(operand, each).is_empty()),
        ("$starts", Value::String(text)) => operand.as_str().is_some_and(|part| text.starts_with(part)),
        ("$at_least", _) => number(|got, limit| got >= limit),
        ("$at_most", _) => number(|got, limit| got <= limit),
        _ => false,
    }
}

fn note(path: &str, expected: &Value, got: &Value, found: &mut Vec<String>) {
    found.push(format!("  {path}\n    expected {}\n    got      {}", shown(expected), shown(got)));
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_rule_of_the_readme() {
        let fits = |expected: Value, got: Value| differences(&expected, &got).is_empty();
        assert!(fits(json!({"a": 1}), json!({"a": 1.000_000_000_1, "b": 2})));
        assert!(!fits(json!({"a": 1}), json!({"a": 1.1})) && !fits(json!({"a": null}), json!({})));
        assert!(fits(json!([1, {"$any": true}]), json!([1, "x"])) && !fits(json!([1]), json!([1, 2])));
        assert!(!fits(json!({"$any": true}), json!(null)) && !fits(json!("1"), json!(1)));
        assert!(fits(json!({"$length": 2}), json!("éé")) && fits(json!({"$length": 0}), json!([])));
        assert!(fits(json!({"$contains": "b"}), json!("abc")));
        assert!(fits(json!({"$contains": {"a": 1}}), json!([{"a": 2}, {"a": 1, "b": 2}])));
        assert!(!fits(json!({"$contains": {"a": 3}}), json!([{"a": 2}])));
        assert!(fits(json!({"$starts": "ab"}), json!("abc")) && !fits(json!({"$starts": "b"}), json!("abc")));
        assert!(fits(json!({"$at_least": 1}), json!(1)) && !fits(json!({"$at_most": 0.5}), json!(1)));
        assert!(!fits(json!({"$unknown": 1}), json!(1)));
    }

    #[test]
    fn a_difference_names_its_place() {
        let found = differences(&json!({"a": [{"b": 1}]}), &json!({"a": [{"b": 2}]}));
        assert_eq!(found, ["  result.a.0.b\n    expected 1\n    got      2"]);
    }
}
