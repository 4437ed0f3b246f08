//! How a generation of an index is read in.

use std::path::Path;

use super::failure::Failure;
use super::postings::{Author, Postings};
use super::row_log::{Header, RowLog};
use super::table::Table;
use super::tenant::State;
use super::vectors::{VectorFile, VectorMap};
use super::writing::{Parts, Writer};
use crate::base::Result;

/// Row numbers beyond this are a reason to begin anew.
const MAX_ROW_NUMBER: u32 = 1 << 30;

/// As whom a generation is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// As one of many: nothing is written, and what is half-written is not taken.
    Reader,
    /// As the holder of the lease: what is missing is made.
    Holder,
}

/// Reads the generation in `folder`.
pub(crate) fn load(folder: &Path, wanted: &Header, role: Role) -> Result<(Writer, State), Failure> {
    let is_holder = role == Role::Holder;
    // Before the log, so that a log which grows meanwhile is ahead of it and not behind.
    let postings = Postings::open(folder, is_holder)?;
    let (mark, segments) = postings.last_commit(&[], Author::Others)?;
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
        None if is_holder => {
            if let Some(dimension) = wanted.dimension {
                VectorFile::create(folder, wanted.vector_epoch, dimension)?;
            }
            RowLog::create(folder, wanted.clone(), &[])?
        }
        None => return Err(Failure::Unsettled),
    };
    let header = log.header();
    if header.dimension != wanted.dimension || header.vector_key != wanted.vector_key {
        return Err(Failure::Damaged("its vectors are of another model".to_owned()));
    }

    let strays = mark.generation != generation;
    if strays && !is_holder {
        return Err(Failure::Unsettled);
    }
    if strays {
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
            let file = VectorFile::open(folder, header.vector_epoch, dimension)?;
            let map = file.map(places)?;
            if !vector_sums.into_iter().all(|(places, sum)| map.has_checksum(places, sum)) {
                return Err(Failure::Damaged("the vectors have another checksum".to_owned()));
            }
            if is_holder {
                file.remove_others(folder)?;
            }
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
        strays,
    };
    let state = State { table, segments, vectors: map, position, incarnation: 0 };
    if !strays && !state.is_complete() {
        return Err(Failure::Damaged("a row has no postings".to_owned()));
    }
    Ok((Writer::new(folder, parts), state))
}
