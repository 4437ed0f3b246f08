//! What a person types into a search box.

use super::{Term, terms};

/// A query, taken apart. `drone "exact phrase" -draft` has words, a phrase and an
/// exclusion; a quote that is never closed runs to the end. There is no bad query: what
/// is no operator is words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The terms of everything that is not excluded, phrases included, in order.
    pub terms: Vec<Term>,
    /// The terms of each quoted phrase.
    pub phrases: Vec<Vec<Term>>,
    /// The terms of each excluded word or phrase.
    pub excluded: Vec<Vec<Term>>,
    /// The query without operators and exclusions; [`Term`]s point into it.
    text: String,
}

impl Query {
    /// The query without operators and exclusions: what is embedded.
    #[must_use]
    pub fn meaning(&self) -> &str {
        &self.text
    }

    /// Each term with how the query spells it.
    pub fn spellings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.terms.iter().map(|term| (term.text.as_str(), &self.text[term.start..term.end]))
    }
}

/// Takes a query apart.
///
/// ```
/// let query = besunny::text::parse_query("permits \"drone flight\" -draft");
/// assert_eq!(query.meaning(), "permits drone flight");
/// assert_eq!(query.phrases[0].len(), 2);
/// assert_eq!(query.excluded.len(), 1);
/// ```
#[must_use]
pub fn parse_query(input: &str) -> Query {
    let mut query = Query::default();
    let mut rest = input;
    while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
        rest = &rest[start..];
        // A minus excludes only at the start of a word and right before it: "2024 - 2025"
        // and "follow-up" exclude nothing.
        let (excluded, body) = match rest.strip_prefix('-') {
            Some(body) if body.starts_with(|c: char| c.is_alphanumeric() || is_quote(c)) => (true, body),
            _ => (false, rest),
        };
        let opening = body.chars().next().filter(|&c| is_quote(c));
        let (part, after) = match opening {
            Some(quote) => {
                let inner = &body[quote.len_utf8()..];
                match inner.find(is_quote) {
                    Some(end) => (&inner[..end], inner[end..].trim_start_matches(is_quote)),
                    None => (inner, ""),
                }
            }
            None => body.split_at(body.find(char::is_whitespace).unwrap_or(body.len())),
        };
        rest = after;
        if excluded {
            let found = terms(part);
            if !found.is_empty() {
                query.excluded.push(found);
            }
            continue;
        }
        if opening.is_some() {
            let found = terms(part);
            if !found.is_empty() {
                query.phrases.push(found);
            }
        }
        if !query.text.is_empty() {
            query.text.push(' ');
        }
        query.text.push_str(part.trim());
    }
    query.terms = terms(&query.text);
    query
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spelled(query: &str) -> Vec<String> {
        parse_query(query).spellings().map(|(_, written)| written.to_owned()).collect()
    }

    #[test]
    fn minus_excludes_only_before_a_word() {
        assert_eq!(spelled("2024 - 2025 follow-up").first().map(String::as_str), Some("2024"));
        assert!(parse_query("2024 - 2025 follow-up").excluded.is_empty());
        let query = parse_query("budget -draft -\"old version\"");
        assert_eq!(query.meaning(), "budget");
        assert_eq!(query.excluded.len(), 2);
        assert_eq!(query.excluded[1].len(), 2);
    }

    #[test]
    fn an_open_quote_runs_to_the_end_and_typographic_quotes_count() {
        assert_eq!(parse_query("\u{201e}drone permit\u{201c} now").phrases.len(), 1);
        assert_eq!(parse_query("say \"drone permit").phrases[0].len(), 2);
        assert_eq!(parse_query("\"\" - -- \"").terms.len(), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_a_query(input in "\\PC{0,200}") {
            let query = parse_query(&input);
            for (term, written) in query.spellings() {
                prop_assert!(!term.is_empty() && !written.is_empty());
            }
        }
    }
}
