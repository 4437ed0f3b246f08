//! The search that `q` asks for: the operators that programs use.

use super::mailbox::{Mailbox, Message};
use super::{mime, payload};
use crate::clock;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
enum Term {
    After(i64),
    Before(i64),
    RfcId(String),
    Label(String),
    HasAttachment,
    Header(&'static str, String),
    Filename(String),
    Word(String),
    Anywhere,
}

/// All conditions, each with whether it is negated.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Search(Vec<(bool, Term)>);

const DAY: i64 = 86_400_000;

impl Search {
    /// Understands what it can; other words must occur in the mail.
    pub(crate) fn parse(text: &str, mailbox: &Mailbox, now: i64) -> Self {
        Self(
            words(text)
                .into_iter()
                .filter_map(|word| {
                    let (is_negated, word) =
                        word.strip_prefix('-').map_or((false, word.as_str()), |rest| (true, rest));
                    Some((is_negated, term(word, mailbox, now)?))
                })
                .collect(),
        )
    }

    /// Whether spam and trash are looked at as well.
    pub(crate) fn is_anywhere(&self) -> bool {
        self.0.iter().any(|(is_negated, term)| {
            let names = |label: &str| matches!(term, Term::Label(own) if own == label);
            !is_negated && (*term == Term::Anywhere || names("TRASH") || names("SPAM"))
        })
    }

    /// The `Message-ID` that is asked for, if one is.
    pub(crate) fn rfc_id(&self) -> Option<&str> {
        self.0.iter().find_map(|(is_negated, term)| match term {
            Term::RfcId(id) if !is_negated => Some(id.as_str()),
            _ => None,
        })
    }

    pub(crate) fn fits(&self, message: &Message) -> bool {
        self.0.iter().all(|(is_negated, term)| term.fits(message) != *is_negated)
    }
}

impl Term {
    fn fits(&self, message: &Message) -> bool {
        let contains = |text: &str, part: &str| text.to_lowercase().contains(part);
        match self {
            Self::After(at) => message.date >= *at,
            Self::Before(at) => message.date < *at,
            Self::RfcId(id) => message.rfc_id == *id,
            Self::Label(label) => message.labels.contains(label),
            Self::Anywhere => true,
            Self::HasAttachment => has_file(&mime::parse(&message.raw), ""),
            Self::Filename(name) => has_file(&mime::parse(&message.raw), name),
            Self::Header(name, part) => mime::headers(&message.raw)
                .iter()
                .any(|(own, value)| own.eq_ignore_ascii_case(name) && contains(value, part)),
            Self::Word(word) => {
                let tree = mime::parse(&message.raw);
                tree.headers.iter().any(|(_, value)| contains(value, word))
                    || ["text/plain", "text/html"].iter().any(|kind| {
                        payload::first_text(&tree, kind).is_some_and(|text| contains(&text, word))
                    })
            }
        }
    }
}

fn has_file(part: &mime::Part, name: &str) -> bool {
    (!part.filename.is_empty() && part.filename.to_lowercase().contains(name))
        || part.parts.iter().any(|inner| has_file(inner, name))
}

fn term(word: &str, mailbox: &Mailbox, now: i64) -> Option<Term> {
    let Some((operator, value)) = word.split_once(':') else {
        return (!word.is_empty()).then(|| Term::Word(word.to_lowercase()));
    };
    let lower = value.to_lowercase();
    Some(match operator.to_lowercase().as_str() {
        "after" | "newer" => Term::After(date(value)?),
        "before" | "older" => Term::Before(date(value)?),
        "newer_than" => Term::After(now - span(value)?),
        "older_than" => Term::Before(now - span(value)?),
        "rfc822msgid" => Term::RfcId(value.trim_matches(['<', '>']).to_owned()),
        "in" if lower == "anywhere" => Term::Anywhere,
        "in" | "is" | "label" => Term::Label(label(value, mailbox)),
        "category" => Term::Label(format!("CATEGORY_{}", value.to_uppercase())),
        "has" if lower == "attachment" => Term::HasAttachment,
        "from" => Term::Header("from", lower),
        "to" => Term::Header("to", lower),
        "cc" => Term::Header("cc", lower),
        "subject" => Term::Header("subject", lower),
        "filename" => Term::Filename(lower),
        _ => Term::Word(word.to_lowercase()),
    })
}

fn label(name: &str, mailbox: &Mailbox) -> String {
    let upper = name.to_uppercase();
    if mailbox.labels.contains_key(&upper) {
        return upper;
    }
    // Spaces and slashes of a label's name are hyphens in a search.
    let plain = |text: &str| text.to_lowercase().replace([' ', '/'], "-");
    let found = mailbox.labels.iter().find(|(id, label)| *id == name || plain(&label.name) == plain(name));
    found.map_or_else(|| name.to_owned(), |(id, _)| id.clone())
}

/// Seconds since 1970, or a day at UTC.
fn date(text: &str) -> Option<i64> {
    let pieces: Vec<&str> = text.split(['/', '-', '.']).collect();
    match pieces[..] {
        [seconds] => seconds.parse::<i64>().ok()?.checked_mul(1000),
        [year, month, day] => clock::parse(&format!("{year:0>4}-{month:0>2}-{day:0>2}T00:00:00"), true),
        _ => None,
    }
}

fn span(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let days = match unit {
        "d" => 1,
        "m" => 30,
        "y" => 365,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(days * DAY)
}

/// Words, where quotes and parentheses hold words together.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' | '\t' | '\n' | '(' | ')' | '{' | '}' if !is_quoted => words.push(String::new()),
            c => {
                if let Some(last) = words.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_understood() {
        let mailbox = Mailbox::new("a@x.example", 1);
        let search = |text: &str| Search::parse(text, &mailbox, 10 * DAY);
        assert_eq!(search("after:2026/7/1").0, search("after:1782864000").0);
        assert_eq!(search("newer_than:2d").0, [(false, Term::After(8 * DAY))]);
        assert_eq!(search("-in:inbox").0, [(true, Term::Label("INBOX".into()))]);
        assert_eq!(search("rfc822msgid:<a@b>").rfc_id(), Some("a@b"));
        assert_eq!(search("subject:\"two words\" x").0.len(), 2);
        assert!(
            search("in:trash").is_anywhere()
                && search("in:anywhere").is_anywhere()
                && !search("-in:spam").is_anywhere()
        );
        for odd in ["after:", "newer_than:", ":", "-", "\"", "older_than:9999999999999999d", "é:é"] {
            search(odd);
        }
    }
}
