//! A message as `messages.get` shows it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::mailbox::Message;
use super::mime::{self, Part};
use crate::rng::Rng;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Format {
    Full,
    Metadata,
    Minimal,
    Raw,
}

impl Format {
    pub(crate) fn parse(text: Option<&str>) -> Option<Self> {
        Some(match text.unwrap_or("full") {
            "full" | "FULL" => Self::Full,
            "metadata" | "METADATA" => Self::Metadata,
            "minimal" | "MINIMAL" => Self::Minimal,
            "raw" | "RAW" => Self::Raw,
            _ => return None,
        })
    }
}

const SNIPPET: usize = 200;

/// The resource. `wanted` are the headers that `metadataHeaders` names, or none for all.
pub(crate) fn message(message: &Message, format: Format, wanted: &[&str], noise: &mut Rng) -> Value {
    let mut out = Map::new();
    let mut add = |name: &str, value: Value| out.insert(name.to_owned(), value);
    add("id", json!(format!("{:016x}", message.id)));
    add("threadId", json!(format!("{:016x}", message.thread)));
    // Absent when there are none, as for archived mail that was read.
    if !message.labels.is_empty() {
        add("labelIds", json!(message.labels));
    }
    add("historyId", json!(message.history_id.to_string()));
    add("internalDate", json!(message.date.to_string()));
    add("sizeEstimate", json!(message.raw.len()));
    let tree = mime::parse(&message.raw);
    add("snippet", json!(snippet(&tree)));
    match format {
        Format::Minimal => {}
        Format::Raw => {
            add("raw", json!(URL_SAFE_NO_PAD.encode(&message.raw)));
        }
        Format::Metadata => {
            let is_wanted =
                |name: &str| wanted.is_empty() || wanted.iter().any(|own| own.eq_ignore_ascii_case(name));
            let headers = tree.headers.iter().filter(|(name, _)| is_wanted(name));
            let headers: Vec<Value> =
                headers.map(|(name, value)| json!({"name": name, "value": value})).collect();
            add("payload", json!({"mimeType": tree.mime_type, "headers": headers}));
        }
        Format::Full => {
            add("payload", payload(&tree, "", noise));
        }
    }
    Value::Object(out)
}

fn payload(part: &Part, id: &str, noise: &mut Rng) -> Value {
    let headers: Vec<Value> =
        part.headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let mut body = json!({"size": part.body.len()});
    let is_inline = part.filename.is_empty() && part.mime_type.starts_with("text/");
    if !part.parts.is_empty() || part.mime_type.starts_with("multipart/") {
        body["size"] = json!(0);
    } else if is_inline {
        if !part.body.is_empty() {
            body["data"] = json!(URL_SAFE_NO_PAD.encode(&part.body));
        }
    } else {
        body["attachmentId"] = json!(attachment_id(id, noise));
    }
    let mut out = json!({
        "partId": id, "mimeType": part.mime_type, "filename": part.filename, "headers": headers, "body": body,
    });
    if !part.parts.is_empty() {
        let parts = part.parts.iter().enumerate().map(|(number, inner)| {
            let id = if id.is_empty() { number.to_string() } else { format!("{id}.{number}") };
            payload(inner, &id, noise)
        });
        out["parts"] = parts.collect();
    }
    out
}

/// Another one each time, for the same part.
fn attachment_id(part: &str, noise: &mut Rng) -> String {
    let nonce = noise.url_text(100);
    format!("ANGjdJ{}", URL_SAFE_NO_PAD.encode(format!("{nonce}:{part}")))
}

/// The part that an attachment's id is about.
pub(crate) fn attachment<'a>(tree: &'a Part, id: &str) -> Option<&'a Part> {
    let text = URL_SAFE_NO_PAD.decode(id.strip_prefix("ANGjdJ")?).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (_, path) = text.rsplit_once(':')?;
    path.split('.')
        .filter(|step| !step.is_empty())
        .try_fold(tree, |part, step| part.parts.get(step.parse::<usize>().ok()?))
}

/// The beginning of the text, escaped as HTML.
fn snippet(tree: &Part) -> String {
    let text = first_text(tree, "text/plain").unwrap_or_else(|| {
        let html = first_text(tree, "text/html").unwrap_or_default();
        let mut is_tag = false;
        html.chars()
            .filter(|c| {
                let shown = !is_tag && *c != '<';
                is_tag = *c == '<' || (is_tag && *c != '>');
                shown
            })
            .collect()
    });
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = words.chars().take(SNIPPET).collect();
    short
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

pub(crate) fn first_text(part: &Part, mime_type: &str) -> Option<String> {
    if part.mime_type == mime_type && part.filename.is_empty() {
        return Some(String::from_utf8_lossy(&part.body).into_owned());
    }
    part.parts.iter().find_map(|inner| first_text(inner, mime_type))
}
