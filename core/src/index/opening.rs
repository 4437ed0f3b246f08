//! How an index is opened, and emptied when it cannot be.

use std::fs;
use std::path::Path;

use super::directory::lock;
use super::failure::{Failure, guarded};
use super::postings::Postings;
use super::row_log::{Header, RowLog};
use super::table::Table;
use super::tenant::State;
use super::vectors::{VectorFile, VectorMap, remove_all_but};
use super::writing::{Parts, Writer};
use crate::base::Result;

/// Row numbers beyond this are a reason to begin anew.
const MAX_ROW_NUMBER: u32 = 1 << 30;

/// Opens the index in `folder`; one that is damaged or of other vectors is emptied.
pub(crate) fn open(
    folder: &Path,
    dimension: Option<usize>,
    vector_key: &str,
) -> Result<(Writer, State), Failure> {
    fs::create_dir_all(folder)?;
    let dimension = dimension.and_then(|dimension| u32::try_from(dimension).ok());
    let wanted = Header { dimension, vector_key: vector_key.to_owned(), vector_epoch: 0 };
    let lock = lock(folder)?;
    let (parts, state) = match guarded(|| load(folder, &wanted)) {
        Err(Failure::Damaged(reason)) => {
            tracing::warn!(folder = %folder.display(), reason, "the search index starts empty");
            empty(folder)?;
            load(folder, &wanted)?
        }
        other => other?,
    };
    Ok((Writer::new(folder, lock, parts), state))
}

fn load(folder: &Path, wanted: &Header) -> Result<(Parts, State), Failure> {
    let mut table = Table::default();
    let mut position = 0;
    let mut generation = 0;
    let mut vector_sums = Vec::new();
    let replayed = RowLog::open(folder, |frame| {
        position = frame.position;
        generation = frame.generation;
        vector_sums.push((table.vector_places()..frame.vectors, frame.vector_sum));
        table.apply(frame);
    })?;
    let log = match replayed {
        Some(log) => log,
        None => RowLog::create(folder, wanted.clone(), &[])?,
    };
    let header = log.header();
    if header.dimension != wanted.dimension || header.vector_key != wanted.vector_key {
        return Err(Failure::Damaged("its vectors are of another model".to_owned()));
    }

    let postings = Postings::open(folder)?;
    postings.check(folder)?;
    let mark = postings.mark()?;
    let segments = postings.segments(&[])?;
    if mark.generation != generation {
        position = position.min(mark.position);
    }
    let next_row = table.next_row().max(mark.next_row);
    let is_empty = table.document_count() == 0 && segments.is_empty();
    if position == 0 && !is_empty {
        return Err(Failure::Damaged("it was not filled to any known position".to_owned()));
    }
    if next_row > MAX_ROW_NUMBER {
        return Err(Failure::Damaged("its row numbers are used up".to_owned()));
    }

    let places = table.vector_places();
    let (vectors, map) = match header.dimension {
        Some(dimension) => {
            let file = VectorFile::open(folder, header.vector_epoch, dimension, places)?;
            let map = file.map(places)?;
            if !vector_sums.into_iter().all(|(places, sum)| map.has_checksum(places, sum)) {
                return Err(Failure::Damaged("the vectors have another checksum".to_owned()));
            }
            file.remove_others(folder)?;
            (Some(file), map)
        }
        None => (None, VectorMap::empty()),
    };
    let parts = Parts {
        postings,
        log,
        vectors,
        generation: generation.max(mark.generation),
        settled_generation: generation,
        next_row,
        strays: mark.generation != generation,
    };
    Ok((parts, State { table, segments, vectors: map, position }))
}

/// Removes what belongs to an index, and nothing else that may be in the folder.
fn empty(folder: &Path) -> Result<(), Failure> {
    RowLog::remove(folder)?;
    Postings::remove(folder)?;
    remove_all_but(folder, None)?;
    Ok(())
}
