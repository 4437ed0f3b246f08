//! The words of a text as search sees them.
//!
//! One analyzer serves the index, the query, the snippet and the features of assignment,
//! so that a word is the same term everywhere.

use std::borrow::Cow;

use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::charset;
use super::stop_words::is_stop_word;

/// A term is cut at this many bytes.
const MAX_TERM_BYTES: usize = 64;

/// A word of which more is not looked at.
const MAX_WORD_BYTES: usize = 256;

/// One term and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Folded (case, compatibility forms, diacritics) and stemmed.
    pub text: String,
    /// Offset of its first byte in the text.
    pub start: usize,
    /// Offset after its last byte in the text.
    pub end: usize,
    /// Its place among the words; a code and its first part share one.
    pub position: usize,
    /// Whether it is a stop word.
    pub stop: bool,
}

/// The terms of a text, by position.
///
/// - A word is a run of letters, digits and marks. English stemming applies to words of
///   ASCII letters; `'s` falls off, other apostrophes close up (`don't` is `dont`).
/// - Words that `-`, `_`, `/`, `.` or `,` join and of which one has a digit are a code: it is
///   a term as a whole, without joints (`LX-204` and `LX204` are both `lx204`), and in parts.
///   A short part also joins (`e-mail` is `email`, `e`, `mail`).
/// - Chinese, Japanese, Korean and Thai runs are overlapping pairs of characters.
#[must_use]
pub fn terms(text: &str) -> Vec<Term> {
    let mut analyzer =
        Analyzer { text, stemmer: Stemmer::new(Algorithm::English), terms: Vec::new(), position: 0 };
    let mut code: Vec<(usize, usize)> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if is_ideographic(c) {
            analyzer.code(&mut code);
            let mut run = vec![(start, start + c.len_utf8())];
            while let Some((at, c)) = chars.next_if(|&(_, c)| is_ideographic(c) || is_combining_mark(c)) {
                run.push((at, at + c.len_utf8()));
            }
            analyzer.pairs(&run);
            continue;
        }
        if !c.is_alphanumeric() {
            continue;
        }
        let mut end = start + c.len_utf8();
        while let Some(&(at, c)) = chars.peek() {
            let inner_apostrophe =
                is_apostrophe(c) && text[at + c.len_utf8()..].chars().next().is_some_and(char::is_alphabetic);
            let goes_on =
                (c.is_alphanumeric() && !is_ideographic(c)) || is_combining_mark(c) || inner_apostrophe;
            if !goes_on {
                break;
            }
            end = at + c.len_utf8();
            chars.next();
        }
        let joined = code.last().is_some_and(|&(_, last)| {
            let between = &text[last..start];
            between.len() == 1 && "-_/.,".contains(between)
        });
        if !joined || code.len() >= 8 {
            analyzer.code(&mut code);
        }
        code.push((start, end));
    }
    analyzer.code(&mut code);
    analyzer.terms
}

struct Analyzer<'a> {
    text: &'a str,
    stemmer: Stemmer,
    terms: Vec<Term>,
    position: usize,
}

impl Analyzer<'_> {
    /// Adds words that stand joined, and what they are together.
    fn code(&mut self, words: &mut Vec<(usize, usize)>) {
        if let (true, Some(&(start, _)), Some(&(_, end))) = (words.len() > 1, words.first(), words.last()) {
            let whole = &self.text[start..end];
            let has_digit = whole.bytes().any(|byte| byte.is_ascii_digit());
            let short = words.iter().any(|&(start, end)| end - start <= 2);
            let hyphens = whole.contains('-') && !whole.contains(['.', '/', ',', '_']);
            if has_digit && end - start <= MAX_WORD_BYTES {
                let text = fold(whole).replace(['-', '_', '/', ','], "");
                self.push(&text, start, end);
            } else if short && hyphens && words.len() == 2 {
                let text = self.stem(fold(whole).replace('-', ""));
                self.push(&text, start, end);
            }
        }
        for (start, end) in words.drain(..) {
            self.word(start, end);
        }
    }

    fn word(&mut self, start: usize, end: usize) {
        let word = charset::prefix(&self.text[start..end], MAX_WORD_BYTES);
        let bare = without_apostrophes(word);
        let folded = fold(&bare);
        if folded.is_empty() {
            return;
        }
        if let Some(split) = letters_then_digits(&folded).filter(|_| folded.len() == word.len()) {
            // `LX204`: also what `LX-204` has.
            self.push(&folded, start, end);
            self.push(&folded[..split], start, start + split);
            self.position += 1;
            self.push(&folded[split..], start + split, end);
            self.position += 1;
            return;
        }
        let stop = is_stop_word(&folded);
        let text = self.stem(folded);
        self.push(&text, start, end);
        if let Some(last) = self.terms.last_mut() {
            last.stop = stop;
        }
        self.position += 1;
    }

    /// Adds a run as overlapping pairs; a character alone is a term.
    fn pairs(&mut self, run: &[(usize, usize)]) {
        let spans = run.windows(2).map(|pair| (pair[0].0, pair[1].1));
        let alone = run.first().copied().filter(|_| run.len() == 1);
        for (start, end) in alone.into_iter().chain(spans) {
            let text = fold(&self.text[start..end]).into_owned();
            self.push(&text, start, end);
            self.position += 1;
        }
    }

    fn stem(&self, word: impl Into<String>) -> String {
        let word = word.into();
        if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return self.stemmer.stem(&word).into_owned();
        }
        word
    }

    fn push(&mut self, text: &str, start: usize, end: usize) {
        let text = charset::prefix(text, MAX_TERM_BYTES);
        if !text.is_empty() {
            self.terms.push(Term { text: text.to_owned(), start, end, position: self.position, stop: false });
        }
    }
}

/// The split point of two or more letters followed by two or more digits.
fn letters_then_digits(word: &str) -> Option<usize> {
    let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    let digits = word.len() - letters;
    ((2..=8).contains(&letters)
        && (2..=10).contains(&digits)
        && word[letters..].bytes().all(|b| b.is_ascii_digit()))
    .then_some(letters)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ' | '＇')
}

/// `Ana's` as `Ana`, `don't` as `dont`, `l'avion` as `avion`.
fn without_apostrophes(word: &str) -> Cow<'_, str> {
    let Some((first, rest)) = word.split_once(is_apostrophe) else {
        return Cow::Borrowed(word);
    };
    if rest.eq_ignore_ascii_case("s") {
        return Cow::Borrowed(first);
    }
    let elided = first.len() == 1 && "lLdDjJnNcCqQ".contains(first) || first.eq_ignore_ascii_case("qu");
    if elided && rest.len() >= 3 && !rest.contains(is_apostrophe) {
        return Cow::Borrowed(rest);
    }
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
    Cow::Owned(word.replace(is_apostrophe, ""))
}

/// One form for what readers take for the same word: lower case, compatibility forms
/// resolved, accents of Latin, Greek and Cyrillic dropped.
fn fold(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(word.to_ascii_lowercase());
        }
        return Cow::Borrowed(word);
    }
    let mut folded = String::with_capacity(word.len());
    for c in word.nfkd().flat_map(char::to_lowercase) {
        match c {
            // Combining accents, Hebrew points, Arabic vowel signs.
            '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{652}' | '\u{640}' => {}
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            // A sign that its compatibility form brought in (`㎧` is `m∕s`).
            c if c.is_alphanumeric() || is_combining_mark(c) || c.is_ascii_punctuation() => folded.push(c),
            _ => {}
        }
    }
    Cow::Owned(folded.nfc().collect())
}

/// Scripts written without spaces between words, and Hangul, whose words carry particles.
pub(super) fn is_ideographic(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x0f00..=0x0fff | 0x1000..=0x109f | 0x1780..=0x17ff
        | 0x1100..=0x11ff | 0x3040..=0x30ff | 0x3130..=0x318f | 0x31f0..=0x31ff | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff | 0xa960..=0xa97f | 0xac00..=0xd7ff | 0xf900..=0xfaff | 0xff66..=0xffdc
        | 0x20000..=0x3ffff)
        && (c.is_alphanumeric() || is_combining_mark(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<String> {
        terms(text).into_iter().map(|term| term.text).collect()
    }

    #[test]
    fn words_are_folded_and_stemmed() {
        assert_eq!(texts("The Permits, running!"), ["the", "permit", "run"]);
        assert_eq!(
            texts("Café Ｆｕｌｌ ﬁne Straße Ångström İstanbul"),
            ["cafe", "full", "fine", "strass", "angstrom", "istanbul"]
        );
        assert_eq!(
            texts("don't O'Brien's Ana’s l'avion rock 'n' roll"),
            ["dont", "obrien", "ana", "avion", "rock", "n", "roll"]
        );
    }

    #[test]
    fn codes_are_whole_and_in_parts() {
        assert_eq!(texts("LX-204"), ["lx204", "lx", "204"]);
        assert_eq!(texts("LX204"), ["lx204", "lx", "204"]);
        assert_eq!(texts("v1.2.3"), ["v1.2.3", "v1", "2", "3"]);
        assert_eq!(
            texts("e-mail follow-up well-known"),
            ["email", "e", "mail", "followup", "follow", "up", "well", "known"]
        );
        assert_eq!(texts("1,000 2026-03-01"), ["1000", "1", "000", "20260301", "2026", "03", "01"]);
        assert_eq!(texts("ana.dias@x.example"), ["ana", "dia", "x", "exampl"]);
        assert_eq!(
            texts("https://www.x.example/Lisbon?q=1"),
            ["https", "www", "x", "exampl", "lisbon", "q", "1"]
        );
    }

    #[test]
    fn scripts_without_spaces_are_pairs() {
        assert_eq!(texts("東京都 です。字"), ["東京", "京都", "です", "字"]);
        assert_eq!(texts("서울시 x"), ["서울", "울시", "x"]);
        assert_eq!(texts("ｶﾞ"), ["ガ"]);
    }

    #[test]
    fn positions_and_offsets() {
        let found = terms("the LX-204 é");
        let seen: Vec<_> =
            found.iter().map(|t| (t.text.as_str(), t.start, t.end, t.position, t.stop)).collect();
        assert_eq!(
            seen,
            [
                ("the", 0, 3, 0, true),
                ("lx204", 4, 10, 1, false),
                ("lx", 4, 6, 1, false),
                ("204", 7, 10, 2, false),
                ("e", 11, 13, 3, false)
            ]
        );
    }

    #[test]
    fn time_is_linear_and_terms_are_short() {
        for text in [
            "a".repeat(1 << 20),
            "a-1".repeat(1 << 18),
            "字".repeat(1 << 18),
            "a'".repeat(1 << 19),
            "\u{fdfa}".repeat(1 << 18),
        ] {
            assert!(
                terms(&text).iter().all(|term| !term.text.is_empty() && term.text.len() <= MAX_TERM_BYTES)
            );
        }
    }

    proptest! {
        #[test]
        fn spans_lie_on_characters_and_positions_grow(text in "(\\PC|[a-zA-Z0-9'’.,_/ -]){0,80}") {
            let mut position = 0;
            for term in terms(&text) {
                prop_assert!(term.start < term.end && text.get(term.start..term.end).is_some());
                prop_assert!(term.position >= position && term.position <= position + 1);
                position = term.position;
            }
        }
    }
}
