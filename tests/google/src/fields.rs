//! Partial responses: the parameter `fields`, `a,b(c,d/e),f/*`.

use serde_json::{Map, Value};

use crate::error::{ApiError, Result};

/// What is asked for of an object; nothing below a name means all of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Selection(Vec<(String, Selection)>);

/// Deeper than any resource of Google's.
const DEEPEST: usize = 16;

/// Names of fields that are wanted; all, or some.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a>(Option<Vec<&'a str>>);

impl Fields<'_> {
    pub(crate) fn all() -> Self {
        Self(None)
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.contains(&name))
    }
}

impl Selection {
    /// Reads the parameter.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { text: text.as_bytes(), at: 0 };
        let selection = parser.list(0).ok_or_else(|| invalid(text))?;
        if parser.at == parser.text.len() { Ok(selection) } else { Err(invalid(text)) }
    }

    /// What is left of a value.
    pub(crate) fn apply(&self, value: Value) -> Value {
        if self.is_everything() {
            return value;
        }
        match value {
            Value::Object(mut object) => {
                let mut kept = Map::new();
                for (name, below) in &self.0 {
                    if name == "*" {
                        for (name, value) in std::mem::take(&mut object) {
                            merge(&mut kept, name, below.apply(value));
                        }
                    } else {
                        // Taken, not copied, unless it is named again.
                        let is_again = self.0.iter().filter(|(own, _)| own == name || own == "*").count() > 1;
                        let value = if is_again { object.get(name).cloned() } else { object.remove(name) };
                        if let Some(value) = value {
                            merge(&mut kept, name.clone(), below.apply(value));
                        }
                    }
                }
                Value::Object(kept)
            }
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.apply(item)).collect()),
            other => other,
        }
    }

    /// Whether nothing is left out.
    fn is_everything(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|(name, below)| name == "*" && below.is_everything())
    }

    /// What is asked for of what lies at a path.
    pub(crate) fn at(&self, path: &[&str]) -> Fields<'_> {
        let Some((first, rest)) = path.split_first() else {
            let is_all = self.0.is_empty() || self.0.iter().any(|(name, _)| name == "*");
            return Fields((!is_all).then(|| self.0.iter().map(|(name, _)| name.as_str()).collect()));
        };
        if self.0.is_empty() {
            return Fields(None);
        }
        let below = self.0.iter().filter(|(name, _)| name == first || name == "*");
        let mut names = Vec::new();
        for (_, below) in below {
            match below.at(rest).0 {
                Some(more) => names.extend(more),
                None => return Fields(None),
            }
        }
        Fields(Some(names))
    }

    /// Refuses names that a resource does not have; `known` is asked with the path.
    pub(crate) fn check(&self, known: &dyn Fn(&[&str]) -> bool) -> Result<()> {
        self.check_below(&mut Vec::new(), known)
    }

    fn check_below<'a>(&'a self, path: &mut Vec<&'a str>, known: &dyn Fn(&[&str]) -> bool) -> Result<()> {
        for (name, below) in &self.0 {
            path.push(name);
            if name != "*" && !known(path) {
                let message = format!("Invalid field selection {name}");
                return Err(ApiError::new(400, "invalidParameter", message).at("parameter", "fields"));
            }
            if name != "*" {
                below.check_below(path, known)?;
            }
            path.pop();
        }
        Ok(())
    }
}

/// One field that is asked for twice, in parts, is there once.
fn merge(kept: &mut Map<String, Value>, name: String, value: Value) {
    match (kept.get_mut(&name), value) {
        (Some(Value::Object(there)), Value::Object(more)) => {
            more.into_iter().for_each(|(name, value)| merge(there, name, value));
        }
        (Some(Value::Array(there)), Value::Array(more)) if there.len() == more.len() => {
            for (there, more) in there.iter_mut().zip(more) {
                if let (Value::Object(there), Value::Object(more)) = (there, more) {
                    more.into_iter().for_each(|(name, value)| merge(there, name, value));
                }
            }
        }
        (_, value) => {
            kept.insert(name, value);
        }
    }
}

fn invalid(text: &str) -> ApiError {
    ApiError::new(400, "invalidParameter", format!("Invalid field selection {text}"))
        .at("parameter", "fields")
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn list(&mut self, depth: usize) -> Option<Selection> {
        let mut fields = Vec::new();
        loop {
            fields.push(self.field(depth)?);
            if self.peek() != Some(b',') {
                return Some(Selection(fields));
            }
            self.at += 1;
        }
    }

    fn field(&mut self, depth: usize) -> Option<(String, Selection)> {
        if depth > DEEPEST {
            return None;
        }
        self.spaces();
        let begin = self.at;
        while self.text.get(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"*_-".contains(byte))
        {
            self.at += 1;
        }
        let name = std::str::from_utf8(&self.text[begin..self.at]).ok().filter(|name| !name.is_empty())?;
        let name = name.to_owned();
        self.spaces();
        let below = match self.peek() {
            Some(b'/') => {
                self.at += 1;
                Selection(vec![self.field(depth + 1)?])
            }
            Some(b'(') => {
                self.at += 1;
                let below = self.list(depth + 1)?;
                if self.peek() != Some(b')') {
                    return None;
                }
                self.at += 1;
                self.spaces();
                below
            }
            _ => Selection(Vec::new()),
        };
        Some((name, below))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn left(fields: &str) -> Value {
        let value = json!({"files": [{"id": "1", "owners": [{"me": true, "email": "a"}], "cap": {"x": 1, "y": 2}},
            {"id": "2", "name": "n"}], "nextPageToken": "t", "kind": "k"});
        Selection::parse(fields).unwrap().apply(value)
    }

    #[test]
    fn commas_parentheses_slashes_and_stars() {
        assert_eq!(
            left("nextPageToken, files(id)"),
            json!({"nextPageToken": "t", "files": [{"id": "1"}, {"id": "2"}]})
        );
        assert_eq!(left("files/owners/email"), json!({"files": [{"owners": [{"email": "a"}]}, {}]}));
        assert_eq!(
            left("files(cap(x),owners/me)"),
            json!({"files": [{"cap": {"x": 1}, "owners": [{"me": true}]}, {}]})
        );
        assert_eq!(left("files/id,files/name"), json!({"files": [{"id": "1"}, {"id": "2", "name": "n"}]}));
        assert_eq!(left("files/cap/*"), json!({"files": [{"cap": {"x": 1, "y": 2}}, {}]}));
        assert_eq!(left("kind,absent"), json!({"kind": "k"}));
        assert_eq!(left("*"), left("*,files(id)"));
        assert_eq!(left("*/id")["files"], json!([{"id": "1"}, {"id": "2"}]));
    }

    #[test]
    fn what_is_no_selection_is_refused() {
        let deep = "a(".repeat(100);
        for text in ["", ",", "a,", "a(", "a()", "a(b", "a)b", "a//b", "a(b))", "ä", deep.as_str()] {
            assert_eq!(Selection::parse(text).unwrap_err().code, 400, "{text}");
        }
    }

    #[test]
    fn what_is_wanted_below_is_known() {
        let selection = Selection::parse("changes(file(id,owners/me),removed),changes/file/name").unwrap();
        let fields = selection.at(&["changes", "file"]);
        assert!(
            fields.wants("id") && fields.wants("owners") && fields.wants("name") && !fields.wants("size")
        );
        assert!(!selection.at(&["files"]).wants("id"));
        for all in ["*", "changes", "changes/file", "changes(*)", "*/file", "changes/file/*"] {
            assert!(Selection::parse(all).unwrap().at(&["changes", "file"]).wants("size"), "{all}");
        }
    }

    #[test]
    fn names_are_checked() {
        let selection = Selection::parse("changes(file(id)),newStartPageToken").unwrap();
        let known = |path: &[&str]| path != ["changes", "file", "id"];
        assert_eq!(selection.check(&known).unwrap_err().message, "Invalid field selection id");
    }
}
