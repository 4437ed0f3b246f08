//! Rows that the library did not write: those from before it came, and those of the front
//! end. They lack what only the library knows; here is what stands in for it.

use super::codec::Columns;
use crate::base::{ChunkId, DocumentId, ProjectId, Result};
use crate::domain::{Assignment, Chunk, ContentHash, DecidedBy};

/// The confidence from which on the front end's earlier classifier assigned; what it had
/// in each case was not kept.
const EARLIER_THRESHOLD: f64 = 0.5;

/// A document's assignment. `project_id` is the truth; where the library's own record says
/// something else or is missing, somebody else decided.
pub(super) fn assignment(row: &Columns<'_>) -> Result<Assignment> {
    let project = row.optional_id("project_id")?.map(ProjectId::from_bytes);
    if let Some(own) = row.optional_json::<Assignment>("assignment")?
        && own.project_id == project
    {
        return Ok(own);
    }
    let source = row.optional_text("classification_source")?;
    Ok(match (project, source.as_deref()) {
        (_, Some("user")) => Assignment::by_user(project, Vec::new()),
        // `manual` is also what the front end writes into documents that nobody has touched.
        (Some(_), Some("manual") | None) => Assignment::by_user(project, Vec::new()),
        (project, _) => Assignment {
            project_id: project,
            confidence: if project.is_some() { EARLIER_THRESHOLD } else { 0.0 },
            reason: match project {
                Some(_) => "assigned before this library kept its reasons".to_owned(),
                None => "nobody has decided yet".to_owned(),
            },
            evidence: Vec::new(),
            alternatives: Vec::new(),
            model: "outside".to_owned(),
            decided_by: DecidedBy::Auto,
        },
    })
}

/// A chunk as stored, of which some parts may be missing.
pub(super) struct StoredChunk {
    pub(super) id: ChunkId,
    pub(super) ordinal: Option<u32>,
    pub(super) text: String,
    pub(super) content_hash: Option<ContentHash>,
}

/// A document's chunks, complete and numbered; where it has none, its text is one.
pub(super) fn chunks(document: DocumentId, title: &str, text: &str, stored: Vec<StoredChunk>) -> Vec<Chunk> {
    let key = |text: &str| ContentHash::of(format!("{title}\n\n{text}").as_bytes());
    if stored.is_empty() {
        let id = ChunkId::from_bytes(*document.as_bytes());
        return vec![Chunk { id, ordinal: 0, text: text.to_owned(), content_hash: key(text) }];
    }
    let is_numbered = stored.iter().zip(0..).all(|(chunk, place)| chunk.ordinal == Some(place));
    let complete = |(chunk, place): (StoredChunk, u32)| Chunk {
        id: chunk.id,
        ordinal: if is_numbered { chunk.ordinal.unwrap_or(place) } else { place },
        content_hash: chunk.content_hash.unwrap_or_else(|| key(&chunk.text)),
        text: chunk.text,
    };
    stored.into_iter().zip(0..).map(complete).collect()
}
