//! Which live rows hold a term or a phrase, and how often in title and body.

use tantivy::postings::{Postings as _, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, InvertedIndexReader, TERMINATED, Term};

use super::failure::Failure;
use super::postings::{Fields, Segment};
use super::query::Phrase;
use super::table::Table;
use crate::base::Result;

/// A live row that holds a term or a phrase.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Match {
    /// Its slot in the row table.
    pub(crate) slot: u32,
    /// Occurrences in the title.
    pub(crate) title: u32,
    /// Occurrences in the body.
    pub(crate) body: u32,
}

/// Reads the postings of all segments against one row table.
pub(crate) struct Matcher<'a> {
    pub(crate) segments: &'a [Segment],
    pub(crate) fields: Fields,
    pub(crate) table: &'a Table,
}

impl Matcher<'_> {
    /// The live rows that hold a term.
    pub(crate) fn term(&self, text: &str) -> Result<Vec<Match>, Failure> {
        let mut matches = Vec::new();
        for segment in self.segments {
            let open = |reader: &InvertedIndexReader, field| {
                let term = Term::from_field_text(field, text);
                let postings = reader.read_postings(&term, IndexRecordOption::WithFreqs)?;
                Ok::<_, Failure>(Counted::of_term(postings.unwrap_or_else(SegmentPostings::empty)))
            };
            let title = open(&segment.title, self.fields.title)?;
            let body = open(&segment.body, self.fields.body)?;
            self.unite(segment, title, body, &mut matches);
        }
        Ok(matches)
    }

    /// The live rows that hold a phrase, all of it in the title or all of it in the body.
    pub(crate) fn phrase(&self, phrase: &Phrase) -> Result<Vec<Match>, Failure> {
        let mut matches = Vec::new();
        if let [only] = phrase.as_slice() {
            return self.term(&only.text);
        }
        for segment in self.segments {
            let open = |reader: &InvertedIndexReader, field| {
                let mut parts = Vec::with_capacity(phrase.len());
                for part in phrase {
                    let term = Term::from_field_text(field, &part.text);
                    let option = IndexRecordOption::WithFreqsAndPositions;
                    match reader.read_postings(&term, option)? {
                        Some(postings) => parts.push((postings, part.position)),
                        None => return Ok(Counted::Nothing),
                    }
                }
                Ok::<_, Failure>(Counted::of_phrase(parts))
            };
            let title = open(&segment.title, self.fields.title)?;
            let body = open(&segment.body, self.fields.body)?;
            self.unite(segment, title, body, &mut matches);
        }
        Ok(matches)
    }

    /// Walks title and body side by side, and keeps what lives.
    fn unite(&self, segment: &Segment, mut title: Counted, mut body: Counted, matches: &mut Vec<Match>) {
        loop {
            let id = title.id().min(body.id());
            if id == TERMINATED {
                return;
            }
            let slot = segment.rows.get(id as usize).and_then(|&row| self.table.slot_of_row(row));
            let counts = (title.take(id, slot.is_some()), body.take(id, slot.is_some()));
            match (slot, counts) {
                (None, _) | (_, (0, 0)) => {}
                (Some(slot), (title, body)) => matches.push(Match { slot, title, body }),
            }
        }
    }
}

/// Documents of a segment in order, with a count of occurrences.
enum Counted {
    Nothing,
    Term(Box<SegmentPostings>),
    Phrase(PhraseWalk),
}

impl Counted {
    fn of_term(postings: SegmentPostings) -> Self {
        Self::Term(Box::new(postings))
    }

    fn of_phrase(parts: Vec<(SegmentPostings, u32)>) -> Self {
        if parts.is_empty() {
            return Self::Nothing;
        }
        let mut walk = PhraseWalk { parts, starts: Vec::new(), positions: Vec::new() };
        walk.align();
        Self::Phrase(walk)
    }

    /// The document it stands on.
    fn id(&self) -> u32 {
        match self {
            Self::Nothing => TERMINATED,
            Self::Term(postings) => postings.doc(),
            Self::Phrase(walk) => walk.id(),
        }
    }

    /// The count in document `id`, and on to the next; 0 when it stands on another.
    /// A count that is not wanted is not worked out.
    fn take(&mut self, id: u32, wanted: bool) -> u32 {
        if self.id() != id {
            return 0;
        }
        match self {
            Self::Nothing => 0,
            Self::Term(postings) => {
                let count = postings.term_freq();
                postings.advance();
                count
            }
            Self::Phrase(walk) => {
                let count = if wanted { walk.count() } else { 0 };
                walk.next();
                count
            }
        }
    }
}

/// Walks over the documents that hold all terms of a phrase.
struct PhraseWalk {
    /// Postings, and the term's position in the phrase.
    parts: Vec<(SegmentPostings, u32)>,
    /// Where the phrase can begin, shifted by the first term's position in it.
    starts: Vec<u32>,
    positions: Vec<u32>,
}

impl PhraseWalk {
    fn id(&self) -> u32 {
        self.parts.first().map_or(TERMINATED, |(postings, _)| postings.doc())
    }

    fn next(&mut self) {
        if let Some((postings, _)) = self.parts.first_mut() {
            postings.advance();
        }
        self.align();
    }

    /// Moves all parts to the first document they share, from where the first stands.
    fn align(&mut self) {
        let mut target = self.id();
        'again: loop {
            for (postings, _) in &mut self.parts {
                if postings.doc() < target {
                    postings.seek(target);
                }
                if postings.doc() > target {
                    target = postings.doc();
                    continue 'again;
                }
            }
            return;
        }
    }

    /// How often the phrase occurs in the document it stands on.
    fn count(&mut self) -> u32 {
        let base = self.parts.iter().map(|(_, offset)| *offset).min().unwrap_or(0);
        let mut first = true;
        for (postings, offset) in &mut self.parts {
            let offset = *offset - base;
            postings.positions(&mut self.positions);
            let starts = self.positions.iter().filter_map(|position| position.checked_sub(offset));
            if first {
                self.starts.clear();
                self.starts.extend(starts);
                // A term can stand twice at one position: as itself and as an alternative.
                self.starts.dedup();
                first = false;
            } else {
                let mut candidates = starts.peekable();
                self.starts.retain(|&start| {
                    while candidates.next_if(|&candidate| candidate < start).is_some() {}
                    candidates.peek() == Some(&start)
                });
            }
        }
        self.starts.len() as u32
    }
}
