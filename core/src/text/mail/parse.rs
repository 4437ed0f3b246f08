//! A raw message to what the rest of the library works with.

use std::borrow::Cow;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::automatic;
use super::decode::Transfer;
use super::header::Header;
use super::mime::{Kind, Part, is_message, walk};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::{AttachmentFacts, MailFacts};
use crate::text::charset;
use crate::text::limits::{Limits, exceeded};
use crate::text::{TextKind, html, to_text_of_kind};

/// Attached messages that are themselves encoded are opened this many times over.
const MAX_ENCODED_MESSAGES: usize = 3;

/// A mail, read.
#[derive(Debug)]
#[non_exhaustive]
pub struct ParsedMail {
    /// What the headers say.
    pub facts: MailFacts,
    /// The subject, decoded and on one line; empty if there is none.
    pub subject: String,
    /// The body as text: the plain one if there is one, else the HTML one converted.
    /// Line ends are `\n`. Quoted text is still in it; see [`split_reply`](super::split_reply).
    pub text: String,
    /// Whether `text` was cut at [`Limits::max_text_bytes`].
    pub truncated: bool,
    /// Every part that is not the body, in order, those of attached messages included.
    pub attachments: Vec<Attachment>,
    /// Identifies the mail by what its author sent; see [`parse`].
    pub content_hash: String,
}

/// A part of a mail that is not its body.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attachment {
    /// Name, type, size, hash.
    pub facts: AttachmentFacts,
    /// Its text, if it is of a kind this room reads.
    pub content: AttachmentContent,
    /// The decoded bytes.
    pub bytes: Vec<u8>,
    /// Whether its line ends are those of the route: anything but base64.
    loose_line_ends: bool,
}

/// The text of an attachment.
#[derive(Debug)]
pub enum AttachmentContent {
    /// Read: its kind, its title if it has one, and its text.
    Text {
        /// How it was read; an attached message counts as plain text.
        kind: TextKind,
        /// The title of a page, the subject of an attached message.
        title: Option<String>,
        /// The text.
        text: String,
    },
    /// Not a kind this room reads.
    Opaque,
    /// A kind this room reads, but refused or unreadable; why.
    Failed(Error),
}

/// Reads a raw RFC 5322 message, as liberally as it can.
///
/// `content_hash` is the SHA-256, in hex, of these fields in this order, each as its length
/// in bytes (64 bit, little endian) and its bytes; a list is its number of entries followed
/// by the entries: message id, subject, `From`, `To`, `Cc` (lists of name and lower-case
/// address), date (microseconds in decimal, empty if none), body text, attachment hashes
/// (list). What a route adds (`Received`, `Delivered-To`, `X-` headers) is not in it. Nor
/// are line ends: an attachment that is not in base64 counts by the SHA-256 of its bytes
/// with `\n` for `\r\n`. So the same mail over two routes has the same hash.
///
/// # Errors
/// [`ErrorKind::Malformed`] when there is nothing to read: no header field and no text.
/// [`ErrorKind::LimitExceeded`] beyond `limits`; a body text beyond its limit is cut
/// instead, and an attachment beyond it is kept without its text.
pub fn parse(raw: &[u8], limits: &Limits) -> Result<ParsedMail> {
    let mut reader = Reader { limits, decoded: 0, parts: 0 };
    let mut mail = reader.read(raw, MAX_ENCODED_MESSAGES)?;
    name_attachments(&mut mail.attachments);
    Ok(mail)
}

/// Counts what all parts, also those inside encoded messages, use up.
struct Reader<'l> {
    limits: &'l Limits,
    decoded: usize,
    parts: usize,
}

/// What a subtree of parts gives.
#[derive(Default)]
struct Content {
    texts: Vec<String>,
    /// Whether one of the texts was written as plain text.
    plain: bool,
    attachments: Vec<Attachment>,
}

impl Reader<'_> {
    fn read(&mut self, raw: &[u8], encoded_left: usize) -> Result<ParsedMail> {
        if raw.len() > self.limits.max_message_bytes {
            return Err(exceeded(
                "mail.parse",
                "max_message_bytes",
                self.limits.max_message_bytes,
                "message",
            ));
        }
        let parts = walk(raw, self.limits)?;
        self.parts += parts.len();
        if self.parts > self.limits.max_parts {
            return Err(exceeded("mail.parse", "max_parts", self.limits.max_parts, "encoded message"));
        }
        let Some(top) = parts.first() else {
            return Err(nothing());
        };
        let facts = facts(&top.header, &top.parameters);
        let subject = top.header.text("subject").unwrap_or_default();
        let content = self.content(raw, &parts, 0, true, encoded_left)?;
        let mut text = content.texts.join("\n\n");
        if top.header.is_empty() && !is_readable(&text) {
            return Err(nothing());
        }
        let truncated = text.len() > self.limits.max_text_bytes;
        if truncated {
            text.truncate(charset::prefix(&text, self.limits.max_text_bytes).len());
        }
        let content_hash = content_hash(&facts, &subject, &text, &content.attachments);
        Ok(ParsedMail { facts, subject, text, truncated, attachments: content.attachments, content_hash })
    }

    /// The content of the part and those below it. The depth of the tree is limited, and
    /// with it this recursion.
    fn content(
        &mut self,
        raw: &[u8],
        parts: &[Part<'_>],
        index: usize,
        may_be_body: bool,
        encoded_left: usize,
    ) -> Result<Content> {
        let part = &parts[index];
        let subtype = match &part.kind {
            Kind::Leaf => return self.leaf(raw, part, may_be_body, encoded_left),
            Kind::Message => return self.attached(raw, parts, index, encoded_left),
            Kind::Multipart(subtype) => subtype.as_str(),
        };
        let mut merged = Content::default();
        for (position, &child) in part.children.iter().enumerate() {
            // The first part of `related` is its body, the others belong to it.
            let child_may_be_body = may_be_body
                && match subtype {
                    "related" => position == 0,
                    _ => position == 0 || !is_named_text(&parts[child]),
                };
            let mut found = self.content(raw, parts, child, child_may_be_body, encoded_left)?;
            merged.attachments.append(&mut found.attachments);
            found.texts.retain(|text| !text.trim().is_empty());
            if subtype == "alternative" {
                // One content in several forms: plain text is what its author saw or meant.
                // Several plain ones are no alternatives, whatever the type says.
                if merged.texts.is_empty() || (found.plain && !merged.plain && !found.texts.is_empty()) {
                    (merged.texts, merged.plain) = (found.texts, found.plain);
                } else if found.plain && found.texts != merged.texts {
                    merged.texts.append(&mut found.texts);
                }
            } else {
                merged.plain |= found.plain;
                merged.texts.append(&mut found.texts);
            }
        }
        Ok(merged)
    }

    fn leaf(
        &mut self,
        raw: &[u8],
        part: &Part<'_>,
        may_be_body: bool,
        encoded_left: usize,
    ) -> Result<Content> {
        let bytes = part.transfer.decode(&raw[part.body.clone()]);
        self.count(bytes.len())?;
        let disposition = part.header.parameters("content-disposition").unwrap_or_default();
        let plain = part.media_type == "text/plain";
        let body =
            may_be_body && (plain || part.media_type == "text/html") && disposition.value != "attachment";
        if body {
            let declared = part.parameters.get("charset");
            let text = if plain {
                charset::tidy(charset::decode(&bytes, declared))
            } else {
                html::convert(&html::decode(&bytes, declared), self.limits)?.text
            };
            return Ok(Content { texts: vec![text], plain, attachments: Vec::new() });
        }
        // An empty text part is not worth a document.
        if bytes.is_empty() && disposition.value.is_empty() && part.media_type.starts_with("text/") {
            return Ok(Content::default());
        }
        let name = file_name(part, &disposition);
        let encoded_message = is_message(&part.media_type) && part.transfer != Transfer::Identity;
        if encoded_message && encoded_left > 0 {
            match self.read(&bytes, encoded_left - 1) {
                Ok(mut inner) => {
                    let mut attachments = std::mem::take(&mut inner.attachments);
                    attachments.insert(
                        0,
                        message_attachment(name, &part.media_type, &bytes, inner.subject, inner.text),
                    );
                    return Ok(Content { attachments, ..Content::default() });
                }
                Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
                Err(_) => {}
            }
        }
        let content = self.attachment_text(&bytes, part, &name);
        let facts = attachment_facts(name, &part.media_type, &bytes);
        let loose_line_ends = part.transfer != Transfer::Base64;
        let attachment = Attachment { facts, content, bytes: bytes.into_owned(), loose_line_ends };
        Ok(Content { attachments: vec![attachment], ..Content::default() })
    }

    fn attachment_text(&self, bytes: &[u8], part: &Part<'_>, name: &str) -> AttachmentContent {
        let Some(kind) = TextKind::detect(Some(&part.media_type), Some(name), bytes) else {
            return AttachmentContent::Opaque;
        };
        match to_text_of_kind(bytes, kind, part.parameters.get("charset"), self.limits) {
            Ok(read) => AttachmentContent::Text { kind, title: read.title, text: read.text },
            Err(error) => AttachmentContent::Failed(error),
        }
    }

    /// An attached message: its subject and text, then what is attached to it in turn.
    fn attached(
        &mut self,
        raw: &[u8],
        parts: &[Part<'_>],
        index: usize,
        encoded_left: usize,
    ) -> Result<Content> {
        let part = &parts[index];
        let disposition = part.header.parameters("content-disposition").unwrap_or_default();
        let name = file_name(part, &disposition);
        let bytes = &raw[part.body.clone()];
        self.count(bytes.len())?;
        let Some(&top) = part.children.first() else {
            return Ok(Content::default());
        };
        let inner = self.content(raw, parts, top, true, encoded_left)?;
        let subject = parts[top].header.text("subject").unwrap_or_default();
        let mut attachments =
            vec![message_attachment(name, &part.media_type, bytes, subject, inner.texts.join("\n\n"))];
        attachments.extend(inner.attachments);
        Ok(Content { attachments, ..Content::default() })
    }

    fn count(&mut self, bytes: usize) -> Result<()> {
        self.decoded = self.decoded.saturating_add(bytes);
        if self.decoded > self.limits.max_decoded_bytes {
            return Err(exceeded(
                "mail.parse",
                "max_decoded_bytes",
                self.limits.max_decoded_bytes,
                "MIME part",
            ));
        }
        Ok(())
    }
}

fn nothing() -> Error {
    Error::new(ErrorKind::Malformed, "mail.parse", "there is no header and no text in these bytes")
}

/// Whether this is text and not bytes that happen to decode.
fn is_readable(text: &str) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for c in text.chars().take(4_096) {
        if c == '\u{fffd}' || (c.is_control() && !c.is_whitespace()) {
            bad += 1;
        } else if c.is_alphanumeric() {
            good += 1;
        }
    }
    good > 0 && bad * 10 <= good
}

/// A text part with a file name is a file someone attached.
fn is_named_text(part: &Part<'_>) -> bool {
    part.kind == Kind::Leaf && part.parameters.get("name").is_some()
}

fn facts(header: &Header<'_>, content_type: &super::header::Parameters) -> MailFacts {
    let addresses = |name: &str| -> Vec<String> {
        let mailboxes = header.mailboxes(name).into_iter();
        mailboxes.map(|mailbox| mailbox.address).filter(|address| !address.is_empty()).collect()
    };
    let mut from = header.mailboxes("from");
    if from.is_empty() {
        from = header.mailboxes("sender");
    }
    MailFacts {
        message_id: header.ids("message-id").into_iter().next(),
        to: header.mailboxes("to"),
        cc: header.mailboxes("cc"),
        reply_to: header.mailboxes("reply-to"),
        date: header.date("date"),
        in_reply_to: header.ids("in-reply-to"),
        references: header.ids("references"),
        delivered_to: addresses("delivered-to"),
        x_original_to: addresses("x-original-to"),
        list_id: automatic::list_id(header),
        automatic: automatic::recognise(header, content_type, &from),
        from,
    }
}

/// The name as given, if any; `name_attachments` makes up the others.
fn file_name(part: &Part<'_>, disposition: &super::header::Parameters) -> String {
    let name = disposition.get("filename").or_else(|| part.parameters.get("name")).unwrap_or_default();
    name.trim().to_owned()
}

fn attachment_facts(name: String, media_type: &str, bytes: &[u8]) -> AttachmentFacts {
    let media_type = media_type.to_owned();
    AttachmentFacts { name, media_type, size: bytes.len() as u64, sha256: hex(&Sha256::digest(bytes)) }
}

fn message_attachment(
    mut name: String,
    media_type: &str,
    bytes: &[u8],
    subject: String,
    text: String,
) -> Attachment {
    if name.is_empty() && !subject.is_empty() {
        name = format!("{}.eml", charset::prefix(&subject, 120));
    }
    let whole = format!("{subject}\n\n{text}").trim().to_owned();
    let title = Some(subject).filter(|subject| !subject.is_empty());
    Attachment {
        facts: attachment_facts(name, media_type, bytes),
        content: AttachmentContent::Text { kind: TextKind::Plain, title, text: whole },
        bytes: bytes.to_vec(),
        loose_line_ends: true,
    }
}

/// Gives a name to attachments without one: `attachment-2.pdf`.
fn name_attachments(attachments: &mut [Attachment]) {
    for (index, attachment) in attachments.iter_mut().enumerate() {
        let facts = &mut attachment.facts;
        if facts.name.is_empty() {
            let extension = match facts.media_type.as_str() {
                "text/plain" => "txt",
                "image/jpeg" => "jpg",
                "image/svg+xml" => "svg",
                "text/calendar" => "ics",
                "application/pgp-signature" => "asc",
                other if is_message(other) => "eml",
                other => match other.rsplit_once('/') {
                    Some((_, subtype))
                        if subtype.len() <= 8 && subtype.bytes().all(|b| b.is_ascii_alphanumeric()) =>
                    {
                        subtype
                    }
                    _ => "bin",
                },
            };
            facts.name = format!("attachment-{}.{extension}", index + 1);
        }
    }
}

fn content_hash(facts: &MailFacts, subject: &str, text: &str, attachments: &[Attachment]) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(facts.message_id.as_deref().unwrap_or_default().as_bytes());
    field(subject.as_bytes());
    for list in [&facts.from, &facts.to, &facts.cc] {
        field(list.len().to_string().as_bytes());
        for mailbox in list {
            field(mailbox.name.as_deref().unwrap_or_default().as_bytes());
            field(mailbox.address.to_ascii_lowercase().as_bytes());
        }
    }
    field(facts.date.map_or(Cow::Borrowed(""), |date| date.as_micros().to_string().into()).as_bytes());
    field(text.trim_end().as_bytes());
    field(attachments.len().to_string().as_bytes());
    for attachment in attachments {
        if attachment.loose_line_ends && attachment.bytes.contains(&b'\r') {
            field(unix_hash(&attachment.bytes).as_bytes());
        } else {
            field(attachment.facts.sha256.as_bytes());
        }
    }
    hex(&hash.finalize())
}

/// The hash of the bytes with `\n` for `\r\n`.
fn unix_hash(bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(content) => {
                hash.update(content);
                hash.update(b"\n");
            }
            None => hash.update(line),
        }
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
