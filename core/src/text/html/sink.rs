//! Turns the stream of tags and characters into lines of text.

use std::cell::RefCell;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};

use super::HtmlText;
use super::tag_guard::RAW_TEXT;

/// Quotes and lists deeper than this are shown at this depth: a prefix on every line must
/// not make the output quadratic.
const MAX_INDENT: usize = 8;

/// Rows and lists that are tracked; deeper ones are read as plain blocks.
const MAX_TRACKED: usize = 256;

/// How a conversion ended.
pub(super) struct Outcome {
    pub(super) too_large: bool,
    /// The page ended inside a hidden element.
    pub(super) swallowed: bool,
}

/// Collects text; see [`Writer`].
pub(super) struct Sink(RefCell<Writer>);

impl Sink {
    pub(super) fn new(max_bytes: usize, skip_hidden: bool) -> Self {
        Self(RefCell::new(Writer { max_bytes, skip_hidden, ..Writer::default() }))
    }

    /// The text so far; the sink is empty afterwards.
    pub(super) fn finish(&self) -> (HtmlText, Outcome) {
        let writer = self.0.take();
        let title = writer.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = writer.out.trim_matches('\n').trim_end().to_owned();
        let outcome = Outcome {
            too_large: writer.too_large,
            swallowed: writer.skip.is_some() && writer.skip_is_hidden,
        };
        (HtmlText { title: Some(title).filter(|title| !title.is_empty()), text }, outcome)
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut writer = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return writer.tag(&tag),
            Token::CharacterTokens(text) => writer.characters(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// What a table row has shown so far.
#[derive(Default)]
struct Row {
    has_content: bool,
    /// A line break fell inside the row: its cells are blocks, not columns.
    broken: bool,
}

#[derive(Default)]
struct Writer {
    out: String,
    title: String,
    max_bytes: usize,
    too_large: bool,
    skip_hidden: bool,
    /// The element being left out, and how many of its name are open inside.
    skip: Option<(String, usize)>,
    skip_is_hidden: bool,
    in_title: bool,
    /// Line breaks to write before the next text: 1 ends the line, 2 leaves one empty.
    breaks: usize,
    space: bool,
    /// A column separator is due before the next text.
    cell: bool,
    /// Nothing was shown in this cell yet: the block that begins it is the cell.
    cell_start: bool,
    /// Quote marks of the last line.
    line_quotes: usize,
    /// A list mark due before the next text.
    mark: Option<String>,
    pre: usize,
    quotes: usize,
    /// Open lists: the next number, or none for bullets.
    lists: Vec<Option<i64>>,
    rows: Vec<Row>,
    /// The link being read: its target, what its picture says, length of `out` before it.
    link: Option<(String, String, usize)>,
}

impl Writer {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let starts = tag.kind == TagKind::StartTag;
        if let Some((skipped, depth)) = &mut self.skip {
            if *skipped == name {
                match (starts, *depth) {
                    (true, _) => *depth += 1,
                    (false, 0) => self.skip = None,
                    (false, _) => *depth -= 1,
                }
            }
            return if starts { raw_text(name) } else { TokenSinkResult::Continue };
        }
        if starts {
            self.start(name, tag);
            return raw_text(name);
        }
        self.end(name);
        TokenSinkResult::Continue
    }

    fn start(&mut self, name: &str, tag: &Tag) {
        let unseen = matches!(
            name,
            "script" | "style" | "template" | "svg" | "iframe" | "noembed" | "noframes" | "object" | "canvas"
        );
        let hidden = self.skip_hidden && !is_void(name) && is_hidden(tag);
        if unseen || hidden {
            // Only foreign elements can close themselves.
            if !(tag.self_closing && name == "svg") {
                self.skip = Some((name.to_owned(), 0));
                self.skip_is_hidden = hidden;
            }
            return;
        }
        match name {
            "title" => self.in_title = true,
            "br" => self.line_break(),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" | "dl" | "figure" => self.block(2),
            "hr" => self.block(2),
            "div" | "section" | "article" | "header" | "footer" | "main" | "aside" | "nav" | "address"
            | "form" | "fieldset" | "center" | "caption" | "dt" | "dd" | "figcaption" | "option" | "body"
            | "legend" | "details" | "summary" | "thead" | "tbody" | "tfoot" => self.block(1),
            "ul" | "ol" | "menu" | "dir" => {
                self.block(if self.lists.is_empty() { 2 } else { 1 });
                let first = attribute(tag, "start").and_then(|value| value.trim().parse().ok()).unwrap_or(1);
                if self.lists.len() < MAX_TRACKED {
                    self.lists.push((name == "ol").then_some(first));
                }
            }
            "li" => {
                self.block(1);
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        if let Some(value) = attribute(tag, "value").and_then(|v| v.trim().parse().ok()) {
                            *number = value;
                        }
                        let mark = format!("{number}. ");
                        *number = number.saturating_add(1);
                        mark
                    }
                    _ => "- ".to_owned(),
                };
                self.mark = Some(mark);
            }
            "blockquote" => {
                self.block(2);
                self.quotes += 1;
            }
            "pre" | "listing" | "xmp" => {
                self.block(2);
                self.pre += 1;
            }
            "tr" => {
                self.block(1);
                if self.rows.len() < MAX_TRACKED {
                    self.rows.push(Row::default());
                }
            }
            "td" | "th" => self.begin_cell(),
            "a" => {
                let target = attribute(tag, "href").unwrap_or_default().trim().to_owned();
                self.link = Some((target, String::new(), self.out.len()));
            }
            "img" => {
                if let (Some((_, alt, _)), Some(text)) = (&mut self.link, attribute(tag, "alt")) {
                    if alt.is_empty() {
                        *alt = text.trim().to_owned();
                    }
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "title" => self.in_title = false,
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" | "dl" | "figure" => self.block(2),
            "div" | "section" | "article" | "header" | "footer" | "main" | "aside" | "nav" | "address"
            | "form" | "fieldset" | "center" | "caption" | "dt" | "dd" | "figcaption" | "li" | "option"
            | "legend" | "details" | "summary" | "thead" | "tbody" | "tfoot" => self.block(1),
            "ul" | "ol" | "menu" | "dir" => {
                self.lists.pop();
                self.mark = None;
                self.block(if self.lists.is_empty() { 2 } else { 1 });
            }
            "blockquote" => {
                self.block(2);
                self.quotes = self.quotes.saturating_sub(1);
            }
            "pre" | "listing" | "xmp" => {
                self.pre = self.pre.saturating_sub(1);
                self.block(2);
            }
            "tr" => {
                (self.cell, self.cell_start) = (false, false);
                self.block(1);
                let row = self.rows.pop();
                if row.as_ref().is_some_and(|row| !row.broken) {
                    self.breaks = 1;
                }
                if let (Some(row), Some(outer)) = (row, self.rows.last_mut()) {
                    // A table inside a cell: the outer row is layout.
                    outer.broken |= row.has_content && outer.has_content;
                    outer.has_content |= row.has_content;
                }
            }
            "a" => self.end_link(),
            _ => {}
        }
    }

    fn begin_cell(&mut self) {
        let Some(row) = self.rows.last() else {
            // A cell without a row: show it on a line of its own.
            return self.block(1);
        };
        if row.has_content && !row.broken {
            self.breaks = 0;
            self.space = false;
            self.cell = true;
        } else if row.broken {
            self.block(1);
        }
        self.cell_start = true;
    }

    fn end_link(&mut self) {
        let Some((target, alt, length)) = self.link.take() else {
            return;
        };
        let silent = self.out.len() <= length;
        if silent && !alt.is_empty() {
            self.text(&alt);
        } else if silent
            && (target.starts_with("http://") || target.starts_with("https://"))
            && target.len() <= 2_000
        {
            self.text(&target);
        }
    }

    /// Asks for the next text to begin a block.
    fn block(&mut self, breaks: usize) {
        self.space = false;
        if !self.cell_start && self.mark.is_none() {
            self.breaks = self.breaks.max(breaks);
        }
    }

    fn line_break(&mut self) {
        if self.out.is_empty() || self.cell_start {
            return;
        }
        self.space = false;
        self.breaks = (self.breaks + 1).min(2);
    }

    fn characters(&mut self, text: &str) {
        if self.in_title {
            if self.title.len() < 4_096 {
                self.title.push_str(super::charset::prefix(text, 4_096));
            }
        } else if self.skip.is_none() {
            if self.pre > 0 { self.preformatted(text) } else { self.text(text) }
        }
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() || c == '\u{a0}' {
                self.space = true;
            } else if !is_invisible(c) {
                self.character(c);
            }
        }
    }

    fn preformatted(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' => {
                    // The first line break inside `pre` is not shown.
                    if self.breaks == 0 || !self.out.ends_with('\n') {
                        self.breaks += 1;
                    }
                    self.breaks = self.breaks.min(2);
                    self.space = false;
                }
                '\r' => {}
                ' ' | '\t' | '\u{a0}' if !self.too_large => {
                    self.before_text();
                    self.push(if c == '\t' { '\t' } else { ' ' });
                }
                c if !is_invisible(c) => self.character(c),
                _ => {}
            }
        }
    }

    fn character(&mut self, c: char) {
        if self.too_large {
            return;
        }
        self.before_text();
        self.push(c);
    }

    /// Writes what is due before visible text: line breaks, prefix, mark, separator, space.
    fn before_text(&mut self) {
        let at_start = self.out.is_empty();
        let new_line = at_start || self.breaks > 0;
        if !at_start && self.breaks > 0 {
            if let Some(row) = self.rows.last_mut() {
                row.broken |= row.has_content;
            }
            if self.breaks > 1 && self.quotes > 0 {
                self.out.push('\n');
                self.out.push_str("> ".repeat(self.quotes.min(self.line_quotes).min(MAX_INDENT)).trim_end());
                self.out.push('\n');
            } else {
                self.out.push_str(if self.breaks > 1 { "\n\n" } else { "\n" });
            }
        }
        if new_line {
            self.prefix();
            let depth = self.lists.len().saturating_sub(1).min(MAX_INDENT);
            // Text that goes on in a list item stands under its beginning.
            let hanging = usize::from(!self.lists.is_empty() && self.mark.is_none());
            self.out.push_str(&"  ".repeat(if self.lists.is_empty() { 0 } else { depth + hanging }));
        } else if self.cell {
            self.out.push_str(" | ");
        } else if self.space && self.mark.is_none() {
            self.push(' ');
        }
        if let Some(mark) = self.mark.take() {
            self.out.push_str(&mark);
        }
        (self.breaks, self.space, self.cell, self.cell_start) = (0, false, false, false);
        self.line_quotes = self.quotes;
        if let Some(row) = self.rows.last_mut() {
            row.has_content = true;
        }
    }

    fn prefix(&mut self) {
        self.out.push_str(&"> ".repeat(self.quotes.min(MAX_INDENT)));
    }

    fn push(&mut self, c: char) {
        self.out.push(c);
        self.too_large |= self.out.len() > self.max_bytes;
    }
}

fn raw_text(name: &str) -> TokenSinkResult<()> {
    match name {
        // Entities are read in these two only.
        "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
        _ if RAW_TEXT.contains(&name) => TokenSinkResult::RawData(RawKind::Rawtext),
        _ => TokenSinkResult::Continue,
    }
}

fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "hr"
            | "img"
            | "input"
            | "meta"
            | "link"
            | "col"
            | "area"
            | "base"
            | "wbr"
            | "source"
            | "body"
            | "html"
    )
}

fn is_hidden(tag: &Tag) -> bool {
    if tag.attrs.iter().any(|attribute| &*attribute.name.local == "hidden") {
        return true;
    }
    let Some(style) = attribute(tag, "style") else {
        return false;
    };
    let style: String = style.chars().take(4_096).filter(|c| !c.is_whitespace()).collect();
    let style = style.to_ascii_lowercase();
    style.contains("display:none") || style.contains("mso-hide:all")
}

/// Characters without width that pad preview texts, and soft hyphens.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{feff}' | '\u{34f}' | '\u{ad}' | '\u{2060}' | '\0')
}
