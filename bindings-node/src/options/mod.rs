//! Options, one plain object per call.

pub mod events;
pub mod google;
pub mod jobs;

use std::path::PathBuf;
use std::sync::Arc;

use besunny::Error;
use napi::Result;
use napi_derive::napi;

use crate::clock::ClockInput;
use crate::errors::rejection;
use crate::types::input::Count;
use crate::types::time::TimeInput;
use google::{GoogleOptions, SyncOptions};

/// How a workspace is opened.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct OpenOptions {
    /// The folder of the sentence model. Without it `BESUNNY_MODEL` from the environment
    /// is taken, and without that the workspace works by words alone.
    pub model: Option<String>,
    /// How the model computes; `int8` if not said.
    #[napi(ts_type = "Precision")]
    pub precision: Option<String>,
    /// The part after the `@` of virtual addresses, `ai+{username}@{virtualDomain}`;
    /// `besunny.ai` if not said.
    pub virtual_domain: Option<String>,
    /// How many threads the model may use; 0 means one for each core, at most four.
    #[napi(ts_type = "number")]
    pub threads: Option<Count>,
    /// The ONNX Runtime library file. Without it `ORT_DYLIB_PATH` from the environment is
    /// taken, and without that the library inside the installed `onnxruntime-node`.
    pub runtime_library: Option<String>,
    /// The folder for this machine's search index; if not said, one inside the workspace
    /// folder, and for a database one among the user's caches.
    pub index_folder: Option<String>,
    /// Whether search indexes follow what is stored while nobody searches; `true` if not said.
    /// A search sees everything that was committed before it either way.
    pub background_indexing: Option<bool>,
    /// On Postgres: whether each transaction takes on the role and the claims of whoever it
    /// runs for; `false` if not said.
    pub row_level_security: Option<bool>,
    /// What it takes to work with Google; without it, nothing of it is done.
    pub google: Option<GoogleOptions>,
    /// How much of linked accounts is kept level, and how often it is looked at.
    pub sync: Option<SyncOptions>,
    /// For tests: tells the time in place of the machine's clock.
    #[napi(ts_type = "VirtualClock")]
    pub clock: Option<ClockInput>,
}

/// What else is known of a user.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct UserOptions {
    /// Where the user themselves can be reached; not used for routing.
    pub email: Option<String>,
}

/// What tells a project's mail from other mail. The more is filled in, the better mail
/// finds its way.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct ProjectOptions {
    /// A few sentences on what it is about.
    pub description: Option<String>,
    /// Words and phrases that occur in its mail: `drone permit`.
    pub keywords: Option<Vec<String>>,
    /// Short labels: `documentary`.
    pub tags: Option<Vec<String>>,
    /// Kinds of work: `location`, `casting`.
    pub categories: Option<Vec<String>>,
    /// Names or addresses of those who work on it.
    pub people: Option<Vec<String>>,
    /// Mail domains of those who work on it: `alfama-films.example`.
    pub domains: Option<Vec<String>>,
    /// Codes that name it in subjects and file names: `LX-204`.
    pub codes: Option<Vec<String>>,
    /// Anything else; read, not matched word by word.
    pub notes: Option<String>,
}

/// A change to a project: fields that are left out stay as they are.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct ProjectPatch {
    /// What people call it.
    pub name: Option<String>,
    /// A few sentences on what it is about.
    pub description: Option<String>,
    /// Words and phrases that occur in its mail.
    pub keywords: Option<Vec<String>>,
    /// Short labels.
    pub tags: Option<Vec<String>>,
    /// Kinds of work.
    pub categories: Option<Vec<String>>,
    /// Names or addresses of those who work on it.
    pub people: Option<Vec<String>>,
    /// Mail domains of those who work on it.
    pub domains: Option<Vec<String>>,
    /// Codes that name it in subjects and file names.
    pub codes: Option<Vec<String>>,
    /// Anything else.
    pub notes: Option<String>,
}

/// What is known about a document that is handed in.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct DocumentOptions {
    /// The title; else the content's own, else its first words.
    pub title: Option<String>,
    /// `text`, `markdown`, `html`, `csv`, `json`, or a media type; else found out from
    /// `fileName` and content.
    pub format: Option<String>,
    /// Its name as a file.
    pub file_name: Option<String>,
    /// What it is; else what its format suggests.
    #[napi(js_name = "type", ts_type = "DocumentType")]
    pub kind: Option<String>,
    /// Where it comes from; `upload` if not said.
    pub source: Option<String>,
    /// Its identity at the source; if not said, the hash of its content.
    pub source_id: Option<String>,
    /// Who wrote it, as `Name <address>`.
    pub author: Option<String>,
    /// When it was written: a `Date`, or a text in RFC 3339.
    #[napi(ts_type = "Date | string")]
    pub occurred_at: Option<TimeInput>,
}

/// Which documents to list, and which page of them.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct ListOptions {
    /// Only of the project with this id, or only `"unassigned"` ones.
    pub project: Option<String>,
    /// Only documents of this type.
    #[napi(js_name = "type", ts_type = "DocumentType")]
    pub kind: Option<String>,
    /// Only from this source.
    pub source: Option<String>,
    /// Only documents that occurred at this instant or later.
    #[napi(ts_type = "Date | string")]
    pub since: Option<TimeInput>,
    /// Only documents that occurred before this instant.
    #[napi(ts_type = "Date | string")]
    pub until: Option<TimeInput>,
    /// How many items a page has at most, from 1 to 1,000; 100 if not said.
    #[napi(ts_type = "number")]
    pub size: Option<Count>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// Which page.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct PageOptions {
    /// How many items a page has at most, from 1 to 1,000; 100 if not said.
    #[napi(ts_type = "number")]
    pub size: Option<Count>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// What is known about a text to classify.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct ClassifyOptions {
    /// Its subject or title.
    pub subject: Option<String>,
    /// Who wrote it: an address, a name, or `Name <address>`.
    pub sender: Option<String>,
}

/// How to search, and what to narrow it to.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct SearchOptions {
    /// How many hits at most, 1 to 1,000; 10 if not said.
    #[napi(ts_type = "number")]
    pub limit: Option<Count>,
    /// By words, by meaning, or both ways (`hybrid`, if not said).
    #[napi(ts_type = "SearchMode")]
    pub mode: Option<String>,
    /// Only of the project with this id, or only `"unassigned"` documents.
    pub project: Option<String>,
    /// Only documents of this type.
    #[napi(js_name = "type", ts_type = "DocumentType")]
    pub kind: Option<String>,
    /// Only from this source.
    pub source: Option<String>,
    /// Only documents that occurred at this instant or later.
    #[napi(ts_type = "Date | string")]
    pub since: Option<TimeInput>,
    /// Only documents that occurred before this instant.
    #[napi(ts_type = "Date | string")]
    pub until: Option<TimeInput>,
}

/// Reads an id or one of the words of a closed list.
pub(crate) fn parse<T: std::str::FromStr<Err = Error>>(text: impl AsRef<str>) -> Result<T> {
    text.as_ref().parse().map_err(rejection)
}

pub(crate) fn parse_some<T: std::str::FromStr<Err = Error>>(text: Option<String>) -> Result<Option<T>> {
    text.map(parse).transpose()
}

fn project_filter(project: Option<String>) -> Result<Option<besunny::ProjectFilter>> {
    project
        .map(|project| match project.as_str() {
            "unassigned" => Ok(besunny::ProjectFilter::Unassigned),
            id => parse(id).map(besunny::ProjectFilter::Is),
        })
        .transpose()
}

fn page(size: Option<Count>, after: Option<String>) -> besunny::PageRequest {
    let default = besunny::PageRequest::default();
    besunny::PageRequest { size: size.map_or(default.size, |size| size.0), after }
}

impl OpenOptions {
    pub(crate) fn into_core(self) -> Result<besunny::OpenOptions> {
        let mut options = besunny::OpenOptions::default();
        options.model = self.model.map(PathBuf::from);
        options.runtime_library = self.runtime_library.map(PathBuf::from);
        options.index_folder = self.index_folder.map(PathBuf::from);
        options.background_indexing = self.background_indexing.unwrap_or(options.background_indexing);
        options.row_level_security = self.row_level_security.unwrap_or_default();
        if let Some(precision) = parse_some(self.precision)? {
            options.precision = precision;
        }
        if let Some(domain) = self.virtual_domain {
            options.virtual_domain = domain;
        }
        if let Some(Count(threads)) = self.threads {
            options.threads = usize::try_from(threads).unwrap_or(usize::MAX);
        }
        options.google = self.google.map(GoogleOptions::into_core).transpose()?;
        options.sync = self.sync.unwrap_or_default().into();
        if let Some(ClockInput(clock)) = self.clock {
            options.clock = Arc::new(clock);
        }
        Ok(options)
    }
}

impl ProjectOptions {
    pub(crate) fn into_core(self, name: String) -> besunny::ProjectFields {
        besunny::ProjectFields {
            name,
            description: self.description.unwrap_or_default(),
            keywords: self.keywords.unwrap_or_default(),
            tags: self.tags.unwrap_or_default(),
            categories: self.categories.unwrap_or_default(),
            people: self.people.unwrap_or_default(),
            domains: self.domains.unwrap_or_default(),
            codes: self.codes.unwrap_or_default(),
            notes: self.notes.unwrap_or_default(),
        }
    }
}

impl From<ProjectPatch> for besunny::ProjectPatch {
    fn from(patch: ProjectPatch) -> Self {
        Self {
            name: patch.name,
            description: patch.description,
            keywords: patch.keywords,
            tags: patch.tags,
            categories: patch.categories,
            people: patch.people,
            domains: patch.domains,
            codes: patch.codes,
            notes: patch.notes,
        }
    }
}

impl DocumentOptions {
    pub(crate) fn into_core(self, content: Vec<u8>) -> Result<besunny::NewDocument> {
        Ok(besunny::NewDocument {
            content,
            title: self.title,
            format: self.format,
            file_name: self.file_name,
            kind: parse_some(self.kind)?,
            source: self.source,
            source_id: self.source_id,
            author: self.author,
            occurred_at: self.occurred_at.map(|time| time.0),
        })
    }
}

impl ListOptions {
    pub(crate) fn into_core(self) -> Result<(besunny::DocumentFilter, besunny::PageRequest)> {
        let filter = besunny::DocumentFilter {
            project: project_filter(self.project)?,
            kind: parse_some(self.kind)?,
            source: self.source,
            since: self.since.map(|time| time.0),
            until: self.until.map(|time| time.0),
        };
        Ok((filter, page(self.size, self.after)))
    }
}

impl PageOptions {
    pub(crate) fn into_core(self) -> besunny::PageRequest {
        page(self.size, self.after)
    }
}

impl ClassifyOptions {
    pub(crate) fn into_core(self, text: String) -> besunny::Classify {
        besunny::Classify { text, subject: self.subject, sender: self.sender }
    }
}

impl SearchOptions {
    pub(crate) fn into_core(self, query: String) -> Result<besunny::SearchRequest> {
        let mut request = besunny::SearchRequest::new(query);
        if let Some(Count(limit)) = self.limit {
            request.limit = usize::try_from(limit).unwrap_or(usize::MAX);
        }
        if let Some(mode) = parse_some(self.mode)? {
            request.mode = mode;
        }
        request.filter = besunny::DocumentFilter {
            project: project_filter(self.project)?,
            kind: parse_some(self.kind)?,
            source: self.source,
            since: self.since.map(|time| time.0),
            until: self.until.map(|time| time.0),
        };
        Ok(request)
    }
}
