//! Which of the text formats some bytes are.

use serde::{Deserialize, Serialize};

/// A format this room turns into text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextKind {
    /// Plain text.
    Plain,
    /// CommonMark and GitHub's tables.
    Markdown,
    /// HTML and XHTML.
    Html,
    /// Separated values, by comma, semicolon, tab or bar.
    Csv,
    /// JSON, or one JSON value a line.
    Json,
}

/// Bytes looked at to tell text from binary data.
const SNIFF_BYTES: usize = 4_096;

impl TextKind {
    /// The kind that the media type, else the file name, else the bytes say; `None` if it is
    /// none of these. A generic type (`application/octet-stream`, `text/plain`) gives way to
    /// a file name that knows better, and any claim to bytes that cannot be text.
    #[must_use]
    pub fn detect(media_type: Option<&str>, name: Option<&str>, bytes: &[u8]) -> Option<Self> {
        let media_type = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let media_type = media_type.to_ascii_lowercase();
        let by_name = name.and_then(Self::from_name);
        let kind = match media_type.as_str() {
            "text/markdown" | "text/x-markdown" => Self::Markdown,
            "text/html" | "application/xhtml+xml" => Self::Html,
            "text/csv" | "text/tab-separated-values" | "text/comma-separated-values" | "application/csv" => {
                Self::Csv
            }
            "application/json" | "application/x-ndjson" | "application/jsonl" | "text/json" => Self::Json,
            "text/plain" => by_name.unwrap_or(Self::Plain),
            other if other.ends_with("+json") => Self::Json,
            ""
            | "application/octet-stream"
            | "binary/octet-stream"
            | "application/x-download"
            | "application/force-download"
            | "application/vnd.ms-excel" => match by_name {
                Some(kind) => kind,
                None if media_type.is_empty() && name.is_none_or(|name| !name.contains('.')) => {
                    Self::sniff(bytes)?
                }
                None => return None,
            },
            _ => return None,
        };
        is_text(bytes).then_some(kind)
    }

    fn from_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.trim().to_ascii_lowercase().as_str() {
            "txt" | "text" | "log" => Self::Plain,
            "md" | "markdown" | "mdown" => Self::Markdown,
            "html" | "htm" | "xhtml" => Self::Html,
            "csv" | "tsv" => Self::Csv,
            "json" | "jsonl" | "ndjson" => Self::Json,
            _ => return None,
        })
    }

    fn sniff(bytes: &[u8]) -> Option<Self> {
        let head = bytes[..bytes.len().min(SNIFF_BYTES)].trim_ascii_start().to_ascii_lowercase();
        if head.starts_with(b"<!doctype html") || head.starts_with(b"<html") {
            return Some(Self::Html);
        }
        is_text(bytes).then_some(Self::Plain)
    }
}

/// Whether the bytes can be text: hardly a control character, or a UTF-16 mark.
fn is_text(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return true;
    }
    let head = &bytes[..bytes.len().min(SNIFF_BYTES)];
    // Escape begins the shifts of ISO-2022 charsets.
    let odd = head
        .iter()
        .filter(|&&b| (b < 0x20 && !b.is_ascii_whitespace() && b != 0x1b && b != 0x0b) || b == 0x7f);
    odd.count() * 50 <= head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_then_name_then_bytes() {
        let detect = |media_type, name| TextKind::detect(media_type, name, b"a,b");
        assert_eq!(detect(Some("text/html; charset=x"), None), Some(TextKind::Html));
        assert_eq!(detect(Some("text/plain"), Some("notes.MD")), Some(TextKind::Markdown));
        assert_eq!(detect(Some("application/octet-stream"), Some("a.csv")), Some(TextKind::Csv));
        assert_eq!(detect(Some("application/octet-stream"), Some("a.pdf")), None);
        assert_eq!(detect(Some("application/pdf"), Some("a.txt")), None);
        assert_eq!(detect(None, None), Some(TextKind::Plain));
        assert_eq!(TextKind::detect(None, None, b" <!DOCTYPE html>"), Some(TextKind::Html));
        assert_eq!(TextKind::detect(Some("text/plain"), None, b"\x00\x01\x02\x03"), None);
    }
}
