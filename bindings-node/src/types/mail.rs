//! What a mail's headers and parts say.

use napi_derive::napi;

use super::time::Instant;
use super::{list, number};
use crate::vocabulary::automatic;

/// A person or machine that sends or receives mail.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Mailbox {
    /// The display name, decoded, if the header gives one.
    pub name: Option<String>,
    /// The address as written; empty when the header has a name only.
    pub address: String,
}

/// What is known about an attachment without opening it.
#[napi(object, object_from_js = false)]
pub struct AttachmentFacts {
    /// The file name, decoded; made up from the media type when the mail gives none.
    pub name: String,
    /// The declared media type in lower case, such as `application/pdf`.
    pub media_type: String,
    /// Decoded size in bytes.
    pub size: i64,
    /// SHA-256 of the decoded bytes, in lower-case hex.
    pub sha256: String,
}

/// What a mail's headers say, what came with it, and what was cut from its text. Message
/// ids are without angle brackets.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct MailDetails {
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
    #[napi(ts_type = "Date")]
    pub date: Option<Instant>,
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
    /// Why the mail counts as sent by a machine; empty for a person's mail.
    #[napi(ts_type = "Array<Automatic>")]
    pub automatic: Vec<String>,
    /// Every attachment, whether or not it became a document of its own.
    pub attachments: Vec<AttachmentFacts>,
    /// The quoted reply, if there is one.
    pub quoted: String,
    /// The signature, if there is one.
    pub signature: String,
}

impl From<besunny::Mailbox> for Mailbox {
    fn from(mailbox: besunny::Mailbox) -> Self {
        Self { name: mailbox.name, address: mailbox.address }
    }
}

impl From<besunny::AttachmentFacts> for AttachmentFacts {
    fn from(facts: besunny::AttachmentFacts) -> Self {
        Self {
            name: facts.name,
            media_type: facts.media_type,
            size: number(facts.size),
            sha256: facts.sha256,
        }
    }
}

impl From<besunny::MailDetails> for MailDetails {
    fn from(mail: besunny::MailDetails) -> Self {
        let facts = mail.facts;
        Self {
            message_id: facts.message_id,
            from: list(facts.from),
            to: list(facts.to),
            cc: list(facts.cc),
            reply_to: list(facts.reply_to),
            date: facts.date.map(Instant::from),
            in_reply_to: facts.in_reply_to,
            references: facts.references,
            delivered_to: facts.delivered_to,
            x_original_to: facts.x_original_to,
            list_id: facts.list_id,
            automatic: facts.automatic.into_iter().map(|reason| automatic(reason).to_owned()).collect(),
            attachments: list(mail.attachments),
            quoted: mail.quoted,
            signature: mail.signature,
        }
    }
}
