//! What is known of an embedding model.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::{Error, ErrorKind};

/// The arithmetic a model runs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floating point, as the model was published.
    #[default]
    Fp32,
    /// 8-bit integer products, about three times faster, at a small loss of quality.
    Int8,
}

impl Precision {
    /// The stable name: `fp32` or `int8`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Int8 => "int8",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "fp32" => Ok(Self::Fp32),
            "int8" => Ok(Self::Int8),
            other => {
                Err(Error::new(ErrorKind::InvalidInput, "precision.parse", "a precision is fp32 or int8")
                    .with("value", other.chars().take(64).collect::<String>()))
            }
        }
    }
}

/// A loaded embedding model, as seen from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelInfo {
    /// The name of the model, for people: what its configuration says, else its folder.
    pub name: String,
    /// The number of components of a vector.
    pub dimension: usize,
    /// The number of tokens after which a text is cut, special tokens included.
    pub max_tokens: usize,
    /// The arithmetic it runs in.
    pub precision: Precision,
    /// SHA-256, in lower-case hex, over everything that decides the vectors. Two
    /// vectors may be compared only if their fingerprints are equal.
    pub fingerprint: String,
}

impl ModelInfo {
    /// Describes a model; each argument is the field of the same name.
    #[must_use]
    pub fn new(
        name: String,
        dimension: usize,
        max_tokens: usize,
        precision: Precision,
        fingerprint: String,
    ) -> Self {
        Self { name, dimension, max_tokens, precision, fingerprint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_has_one_name_everywhere() {
        for precision in [Precision::Fp32, Precision::Int8] {
            assert_eq!(precision.to_string().parse::<Precision>().unwrap(), precision);
            assert_eq!(serde_json::to_string(&precision).unwrap(), format!("\"{precision}\""));
        }
        assert_eq!("fp16".parse::<Precision>().unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
