//! The one way from bytes of a text format to text.

use super::detect::TextKind;
use super::limits::{Limits, exceeded};
use super::{charset, csv, html, json, markdown};
use crate::base::{Error, ErrorKind, Result};

/// A file as text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtractedText {
    /// What the file calls itself: the title of a page, the first heading of Markdown.
    pub title: Option<String>,
    /// The text; line ends are `\n`, never a NUL.
    pub text: String,
    /// How the bytes were read.
    pub kind: TextKind,
}

/// Reads a file of a text format. `media_type` and `name` say what it is, as far as they
/// are known; a `charset` parameter of the media type is honoured where it can be true.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when it is no text format; [`ErrorKind::LimitExceeded`].
pub fn to_text(
    bytes: &[u8],
    media_type: Option<&str>,
    name: Option<&str>,
    limits: &Limits,
) -> Result<ExtractedText> {
    let kind = TextKind::detect(media_type, name, bytes).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "text.extract", "this is not a text format this library reads")
            .with("media_type", media_type.unwrap_or("unknown"))
    })?;
    let charset = media_type.and_then(|media_type| {
        let parameters = media_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
        parameters
            .into_iter()
            .find(|(key, _)| key.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, value)| value)
    });
    to_text_of_kind(bytes, kind, charset, limits)
}

/// Reads a file of a known kind.
///
/// # Errors
/// [`ErrorKind::LimitExceeded`].
pub(crate) fn to_text_of_kind(
    bytes: &[u8],
    kind: TextKind,
    declared_charset: Option<&str>,
    limits: &Limits,
) -> Result<ExtractedText> {
    if bytes.len() > limits.max_message_bytes {
        return Err(exceeded("text.extract", "max_message_bytes", limits.max_message_bytes, "file"));
    }
    let decoded = match kind {
        TextKind::Html => html::decode(bytes, declared_charset),
        _ => charset::decode(bytes, declared_charset),
    };
    let source = charset::tidy(decoded);
    let (title, text) = match kind {
        TextKind::Html => {
            let page = html::convert(&source, limits)?;
            (page.title, page.text)
        }
        TextKind::Markdown => markdown::convert(&source),
        TextKind::Csv => (None, csv::convert(&source, limits)?),
        TextKind::Json => (None, json::convert(&source, limits)?),
        TextKind::Plain => (None, source),
    };
    if text.len() > limits.max_text_bytes {
        return Err(exceeded("text.extract", "max_text_bytes", limits.max_text_bytes, "file"));
    }
    Ok(ExtractedText { title, text, kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [TextKind; 5] =
        [TextKind::Plain, TextKind::Markdown, TextKind::Html, TextKind::Csv, TextKind::Json];

    #[test]
    fn every_kind_has_its_text_limit() {
        let limits = Limits { max_text_bytes: 1_000, ..Limits::default() };
        for kind in KINDS {
            let source = format!("[\"a\",\"b\"]\n{}", "word, ".repeat(1_000));
            let error = to_text_of_kind(source.as_bytes(), kind, None, &limits).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{kind:?}");
        }
    }

    #[test]
    fn binary_data_is_unsupported() {
        let error = to_text(b"\x00\x01", Some("image/png"), None, &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    proptest! {
        #[test]
        fn any_bytes_give_text_without_nul(bytes: Vec<u8>) {
            for kind in KINDS {
                let text = to_text_of_kind(&bytes, kind, None, &Limits::default()).unwrap().text;
                prop_assert!(!text.contains(['\0', '\r']));
            }
        }
    }
}
