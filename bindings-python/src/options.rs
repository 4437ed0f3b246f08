//! Groups of keyword arguments, handed over as one dict each.

use std::path::PathBuf;

use besunny::{
    DocumentFilter, NewDocument, OpenOptions, PageRequest, ProjectFields, ProjectPatch, Result, SearchRequest,
};
use pyo3::prelude::*;

use crate::arguments::{Instant, ProjectChoice};

/// How to open a workspace.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Opening {
    model: Option<PathBuf>,
    precision: String,
    virtual_domain: String,
    threads: Option<usize>,
    runtime_library: Option<PathBuf>,
}

impl Opening {
    pub(crate) fn parse(self) -> Result<OpenOptions> {
        let mut options = OpenOptions::default();
        options.model = self.model;
        options.precision = self.precision.parse()?;
        options.virtual_domain = self.virtual_domain;
        options.threads = self.threads.unwrap_or_default();
        options.runtime_library = self.runtime_library;
        Ok(options)
    }
}

/// The fields of a new project.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct NewProject {
    name: String,
    description: String,
    keywords: Vec<String>,
    tags: Vec<String>,
    categories: Vec<String>,
    people: Vec<String>,
    domains: Vec<String>,
    codes: Vec<String>,
    notes: String,
}

impl From<NewProject> for ProjectFields {
    fn from(project: NewProject) -> Self {
        let NewProject { name, description, keywords, tags, categories, people, domains, codes, notes } =
            project;
        Self { name, description, keywords, tags, categories, people, domains, codes, notes }
    }
}

/// The fields of a project to change.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Patch {
    name: Option<String>,
    description: Option<String>,
    keywords: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    categories: Option<Vec<String>>,
    people: Option<Vec<String>>,
    domains: Option<Vec<String>>,
    codes: Option<Vec<String>>,
    notes: Option<String>,
}

impl From<Patch> for ProjectPatch {
    fn from(patch: Patch) -> Self {
        let Patch { name, description, keywords, tags, categories, people, domains, codes, notes } = patch;
        Self { name, description, keywords, tags, categories, people, domains, codes, notes }
    }
}

/// What is known about a new document.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct DocumentFacts {
    title: Option<String>,
    format: Option<String>,
    pub(crate) file_name: Option<String>,
    #[pyo3(item("type"))]
    kind: Option<String>,
    source: Option<String>,
    source_id: Option<String>,
    author: Option<String>,
    occurred_at: Option<Instant>,
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

/// What a list or a search is narrowed to.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Filter {
    project: Option<ProjectChoice>,
    #[pyo3(item("type"))]
    kind: Option<String>,
    source: Option<String>,
    since: Option<Instant>,
    until: Option<Instant>,
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

/// A search, narrowed by `filter`.
pub(crate) fn search(query: String, limit: usize, mode: &str, filter: Filter) -> Result<SearchRequest> {
    Ok(SearchRequest { query, limit, mode: mode.parse()?, filter: filter.parse()? })
}

/// Which page of a list.
pub(crate) fn page(size: u32, after: Option<String>) -> PageRequest {
    PageRequest { size, after }
}
