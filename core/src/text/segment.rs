//! Text cut into passages that an embedding model can take whole.
//!
//! Paragraphs are packed together while they fit; one that does not is cut into sentences,
//! and a sentence that does not at white space, or failing that between two graphemes.

use unicode_segmentation::UnicodeSegmentation;

/// How large passages are, in estimated tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkOptions {
    /// The most a passage may have.
    pub max_tokens: usize,
    /// A last passage smaller than this is joined to the one before it, or evened out.
    pub min_tokens: usize,
}

impl Default for ChunkOptions {
    fn default() -> Self {
        Self { max_tokens: 220, min_tokens: 30 }
    }
}

/// A passage, as a byte range of the text. It begins and ends with visible text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chunk {
    /// Offset of its first byte.
    pub start: usize,
    /// Offset after its last byte.
    pub end: usize,
}

/// A piece that is not cut further, and its estimated tokens.
#[derive(Clone, Copy)]
struct Piece {
    start: usize,
    end: usize,
    tokens: usize,
}

/// Cuts the text into passages, in order and without overlap. Only white space lies
/// between them. The same text gives the same passages, in linear time.
#[must_use]
pub fn chunks(text: &str, options: &ChunkOptions) -> Vec<Chunk> {
    let max = options.max_tokens.max(1);
    let mut pieces = Vec::new();
    for (start, paragraph) in paragraphs(text) {
        add_pieces(paragraph, start, max, &mut pieces);
    }
    // Groups of pieces, as index ranges, packed from the front.
    let mut groups: Vec<(usize, usize)> = Vec::new();
    let mut tokens = 0;
    for (index, piece) in pieces.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if tokens + piece.tokens <= max => {
                group.1 = index + 1;
                tokens += piece.tokens;
            }
            _ => {
                groups.push((index, index + 1));
                tokens = piece.tokens;
            }
        }
    }
    even_out_tail(&pieces, &mut groups, options.min_tokens);
    let span = |(from, to): (usize, usize)| {
        let (first, last) = (pieces.get(from)?, pieces.get(to.checked_sub(1)?)?);
        Some(Chunk { start: first.start, end: last.end })
    };
    groups.into_iter().filter_map(span).collect()
}

/// Moves pieces from the passage before a short tail into it, until they are as even as
/// whole pieces allow. (It cannot fit into that passage, or packing had put it there.)
fn even_out_tail(pieces: &[Piece], groups: &mut [(usize, usize)], min_tokens: usize) {
    let [.., before, tail] = groups else {
        return;
    };
    let sum = |(from, to): (usize, usize)| pieces[from..to].iter().map(|piece| piece.tokens).sum::<usize>();
    let (mut left, mut right) = (sum(*before), sum(*tail));
    if right >= min_tokens {
        return;
    }
    while before.1 - before.0 > 1 {
        let moved = pieces[before.1 - 1].tokens;
        if right + moved > left - moved {
            break;
        }
        before.1 -= 1;
        tail.0 -= 1;
        left -= moved;
        right += moved;
    }
}

/// The stretches between empty lines, with their offsets.
fn paragraphs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            found.push((start, &text[start..at]));
            start = at + line.len();
        }
        at += line.len();
    }
    found.push((start, &text[start..]));
    found.into_iter()
}

/// The piece between two offsets of `part`, without white space at its ends.
fn trimmed(part: &str, offset: usize, tokens: usize) -> Option<Piece> {
    let start = offset + (part.len() - part.trim_start().len());
    let length = part.trim().len();
    (length > 0).then_some(Piece { start, end: start + length, tokens })
}

fn add_pieces(paragraph: &str, offset: usize, max: usize, pieces: &mut Vec<Piece>) {
    let tokens = estimate_tokens(paragraph);
    if tokens <= max {
        pieces.extend(trimmed(paragraph, offset, tokens));
        return;
    }
    for (at, sentence) in paragraph.split_sentence_bound_indices() {
        let tokens = estimate_tokens(sentence);
        if tokens <= max {
            pieces.extend(trimmed(sentence, offset + at, tokens));
        } else {
            cut_hard(sentence, offset + at, max, pieces);
        }
    }
}

/// Cuts a sentence that is too long: at the last white space that fits, else anywhere
/// between two graphemes.
fn cut_hard(sentence: &str, offset: usize, max: usize, pieces: &mut Vec<Piece>) {
    let mut start = 0;
    let mut estimator = Estimator::default();
    // The end of the last word, and what has been counted since.
    let mut last_space: Option<(usize, usize, Estimator)> = None;
    for (at, grapheme) in sentence.grapheme_indices(true) {
        if grapheme.chars().all(char::is_whitespace) {
            last_space = Some((at, estimator.tokens(), Estimator::default()));
        }
        let mut next = estimator;
        next.push_str(grapheme);
        // What is left after cutting at white space can still be too long with this one.
        while next.tokens() > max && at > start {
            let (cut, tokens, rest) =
                last_space.take().unwrap_or((at, estimator.tokens(), Estimator::default()));
            pieces.extend(trimmed(&sentence[start..cut], offset + start, tokens));
            start = cut;
            estimator = rest;
            next = rest;
            next.push_str(grapheme);
        }
        if let Some((_, _, since)) = &mut last_space {
            since.push_str(grapheme);
        }
        estimator = next;
    }
    pieces.extend(trimmed(&sentence[start..], offset + start, estimator.tokens()));
}

/// About how many word pieces an embedding model makes of the text: it counts one for a
/// word and one more for every six letters after the first, one for a CJK character and
/// one for a sign. Letters outside ASCII count double, since vocabularies know fewer.
#[must_use]
pub fn estimate_tokens(text: &str) -> usize {
    let mut estimator = Estimator::default();
    estimator.push_str(text);
    estimator.tokens()
}

/// Counts as characters come.
#[derive(Clone, Copy, Default)]
struct Estimator {
    done: usize,
    /// Length of the word being read.
    word: usize,
}

impl Estimator {
    fn push_str(&mut self, text: &str) {
        for c in text.chars() {
            if super::terms::is_ideographic(c) {
                self.end_word();
                self.done += 1;
            } else if c.is_alphanumeric() {
                self.word += if c.is_ascii() { 1 } else { 2 };
            } else {
                self.end_word();
                self.done += usize::from(!c.is_whitespace());
            }
        }
    }

    fn end_word(&mut self) {
        self.done = self.tokens();
        self.word = 0;
    }

    fn tokens(&self) -> usize {
        self.done + if self.word == 0 { 0 } else { 1 + (self.word - 1) / 6 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str, max_tokens: usize, min_tokens: usize) -> Vec<&str> {
        let options = ChunkOptions { max_tokens, min_tokens };
        chunks(text, &options).iter().map(|chunk| &text[chunk.start..chunk.end]).collect()
    }

    #[test]
    fn paragraphs_then_sentences_then_words() {
        assert_eq!(
            cut("One two.\n\nThree four.\n \nFive six.", 6, 0),
            ["One two.\n\nThree four.", "Five six."]
        );
        assert_eq!(cut("One two. Three four. Five six.", 6, 0), ["One two. Three four.", "Five six."]);
        assert_eq!(cut("a b c d e f g", 3, 0), ["a b c", "d e f", "g"]);
        assert_eq!(cut(&"x".repeat(30), 2, 0), ["x".repeat(12), "x".repeat(12), "x".repeat(6)]);
        assert_eq!(cut("漢字漢字漢", 2, 0), ["漢字", "漢字", "漢"]);
        assert!(cut(" \n\n\t", 5, 0).is_empty());
    }

    #[test]
    fn a_short_tail_is_evened_out() {
        assert_eq!(cut("a b.\n\nc d.\n\ne f.", 6, 4), ["a b.\n\nc d.", "e f."]);
        assert_eq!(cut("a.\n\nb.\n\nc.\n\nd.\n\ne.", 8, 4), ["a.\n\nb.\n\nc.", "d.\n\ne."]);
    }

    #[test]
    fn time_is_linear_on_hostile_text() {
        for text in
            ["a.".repeat(500_000), "\u{301}".repeat(300_000), "?!".repeat(500_000), "\n".repeat(1_000_000)]
        {
            let _ = chunks(&text, &ChunkOptions::default());
        }
    }

    proptest! {
        #[test]
        fn spans_are_ordered_small_and_lose_nothing(text in "(\\PC|[a-z .!?\n]){0,200}", max in 1_usize..20, min in 0_usize..10) {
            let options = ChunkOptions { max_tokens: max, min_tokens: min };
            let mut end = 0;
            for chunk in chunks(&text, &options) {
                prop_assert!(text[end..chunk.start].trim().is_empty());
                let part = &text[chunk.start..chunk.end];
                prop_assert!(!part.trim().is_empty() && part.trim() == part);
                prop_assert!(estimate_tokens(part) <= max || part.graphemes(true).count() == 1, "{part:?}");
                end = chunk.end;
            }
            prop_assert!(text[end..].trim().is_empty());
        }
    }
}
