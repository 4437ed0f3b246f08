//! The language of `q` in `files.list`.

use super::model::{Drive, File};
use crate::clock;
use crate::error::{ApiError, Result};

/// A condition on a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Search {
    Everything,
    And(Vec<Search>),
    Or(Vec<Search>),
    Not(Box<Search>),
    Text(String, Op, String),
    Time(String, Op, i64),
    Flag(String, bool),
    In(String, String),
    Property(String, String, String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Op {
    Contains,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Symbol(&'static str),
}

/// Parentheses deeper than this are refused.
const DEEPEST: usize = 32;

impl Search {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let invalid = || ApiError::parameter("q", "Invalid Value");
        if text.trim().is_empty() {
            return Ok(Self::Everything);
        }
        let mut parser = Parser { tokens: tokens(text).ok_or_else(invalid)?, at: 0 };
        let search = parser.any(0).ok_or_else(invalid)?;
        if parser.at == parser.tokens.len() { Ok(search) } else { Err(invalid()) }
    }

    pub(crate) fn fits(&self, drive: &Drive, file: &File, me: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::And(all) => all.iter().all(|own| own.fits(drive, file, me)),
            Self::Or(any) => any.iter().any(|own| own.fits(drive, file, me)),
            Self::Not(own) => !own.fits(drive, file, me),
            Self::Text(field, op, value) => {
                let own = if field == "mimeType" { &file.mime_type } else { &file.name };
                match op {
                    Op::Contains if field == "fullText" => full_text(file).contains(&value.to_lowercase()),
                    Op::Contains if field == "mimeType" => own.contains(value.as_str()),
                    Op::Contains => begins_word(own, value),
                    Op::NotEqual => own != value,
                    _ => own == value,
                }
            }
            Self::Time(field, op, at) => {
                let own = match field.as_str() {
                    "createdTime" => Some(file.created),
                    "sharedWithMeTime" => file.seen_since.get(me).copied(),
                    _ => Some(file.modified),
                };
                own.is_some_and(|own| match op {
                    Op::Less => own < *at,
                    Op::LessEqual => own <= *at,
                    Op::Greater => own > *at,
                    Op::GreaterEqual => own >= *at,
                    Op::NotEqual => own != *at,
                    _ => own == *at,
                })
            }
            Self::Flag(field, value) => {
                let own = match field.as_str() {
                    "trashed" => drive.is_trashed(file),
                    "sharedWithMe" => file.drive.is_none() && file.owner.as_deref() != Some(me),
                    _ => file.extra.get("starred").and_then(serde_json::Value::as_bool) == Some(true),
                };
                own == *value
            }
            Self::In(value, field) => match field.as_str() {
                "parents" => file.parent.as_deref() == Some(drive.real_id(me, value)),
                "owners" => file.owner.as_deref() == Some(if value == "me" { me } else { value }),
                role => {
                    let roles: &[&str] = if role == "writers" {
                        &["writer", "owner"]
                    } else {
                        &["reader", "commenter", "writer", "owner"]
                    };
                    let who = if value == "me" { me } else { value };
                    file.permissions
                        .iter()
                        .any(|own| own.email.as_deref() == Some(who) && roles.contains(&own.role.as_str()))
                }
            },
            Self::Property(field, key, value) => {
                let own =
                    file.extra.get(field).and_then(|own| own.get(key)).and_then(serde_json::Value::as_str);
                own == Some(value.as_str())
            }
        }
    }

    /// The folder whose children are asked for, if all that fits is in one.
    pub(crate) fn folder(&self) -> Option<&str> {
        match self {
            Self::In(value, field) if field == "parents" => Some(value),
            Self::And(all) => all.iter().find_map(Self::folder),
            _ => None,
        }
    }
}

/// `contains` on a name looks at the beginnings of words.
fn begins_word(name: &str, value: &str) -> bool {
    let (name, value) = (name.to_lowercase(), value.to_lowercase());
    name.match_indices(&value)
        .any(|(at, _)| name[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric()))
}

fn full_text(file: &File) -> String {
    let content = file.content.as_deref().unwrap_or_default();
    format!("{} {}", file.name, String::from_utf8_lossy(content)).to_lowercase()
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut followed_by_equals = || chars.next_if_eq(&'=').is_some();
        match c {
            c if c.is_whitespace() => {}
            '(' => tokens.push(Token::Symbol("(")),
            ')' => tokens.push(Token::Symbol(")")),
            '{' => tokens.push(Token::Symbol("{")),
            '}' => tokens.push(Token::Symbol("}")),
            '=' => tokens.push(Token::Symbol("=")),
            '!' if followed_by_equals() => tokens.push(Token::Symbol("!=")),
            '<' => tokens.push(Token::Symbol(if followed_by_equals() { "<=" } else { "<" })),
            '>' => tokens.push(Token::Symbol(if followed_by_equals() { ">=" } else { ">" })),
            quote @ ('\'' | '"') => {
                let mut value = String::new();
                loop {
                    match chars.next()? {
                        '\\' => value.push(chars.next()?),
                        c if c == quote => break,
                        c => value.push(c),
                    }
                }
                tokens.push(Token::Text(value));
            }
            c if c.is_ascii_alphabetic() => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric()) {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
            _ => return None,
        }
    }
    Some(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_there =
            matches!(self.tokens.get(self.at), Some(Token::Word(own)) if own.eq_ignore_ascii_case(word));
        self.at += usize::from(is_there);
        is_there
    }

    fn any(&mut self, depth: usize) -> Option<Search> {
        let mut any = vec![self.all(depth)?];
        while self.takes("or") {
            any.push(self.all(depth)?);
        }
        Some(if any.len() == 1 { any.remove(0) } else { Search::Or(any) })
    }

    fn all(&mut self, depth: usize) -> Option<Search> {
        let mut all = vec![self.one(depth)?];
        while self.takes("and") {
            all.push(self.one(depth)?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Search::And(all) })
    }

    fn one(&mut self, depth: usize) -> Option<Search> {
        if depth > DEEPEST {
            return None;
        }
        if self.takes("not") {
            return Some(Search::Not(Box::new(self.one(depth + 1)?)));
        }
        match self.next()? {
            Token::Symbol("(") => {
                let inner = self.any(depth + 1)?;
                (self.next()? == Token::Symbol(")")).then_some(inner)
            }
            Token::Text(value) => {
                if !self.takes("in") {
                    return None;
                }
                match self.next()? {
                    Token::Word(field)
                        if ["parents", "owners", "writers", "readers"].contains(&field.as_str()) =>
                    {
                        Some(Search::In(value, field))
                    }
                    _ => None,
                }
            }
            Token::Word(field) => self.comparison(field),
            Token::Symbol(_) => None,
        }
    }

    fn comparison(&mut self, field: String) -> Option<Search> {
        if field == "sharedWithMe" && !matches!(self.tokens.get(self.at), Some(Token::Symbol("="))) {
            return Some(Search::Flag(field, true));
        }
        if self.takes("has") {
            return self.property(field);
        }
        let op = if self.takes("contains") {
            Op::Contains
        } else {
            match self.next()? {
                Token::Symbol("=") => Op::Equal,
                Token::Symbol("!=") => Op::NotEqual,
                Token::Symbol("<") => Op::Less,
                Token::Symbol("<=") => Op::LessEqual,
                Token::Symbol(">") => Op::Greater,
                Token::Symbol(">=") => Op::GreaterEqual,
                _ => return None,
            }
        };
        match (field.as_str(), self.next()?) {
            ("trashed" | "starred" | "sharedWithMe", Token::Word(value)) => {
                let value = match value.as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return None,
                };
                matches!(op, Op::Equal | Op::NotEqual)
                    .then(|| Search::Flag(field, value == (op == Op::Equal)))
            }
            ("name" | "mimeType", Token::Text(value)) => {
                matches!(op, Op::Contains | Op::Equal | Op::NotEqual).then(|| Search::Text(field, op, value))
            }
            ("fullText", Token::Text(value)) => {
                (op == Op::Contains).then_some(Search::Text(field, op, value))
            }
            ("modifiedTime" | "createdTime" | "viewedByMeTime" | "sharedWithMeTime", Token::Text(value)) => {
                let value = clock::parse(&value, true)?;
                (op != Op::Contains).then_some(Search::Time(field, op, value))
            }
            _ => None,
        }
    }

    /// `name='value'`
    fn assignment(&mut self, name: &str) -> Option<String> {
        let is_there = self.takes(name) && self.next()? == Token::Symbol("=");
        match self.next()? {
            Token::Text(value) if is_there => Some(value),
            _ => None,
        }
    }

    /// `properties has { key='k' and value='v' }`
    fn property(&mut self, field: String) -> Option<Search> {
        if !matches!(field.as_str(), "properties" | "appProperties") || self.next()? != Token::Symbol("{") {
            return None;
        }
        let key = self.assignment("key")?;
        if !self.takes("and") {
            return None;
        }
        let value = self.assignment("value")?;
        (self.next()? == Token::Symbol("}")).then_some(Search::Property(field, key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_understood() {
        let search = Search::parse(
            "name contains 'it\\'s' and (mimeType != 'a/b' or not trashed = true) and 'F' in parents",
        )
        .unwrap();
        let Search::And(all) = &search else { panic!("{search:?}") };
        assert_eq!(all[0], Search::Text("name".into(), Op::Contains, "it's".into()));
        assert_eq!(
            all[1],
            Search::Or(vec![
                Search::Text("mimeType".into(), Op::NotEqual, "a/b".into()),
                Search::Not(Box::new(Search::Flag("trashed".into(), true))),
            ])
        );
        assert_eq!(search.folder(), Some("F"));
        assert!(Search::parse("modifiedTime > '2026-01-01T00:00:00'").is_ok());
        assert!(Search::parse("properties has { key='a' and value='b' } and sharedWithMe").is_ok());
        let deep = format!("{}trashed=true", "not ".repeat(500));
        for bad in [
            "name",
            "name contains",
            "trashed = maybe",
            "'x' in nothing",
            "(trashed=true",
            "a b c",
            "name = 'x",
            "name > 'x'",
            "=",
            "name contains 'a' 'b'",
            "properties has {}",
            deep.as_str(),
        ] {
            assert_eq!(Search::parse(bad).unwrap_err().reason, "invalid", "{bad}");
        }
    }

    #[test]
    fn names_are_matched_at_the_beginnings_of_words() {
        assert!(begins_word("Hello World.txt", "wor") && begins_word("HelloWorld", "hello"));
        assert!(!begins_word("HelloWorld", "world"));
    }
}
