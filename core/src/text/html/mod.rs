//! HTML to readable text, straight from the tokenizer: no tree, no recursion.
//!
//! Browsers need a tree because they repair; a reader of text only needs to know where
//! blocks begin and end. What cannot be seen (scripts, styles, `display:none`) is left out.

mod sink;
mod tag_guard;

use std::borrow::Cow;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tokenizer, TokenizerOpts};

use self::sink::Sink;
use super::charset;
use super::limits::{Limits, exceeded};
use crate::base::Result;

/// A page as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HtmlText {
    /// What `<title>` says.
    pub(crate) title: Option<String>,
    /// What a reader sees; blocks on lines of their own, quotes behind `> `.
    pub(crate) text: String,
}

/// How far into a page its own declaration of the charset may stand.
const META_WINDOW_BYTES: usize = 4_096;

/// Bytes of a page to text: declared charset first, then what the page says of itself.
pub(crate) fn decode<'a>(bytes: &'a [u8], declared: Option<&str>) -> Cow<'a, str> {
    if declared.is_some() {
        return charset::decode(bytes, declared);
    }
    let head = &bytes[..bytes.len().min(META_WINDOW_BYTES)].to_ascii_lowercase();
    let label = head.windows(8).position(|w| w == b"charset=").map(|at| {
        let value = head[at + 8..].iter().copied().skip_while(|b| matches!(b, b'"' | b'\'' | b' '));
        let value: Vec<u8> =
            value.take_while(|b| b.is_ascii_alphanumeric() || b"-_:.".contains(b)).take(40).collect();
        String::from_utf8_lossy(&value).into_owned()
    });
    // A page that was readable enough to find the label is not UTF-16, whatever it says.
    charset::decode(bytes, label.filter(|label| !label.starts_with("utf-16")).as_deref())
}

/// A page to text.
///
/// # Errors
/// `LimitExceeded` when the text is longer than `max_text_bytes`.
pub(crate) fn convert(page: &str, limits: &Limits) -> Result<HtmlText> {
    let page = tag_guard::bounded_tags(page);
    let (result, swallowed) = run(&page, limits, true)?;
    if swallowed {
        // A hidden element was never closed: rather show too much than nothing.
        return Ok(run(&page, limits, false)?.0);
    }
    Ok(result)
}

fn run(page: &str, limits: &Limits, skip_hidden: bool) -> Result<(HtmlText, bool)> {
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(page));
    let tokenizer = Tokenizer::new(Sink::new(limits.max_text_bytes, skip_hidden), TokenizerOpts::default());
    // The tokenizer pauses at the end of each script, for a browser to run it.
    while !queue.is_empty() {
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
    let (result, outcome) = tokenizer.sink.finish();
    if outcome.too_large {
        return Err(exceeded("text.html", "max_text_bytes", limits.max_text_bytes, "page"));
    }
    Ok((result, outcome.swallowed))
}

#[cfg(test)]
mod tests;
