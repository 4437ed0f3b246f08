//! Cursors: how far each subscriber of a tenant's events has got.

use serde::{Deserialize, Serialize};

use super::Position;
use crate::base::{Error, ErrorKind, Result, Timestamp};

/// The most characters a cursor's name may have.
const MAX_NAME_CHARS: usize = 100;

/// How far a subscriber has got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cursor {
    /// The name it was subscribed under.
    pub name: String,
    /// The position up to which everything was acknowledged.
    pub position: Position,
    /// How many changes, of any kind, lie beyond it.
    pub lag: u64,
    /// When it was made or last moved.
    pub updated_at: Timestamp,
}

impl Cursor {
    /// Puts a cursor together; used by stores.
    #[must_use]
    pub fn new(name: String, position: Position, lag: u64, updated_at: Timestamp) -> Self {
        Self { name, position, lag, updated_at }
    }

    /// Checks that a name can be a cursor's: 1 to 100 characters that print, without space
    /// at either end.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`].
    pub fn check_name(operation: &'static str, name: &str) -> Result<()> {
        let is_fit = !name.is_empty()
            && name.chars().count() <= MAX_NAME_CHARS
            && name.trim() == name
            && !name.chars().any(char::is_control);
        if is_fit {
            return Ok(());
        }
        let message = "the name of a cursor is 1 to 100 printing characters, without space at its ends";
        Err(Error::new(ErrorKind::InvalidInput, operation, message)
            .with("name", name.chars().take(MAX_NAME_CHARS).collect::<String>().escape_debug()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_prints() {
        let is_fit = |name: &str| Cursor::check_name("events.subscribe", name).is_ok();
        assert!(is_fit("mailer") && is_fit("Ana's mailer é") && is_fit(&"é".repeat(100)));
        for unfit in ["", " ", "mailer ", "a\nb", &"x".repeat(101)] {
            assert!(!is_fit(unfit), "{unfit:?}");
        }
    }
}
