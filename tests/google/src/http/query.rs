//! Parameters of a query, or of a form.

use crate::error::{ApiError, Result};

/// Names and values in their order; a name may be there more than once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_form(name), decode_form(value))
        });
        Self(pairs.collect())
    }

    /// The value; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| ApiError::required(name))
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool> {
        match self.get(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(ApiError::parameter(name, format!("Invalid boolean value: '{other}'."))),
        }
    }

    /// A size of pages: what is out of bounds is brought into them.
    pub(crate) fn size(&self, name: &str, default: usize, largest: usize) -> Result<usize> {
        match self.get(name).map(str::parse::<i64>) {
            None => Ok(default),
            Some(Ok(size)) => Ok(usize::try_from(size).unwrap_or(1).clamp(1, largest)),
            Some(Err(_)) => Err(ApiError::parameter(name, format!("Invalid value for {name}."))),
        }
    }
}

/// Undoes percent-encoding; what is not encoded properly stays as it is.
pub(crate) fn decode(text: &str) -> String {
    decode_bytes(text, false)
}

fn decode_form(text: &str) -> String {
    decode_bytes(text, true)
}

fn decode_bytes(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        let value = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (byte, value) {
            (b'%', Some(value)) => {
                decoded.push(value);
                at += 2;
            }
            (b'+', _) if plus_is_space => decoded.push(b' '),
            _ => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Percent-encodes all but letters, digits and `-._~`.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_goes_both_ways() {
        for text in ["a b+c", "100%", "ü/?&=#@", "%zz", "é%e"] {
            assert_eq!(decode(&encode(text)), text);
        }
        assert_eq!(decode("%zz%4"), "%zz%4");
    }

    #[test]
    fn repeated_and_empty_parameters() {
        let query = Query::parse("a=1&a=2&b=&c=x+y%2Bz&&d");
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((query.get("b"), query.get("c"), query.get("d")), (None, Some("x y+z"), None));
        assert_eq!(query.size("a", 100, 500).unwrap(), 1);
        assert!(query.flag("a", true).is_err());
    }
}
