//! How changes get to disk, and what order keeps them right.
//!
//! Postings first, then vectors, then the frame of the row log, which makes the change
//! count. Killed before the frame is written, the postings are one commit ahead: they
//! hold rows that nobody knows, and may lack rows of documents that were about to be
//! replaced. Applying the same changes again puts both right, and the position, which
//! is the frame's, says so.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::RwLock;

use super::change::{IndexChange, IndexedDocument};
use super::failure::Failure;
use super::frame::{Frame, RowChange, StoredDocument, StoredRow};
use super::postings::{Author, CommitMark, Postings};
use super::row_log::{Header, RowLog};
use super::table::Table;
use super::tenant::{State, read, write};
use super::vectors::{VectorFile, extend_with};
use crate::base::{DocumentId, Result, checksum};
use crate::domain::Position;

/// Files with less waste than this are not worth rewriting.
const TOLERATED_WASTE: usize = 1_024;
/// How many documents a frame of a rewritten log holds.
const DOCUMENTS_PER_FRAME: usize = 4_096;

/// An open generation of an index. Only the holder of its lease may change it.
pub(crate) struct Writer {
    pub(super) folder: PathBuf,
    pub(super) parts: Parts,
}

/// What is written to, and where it stands.
pub(crate) struct Parts {
    pub(crate) postings: Postings,
    pub(crate) log: RowLog,
    /// `None` in an index without vectors.
    pub(crate) vectors: Option<VectorFile>,
    /// The last commit of the postings that was tried.
    pub(crate) generation: u64,
    /// The commit of the postings that belongs to the row table.
    pub(crate) settled_generation: u64,
    /// The number of the next new row.
    pub(crate) next_row: u32,
    /// The postings may hold documents that the row table does not know.
    pub(crate) strays: bool,
}

impl Writer {
    pub(crate) fn new(folder: &Path, parts: Parts) -> Self {
        Self { folder: folder.to_owned(), parts }
    }

    /// Whether the postings are ahead of the row log: somebody died, or failed, between the
    /// two, and changes have to be applied before searches may rely on them.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.parts.strays
    }

    /// Applies changes and replaces the state.
    pub(crate) fn apply(
        &mut self,
        state: &RwLock<State>,
        changes: Vec<IndexChange>,
        position: Position,
    ) -> Result<(), Failure> {
        let (mut known, places) = {
            let state = read(state);
            (self.known_documents(&state.table, &changes), state.table.vector_places())
        };
        let mut batch = Batch::default();
        for change in changes {
            match change {
                IndexChange::Put(document) => {
                    if !known.insert(document.id) {
                        self.parts.postings.delete(document.id)?;
                        batch.touches_postings = true;
                    }
                    self.put(document, places, &mut batch)?;
                }
                IndexChange::Delete(id) => {
                    if known.remove(&id) {
                        self.parts.postings.delete(id)?;
                        batch.touches_postings = true;
                        batch.changes.push(RowChange::Delete(id));
                    }
                }
                IndexChange::Move { document, project } => {
                    if known.contains(&document) {
                        batch.changes.push(RowChange::Move { document, project });
                    }
                }
            }
        }

        // After a crash a commit puts postings and log level again, whatever the changes are.
        batch.touches_postings |= self.parts.strays;
        let mut generation = self.parts.settled_generation;
        let segments = if batch.touches_postings {
            self.parts.generation += 1;
            generation = self.parts.generation;
            self.parts.postings.commit(CommitMark { generation, position, next_row: self.parts.next_row })?;
            Some(self.parts.postings.last_commit(&read(state).segments, Author::Us)?.1)
        } else {
            None
        };
        let vectors = match &mut self.parts.vectors {
            Some(file) if !batch.vectors.is_empty() => Some(file.append(places, &batch.vectors)?),
            _ => None,
        };
        let frame = Frame {
            position,
            generation,
            next_row: self.parts.next_row,
            vectors: places + batch.vector_count,
            vector_sum: checksum(&batch.vectors),
            changes: batch.changes,
        };
        self.parts.log.append(&frame)?;
        self.parts.settled_generation = generation;
        self.parts.strays = false;

        let mut state = write(state);
        state.table.apply(frame);
        state.position = position;
        if let Some(segments) = segments {
            state.segments = segments;
        }
        if let Some(vectors) = vectors {
            state.vectors = vectors;
        }
        drop(state);
        Ok(())
    }

    /// Of the documents that the changes name, those whose postings are there. After a
    /// crash nobody knows, so all of them may be.
    fn known_documents(&self, table: &Table, changes: &[IndexChange]) -> HashSet<DocumentId> {
        let named = changes.iter().map(|change| match change {
            IndexChange::Put(document) => document.id,
            IndexChange::Delete(id) | IndexChange::Move { document: id, .. } => *id,
        });
        named.filter(|&id| self.parts.strays || table.contains(id)).collect()
    }

    fn put(&mut self, document: IndexedDocument, places: u32, batch: &mut Batch) -> Result<(), Failure> {
        let first_row = self.parts.next_row;
        let mut rows = Vec::with_capacity(document.chunks.len());
        for chunk in document.chunks {
            let row = self.parts.next_row;
            self.parts.next_row = row
                .checked_add(1)
                .ok_or_else(|| Failure::Damaged("the numbers for rows are used up".to_owned()))?;
            let vector = chunk.vector.map(|vector| {
                extend_with(&mut batch.vectors, &vector);
                batch.vector_count += 1;
                places + batch.vector_count - 1
            });
            rows.push(StoredRow {
                chunk: chunk.id,
                ordinal: chunk.ordinal,
                body_length: chunk.terms.len() as u32,
                vector,
            });
            self.parts.postings.add(document.id, row, &document.title_terms, chunk.terms)?;
            batch.touches_postings = true;
        }
        batch.changes.push(RowChange::Put(StoredDocument {
            id: document.id,
            project: document.project,
            kind: document.kind,
            source: document.source,
            occurred_at: document.occurred_at,
            order: document.order,
            title_length: document.title_terms.len() as u32,
            first_row,
            rows,
        }));
        Ok(())
    }

    /// Forgets what a failed `apply` left behind.
    pub(crate) fn abandon(&mut self) {
        self.parts.postings.abandon();
        self.parts.strays = true;
    }

    /// Forgets what failed tidying left behind.
    pub(crate) fn forget_writer(&mut self) {
        self.parts.postings.abandon();
    }

    /// Lets go of the memory and threads for writing.
    #[cfg(test)]
    pub(crate) fn release(&mut self) {
        self.parts.postings.release();
    }

    /// Merges postings where it is due. After the frame, so that nothing is merged away
    /// that the row table still knows.
    pub(crate) fn merge_some(
        &mut self,
        state: &RwLock<State>,
        alive: impl FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.parts.postings.merge_some(alive)? {
            let (_, segments) = self.parts.postings.last_commit(&read(state).segments, Author::Us)?;
            write(state).segments = segments;
        }
        Ok(())
    }

    /// Rewrites log and vector file without their dead parts, once these are more than
    /// half of them.
    pub(crate) fn compact_if_worthwhile(&mut self, state: &RwLock<State>) -> Result<(), Failure> {
        let worthwhile = {
            let table = &read(state).table;
            let dead_vectors = table.vector_places() as usize - table.live_vectors();
            let spent_changes = self.parts.log.changes().saturating_sub(table.document_count());
            dead_vectors > table.live_vectors() + TOLERATED_WASTE
                || spent_changes > 2 * table.document_count() + 4 * TOLERATED_WASTE
        };
        if worthwhile { self.compact(state) } else { Ok(()) }
    }

    /// Rewrites log and vector file without their dead parts.
    pub(crate) fn compact(&mut self, state: &RwLock<State>) -> Result<(), Failure> {
        let header = Header {
            vector_epoch: self.parts.log.header().vector_epoch + 1,
            ..self.parts.log.header().clone()
        };
        let (frames, rows, position) = {
            let state = read(state);
            let mut documents = state.table.documents_as_stored();
            let mut rows = Vec::new();
            let mut places = 0;
            let stored_rows = documents.iter_mut().flat_map(|document| &mut document.rows);
            for place in stored_rows.filter_map(|row| row.vector.as_mut()) {
                let vector = state.vectors.row(*place);
                rows.extend_from_slice(vector.ok_or_else(|| Failure::Damaged("a vector is missing".into()))?);
                *place = places;
                places += 1;
            }
            (self.as_frames(documents, places, checksum(&rows), state.position), rows, state.position)
        };
        // The new log names the new vector file: its rename switches both at once.
        let vectors = match header.dimension {
            Some(dimension) => {
                let mut file = VectorFile::create(&self.folder, header.vector_epoch, dimension)?;
                let map = file.append(0, &rows)?;
                Some((file, map))
            }
            None => None,
        };
        self.parts.log = RowLog::create(&self.folder, header, &frames)?;
        let mut table = Table::default();
        frames.into_iter().for_each(|frame| table.apply(frame));

        let mut state = write(state);
        state.table = table;
        state.position = position;
        if let Some((file, map)) = vectors {
            self.parts.vectors = Some(file);
            state.vectors = map;
        }
        drop(state);
        if let Some(vectors) = &self.parts.vectors {
            vectors.remove_others(&self.folder)?;
        }
        Ok(())
    }

    /// The frames of a rewritten log. Only the last one claims a position: should a part
    /// be lost, nothing is claimed.
    fn as_frames(
        &self,
        mut documents: Vec<StoredDocument>,
        vectors: u32,
        sum: u64,
        position: Position,
    ) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let rest = documents.split_off(documents.len().min(DOCUMENTS_PER_FRAME));
            let is_last = rest.is_empty();
            frames.push(Frame {
                position: if is_last { position } else { 0 },
                generation: self.parts.settled_generation,
                next_row: self.parts.next_row,
                vectors,
                // All vectors come with the first frame.
                vector_sum: if frames.is_empty() { sum } else { checksum(&[]) },
                changes: documents.into_iter().map(RowChange::Put).collect(),
            });
            documents = rest;
            if is_last {
                return frames;
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn merge_all(&mut self, state: &RwLock<State>) -> Result<(), Failure> {
        self.parts.postings.merge_all()?;
        let (_, segments) = self.parts.postings.last_commit(&read(state).segments, Author::Us)?;
        write(state).segments = segments;
        Ok(())
    }
}

/// What one `apply` collects.
#[derive(Default)]
struct Batch {
    changes: Vec<RowChange>,
    vectors: Vec<u8>,
    vector_count: u32,
    touches_postings: bool,
}
