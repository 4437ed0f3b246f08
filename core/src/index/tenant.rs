//! The index of one tenant: what the rest of the library calls.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::change::{IndexChange, check_vector};
use super::failure::{Failure, guarded};
use super::lexical;
use super::matching::Matcher;
use super::opening;
use super::postings::{Fields, Segment};
use super::query::{LexicalHit, LexicalQuery, SemanticHit};
use super::semantic;
use super::table::Table;
use super::vectors::VectorMap;
use super::writing::Writer;
use crate::base::Result;
#[cfg(test)]
use crate::base::{Error, ErrorKind};
use crate::domain::{DocumentFilter, Position};

/// The search index of one tenant, in a folder of its own.
///
/// Searches run side by side, also while changes are applied; each sees the state after
/// some whole `apply`. Nothing here waits for anything but the disk, but that it does:
/// call it where blocking is allowed.
pub(crate) struct TenantIndex {
    folder: PathBuf,
    dimension: Option<usize>,
    fields: Fields,
    state: RwLock<State>,
    writer: Mutex<Writer>,
}

/// What searches read. Its parts belong together and are replaced together.
pub(crate) struct State {
    pub(crate) table: Table,
    pub(crate) segments: Vec<Segment>,
    pub(crate) vectors: VectorMap,
    pub(crate) position: Position,
}

impl TenantIndex {
    /// Opens the index in `folder`, which is created if it is not there.
    ///
    /// `vector_key` names the model that the vectors come from. When it or `dimension`
    /// is not what the index was built with, or when the files are damaged, the index
    /// starts empty at position 0, to be filled again from the database.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the folder cannot be read or written, [`ErrorKind::Locked`]
    /// when it is open already, here or in another process.
    pub(crate) fn open(folder: &Path, dimension: Option<usize>, vector_key: &str) -> Result<Self> {
        let fail = |failure: Failure| failure.into_error("index.open", folder);
        let (writer, state) = opening::open(folder, dimension, vector_key).map_err(fail)?;
        Ok(Self {
            folder: folder.to_owned(),
            dimension,
            fields: writer.fields(),
            state: RwLock::new(state),
            writer: Mutex::new(writer),
        })
    }

    /// Applies changes, in order, and moves on to `position`, which is above 0; searches
    /// that begin afterwards see all of them. One change costs about as much as ten, so
    /// changes that wait are best applied together.
    ///
    /// All or nothing as far as searches can tell. After a failure, or after a kill, the
    /// same changes are to be applied again: [`TenantIndex::position`] says from where.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a vector of the wrong length or with values that
    /// are not finite, [`ErrorKind::ModelMissing`] for a vector in an index without,
    /// [`ErrorKind::Io`], [`ErrorKind::Index`].
    pub(crate) fn apply(&self, changes: Vec<IndexChange>, position: Position) -> Result<()> {
        changes.iter().try_for_each(|change| change.check(self.dimension))?;
        let mut writer = self.writer();
        let written = guarded(|| writer.apply(&self.state, changes, position));
        written.map_err(|failure| {
            writer.abandon();
            failure.into_error("index.apply", &self.folder)
        })?;
        if let Err(failure) = guarded(|| writer.compact_if_worthwhile(&self.state)) {
            // What was applied is applied; the waste stays for another time.
            tracing::warn!(folder = %self.folder.display(), ?failure, "cannot compact the search index");
        }
        Ok(())
    }

    /// The position of the change log up to which everything is applied. 0 means that
    /// the index is empty.
    pub(crate) fn position(&self) -> Position {
        self.state().position
    }

    /// The documents that `query` finds among those that pass `filter`, best first.
    ///
    /// # Errors
    /// [`ErrorKind::LimitExceeded`] for more than 4,096 terms,
    /// [`ErrorKind::InvalidInput`] for negative weights, [`ErrorKind::Index`].
    pub(crate) fn lexical(
        &self,
        query: &LexicalQuery,
        filter: &DocumentFilter,
        limit: usize,
    ) -> Result<Vec<LexicalHit>> {
        query.check()?;
        let state = self.state();
        let matcher = Matcher { segments: &state.segments, fields: self.fields, table: &state.table };
        guarded(|| lexical::search(&matcher, query, filter, limit))
            .map_err(|failure| failure.into_error("index.search", &self.folder))
    }

    /// The documents with the passages nearest to `vector` among those that pass
    /// `filter`, nearest first.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a vector of the wrong length or with values that
    /// are not finite, [`ErrorKind::ModelMissing`] in an index without vectors.
    pub(crate) fn semantic(
        &self,
        vector: &[f32],
        filter: &DocumentFilter,
        limit: usize,
    ) -> Result<Vec<SemanticHit>> {
        check_vector("index.search", vector, self.dimension)?;
        let state = self.state();
        Ok(semantic::search(&state.table, &state.vectors, vector, filter, limit))
    }

    /// How many documents are in the index.
    #[cfg(test)]
    pub(crate) fn document_count(&self) -> usize {
        self.state().table.document_count()
    }

    /// How many chunks are in the index.
    #[cfg(test)]
    pub(crate) fn chunk_count(&self) -> usize {
        self.state().table.statistics().chunks as usize
    }

    /// Lets go of the memory and threads for writing; the next `apply` takes them again.
    /// For tenants that have gone quiet.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], [`ErrorKind::Index`].
    #[cfg(test)]
    pub(crate) fn release_writer(&self) -> Result<()> {
        let mut writer = self.writer();
        guarded(|| writer.release()).map_err(|failure| failure.into_error("index.release", &self.folder))
    }

    /// Checks that every chunk has its postings and every vector its place, without
    /// reading their contents.
    ///
    /// # Errors
    /// [`ErrorKind::Index`] when something is missing.
    #[cfg(test)]
    pub(crate) fn verify(&self) -> Result<()> {
        let state = self.state();
        let rows = state.segments.iter().flat_map(|segment| segment.rows.iter());
        let mut seen = vec![false; state.table.row_slots()];
        rows.filter_map(|&row| state.table.slot_of_row(row)).for_each(|slot| seen[slot as usize] = true);
        let with_postings = seen.iter().filter(|&&seen| seen).count() as u64;
        let chunks = state.table.statistics().chunks;
        let places = state.table.vector_places() as usize;
        if with_postings == chunks && state.vectors.rows().len() == places {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Index, "index.verify", "the parts of the index disagree; rebuild it")
            .with("chunks", chunks)
            .with("chunks_with_postings", with_postings)
            .with("vector_places", places)
            .with("vectors", state.vectors.rows().len()))
    }

    /// Rewrites the files without their dead parts, however few these are.
    #[cfg(test)]
    pub(crate) fn compact(&self) -> Result<()> {
        let mut writer = self.writer();
        writer.compact(&self.state).map_err(|failure| failure.into_error("index.compact", &self.folder))
    }

    /// Merges all postings into one segment, as time would.
    #[cfg(test)]
    pub(crate) fn merge_all(&self) -> Result<()> {
        let mut writer = self.writer();
        writer.merge_all(&self.state).map_err(|failure| failure.into_error("index.merge", &self.folder))
    }

    /// How many segments the postings are in.
    #[cfg(test)]
    pub(crate) fn segment_count(&self) -> usize {
        self.state().segments.len()
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        read(&self.state)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A panic while writing leaves the writer as after a failure: to be abandoned.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state; it is only ever replaced whole, so a panic elsewhere cannot have torn it.
pub(crate) fn read(state: &RwLock<State>) -> RwLockReadGuard<'_, State> {
    state.read().unwrap_or_else(PoisonError::into_inner)
}

/// The state, to replace it.
pub(crate) fn write(state: &RwLock<State>) -> RwLockWriteGuard<'_, State> {
    state.write().unwrap_or_else(PoisonError::into_inner)
}
