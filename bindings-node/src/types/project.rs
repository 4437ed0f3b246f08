//! Projects.

use napi_derive::napi;

use super::time::Instant;

/// A stored project: what its owner says about it, to tell its mail from other mail.
#[napi(object, object_from_js = false)]
pub struct Project {
    /// Names the project.
    pub id: String,
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
    /// When it was created.
    #[napi(ts_type = "Date")]
    pub created_at: Instant,
    /// When its fields last changed.
    #[napi(ts_type = "Date")]
    pub updated_at: Instant,
}

impl From<besunny::Project> for Project {
    fn from(project: besunny::Project) -> Self {
        let fields = project.fields;
        Self {
            id: project.id.to_string(),
            name: fields.name,
            description: fields.description,
            keywords: fields.keywords,
            tags: fields.tags,
            categories: fields.categories,
            people: fields.people,
            domains: fields.domains,
            codes: fields.codes,
            notes: fields.notes,
            created_at: project.created_at.into(),
            updated_at: project.updated_at.into(),
        }
    }
}
