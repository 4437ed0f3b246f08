//! Reading on: what another process has written since, without reading everything again.
//!
//! Postings are committed before the frame that makes them count. So the commit is read
//! first, and frames only up to the one that belongs to it: between the two steps of the
//! writer, or after it died there, they do not agree, and everything stays as it was.

use std::sync::RwLock;

use super::failure::Failure;
use super::postings::Author;
use super::tenant::{State, read, write};
use super::writing::Writer;
use crate::base::Result;

impl Writer {
    /// Takes in what others have written. Without the lease more may follow at any time.
    ///
    /// Fails as [`Failure::Unsettled`] where that is not possible from here, because the
    /// writer is busy, or has replaced its files, or is dead; the state stays as it was.
    pub(crate) fn follow(&mut self, state: &RwLock<State>) -> Result<(), Failure> {
        if self.parts.strays {
            return Err(Failure::Unsettled);
        }
        let known = read(state).segments.clone();
        let (mark, segments) = self.parts.postings.last_commit(&known, Author::Others)?;
        let Some(mut news) = self.parts.log.news(&self.folder)? else { return Err(Failure::Unsettled) };
        let count = news.frames.iter().take_while(|(frame, _)| frame.generation <= mark.generation).count();
        news.frames.truncate(count);
        let generation =
            news.frames.last().map_or(self.parts.settled_generation, |(frame, _)| frame.generation);
        if generation != mark.generation {
            return Err(Failure::Unsettled);
        }
        let places = read(state).table.vector_places();
        let last_place = news.frames.last().map_or(places, |(frame, _)| frame.vectors);
        let vectors = match &self.parts.vectors {
            Some(file) if last_place > places => {
                let map = file.map(last_place)?;
                let mut start = places;
                for (frame, _) in &news.frames {
                    if !map.has_checksum(start..frame.vectors, frame.vector_sum) {
                        return Err(Failure::Damaged("the vectors have another checksum".to_owned()));
                    }
                    start = frame.vectors;
                }
                Some(map)
            }
            _ => None,
        };
        let mut state = write(state);
        for (frame, end) in news.frames {
            self.parts.log.advance(&frame, end);
            self.parts.next_row = self.parts.next_row.max(frame.next_row);
            state.position = frame.position;
            state.table.apply(frame);
        }
        state.segments = segments;
        if let Some(vectors) = vectors {
            state.vectors = vectors;
        }
        drop(state);
        self.parts.generation = mark.generation;
        self.parts.settled_generation = mark.generation;
        self.parts.next_row = self.parts.next_row.max(mark.next_row);
        Ok(())
    }

    /// Whether nothing half-written stands behind the last frame, and all of them are known.
    pub(crate) fn is_at_the_end(&self) -> Result<bool, Failure> {
        let news = self.parts.log.news(&self.folder)?;
        Ok(!self.parts.log.is_torn() && news.is_some_and(|news| news.frames.is_empty() && !news.is_torn))
    }
}
