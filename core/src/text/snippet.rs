//! The few words of a text that show why it was found.

use std::collections::{HashMap, HashSet};

use super::terms::{Term, terms};

/// An extract with the query's words marked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// One line, white space collapsed, `…` where text was left out.
    pub text: String,
    /// Ranges of matched words in `text`, in order, without overlap. They count characters
    /// (Unicode scalar values), not bytes: that is what Python and JSON readers index by.
    pub highlights: Vec<(usize, usize)>,
}

/// The stretch of about `max_chars` characters with the most different query terms, then
/// the most terms, then the earliest. `query_terms` are [`Term::text`]s; stop words among
/// them count only when nothing else matches. Without a match it is the beginning.
#[must_use]
pub fn snippet(text: &str, query_terms: &HashSet<String>, max_chars: usize) -> Snippet {
    let all: Vec<Term> = terms(text).into_iter().filter(|term| query_terms.contains(&term.text)).collect();
    let telling: Vec<&Term> = all.iter().filter(|term| !term.stop).collect();
    let matches: Vec<&Term> = if telling.is_empty() { all.iter().collect() } else { telling };
    let columns = char_columns(text, &matches);
    let (first, last) = best_window(&matches, &columns, max_chars);
    let (from, to) = match (matches.get(first), matches.get(last)) {
        (Some(first_match), Some(last_match)) => {
            let used = columns[last].1 - columns[first].0;
            widen(text, first_match.start, last_match.end, max_chars.saturating_sub(used))
        }
        _ => widen(text, 0, 0, max_chars),
    };
    render(text, from, to, &matches)
}

/// The range of each match in characters, in one pass.
fn char_columns(text: &str, matches: &[&Term]) -> Vec<(usize, usize)> {
    let (mut byte, mut column) = (0, 0);
    let mut advance = |to: usize| {
        // Matches may overlap by a little: a code and its parts.
        if to >= byte {
            column += text[byte..to].chars().count();
        } else {
            column -= text[to..byte].chars().count();
        }
        byte = to;
        column
    };
    matches.iter().map(|term| (advance(term.start), advance(term.end))).collect()
}

/// First and last match of the best window.
fn best_window(matches: &[&Term], columns: &[(usize, usize)], max_chars: usize) -> (usize, usize) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut best = (0, 0, 0, 0);
    let mut first = 0;
    for (last, term) in matches.iter().enumerate() {
        *counts.entry(&term.text).or_default() += 1;
        while first < last && columns[last].1.saturating_sub(columns[first].0) > max_chars {
            if let Some(count) = counts.get_mut(matches[first].text.as_str()) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(matches[first].text.as_str());
                }
            }
            first += 1;
        }
        if (counts.len(), last - first + 1) > (best.0, best.1) {
            best = (counts.len(), last - first + 1, first, last);
        }
    }
    (best.2, best.3)
}

/// Widens a range by `spare` characters, a third in front, to the borders of words.
fn widen(text: &str, from: usize, to: usize, spare: usize) -> (usize, usize) {
    let before = spare / 3;
    let mut taken = 0;
    let mut start = from;
    let mut border = from;
    for (at, c) in text[..from].char_indices().rev().take(before) {
        taken += 1;
        start = at;
        if c.is_whitespace() {
            border = at + c.len_utf8();
        }
    }
    // Scripts without spaces have no border nearby: any place is one.
    let from = if start == 0 {
        0
    } else if border < from {
        border
    } else {
        start
    };
    let after = spare - taken;
    let (mut end, mut border) = (to, to);
    for (at, c) in text[to..].char_indices().take(after) {
        if c.is_whitespace() {
            border = to + at;
        }
        end = to + at + c.len_utf8();
    }
    let to = if end == text.len() {
        end
    } else if border > to {
        border
    } else {
        end
    };
    (from, to)
}

fn render(text: &str, from: usize, to: usize, matches: &[&Term]) -> Snippet {
    let inside = |term: &&&Term| term.start >= from && term.end <= to;
    let mut ranges: Vec<(usize, usize)> =
        matches.iter().filter(inside).map(|term| (term.start, term.end)).collect();
    ranges.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.0 < last.1 => last.1 = last.1.max(range.1),
            _ => merged.push(range),
        }
    }
    let mut out = Snippet::default();
    let mut column = 0;
    let mut push = |out: &mut String, c: char| {
        out.push(c);
        column += 1;
        column
    };
    if !text[..from].trim().is_empty() {
        push(&mut out.text, '…');
    }
    let mut next = merged.into_iter().peekable();
    let (mut space, mut open) = (false, None);
    for (at, c) in text[from..to].char_indices() {
        let at = from + at;
        if c.is_whitespace() {
            space = true;
            continue;
        }
        if space && !out.text.is_empty() && out.text != "…" {
            push(&mut out.text, ' ');
        }
        space = false;
        let after = push(&mut out.text, c);
        if let Some(&(start, end)) = next.peek() {
            if at == start {
                open = Some(after - 1);
            }
            if at + c.len_utf8() >= end {
                out.highlights.extend(open.take().map(|start| (start, after)));
                next.next();
            }
        }
    }
    if !text[to..].trim().is_empty() {
        out.text.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(text: &str, query: &str, max_chars: usize) -> (String, Vec<String>) {
        let query = terms(query).into_iter().map(|term| term.text).collect();
        let snippet = snippet(text, &query, max_chars);
        let chars: Vec<char> = snippet.text.chars().collect();
        let words = snippet.highlights.iter().map(|&(from, to)| chars[from..to].iter().collect()).collect();
        (snippet.text, words)
    }

    #[test]
    fn the_window_with_most_different_terms_wins() {
        let text = "The permit. Other words stand here for a while.\nLater the drone   permit runs out in May, they say, in Alfama.";
        let (snippet, words) = marked(text, "drone permits", 40);
        assert_eq!(words, ["drone", "permit"]);
        assert!(
            snippet.starts_with('…') && snippet.ends_with('…') && snippet.contains("the drone permit runs"),
            "{snippet}"
        );
    }

    #[test]
    fn without_a_match_it_is_the_beginning_and_short_text_is_whole() {
        assert_eq!(marked("alpha beta gamma", "zeta", 12), ("alpha beta…".into(), vec![]));
        assert_eq!(marked(" é LX-204 ", "LX204", 50), ("é LX-204".into(), vec!["LX-204".into()]));
        assert_eq!(marked("東京都に行く", "京都", 4).1, ["京都"]);
    }

    proptest! {
        #[test]
        fn highlights_are_ordered_and_inside(text in "(\\PC|[a-d \n-]){0,120}", max in 0_usize..60) {
            let query = terms("a b c-1 d").into_iter().map(|term| term.text).collect();
            let snippet = snippet(&text, &query, max);
            let length = snippet.text.chars().count();
            prop_assert!(length <= max.max(90) + 2);
            let mut end = 0;
            for &(from, to) in &snippet.highlights {
                prop_assert!(from >= end && from < to && to <= length);
                end = to;
            }
        }
    }
}
