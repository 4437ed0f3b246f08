//! What a mail's headers and parts say.

use besunny::{AttachmentFacts, Automatic, MailDetails, Mailbox};
use pyo3::prelude::*;

use super::{ToPython, record};

impl ToPython for MailDetails {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let facts = &self.facts;
        record!(py, "MailDetails",
            "message_id" => facts.message_id,
            "from_" => facts.from[..],
            "to" => facts.to[..],
            "cc" => facts.cc[..],
            "reply_to" => facts.reply_to[..],
            "date" => facts.date,
            "in_reply_to" => facts.in_reply_to[..],
            "references" => facts.references[..],
            "delivered_to" => facts.delivered_to[..],
            "x_original_to" => facts.x_original_to[..],
            "list_id" => facts.list_id,
            "automatic" => facts.automatic[..],
            "attachments" => self.attachments[..],
            "quoted" => self.quoted,
            "signature" => self.signature,
        )
    }
}

impl ToPython for Mailbox {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "Mailbox", "name" => self.name, "address" => self.address)
    }
}

impl ToPython for AttachmentFacts {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record!(py, "AttachmentFacts",
            "name" => self.name,
            "media_type" => self.media_type,
            "size" => self.size,
            "sha256" => self.sha256,
        )
    }
}

impl ToPython for Automatic {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let name = match self {
            Self::Bounce => "bounce",
            Self::AutoReply => "auto_reply",
            Self::List => "list",
            Self::Bulk => "bulk",
            Self::Spam => "spam",
        };
        name.to_python(py)
    }
}
