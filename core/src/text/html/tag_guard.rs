//! Keeps a tag from having so many attributes that the tokenizer, which compares each new
//! one with all before it, takes quadratic time.

use std::borrow::Cow;

/// Attributes a tag keeps; the rest is dropped unread.
pub(super) const MAX_ATTRIBUTES: usize = 256;

/// Elements whose content is text up to their end tag. The sink tells the tokenizer the
/// same, so that both see the same tags.
pub(super) const RAW_TEXT: &[&str] =
    &["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"];

/// The page with every tag cut after [`MAX_ATTRIBUTES`] attributes.
pub(super) fn bounded_tags(page: &str) -> Cow<'_, str> {
    let bytes = page.as_bytes();
    let mut out: Option<String> = None;
    let mut kept_to = 0;
    let mut at = 0;
    while let Some(open) = find(bytes, at, b"<") {
        let after = open + 1;
        at = match bytes.get(after) {
            Some(b'!') if bytes[after..].starts_with(b"!--") => comment_end(bytes, after + 3),
            Some(b'!' | b'?') => skip_past(bytes, after, b">"),
            Some(b'/') if !bytes.get(after + 1).is_some_and(u8::is_ascii_alphabetic) => after,
            Some(b'/' | b'a'..=b'z' | b'A'..=b'Z') => {
                let tag = read_tag(bytes, after);
                if let Some(cut) = tag.cut {
                    let out = out.get_or_insert_with(|| String::with_capacity(page.len()));
                    out.push_str(&page[kept_to..cut]);
                    kept_to = tag.end;
                }
                let name = page[after..tag.name_end].to_ascii_lowercase();
                let past = (tag.end + 1).min(bytes.len());
                if RAW_TEXT.contains(&name.as_str()) {
                    raw_text_end(bytes, past, name.as_bytes())
                } else {
                    past
                }
            }
            _ => after,
        };
    }
    match out {
        Some(mut out) => {
            out.push_str(&page[kept_to..]);
            Cow::Owned(out)
        }
        None => Cow::Borrowed(page),
    }
}

struct TagEnd {
    name_end: usize,
    /// Where the attributes too many begin.
    cut: Option<usize>,
    /// The `>`, or the end of the page.
    end: usize,
}

/// Reads the tag whose name, or the `/` before it, is at `start`.
fn read_tag(bytes: &[u8], start: usize) -> TagEnd {
    let is_break = |byte: u8| byte.is_ascii_whitespace() || byte == b'/' || byte == b'>';
    let until = |from: usize, stop: &dyn Fn(u8) -> bool| {
        bytes[from..].iter().position(|&byte| stop(byte)).map_or(bytes.len(), |at| from + at)
    };
    let name_end = until((start + 1).min(bytes.len()), &is_break);
    let (mut at, mut count, mut cut) = (name_end, 0, None);
    loop {
        at = until(at, &|byte| !byte.is_ascii_whitespace() && byte != b'/');
        if at >= bytes.len() || bytes[at] == b'>' {
            return TagEnd { name_end, cut, end: at };
        }
        count += 1;
        if count > MAX_ATTRIBUTES && cut.is_none() {
            cut = Some(at);
        }
        // A name may begin with `=`.
        at = until(at + 1, &|byte| is_break(byte) || byte == b'=');
        let equals = until(at, &|byte| !byte.is_ascii_whitespace());
        if bytes.get(equals) != Some(&b'=') {
            continue;
        }
        at = until(equals + 1, &|byte| !byte.is_ascii_whitespace());
        at = match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => skip_past(bytes, at + 1, &[quote]),
            _ => until(at, &|byte| byte.is_ascii_whitespace() || byte == b'>'),
        };
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let first = *what.first()?;
    let mut at = 0;
    loop {
        at += rest.get(at..)?.iter().position(|&byte| byte == first)?;
        if rest[at..].starts_with(what) {
            return Some(from + at);
        }
        at += 1;
    }
}

fn skip_past(bytes: &[u8], from: usize, what: &[u8]) -> usize {
    find(bytes, from, what).map_or(bytes.len(), |at| at + what.len())
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    if rest.starts_with(b">") {
        return start + 1;
    }
    if rest.starts_with(b"->") {
        return start + 2;
    }
    let mut at = start;
    while let Some(dashes) = find(bytes, at, b"--") {
        match &bytes[dashes + 2..] {
            [b'>', ..] => return dashes + 3,
            [b'!', b'>', ..] => return dashes + 4,
            _ => at = dashes + 1,
        }
    }
    bytes.len()
}

/// Where the end tag of a raw text element begins.
fn raw_text_end(bytes: &[u8], from: usize, name: &[u8]) -> usize {
    let mut at = from;
    while let Some(open) = find(bytes, at, b"</") {
        let rest = &bytes[open + 2..];
        let ends = rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && rest.get(name.len()).is_none_or(|&b| b.is_ascii_whitespace() || b == b'/' || b == b'>');
        if ends {
            return open;
        }
        at = open + 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_with_absurdly_many_attributes_are_cut() {
        let picture =
            format!("<p>a</p><img src=\"data:image/png;base64,{}\" alt=x>b", "ab/cd==/ ".repeat(9_000));
        assert_eq!(bounded_tags(&picture), picture);
        let many = format!("<!-- <a --><script>if (a<b) \"</script><p {}>text", "a ".repeat(10_000));
        assert!(bounded_tags(&many).len() < 1_000 && bounded_tags(&many).ends_with(">text"));
    }
}
