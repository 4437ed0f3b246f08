//! What would be stored for an item, before anything is embedded or assigned. Pure.

use sha2::{Digest, Sha256};

use crate::base::{Error, ErrorKind, Result, Timestamp};
use crate::domain::{
    AttachmentFacts, ContentHash, DocumentType, MailDetails, Mailbox, NewDocument, ThreadClue,
};
use crate::text::mail::{Attachment, AttachmentContent, normalise_subject, parse, split_reply, thread_key};
use crate::text::{ChunkOptions, Limits, TextKind, chunks, embedded_text, to_text};

/// The source of mail.
pub(crate) const MAIL_SOURCE: &str = "email";
/// The source of attachments.
const ATTACHMENT_SOURCE: &str = "email_attachment";
/// The source of documents whose caller names none.
const UPLOAD_SOURCE: &str = "upload";

/// A document that would be stored.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) source: String,
    pub(super) source_id: String,
    pub(super) kind: DocumentType,
    pub(super) title: String,
    pub(super) author: Option<String>,
    pub(super) text: String,
    pub(super) content_hash: String,
    pub(super) occurred_at: Option<Timestamp>,
    pub(super) mail: Option<MailDetails>,
    pub(super) chunks: Vec<DraftChunk>,
}

/// A passage that would be stored.
#[derive(Debug)]
pub(super) struct DraftChunk {
    pub(super) text: String,
    /// What is embedded: the title gives a passage from the middle its context.
    pub(super) embedded: String,
    pub(super) hash: ContentHash,
}

/// An item: a document, what came with it, and what it says about its conversation.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) main: Draft,
    pub(super) attachments: Vec<Draft>,
    pub(super) clue: ThreadClue,
    /// The conversation it starts or belongs to, if no other is known.
    pub(super) thread_root: Option<String>,
    /// What its attachments say, for assignment.
    pub(super) attached_text: String,
}

impl Item {
    pub(super) fn is_mail(&self) -> bool {
        self.main.mail.is_some()
    }

    /// All passages of the item.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &DraftChunk> {
        self.main.chunks.iter().chain(self.attachments.iter().flat_map(|draft| &draft.chunks))
    }
}

/// How much text of each attachment is read for assignment, in bytes.
const ATTACHED_TEXT_FOR_ASSIGNMENT: usize = 4_000;

/// Reads a mail.
pub(super) fn mail_item(raw: &[u8], limits: &Limits) -> Result<Item> {
    let parsed = parse(raw, limits)?;
    let parts = split_reply(&parsed.subject, &parsed.text);
    let facts = parsed.facts;
    let key = thread_key(&facts, &parsed.subject);
    let (own_subject, _) = normalise_subject(&parsed.subject);
    let source_id = facts.message_id.clone().unwrap_or_else(|| format!("sha256:{}", parsed.content_hash));
    let title = if parsed.subject.is_empty() { "(no subject)".to_owned() } else { parsed.subject };
    let occurred_at = facts.date;
    let author = facts.author().map(Mailbox::to_string);
    let mut attached_text = String::new();
    let mut attachments = Vec::new();
    let mut listed: Vec<AttachmentFacts> = Vec::new();
    for (index, attachment) in parsed.attachments.into_iter().enumerate() {
        listed.push(attachment.facts.clone());
        attached_text.push_str(&attachment.facts.name);
        attached_text.push('\n');
        if let Some(draft) = attachment_draft(index, attachment, author.clone(), occurred_at) {
            attached_text.push_str(head(&draft.text, ATTACHED_TEXT_FOR_ASSIGNMENT));
            attached_text.push('\n');
            attachments.push(draft);
        }
    }
    let main = Draft {
        source: MAIL_SOURCE.to_owned(),
        source_id,
        kind: DocumentType::Email,
        author,
        chunks: draft_chunks(&title, &parts.new_text),
        title,
        text: parts.new_text,
        content_hash: parsed.content_hash,
        occurred_at,
        mail: Some(MailDetails {
            facts,
            attachments: listed,
            quoted: parts.quoted,
            signature: parts.signature,
        }),
    };
    let clue = ThreadClue {
        message_ids: key.message_ids,
        reply_subject: key.join_by_subject.then_some(key.subject),
        own_subject: Some(own_subject).filter(|subject| !subject.is_empty()),
    };
    let thread_root = key.root.or_else(|| Some(main.source_id.clone()));
    Ok(Item { main, attachments, clue, thread_root, attached_text })
}

/// An attachment's own document, if it has text. Its source id is only the part after that
/// of its mail, which is known when the mail's identity is settled.
fn attachment_draft(
    index: usize,
    attachment: Attachment,
    author: Option<String>,
    occurred_at: Option<Timestamp>,
) -> Option<Draft> {
    let AttachmentContent::Text { kind, title, text } = attachment.content else { return None };
    if text.trim().is_empty() {
        return None;
    }
    let name = attachment.facts.name;
    let title = match title.filter(|title| !title.is_empty() && *title != name) {
        Some(title) => format!("{name}: {title}"),
        None => name,
    };
    Some(Draft {
        source: ATTACHMENT_SOURCE.to_owned(),
        source_id: format!("#{}", index + 1),
        kind: document_type(kind),
        author,
        chunks: draft_chunks(&title, &text),
        title,
        text,
        content_hash: attachment.facts.sha256,
        occurred_at,
        mail: None,
    })
}

/// Reads a text.
pub(super) fn document_item(new: NewDocument, limits: &Limits) -> Result<Item> {
    let operation = "documents.ingest";
    let source = checked(operation, "source", new.source, 100)?.unwrap_or_else(|| UPLOAD_SOURCE.to_owned());
    if source == MAIL_SOURCE || source == ATTACHMENT_SOURCE {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            operation,
            "this source is for mail; hand mail to mail.ingest",
        )
        .with("source", source));
    }
    let source_id = checked(operation, "source_id", new.source_id, 1_000)?;
    let author = checked(operation, "author", new.author, 500)?;
    let given_title = checked(operation, "title", new.title, 1_000)?;
    let file_name = checked(operation, "file_name", new.file_name, 1_000)?;
    let format = new.format.as_deref().map(media_type);
    let extracted = to_text(&new.content, format, file_name.as_deref(), limits)?;
    let text = extracted.text;
    let title = given_title
        .or(extracted.title.filter(|title| !title.trim().is_empty()))
        .or(file_name)
        .unwrap_or_else(|| first_words(&text));
    if text.trim().is_empty() && title.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            operation,
            "the document has neither text nor title",
        ));
    }
    let kind = new.kind.unwrap_or_else(|| document_type(extracted.kind));
    let time = new.occurred_at.map(|time| time.to_string()).unwrap_or_default();
    let content_hash =
        hash_fields(&[kind.as_str(), &title, author.as_deref().unwrap_or_default(), &time, &text]);
    let main = Draft {
        source_id: source_id.unwrap_or_else(|| format!("sha256:{content_hash}")),
        source,
        kind,
        chunks: draft_chunks(&title, &text),
        title,
        author,
        text,
        content_hash,
        occurred_at: new.occurred_at,
        mail: None,
    };
    Ok(Item {
        main,
        attachments: Vec::new(),
        clue: ThreadClue::default(),
        thread_root: None,
        attached_text: String::new(),
    })
}

/// The media type behind a format's short name.
fn media_type(format: &str) -> &str {
    match format {
        "text" => "text/plain",
        "markdown" => "text/markdown",
        "html" => "text/html",
        "csv" => "text/csv",
        "json" => "application/json",
        media_type => media_type,
    }
}

fn document_type(kind: TextKind) -> DocumentType {
    if kind == TextKind::Csv { DocumentType::Spreadsheet } else { DocumentType::Document }
}

/// Cuts a text into passages. A document without text has one empty passage, so that it
/// is found by its title.
fn draft_chunks(title: &str, text: &str) -> Vec<DraftChunk> {
    let passages: Vec<&str> = match chunks(text, &ChunkOptions::default()) {
        spans if spans.is_empty() => vec![""],
        spans => spans.into_iter().map(|span| text[span.start..span.end].trim()).collect(),
    };
    let draft = |passage: &str| {
        let embedded = embedded_text(title, passage);
        DraftChunk { text: passage.to_owned(), hash: ContentHash::of(embedded.as_bytes()), embedded }
    };
    passages.into_iter().map(draft).collect()
}

/// Trims a field; empty is absent, too long is an error.
fn checked(
    operation: &'static str,
    field: &'static str,
    value: Option<String>,
    limit: usize,
) -> Result<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    let trimmed = value.trim();
    if trimmed.len() > limit {
        return Err(Error::new(ErrorKind::LimitExceeded, operation, "a field of the document is too long")
            .with("field", field)
            .with("size", trimmed.len())
            .with("limit", limit));
    }
    Ok(Some(trimmed.to_owned()).filter(|value| !value.is_empty()))
}

fn first_words(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut title: String = line.chars().take(80).collect();
    if title.len() < line.len() {
        title.push('…');
    }
    title
}

/// At most `limit` bytes from the start, cut between characters.
fn head(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// The SHA-256 of fields, each with its length before it, in hex.
fn hash_fields(fields: &[&str]) -> String {
    let mut hash = Sha256::new();
    for field in fields {
        hash.update((field.len() as u64).to_le_bytes());
        hash.update(field.as_bytes());
    }
    ContentHash(hash.finalize().into()).to_string()
}
