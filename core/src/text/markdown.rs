//! Markdown to plain text that keeps headings, lists, code and tables readable.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Quotes and lists deeper than this are shown at this depth.
const MAX_INDENT: usize = 8;

/// Brackets beyond this many make emphasis and links in one text suspicious: the parser is
/// linear on real text only, so such a text is kept as it is.
const MAX_NESTED_MARKERS: usize = 2_000;

/// The first heading, and the text.
pub(super) fn convert(source: &str) -> (Option<String>, String) {
    if nested_markers(source) > MAX_NESTED_MARKERS {
        return (None, source.to_owned());
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut writer = Writer { out: String::with_capacity(source.len()), ..Writer::default() };
    for event in Parser::new_ext(source, options) {
        writer.event(event);
    }
    (writer.title, writer.out.trim_end().to_owned())
}

/// The largest number of quote marks and list marks that open one line, or of opening
/// brackets in one paragraph.
fn nested_markers(source: &str) -> usize {
    let (mut worst, mut brackets) = (0, 0);
    for line in source.lines() {
        let content = line.trim_start_matches([' ', '\t', '>', '-', '+', '*']);
        let opening = line[..line.len() - content.len()].bytes().filter(|b| !b.is_ascii_whitespace()).count();
        // A rule is one long run of the same mark and nothing else.
        let opening = if content.is_empty() { 0 } else { opening };
        brackets =
            if content.is_empty() { 0 } else { brackets + content.bytes().filter(|&b| b == b'[').count() };
        worst = worst.max(opening).max(brackets);
    }
    worst
}

#[derive(Default)]
struct Writer {
    out: String,
    title: Option<String>,
    /// Where the heading being read begins.
    heading: Option<usize>,
    /// Line breaks due before the next text.
    breaks: usize,
    quotes: usize,
    lists: Vec<Option<u64>>,
    code: bool,
    first_cell: bool,
    /// The link being read: its target, and the length of `out` before its text.
    link: Option<(String, usize)>,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code => self.lines(&text),
            Event::Text(text) | Event::Code(text) => self.text(&text),
            Event::InlineHtml(html) if html.starts_with("<br") => self.breaks = self.breaks.max(1),
            // Blocks of HTML are rare, and their text is better found with tags than lost.
            Event::Html(html) => self.text(strip_tags(&html).trim_end()),
            Event::SoftBreak | Event::HardBreak => self.breaks = self.breaks.max(1),
            Event::Rule => self.breaks = 2,
            Event::TaskListMarker(done) => self.text(if done { "[x] " } else { "[ ] " }),
            Event::FootnoteReference(name) => self.text(&format!("[{name}]")),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text),
            Event::InlineHtml(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.breaks = 2;
                self.heading = Some(self.out.len());
            }
            Tag::Paragraph => self.breaks = self.breaks.max(if self.lists.is_empty() { 2 } else { 1 }),
            Tag::BlockQuote(_) => {
                self.breaks = 2;
                self.quotes += 1;
            }
            Tag::CodeBlock(_) => {
                self.breaks = 2;
                self.code = true;
            }
            Tag::List(first) => {
                self.breaks = self.breaks.max(if self.lists.is_empty() { 2 } else { 1 });
                self.lists.push(first);
            }
            Tag::Item => {
                self.breaks = self.breaks.max(1);
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let mark = format!("{number}. ");
                        *number = number.saturating_add(1);
                        mark
                    }
                    _ => "- ".to_owned(),
                };
                let depth = self.lists.len().saturating_sub(1).min(MAX_INDENT);
                self.text(&format!("{}{mark}", "  ".repeat(depth)));
            }
            Tag::Table(_) => self.breaks = 2,
            Tag::TableHead | Tag::TableRow => {
                self.breaks = self.breaks.max(1);
                self.first_cell = true;
            }
            Tag::TableCell if !std::mem::take(&mut self.first_cell) => self.text(" | "),
            Tag::Link { dest_url, .. } => self.link = Some((dest_url.into_string(), self.out.len())),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                let heading = self.heading.take().and_then(|start| self.out.get(start..));
                if let (None, Some(heading)) = (&self.title, heading) {
                    self.title = Some(heading.trim().to_owned()).filter(|title| !title.is_empty());
                }
                self.breaks = 2;
            }
            TagEnd::Paragraph | TagEnd::Table | TagEnd::HtmlBlock => self.breaks = 2,
            TagEnd::CodeBlock => {
                self.code = false;
                self.breaks = 2;
            }
            TagEnd::BlockQuote(_) => {
                self.breaks = 2;
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.breaks = if self.lists.is_empty() { 2 } else { 1 };
            }
            TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead => self.breaks = 1,
            TagEnd::Link => {
                if let Some((target, _)) = self.link.take().filter(|&(_, start)| self.out.len() <= start) {
                    self.text(&target);
                }
            }
            _ => {}
        }
    }

    fn lines(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            self.text(line.trim_end_matches('\n'));
            if line.ends_with('\n') {
                self.breaks += 1;
            }
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if !self.out.is_empty() {
            // More than one empty line is kept in code only, where it cannot be made up.
            self.out.extend(std::iter::repeat_n('\n', self.breaks.min(if self.code { 64 } else { 2 })));
        }
        if self.out.is_empty() || self.breaks > 0 {
            self.out.push_str(&"> ".repeat(self.quotes.min(MAX_INDENT)));
        }
        self.breaks = 0;
        self.out.push_str(text);
    }
}

/// The text without what stands between `<` and `>`.
fn strip_tags(html: &str) -> String {
    let mut inside = false;
    html.chars()
        .filter(|&c| {
            let keep = !inside && c != '<';
            inside = c == '<' || (inside && c != '>');
            keep
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_structure_and_drops_marks() {
        let source = "# Lisbon *shoot*\n\nSee [the permit](http://x.example).\n\n- crew\n  - [ ] hire\n2. x\n\n```rust\nlet a = 1;\n\nlet b;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> said\n> she\n";
        let (title, text) = convert(source);
        assert_eq!(title.as_deref(), Some("Lisbon shoot"));
        assert_eq!(
            text,
            "Lisbon shoot\n\nSee the permit.\n\n- crew\n  - [ ] hire\n\n2. x\n\nlet a = 1;\n\nlet b;\n\na | b\n1 | 2\n\n> said\n> she"
        );
    }

    #[test]
    fn pathological_nesting_is_kept_as_it_is() {
        for source in ["> ".repeat(20_000) + "x", "[".repeat(50_000), "- ".repeat(20_000) + "x"] {
            assert_eq!(convert(&source).1, source);
        }
    }

    proptest! {
        #[test]
        fn words_survive(words in prop::collection::vec("[a-z]{1,8}", 1..20)) {
            let source = words.join(" ");
            prop_assert_eq!(convert(&source).1, source);
        }
    }
}
