//! The unit of the row log: what one `apply` did to the row table, as bytes.

use super::codec::{Reader, Writer};
use crate::base::{ChunkId, DocumentId, ProjectId, Timestamp};
use crate::domain::{DocumentType, Position};

/// What one `apply` did. It is in the log whole or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Frame {
    /// The position of the change log that is applied with it.
    pub(crate) position: Position,
    /// The commit of the postings that belongs to it.
    pub(crate) generation: u64,
    /// The number of the next new row.
    pub(crate) next_row: u32,
    /// How many places of the vector file are taken with it.
    pub(crate) vectors: u32,
    /// The checksum of the vectors that came with it.
    pub(crate) vector_sum: u64,
    /// What happened, in order.
    pub(crate) changes: Vec<RowChange>,
}

/// One change to the row table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RowChange {
    /// A document came, or came anew.
    Put(StoredDocument),
    /// A document went.
    Delete(DocumentId),
    /// A document moved.
    Move { document: DocumentId, project: Option<ProjectId> },
}

/// A document's facts and rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredDocument {
    pub(crate) id: DocumentId,
    pub(crate) project: Option<ProjectId>,
    pub(crate) kind: DocumentType,
    pub(crate) source: String,
    pub(crate) occurred_at: Timestamp,
    pub(crate) order: u64,
    pub(crate) title_length: u32,
    /// The number of its first row; the others follow without a gap.
    pub(crate) first_row: u32,
    pub(crate) rows: Vec<StoredRow>,
}

/// A chunk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredRow {
    pub(crate) chunk: ChunkId,
    pub(crate) ordinal: u32,
    pub(crate) body_length: u32,
    /// Its place in the vector file.
    pub(crate) vector: Option<u32>,
}

const PUT: u8 = 1;
const DELETE: u8 = 2;
const MOVE: u8 = 3;
const NO_VECTOR: u32 = u32::MAX;

impl Frame {
    /// As bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u64(self.position);
        out.u64(self.generation);
        out.u32(self.next_row);
        out.u32(self.vectors);
        out.u64(self.vector_sum);
        out.u32(self.changes.len() as u32);
        for change in &self.changes {
            match change {
                RowChange::Put(document) => {
                    out.u8(PUT);
                    encode_document(&mut out, document);
                }
                RowChange::Delete(id) => {
                    out.u8(DELETE);
                    out.bytes(id.as_bytes());
                }
                RowChange::Move { document, project } => {
                    out.u8(MOVE);
                    out.bytes(document.as_bytes());
                    encode_project(&mut out, *project);
                }
            }
        }
        out.finish()
    }

    /// From bytes; `None` when they are not a frame.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes);
        let mut frame = Self {
            position: input.u64()?,
            generation: input.u64()?,
            next_row: input.u32()?,
            vectors: input.u32()?,
            vector_sum: input.u64()?,
            changes: Vec::new(),
        };
        for _ in 0..input.u32()? {
            let change = match input.u8()? {
                PUT => RowChange::Put(decode_document(&mut input)?),
                DELETE => RowChange::Delete(DocumentId::from_bytes(input.id()?)),
                MOVE => RowChange::Move {
                    document: DocumentId::from_bytes(input.id()?),
                    project: decode_project(&mut input)?,
                },
                _ => return None,
            };
            frame.changes.push(change);
        }
        (input.is_empty() && frame.is_consistent()).then_some(frame)
    }

    /// Whether its rows and vectors lie within what it says is taken.
    fn is_consistent(&self) -> bool {
        self.changes.iter().all(|change| match change {
            RowChange::Put(document) => {
                u64::from(document.first_row) + document.rows.len() as u64 <= u64::from(self.next_row)
                    && document.rows.iter().filter_map(|row| row.vector).all(|vector| vector < self.vectors)
            }
            RowChange::Delete(_) | RowChange::Move { .. } => true,
        })
    }
}

fn encode_document(out: &mut Writer, document: &StoredDocument) {
    out.bytes(document.id.as_bytes());
    encode_project(out, document.project);
    out.text(document.kind.as_str());
    out.text(&document.source);
    out.u64(document.occurred_at.as_micros() as u64);
    out.u64(document.order);
    out.u32(document.title_length);
    out.u32(document.first_row);
    out.u32(document.rows.len() as u32);
    for row in &document.rows {
        out.bytes(row.chunk.as_bytes());
        out.u32(row.ordinal);
        out.u32(row.body_length);
        out.u32(row.vector.unwrap_or(NO_VECTOR));
    }
}

fn decode_document(input: &mut Reader<'_>) -> Option<StoredDocument> {
    let mut document = StoredDocument {
        id: DocumentId::from_bytes(input.id()?),
        project: decode_project(input)?,
        kind: input.text()?.parse().ok()?,
        source: input.text()?.to_owned(),
        occurred_at: Timestamp::from_micros(input.u64()? as i64),
        order: input.u64()?,
        title_length: input.u32()?,
        first_row: input.u32()?,
        rows: Vec::new(),
    };
    for _ in 0..input.u32()? {
        document.rows.push(StoredRow {
            chunk: ChunkId::from_bytes(input.id()?),
            ordinal: input.u32()?,
            body_length: input.u32()?,
            vector: Some(input.u32()?).filter(|&vector| vector != NO_VECTOR),
        });
    }
    Some(document)
}

fn encode_project(out: &mut Writer, project: Option<ProjectId>) {
    out.u8(u8::from(project.is_some()));
    if let Some(project) = project {
        out.bytes(project.as_bytes());
    }
}

fn decode_project(input: &mut Reader<'_>) -> Option<Option<ProjectId>> {
    match input.u8()? {
        0 => Some(None),
        1 => Some(Some(ProjectId::from_bytes(input.id()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_round_trips_and_no_prefix_of_it_is_a_frame() {
        let frame = Frame {
            position: 7,
            generation: 3,
            next_row: 12,
            vectors: 5,
            vector_sum: 1 << 60,
            changes: vec![
                RowChange::Put(StoredDocument {
                    id: DocumentId::from_bytes([1; 16]),
                    project: Some(ProjectId::from_bytes([2; 16])),
                    kind: DocumentType::Email,
                    source: "email".into(),
                    occurred_at: Timestamp::from_micros(-5),
                    order: 9,
                    title_length: 2,
                    first_row: 10,
                    rows: vec![
                        StoredRow {
                            chunk: ChunkId::from_bytes([3; 16]),
                            ordinal: 0,
                            body_length: 8,
                            vector: Some(4),
                        },
                        StoredRow {
                            chunk: ChunkId::from_bytes([4; 16]),
                            ordinal: 1,
                            body_length: 0,
                            vector: None,
                        },
                    ],
                }),
                RowChange::Delete(DocumentId::from_bytes([5; 16])),
                RowChange::Move { document: DocumentId::from_bytes([1; 16]), project: None },
            ],
        };
        let bytes = frame.encode();
        assert_eq!(Frame::decode(&bytes), Some(frame));
        assert!((0..bytes.len()).all(|end| Frame::decode(&bytes[..end]).is_none()));
    }
}
