//! The row table: for every chunk its document, and for every document the facts that
//! searches filter by. Held in memory; the row log brings it back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::bm25::CorpusStatistics;
use super::frame::{Frame, RowChange, StoredDocument, StoredRow};
use crate::base::{ChunkId, DocumentId, ProjectId, Timestamp};
use crate::domain::{DocumentFilter, DocumentType};

/// "No slot."
pub(crate) const NONE: u32 = u32::MAX;

/// The facts of one document.
#[derive(Clone, Debug)]
pub(crate) struct DocumentFacts {
    pub(crate) id: DocumentId,
    pub(crate) project: Option<ProjectId>,
    pub(crate) kind: DocumentType,
    pub(crate) source: Arc<str>,
    pub(crate) occurred_at: Timestamp,
    pub(crate) order: u64,
    pub(crate) title_length: u32,
    first_row: u32,
    row_count: u32,
    live: bool,
}

/// One chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) chunk: ChunkId,
    /// The slot of its document.
    pub(crate) document: u32,
    pub(crate) ordinal: u32,
    pub(crate) body_length: u32,
    /// Its place in the vector file, or [`NONE`].
    pub(crate) vector: u32,
}

/// Documents and rows sit in slots, which are reused. A row's number, by which postings
/// know it, is never reused.
#[derive(Default)]
pub(crate) struct Table {
    documents: Vec<DocumentFacts>,
    slot_of_document: HashMap<DocumentId, u32>,
    free_documents: Vec<u32>,
    rows: Vec<Row>,
    free_rows: Vec<u32>,
    slot_of_row: Vec<u32>,
    slot_of_vector: Vec<u32>,
    sources: HashSet<Arc<str>>,
    statistics: CorpusStatistics,
    live_vectors: usize,
    next_row: u32,
}

impl Table {
    /// Applies one frame of the log.
    pub(crate) fn apply(&mut self, frame: Frame) {
        for change in frame.changes {
            match change {
                RowChange::Put(document) => self.put(document),
                RowChange::Delete(id) => self.delete(id),
                RowChange::Move { document, project } => {
                    let slot = self.slot_of_document.get(&document);
                    if let Some(facts) = slot.and_then(|&slot| self.documents.get_mut(slot as usize)) {
                        facts.project = project;
                    }
                }
            }
        }
        self.next_row = self.next_row.max(frame.next_row);
        self.slot_of_vector.resize(frame.vectors as usize, NONE);
    }

    fn put(&mut self, document: StoredDocument) {
        self.delete(document.id);
        let source = match self.sources.get(document.source.as_str()) {
            Some(known) => Arc::clone(known),
            None => {
                let fresh: Arc<str> = document.source.into();
                self.sources.insert(Arc::clone(&fresh));
                fresh
            }
        };
        let facts = DocumentFacts {
            id: document.id,
            project: document.project,
            kind: document.kind,
            source,
            occurred_at: document.occurred_at,
            order: document.order,
            title_length: document.title_length,
            first_row: document.first_row,
            row_count: document.rows.len() as u32,
            live: true,
        };
        let slot = occupy(&mut self.documents, &mut self.free_documents, facts);
        self.slot_of_document.insert(document.id, slot);
        for (row_number, row) in (document.first_row..).zip(document.rows) {
            let fresh = Row {
                chunk: row.chunk,
                document: slot,
                ordinal: row.ordinal,
                body_length: row.body_length,
                vector: row.vector.unwrap_or(NONE),
            };
            let row_slot = occupy(&mut self.rows, &mut self.free_rows, fresh);
            place(&mut self.slot_of_row, row_number, row_slot);
            self.next_row = self.next_row.max(row_number + 1);
            if let Some(vector) = row.vector {
                place(&mut self.slot_of_vector, vector, row_slot);
                self.live_vectors += 1;
            }
            self.statistics.chunks += 1;
            self.statistics.title_terms += u64::from(document.title_length);
            self.statistics.body_terms += u64::from(row.body_length);
        }
    }

    fn delete(&mut self, id: DocumentId) {
        let Some(slot) = self.slot_of_document.remove(&id) else { return };
        let Some(facts) = self.documents.get_mut(slot as usize) else { return };
        facts.live = false;
        let (first, count, title_length) = (facts.first_row, facts.row_count, facts.title_length);
        self.free_documents.push(slot);
        for row_number in first..first + count {
            let row_slot = std::mem::replace(&mut self.slot_of_row[row_number as usize], NONE);
            let row = self.rows[row_slot as usize];
            self.free_rows.push(row_slot);
            if row.vector != NONE {
                self.slot_of_vector[row.vector as usize] = NONE;
                self.live_vectors -= 1;
            }
            self.statistics.chunks -= 1;
            self.statistics.title_terms -= u64::from(title_length);
            self.statistics.body_terms -= u64::from(row.body_length);
        }
    }

    /// Whether the document is there.
    pub(crate) fn contains(&self, id: DocumentId) -> bool {
        self.slot_of_document.contains_key(&id)
    }

    /// How many documents are there.
    pub(crate) fn document_count(&self) -> usize {
        self.slot_of_document.len()
    }

    /// Sums over the chunks that are there.
    pub(crate) fn statistics(&self) -> CorpusStatistics {
        self.statistics
    }

    /// How many chunks have a vector.
    pub(crate) fn live_vectors(&self) -> usize {
        self.live_vectors
    }

    /// How many places of the vector file are taken, by the living and the dead.
    pub(crate) fn vector_places(&self) -> u32 {
        self.slot_of_vector.len() as u32
    }

    /// The number of the next new row.
    pub(crate) fn next_row(&self) -> u32 {
        self.next_row
    }

    /// How many slots for rows there are; the length of an array by row slot.
    pub(crate) fn row_slots(&self) -> usize {
        self.rows.len()
    }

    /// How many slots for documents there are; the length of an array by document slot.
    pub(crate) fn document_slots(&self) -> usize {
        self.documents.len()
    }

    /// The slot of the row with this number, if it lives.
    pub(crate) fn slot_of_row(&self, row_number: u32) -> Option<u32> {
        self.slot_of_row.get(row_number as usize).copied().filter(|&slot| slot != NONE)
    }

    /// For each place of the vector file the slot of its row, or [`NONE`].
    pub(crate) fn slots_of_vectors(&self) -> &[u32] {
        &self.slot_of_vector
    }

    /// The row in a slot that [`Table::slot_of_row`] gave.
    pub(crate) fn row(&self, slot: u32) -> &Row {
        &self.rows[slot as usize]
    }

    /// The document in a slot that a row gave.
    pub(crate) fn document(&self, slot: u32) -> &DocumentFacts {
        &self.documents[slot as usize]
    }

    /// For each document slot, whether its document passes the filter.
    pub(crate) fn passing(&self, filter: &DocumentFilter) -> Vec<bool> {
        self.documents
            .iter()
            .map(|facts| {
                facts.live && filter.accepts(facts.project, facts.kind, &facts.source, facts.occurred_at)
            })
            .collect()
    }

    /// Everything that lives, as the log would store it, in order of rows.
    pub(crate) fn documents_as_stored(&self) -> Vec<StoredDocument> {
        let mut live: Vec<&DocumentFacts> = self.documents.iter().filter(|facts| facts.live).collect();
        live.sort_by_key(|facts| (facts.first_row, facts.id));
        live.into_iter()
            .map(|facts| StoredDocument {
                id: facts.id,
                project: facts.project,
                kind: facts.kind,
                source: facts.source.to_string(),
                occurred_at: facts.occurred_at,
                order: facts.order,
                title_length: facts.title_length,
                first_row: facts.first_row,
                rows: (facts.first_row..facts.first_row + facts.row_count)
                    .filter_map(|number| self.slot_of_row(number))
                    .map(|slot| {
                        let row = self.row(slot);
                        StoredRow {
                            chunk: row.chunk,
                            ordinal: row.ordinal,
                            body_length: row.body_length,
                            vector: Some(row.vector).filter(|&vector| vector != NONE),
                        }
                    })
                    .collect(),
            })
            .collect()
    }
}

fn occupy<T>(slots: &mut Vec<T>, free: &mut Vec<u32>, value: T) -> u32 {
    match free.pop() {
        Some(slot) => {
            slots[slot as usize] = value;
            slot
        }
        None => {
            slots.push(value);
            slots.len() as u32 - 1
        }
    }
}

fn place(slots: &mut Vec<u32>, number: u32, slot: u32) {
    let number = number as usize;
    if slots.len() <= number {
        slots.resize(number + 1, NONE);
    }
    slots[number] = slot;
}
