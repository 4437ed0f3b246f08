//! JSON as Google writes it, which is not always as Google documents it: 64-bit integers are
//! strings or numbers, and `null` stands for what is absent.

use std::fmt;

use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer};

use crate::base::Timestamp;

/// A whole number of any length, as its decimal digits.
pub(super) fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Digits)
}

/// A whole number from zero on; a larger one than fits is absent.
pub(super) fn unsigned<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(digits(deserializer)?.and_then(|digits| digits.parse().ok()))
}

/// An instant in milliseconds since the epoch.
pub(super) fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let millis = digits(deserializer)?.and_then(|digits| digits.parse::<i64>().ok());
    Ok(millis.map(|millis| Timestamp::from_micros(millis.saturating_mul(1_000))))
}

/// Anything with a default, which `null` means as well.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A text; an empty one is absent.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

struct Digits;

impl Visitor<'_> for Digits {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, as a number or a string")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Self::Value, E> {
        let value = value.trim();
        let unsigned = value.strip_prefix('-').unwrap_or(value);
        if value.is_empty() {
            return Ok(None);
        }
        if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
            // Without the text itself, which may be anything.
            return Err(E::custom("a whole number has digits only"));
        }
        Ok(Some(value.to_owned()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        // Beyond this a float does not tell whole numbers apart.
        let exact = value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0;
        if exact { Ok(Some(format!("{value:.0}"))) } else { Err(E::custom("not a whole number")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Everything {
        #[serde(deserialize_with = "digits")]
        id: Option<String>,
        #[serde(deserialize_with = "unsigned")]
        size: Option<u64>,
        #[serde(deserialize_with = "millis")]
        at: Option<Timestamp>,
        #[serde(deserialize_with = "or_default")]
        list: Vec<String>,
        #[serde(deserialize_with = "text")]
        token: Option<String>,
    }

    fn read(json: &str) -> Everything {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn numbers_are_strings_or_numbers() {
        let expected = Everything {
            id: Some("42".into()),
            size: Some(7),
            at: Some(Timestamp::from_seconds(1)),
            ..Everything::default()
        };
        assert_eq!(read(r#"{"id": "42", "size": "7", "at": "1000"}"#), expected);
        assert_eq!(read(r#"{"id": 42, "size": 7, "at": 1000}"#), expected);
        assert_eq!(read(r#"{"id": 42.0, "size": 7.0, "at": 1e3}"#), expected);
    }

    #[test]
    fn a_history_id_may_be_longer_than_any_integer() {
        assert_eq!(read(r#"{"id": "184467440737095516150"}"#).id.unwrap(), "184467440737095516150");
        assert!(serde_json::from_str::<Everything>(r#"{"id": "12x"}"#).is_err());
        assert!(serde_json::from_str::<Everything>(r#"{"id": 0.5}"#).is_err());
    }

    #[test]
    fn null_and_nothing_are_absent() {
        let nulls = r#"{"id": null, "size": null, "at": null, "list": null, "token": null}"#;
        assert_eq!(read(nulls), Everything::default());
        assert_eq!(read(r#"{"id": "", "token": ""}"#), Everything::default());
        assert_eq!(read("{}"), Everything::default());
    }
}
