//! The index of one tenant: what the rest of the library calls.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::change::{IndexChange, check_vector};
use super::checksum::checksum;
use super::failure::{Failure, guarded};
use super::frame::StoredDocument;
use super::generations;
use super::keeper::Keeper;
use super::lexical;
use super::matching::Matcher;
use super::postings::{Fields, Segment};
use super::query::{LexicalHit, LexicalQuery, SemanticHit};
use super::row_log::Header;
use super::semantic;
use super::table::Table;
use super::vectors::{VectorMap, extend_with};
use crate::base::{DocumentId, Result};
use crate::domain::{DocumentFilter, Position};

/// How long the writer of an index may go without a sign of life before another process
/// begins anew without it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The search index of one tenant, in a folder of its own.
///
/// Searches run side by side, also while changes are applied; each sees the state after
/// some whole `apply`, of this process or another. Everything here may wait for the disk,
/// and taking the lease for other processes: call it where blocking is allowed.
pub(crate) struct TenantIndex {
    root: PathBuf,
    dimension: Option<usize>,
    fields: Fields,
    state: RwLock<State>,
    keeper: Mutex<Keeper>,
}

/// The right to write to an index; it passes on when it is dropped.
pub(crate) struct HeldIndex {
    index: Arc<TenantIndex>,
    holder: u64,
}

/// What a search relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    /// Everything up to here is in.
    pub(crate) position: Position,
    /// Counts how often the index fell behind what it had been.
    pub(crate) incarnation: u64,
}

/// A document as the index has it, to compare with the store.
pub(crate) struct IndexedFacts {
    /// Its facts and rows.
    pub(crate) document: StoredDocument,
    /// The [`vector_sum`] of each row's vector.
    pub(crate) vector_sums: Vec<Option<u64>>,
}

/// The checksum of a vector, to compare vectors by.
pub(crate) fn vector_sum(vector: &[f32]) -> u64 {
    let mut bytes = Vec::with_capacity(size_of_val(vector));
    extend_with(&mut bytes, vector);
    checksum(&bytes)
}

/// What searches read. Its parts belong together and are replaced together.
pub(crate) struct State {
    pub(crate) table: Table,
    pub(crate) segments: Vec<Segment>,
    pub(crate) vectors: VectorMap,
    pub(crate) position: Position,
    /// Counts how often the position went back.
    pub(crate) incarnation: u64,
}

impl State {
    fn empty() -> Self {
        Self {
            table: Table::default(),
            segments: Vec::new(),
            vectors: VectorMap::empty(),
            position: 0,
            incarnation: 0,
        }
    }

    /// Whether every chunk has its postings and every vector its place, without reading
    /// their contents.
    pub(crate) fn is_complete(&self) -> bool {
        let rows = self.segments.iter().flat_map(|segment| segment.rows.iter());
        let mut seen = vec![false; self.table.row_slots()];
        rows.filter_map(|&row| self.table.slot_of_row(row)).for_each(|slot| seen[slot as usize] = true);
        let with_postings = seen.iter().filter(|&&seen| seen).count() as u64;
        with_postings == self.table.statistics().chunks
            && (self.table.live_vectors() == 0
                || self.vectors.rows().len() == self.table.vector_places() as usize)
    }
}

impl TenantIndex {
    /// Opens the index in the folder `root`, which is created if it is not there.
    ///
    /// `vector_key` names the model that the vectors come from. When it or `dimension`
    /// is not what the index was built with, or when the files are damaged, the index
    /// starts empty at position 0, to be filled again from the database.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the folder cannot be read or written.
    ///
    /// [`ErrorKind::Io`]: crate::base::ErrorKind::Io
    pub(crate) fn open(
        root: &Path,
        dimension: Option<usize>,
        vector_key: &str,
        patience: Duration,
    ) -> Result<Self> {
        let wanted = Header {
            dimension: dimension.and_then(|dimension| u32::try_from(dimension).ok()),
            vector_key: vector_key.to_owned(),
            vector_epoch: 0,
        };
        let opened = Self {
            root: root.to_owned(),
            dimension,
            fields: Fields::of_schema(),
            state: RwLock::new(State::empty()),
            keeper: Mutex::new(Keeper::new(root.to_owned(), wanted, patience)),
        };
        opened.run("index.open", |keeper| {
            std::fs::create_dir_all(root)?;
            generations::remove_old_layout(root)?;
            if keeper.refresh(&opened.state)? { Ok(()) } else { keeper.try_heal(&opened.state) }
        })?;
        Ok(opened)
    }

    /// Takes in what other processes have written.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::base::ErrorKind::Io).
    pub(crate) fn refresh(&self) -> Result<()> {
        self.run("index.refresh", |keeper| keeper.refresh(&self.state).map(drop))
    }

    /// Takes the right to write, when others are done, and takes in what they have written.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::base::ErrorKind::Io),
    /// [`ErrorKind::Index`](crate::base::ErrorKind::Index).
    pub(crate) fn hold(self: &Arc<Self>) -> Result<HeldIndex> {
        let holder = self.run("index.hold", |keeper| keeper.take(&self.state))?;
        Ok(HeldIndex { index: Arc::clone(self), holder })
    }

    /// [`TenantIndex::hold`], unless somebody else is at it.
    ///
    /// # Errors
    /// As [`TenantIndex::hold`].
    pub(crate) fn try_hold(self: &Arc<Self>) -> Result<Option<HeldIndex>> {
        let holder = self.run("index.hold", |keeper| keeper.try_take(&self.state))?;
        Ok(holder.map(|holder| HeldIndex { index: Arc::clone(self), holder }))
    }

    /// What a search that begins now relies on. Position 0 means that the index is empty.
    pub(crate) fn level(&self) -> Level {
        let state = self.state();
        Level { position: state.position, incarnation: state.incarnation }
    }

    /// All documents, as they are in the index, and the position they stand for.
    pub(crate) fn contents(&self) -> (Position, HashMap<DocumentId, IndexedFacts>) {
        let state = self.state();
        let sum = |place: Option<u32>| place.and_then(|place| state.vectors.row(place)).map(checksum);
        let facts = state.table.documents_as_stored().into_iter().map(|document| {
            let vector_sums = document.rows.iter().map(|row| sum(row.vector)).collect();
            (document.id, IndexedFacts { document, vector_sums })
        });
        (state.position, facts.collect())
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
            .map_err(|failure| failure.into_error("index.search", &self.root))
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

    /// Takes the lease, applies changes and passes it on.
    #[cfg(test)]
    pub(crate) fn apply(&self, changes: Vec<IndexChange>, position: Position) -> Result<()> {
        let holder = self.run("index.hold", |keeper| keeper.take(&self.state))?;
        let applied = self.apply_held(holder, changes, position);
        self.keeper().release(holder);
        applied
    }

    /// Lets go of the memory and threads for writing; the next `apply` takes them again.
    #[cfg(test)]
    pub(crate) fn release_writer(&self) {
        self.keeper().writer().release();
    }

    /// Whether every chunk has its postings and every vector its place.
    #[cfg(test)]
    pub(crate) fn is_complete(&self) -> bool {
        self.state().is_complete()
    }

    /// Rewrites the files without their dead parts, however few these are.
    #[cfg(test)]
    pub(crate) fn compact(&self) -> Result<()> {
        self.run("index.compact", |keeper| {
            let holder = keeper.take(&self.state)?;
            keeper.writer().compact(&self.state)?;
            keeper.release(holder);
            Ok(())
        })
    }

    /// Merges all postings into one segment, as time would.
    #[cfg(test)]
    pub(crate) fn merge_all(&self) -> Result<()> {
        self.run("index.merge", |keeper| {
            let holder = keeper.take(&self.state)?;
            keeper.writer().merge_all(&self.state)?;
            keeper.release(holder);
            Ok(())
        })
    }

    /// How many segments the postings are in.
    #[cfg(test)]
    pub(crate) fn segment_count(&self) -> usize {
        self.state().segments.len()
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        read(&self.state)
    }

    fn apply_held(&self, holder: u64, changes: Vec<IndexChange>, position: Position) -> Result<()> {
        changes.iter().try_for_each(|change| change.check(self.dimension))?;
        self.run("index.apply", |keeper| {
            keeper.check_holder(holder)?;
            keeper.apply(&self.state, changes, position)
        })
    }

    fn run<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Keeper) -> Result<T, Failure>,
    ) -> Result<T> {
        let mut keeper = self.keeper();
        guarded(|| work(&mut keeper)).map_err(|failure| failure.into_error(operation, &self.root))
    }

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        // A panic while writing leaves the writer as after a failure: abandoned.
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HeldIndex {
    /// Applies changes, in order, and moves on to `position`, which is above 0; searches
    /// that begin afterwards see all of them. One change costs about as much as ten, so
    /// changes that wait are best applied together.
    ///
    /// All or nothing as far as searches can tell. After a failure, or after a kill, the
    /// same changes are to be applied again: [`TenantIndex::level`] says from where.
    ///
    /// # Errors
    /// `invalid_input` for a vector of the wrong length or with values that are not finite,
    /// `model_missing` for a vector in an index without, `io`, `index` when it is damaged,
    /// and `locked` when another process has begun a newer generation: hold it anew.
    pub(crate) fn apply(&self, changes: Vec<IndexChange>, position: Position) -> Result<()> {
        self.index.apply_held(self.holder, changes, position)
    }

    /// Gives a sign of life, in the course of something long.
    ///
    /// # Errors
    /// `io`.
    pub(crate) fn stamp(&self) -> Result<()> {
        self.index.run("index.apply", Keeper::stamp)
    }

    /// Whether changes must be applied before searches may rely on the index.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.index.keeper().is_unsettled()
    }

    /// Begins anew with an empty index.
    ///
    /// # Errors
    /// `io`.
    pub(crate) fn reset(&self) -> Result<()> {
        self.index.run("index.reset", |keeper| {
            keeper.check_holder(self.holder)?;
            keeper.begin_anew(&self.index.state)
        })
    }
}

impl Drop for HeldIndex {
    fn drop(&mut self) {
        self.index.keeper().release(self.holder);
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
