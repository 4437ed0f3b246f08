//! What a mail's headers and parts say.

use serde::{Deserialize, Serialize};

/// What a mail's headers and parts say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFacts {}
