//! What is known about a mail from its headers, as plain data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;

/// A person or machine that sends or receives mail.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mailbox {
    /// The display name, decoded, if the header gives one.
    pub name: Option<String>,
    /// The address as written; empty when the header has a name only.
    pub address: String,
}

impl Mailbox {
    /// Reads `Name <address>`, a bare address, or a bare name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let named =
            |name: &str| Some(name.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty());
        match text.rsplit_once('<') {
            Some((name, rest)) => {
                Self { name: named(name), address: rest.trim_end_matches('>').trim().to_owned() }
            }
            None if text.contains('@') => Self { name: None, address: text.to_owned() },
            None => Self { name: named(text), address: String::new() },
        }
    }

    /// The part of the address after the `@`, in lower case.
    #[must_use]
    pub fn domain(&self) -> Option<String> {
        let (_, domain) = self.address.rsplit_once('@')?;
        (!domain.is_empty()).then(|| domain.to_lowercase())
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) if self.address.is_empty() => f.write_str(name),
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

/// Why a mail counts as sent by a machine. A mail can have several reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Automatic {
    /// A delivery status notification: mail that came back.
    Bounce,
    /// An answer nobody wrote, such as an out-of-office note.
    AutoReply,
    /// Distributed by a mailing list.
    List,
    /// Sent to many at once, or by a machine on its own account (a notice, a newsletter).
    Bulk,
    /// Marked as spam by a filter on the way.
    Spam,
}

/// What is known about an attachment without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AttachmentFacts {
    /// The file name, decoded; made up from the media type when the mail gives none.
    pub name: String,
    /// The declared media type in lower case, such as `application/pdf`.
    pub media_type: String,
    /// Decoded size in bytes.
    pub size: u64,
    /// SHA-256 of the decoded bytes, in lower-case hex.
    pub sha256: String,
}

/// What the headers of a mail say. Message ids are without angle brackets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFacts {
    /// `Message-ID`.
    pub message_id: Option<String>,
    /// `From`, or `Sender` where a mail has no `From`.
    pub from: Vec<Mailbox>,
    /// `To`.
    pub to: Vec<Mailbox>,
    /// `Cc`.
    pub cc: Vec<Mailbox>,
    /// `Reply-To`.
    pub reply_to: Vec<Mailbox>,
    /// `Date`, if it can be read.
    pub date: Option<Timestamp>,
    /// `In-Reply-To`; more than one id is rare but legal.
    pub in_reply_to: Vec<String>,
    /// `References`, oldest first.
    pub references: Vec<String>,
    /// Addresses in `Delivered-To`, in header order.
    pub delivered_to: Vec<String>,
    /// Addresses in `X-Original-To`, in header order.
    pub x_original_to: Vec<String>,
    /// The identifier in `List-Id`, without description and angle brackets.
    pub list_id: Option<String>,
    /// Why the mail counts as sent by a machine, in declaration order; empty for a person's mail.
    pub automatic: Vec<Automatic>,
}

impl MailFacts {
    /// The first author.
    #[must_use]
    pub fn author(&self) -> Option<&Mailbox> {
        self.from.first()
    }
}

/// A mail as stored beside its text: what its headers say, what came with it, and what was
/// cut from its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailDetails {
    /// What the headers say.
    #[serde(flatten)]
    pub facts: MailFacts,
    /// Every attachment, whether or not it became a document of its own.
    pub attachments: Vec<AttachmentFacts>,
    /// The quoted reply, if there is one.
    pub quoted: String,
    /// The signature, if there is one.
    pub signature: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_ways_to_name_a_mailbox() {
        let read = |text: &str| {
            let mailbox = Mailbox::parse(text);
            (mailbox.name.unwrap_or_default(), mailbox.address)
        };
        assert_eq!(
            read("\"Marta Nunes\" <marta@tide.example>"),
            ("Marta Nunes".into(), "marta@tide.example".into())
        );
        assert_eq!(read(" marta@tide.example "), (String::new(), "marta@tide.example".into()));
        assert_eq!(read("Marta Nunes"), ("Marta Nunes".into(), String::new()));
        assert_eq!(Mailbox::parse("Marta@Tide.example").domain().as_deref(), Some("tide.example"));
    }
}
