//! The name a user has inside a virtual address.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::{Error, ErrorKind};

/// A user's name: 3 to 30 ASCII letters and digits, not starting with a digit.
/// Kept as written; two names that differ only in case are two names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

impl Username {
    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let valid = (3..=30).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !text.starts_with(|c: char| c.is_ascii_digit());
        if !valid {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "username.parse",
                "a username is 3 to 30 letters and digits and does not start with a digit",
            )
            .with("value", text.chars().take(64).collect::<String>()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Username {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

impl AsRef<str> for Username {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_letters_and_digits_only() {
        for good in ["bob", "Ana7", "a23", &"x".repeat(30)] {
            assert_eq!(good.parse::<Username>().unwrap().as_str(), good);
        }
        for bad in ["", "ab", "7up", "bo b", "bob.", "zoë", "a_b", &"x".repeat(31)] {
            assert_eq!(bad.parse::<Username>().unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }

    #[test]
    fn serde_checks_the_name() {
        assert!(serde_json::from_str::<Username>("\"bob\"").is_ok());
        assert!(serde_json::from_str::<Username>("\"b\"").is_err());
    }
}
