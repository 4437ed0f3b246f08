//! Narrowing lists and searches.

use serde::{Deserialize, Serialize};

use super::DocumentType;
use crate::base::{ProjectId, Timestamp};

/// Which project a filter wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProjectFilter {
    /// Documents of this project.
    Is(ProjectId),
    /// Documents of no project.
    Unassigned,
}

/// What a list or a search is narrowed to; conditions that are `None` let everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DocumentFilter {
    /// Only of this project, or only unassigned ones.
    pub project: Option<ProjectFilter>,
    /// Only documents of this type.
    #[serde(rename = "type")]
    pub kind: Option<DocumentType>,
    /// Only from this source.
    pub source: Option<String>,
    /// Only documents that occurred at this instant or later.
    pub since: Option<Timestamp>,
    /// Only documents that occurred before this instant.
    pub until: Option<Timestamp>,
}

impl DocumentFilter {
    /// Whether a document with these facts passes.
    #[must_use]
    pub fn accepts(
        &self,
        project: Option<ProjectId>,
        kind: DocumentType,
        source: &str,
        occurred_at: Timestamp,
    ) -> bool {
        let project_passes = match self.project {
            None => true,
            Some(ProjectFilter::Is(wanted)) => project == Some(wanted),
            Some(ProjectFilter::Unassigned) => project.is_none(),
        };
        project_passes
            && self.kind.is_none_or(|wanted| wanted == kind)
            && self.source.as_deref().is_none_or(|wanted| wanted == source)
            && self.since.is_none_or(|since| occurred_at >= since)
            && self.until.is_none_or(|until| occurred_at < until)
    }
}
