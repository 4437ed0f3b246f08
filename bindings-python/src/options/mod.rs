//! Groups of keyword arguments, handed over as one dict each.

pub(crate) mod google;

use std::path::PathBuf;
use std::sync::Arc;

use besunny::{
    CancelToken, ChangeKind, DocumentFilter, Error, ErrorKind, HandleOptions, NewDocument, OnFailure,
    OpenOptions, PageRequest, ProjectFields, ProjectPatch, Result, SearchRequest, SubscribeOptions,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::arguments::{Count, Instant, ProjectChoice, Span};
use crate::control::VirtualClock;
use google::{GoogleFields, SyncFields};

/// A struct that is read from a dict with these keys. Errors keep their own type.
macro_rules! keywords {
    ($(#[doc = $doc:literal])+ $name:ident { $($field:ident: $type:ty = $key:literal,)+ }) => {
        $(#[doc = $doc])+
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)+
        }

        impl<'py> FromPyObject<'_, 'py> for $name {
            type Error = PyErr;

            fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
                Ok(Self { $($field: $crate::options::keyword(&given, $key)?,)+ })
            }
        }
    };
}

pub(crate) use keywords;

pub(crate) fn keyword<'py, T>(given: &Bound<'py, PyAny>, key: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    given.get_item(key)?.extract().map_err(|error: PyErr| {
        let py = given.py();
        if error.is_instance_of::<PyTypeError>(py) {
            PyTypeError::new_err(format!("{key}: {}", error.value(py)))
        } else {
            error
        }
    })
}

keywords! {
    /// How to open a workspace.
    Opening {
        model: Option<PathBuf> = "model",
        precision: String = "precision",
        virtual_domain: String = "virtual_domain",
        threads: Option<Count> = "threads",
        runtime_library: Option<PathBuf> = "runtime_library",
        index_folder: Option<PathBuf> = "index_folder",
        background_indexing: bool = "background_indexing",
        row_level_security: bool = "row_level_security",
        google: Option<GoogleFields> = "google",
        sync: SyncFields = "sync",
        clock: Option<Clock> = "clock",
    }
}

impl Opening {
    pub(crate) fn parse(self) -> Result<OpenOptions> {
        let mut options = OpenOptions::default();
        options.model = self.model;
        options.precision = self.precision.parse()?;
        options.virtual_domain = self.virtual_domain;
        options.threads = self.threads.map_or(0, |threads| threads.0 as usize);
        options.runtime_library = self.runtime_library;
        options.index_folder = self.index_folder;
        options.background_indexing = self.background_indexing;
        options.row_level_security = self.row_level_security;
        options.google = self.google.map(GoogleFields::parse).transpose()?;
        options.sync = self.sync.into();
        if let Some(clock) = self.clock {
            options.clock = Arc::new(clock.0);
        }
        Ok(options)
    }
}

keywords! {
    /// The fields of a new project.
    NewProject {
        name: String = "name",
        description: String = "description",
        keywords: Vec<String> = "keywords",
        tags: Vec<String> = "tags",
        categories: Vec<String> = "categories",
        people: Vec<String> = "people",
        domains: Vec<String> = "domains",
        codes: Vec<String> = "codes",
        notes: String = "notes",
    }
}

impl From<NewProject> for ProjectFields {
    fn from(project: NewProject) -> Self {
        let NewProject { name, description, keywords, tags, categories, people, domains, codes, notes } =
            project;
        Self { name, description, keywords, tags, categories, people, domains, codes, notes }
    }
}

keywords! {
    /// The fields of a project to change.
    Patch {
        name: Option<String> = "name",
        description: Option<String> = "description",
        keywords: Option<Vec<String>> = "keywords",
        tags: Option<Vec<String>> = "tags",
        categories: Option<Vec<String>> = "categories",
        people: Option<Vec<String>> = "people",
        domains: Option<Vec<String>> = "domains",
        codes: Option<Vec<String>> = "codes",
        notes: Option<String> = "notes",
    }
}

impl From<Patch> for ProjectPatch {
    fn from(patch: Patch) -> Self {
        let Patch { name, description, keywords, tags, categories, people, domains, codes, notes } = patch;
        Self { name, description, keywords, tags, categories, people, domains, codes, notes }
    }
}

keywords! {
    /// What is known about a new document.
    DocumentFacts {
        title: Option<String> = "title",
        format: Option<String> = "format",
        file_name: Option<String> = "file_name",
        kind: Option<String> = "type",
        source: Option<String> = "source",
        source_id: Option<String> = "source_id",
        author: Option<String> = "author",
        occurred_at: Option<Instant> = "occurred_at",
    }
}

impl DocumentFacts {
    pub(crate) fn parse(self) -> Result<NewDocument> {
        Ok(NewDocument {
            content: Vec::new(),
            title: self.title,
            format: self.format,
            file_name: self.file_name,
            kind: self.kind.as_deref().map(str::parse).transpose()?,
            source: self.source,
            source_id: self.source_id,
            author: self.author,
            occurred_at: self.occurred_at.map(|instant| instant.0),
        })
    }
}

keywords! {
    /// What a list or a search is narrowed to.
    Filter {
        project: Option<ProjectChoice> = "project",
        kind: Option<String> = "type",
        source: Option<String> = "source",
        since: Option<Instant> = "since",
        until: Option<Instant> = "until",
    }
}

impl Filter {
    pub(crate) fn parse(self) -> Result<DocumentFilter> {
        Ok(DocumentFilter {
            project: self.project.map(|choice| choice.parse()).transpose()?,
            kind: self.kind.as_deref().map(str::parse).transpose()?,
            source: self.source,
            since: self.since.map(|instant| instant.0),
            until: self.until.map(|instant| instant.0),
        })
    }
}

keywords! {
    /// How events are subscribed to.
    Subscribing {
        kinds: Vec<String> = "kinds",
        start: String = "start",
        batch: Count = "batch",
        timeout: Option<Span> = "timeout",
        auto_ack: bool = "auto_ack",
    }
}

impl Subscribing {
    pub(crate) fn parse(self) -> Result<SubscribeOptions> {
        let mut options = SubscribeOptions::default();
        options.kinds = kinds(&self.kinds)?;
        options.start = self.start.parse()?;
        options.batch = self.batch.0;
        options.timeout = self.timeout.map(|span| span.0);
        options.auto_ack = self.auto_ack;
        Ok(options)
    }
}

keywords! {
    /// How a handler of events is retried.
    Retrying {
        attempts: Count = "attempts",
        backoff: Span = "backoff",
        longest_backoff: Span = "longest_backoff",
        on_failure: String = "on_failure",
    }
}

impl Retrying {
    pub(crate) fn parse(self, subscribe: SubscribeOptions, stop: CancelToken) -> Result<HandleOptions> {
        let mut options = HandleOptions::default();
        options.subscribe = subscribe;
        options.attempts = self.attempts.0;
        options.backoff = self.backoff.0;
        options.longest_backoff = self.longest_backoff.0;
        options.on_failure = match self.on_failure.as_str() {
            "stop" => OnFailure::Stop,
            "skip" => OnFailure::Skip,
            other => {
                let message = "on failure, handling is to `stop` or to `skip` the event";
                return Err(Error::new(ErrorKind::InvalidInput, "events.handle", message)
                    .with("on_failure", other.chars().take(64).collect::<String>()));
            }
        };
        options.stop = stop;
        Ok(options)
    }
}

/// Kinds of events.
pub(crate) fn kinds(names: &[String]) -> Result<Vec<ChangeKind>> {
    names.iter().map(|name| name.parse()).collect()
}

/// A clock that a test sets.
pub(crate) struct Clock(besunny::VirtualClock);

impl<'py> FromPyObject<'_, 'py> for Clock {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match value.cast::<VirtualClock>() {
            Ok(clock) => Ok(Self(clock.get().0.clone())),
            Err(_) => Err(PyTypeError::new_err("a clock is a besunny.VirtualClock")),
        }
    }
}

/// A search, narrowed by `filter`.
pub(crate) fn search(query: String, limit: Count, mode: &str, filter: Filter) -> Result<SearchRequest> {
    Ok(SearchRequest { query, limit: limit.0 as usize, mode: mode.parse()?, filter: filter.parse()? })
}

/// Which page of a list.
pub(crate) fn page(size: Count, after: Option<String>) -> PageRequest {
    PageRequest { size: size.0, after }
}
