//! A message in Gmail's `full` format as the message that was sent, for whoever is handed the
//! JSON and has to read it as mail.
//!
//! Gmail turns texts into UTF-8 and leaves their headers as they were, so a text says a charset
//! that it is not in any more. Here each part says what its bytes are in, and is encoded anew;
//! header fields stay as they are, in their order. An attachment whose content is not in the JSON
//! is there with its name and type, and empty.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::base64url;
use super::wire::{Message, Part};
use crate::base::{Error, ErrorKind, Result};

const OPERATION: &str = "gmail.full";
/// RFC 2045, 6.8: no line of base64 is longer.
const LINE: usize = 76;

/// The message (RFC 5322) behind the JSON of a message in the format `full` or `raw`.
///
/// # Errors
/// `malformed` when it is not such a JSON, or a part's content is no base64.
pub(crate) fn raw_of_full(json: &[u8]) -> Result<Vec<u8>> {
    let malformed = |message: &'static str| Error::new(ErrorKind::Malformed, OPERATION, message);
    // The reader bounds how deep JSON nests, and with it every recursion here.
    let message: Message = serde_json::from_slice(json)
        .map_err(|_| malformed("this is not the JSON of a message of Gmail's"))?;
    if let Some(raw) = &message.raw {
        return base64url::decode(raw).ok_or_else(|| malformed("the message is in no base64"));
    }
    let payload = message.payload.ok_or_else(|| malformed("the message has neither `payload` nor `raw`"))?;
    let mut writer = Writer { out: Vec::with_capacity(json.len()), boundaries: 0 };
    writer.part(&payload, true)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    boundaries: usize,
}

impl Writer {
    /// Writes a part, its header first. The header of the message itself says that it is MIME.
    fn part(&mut self, part: &Part, is_message: bool) -> Result<()> {
        let is_multipart =
            part.mime_type.get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"));
        let bytes = match &part.body.data {
            Some(data) => base64url::decode(data).ok_or_else(|| {
                Error::new(ErrorKind::Malformed, OPERATION, "the content of a part is in no base64")
            })?,
            None => Vec::new(),
        };
        let mut content_type = None;
        let (mut has_version, mut has_disposition) = (false, false);
        for field in &part.headers {
            match field.name.to_ascii_lowercase().as_str() {
                "content-type" => content_type = content_type.or(Some(field.value.as_str())),
                "content-transfer-encoding" | "content-length" => {}
                name => {
                    has_version |= name == "mime-version";
                    has_disposition |= name == "content-disposition";
                    self.field(&field.name, &field.value);
                }
            }
        }
        if is_message && !has_version {
            self.field("MIME-Version", "1.0");
        }
        if !has_disposition && (part.body.attachment_id.is_some() || !part.filename.is_empty()) {
            let name = utf8_percent_encode(&part.filename, NON_ALPHANUMERIC);
            self.field("Content-Disposition", &format!("attachment; filename*=UTF-8''{name}"));
        }
        let mut kind = ContentType::read(content_type.unwrap_or_default(), &part.mime_type);
        if is_multipart {
            return self.multipart(part, kind);
        }
        if part.body.data.is_none() && !part.parts.is_empty() {
            // An attached message: what it holds is its only part.
            self.field("Content-Type", &kind.written());
            self.out.extend_from_slice(b"\r\n");
            return part.parts.iter().take(1).try_for_each(|inner| self.part(inner, false));
        }
        if kind.is_text() && std::str::from_utf8(&bytes).is_ok() {
            kind.set_charset("utf-8");
        }
        self.field("Content-Type", &kind.written());
        self.field("Content-Transfer-Encoding", "base64");
        self.out.extend_from_slice(b"\r\n");
        for line in STANDARD.encode(&bytes).as_bytes().chunks(LINE) {
            self.out.extend_from_slice(line);
            self.out.extend_from_slice(b"\r\n");
        }
        Ok(())
    }

    fn multipart(&mut self, part: &Part, kind: ContentType) -> Result<()> {
        self.boundaries += 1;
        // Neither base64 nor a field begins like this; none is the beginning of another.
        let boundary = format!("=_part_{}_", self.boundaries);
        self.field("Content-Type", &format!("{}; boundary=\"{boundary}\"", kind.written()));
        self.out.extend_from_slice(b"\r\n");
        for inner in &part.parts {
            self.out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            self.part(inner, false)?;
            self.out.extend_from_slice(b"\r\n");
        }
        self.out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Ok(())
    }

    /// Writes a field; one with a name that none can have is left out. Folded values stay so, and
    /// no value can begin a field of its own.
    fn field(&mut self, name: &str, value: &str) {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
            return;
        }
        let lines: Vec<&str> =
            value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
        self.out.extend_from_slice(format!("{name}: {}\r\n", lines.join("\r\n ")).as_bytes());
    }
}

/// A content type whose boundary and charset are ours to say.
struct ContentType {
    kind: String,
    /// As they were written, without those two.
    parameters: Vec<String>,
    charset: Option<String>,
}

impl ContentType {
    /// Reads a field's value; `kind` is what Gmail takes it for.
    fn read(value: &str, kind: &str) -> Self {
        let mut pieces = unquoted_pieces(value).into_iter();
        let declared = pieces.next().unwrap_or_default().trim();
        let kind =
            [kind, declared, "text/plain"].into_iter().find(|kind| !kind.is_empty()).unwrap_or_default();
        let mut read = Self { kind: kind.to_owned(), parameters: Vec::new(), charset: None };
        for piece in pieces.map(str::trim).filter(|piece| !piece.is_empty()) {
            let name = piece.split(['=', '*']).next().unwrap_or_default().trim();
            if name.eq_ignore_ascii_case("charset") {
                read.charset = read.charset.or_else(|| Some(piece.to_owned()));
            } else if !name.eq_ignore_ascii_case("boundary") {
                read.parameters.push(piece.to_owned());
            }
        }
        read
    }

    fn is_text(&self) -> bool {
        self.kind.get(..5).is_some_and(|kind| kind.eq_ignore_ascii_case("text/"))
    }

    fn set_charset(&mut self, charset: &str) {
        self.charset = Some(format!("charset={charset}"));
    }

    fn written(&self) -> String {
        let mut written = self.kind.clone();
        for piece in self.charset.iter().chain(&self.parameters) {
            written.push_str("; ");
            written.push_str(piece);
        }
        written
    }
}

/// What is between semicolons, but for those in quotes.
fn unquoted_pieces(value: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                pieces.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&value[start..]);
    pieces
}
