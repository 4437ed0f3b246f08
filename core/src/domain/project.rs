//! Projects: what documents are assigned to, and what tells them apart.

use serde::{Deserialize, Serialize};

use crate::base::{Error, ErrorKind, ProjectId, Result, Timestamp};

/// What its owner says about a project. Every field but the name may be empty; the
/// more is filled in, the better mail finds its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectFields {
    /// What people call it: `Lisbon shoot`.
    pub name: String,
    /// A few sentences on what it is about.
    pub description: String,
    /// Words and phrases that occur in its mail: `drone permit`.
    pub keywords: Vec<String>,
    /// Short labels: `documentary`.
    pub tags: Vec<String>,
    /// Kinds of work: `location`, `casting`.
    pub categories: Vec<String>,
    /// Names or addresses of those who work on it.
    pub people: Vec<String>,
    /// Mail domains of those who work on it: `alfama-films.example`.
    pub domains: Vec<String>,
    /// Codes that name it in subjects and file names: `LX-204`.
    pub codes: Vec<String>,
    /// Anything else; read, not matched word by word.
    pub notes: String,
}

/// The most entries a list of a project may have.
const MAX_LIST_ENTRIES: usize = 500;
/// The most bytes a name or a list entry may have.
const MAX_ENTRY_BYTES: usize = 500;
/// The most bytes a description or the notes may have.
const MAX_TEXT_BYTES: usize = 100_000;

impl ProjectFields {
    /// A project with just a name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Trims entries, drops empty and repeated ones, and checks the sizes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] without a name, [`ErrorKind::LimitExceeded`] when
    /// a field is too long.
    pub fn normalised(mut self, operation: &'static str) -> Result<Self> {
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, operation, "a project needs a name"));
        }
        check_size(operation, "name", self.name.len(), MAX_ENTRY_BYTES)?;
        check_size(operation, "description", self.description.len(), MAX_TEXT_BYTES)?;
        check_size(operation, "notes", self.notes.len(), MAX_TEXT_BYTES)?;
        for (field, list) in [
            ("keywords", &mut self.keywords),
            ("tags", &mut self.tags),
            ("categories", &mut self.categories),
            ("people", &mut self.people),
            ("domains", &mut self.domains),
            ("codes", &mut self.codes),
        ] {
            check_size(operation, field, list.len(), MAX_LIST_ENTRIES)?;
            let mut kept: Vec<String> = Vec::with_capacity(list.len());
            for entry in list.drain(..) {
                check_size(operation, field, entry.len(), MAX_ENTRY_BYTES)?;
                let entry = entry.trim();
                if !entry.is_empty() && !kept.iter().any(|k| k == entry) {
                    kept.push(entry.to_owned());
                }
            }
            *list = kept;
        }
        Ok(self)
    }
}

fn check_size(operation: &'static str, field: &'static str, size: usize, limit: usize) -> Result<()> {
    if size > limit {
        return Err(Error::new(ErrorKind::LimitExceeded, operation, "a field of the project is too long")
            .with("field", field)
            .with("size", size)
            .with("limit", limit));
    }
    Ok(())
}

/// A change to a project: fields that are `None` stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectPatch {
    /// See [`ProjectFields::name`].
    pub name: Option<String>,
    /// See [`ProjectFields::description`].
    pub description: Option<String>,
    /// See [`ProjectFields::keywords`].
    pub keywords: Option<Vec<String>>,
    /// See [`ProjectFields::tags`].
    pub tags: Option<Vec<String>>,
    /// See [`ProjectFields::categories`].
    pub categories: Option<Vec<String>>,
    /// See [`ProjectFields::people`].
    pub people: Option<Vec<String>>,
    /// See [`ProjectFields::domains`].
    pub domains: Option<Vec<String>>,
    /// See [`ProjectFields::codes`].
    pub codes: Option<Vec<String>>,
    /// See [`ProjectFields::notes`].
    pub notes: Option<String>,
}

impl ProjectPatch {
    /// Applies the patch to `fields`.
    pub fn apply_to(self, fields: &mut ProjectFields) {
        fn set<T>(target: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *target = value;
            }
        }
        set(&mut fields.name, self.name);
        set(&mut fields.description, self.description);
        set(&mut fields.keywords, self.keywords);
        set(&mut fields.tags, self.tags);
        set(&mut fields.categories, self.categories);
        set(&mut fields.people, self.people);
        set(&mut fields.domains, self.domains);
        set(&mut fields.codes, self.codes);
        set(&mut fields.notes, self.notes);
    }
}

/// A stored project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Names the project.
    pub id: ProjectId,
    /// What its owner says about it.
    #[serde(flatten)]
    pub fields: ProjectFields,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its fields last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_trimmed_and_unique() {
        let fields = ProjectFields {
            keywords: vec![" drone permit ".into(), "drone permit".into(), "  ".into()],
            ..ProjectFields::named("  Lisbon shoot ")
        };
        let fields = fields.normalised("projects.create").expect("valid");
        assert_eq!(fields.name, "Lisbon shoot");
        assert_eq!(fields.keywords, ["drone permit"]);
    }

    #[test]
    fn a_nameless_or_huge_project_is_refused() {
        let kind = |fields: ProjectFields| fields.normalised("projects.create").err().map(|e| e.kind());
        assert_eq!(kind(ProjectFields::named("  ")), Some(ErrorKind::InvalidInput));
        assert_eq!(kind(ProjectFields::named("x".repeat(501))), Some(ErrorKind::LimitExceeded));
    }
}
