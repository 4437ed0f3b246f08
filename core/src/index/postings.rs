//! The inverted file: Tantivy, for postings only. It is asked which rows hold a term and
//! where; what lives and what it scores is decided elsewhere.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, MergeCandidate, MergePolicy, NoMergePolicy};
use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, IndexWriter, InvertedIndexReader, SegmentReader, TantivyDocument, TantivyError, Term};

use super::change::IndexTerm;
use super::directory::UnsyncedDirectory;
use super::failure::Failure;
use crate::base::{DocumentId, Result};
use crate::domain::Position;

const FOLDER: &str = "postings";
const WRITER_BYTES: usize = 20_000_000;
/// Up to so many segments of like size lie side by side before they become one.
const SEGMENTS_PER_LEVEL: usize = 6;
/// Once so many rows were merged in one go, the rest waits for the next.
const MERGED_AT_ONCE: u64 = 50_000;
/// No more merges than this in one go.
const MERGES_AT_ONCE: usize = 8;
/// How often segments that vanish while they are opened are listed again.
const ATTEMPTS: usize = 20;
/// How often a long merge says that it is alive.
const SIGN_OF_LIFE: Duration = Duration::from_millis(500);
/// The pauses between two looks at a running merge.
const SHORTEST_PAUSE: Duration = Duration::from_micros(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(5);

/// The fields of a row's postings.
#[derive(Clone, Copy)]
pub(crate) struct Fields {
    document: Field,
    row: Field,
    pub(crate) title: Field,
    pub(crate) body: Field,
}

/// What a commit says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommitMark {
    /// Counts commits.
    pub(crate) generation: u64,
    /// The position of the change log that is applied with it.
    pub(crate) position: Position,
    /// The number of the next new row.
    pub(crate) next_row: u32,
}

/// Who wrote the segments that are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// This process, just now.
    Us,
    /// Another process, or an earlier one.
    Others,
}

/// The writing side.
pub(crate) struct Postings {
    path: PathBuf,
    index: Index,
    fields: Fields,
    writer: Option<IndexWriter>,
}

/// One immutable part of the postings, for reading.
#[derive(Clone)]
pub(crate) struct Segment {
    id: SegmentId,
    /// For each of Tantivy's documents the number of its row.
    pub(crate) rows: Arc<[u32]>,
    pub(crate) title: Arc<InvertedIndexReader>,
    pub(crate) body: Arc<InvertedIndexReader>,
}

impl Postings {
    /// Opens the postings of a generation's folder; makes them if there are none and
    /// `create` says so.
    pub(crate) fn open(folder: &Path, create: bool) -> Result<Self, Failure> {
        let path = folder.join(FOLDER);
        if create {
            fs::create_dir_all(&path)?;
        }
        let directory = UnsyncedDirectory::open(&path)?;
        if !create && !Index::exists(&directory).map_err(TantivyError::from)? {
            return Err(Failure::Damaged("there are no postings".to_owned()));
        }
        let (schema, fields) = schema();
        Ok(Self { index: Index::open_or_create(directory, schema)?, path, fields, writer: None })
    }

    /// The last commit: what it says about itself, all zero before the first, and its
    /// segments. Those that `known` holds are not opened again. What others wrote is
    /// compared with its checksums.
    pub(crate) fn last_commit(
        &self,
        known: &[Segment],
        author: Author,
    ) -> Result<(CommitMark, Vec<Segment>), Failure> {
        let mut attempts = 0;
        loop {
            let metas = self.index.load_metas()?;
            let mark = match &metas.payload {
                None => CommitMark::default(),
                Some(payload) => CommitMark::decode(payload)
                    .ok_or_else(|| Failure::Damaged("the commit mark is unreadable".to_owned()))?,
            };
            match self.open_segments(metas.segments, known, author) {
                Ok(segments) => return Ok((mark, segments)),
                // A merge of another process may have removed files between the two steps.
                Err(Failure::Damaged(_)) if attempts < ATTEMPTS => attempts += 1,
                Err(failure) => return Err(failure),
            }
        }
    }

    fn open_segments(
        &self,
        listed: Vec<SegmentMeta>,
        known: &[Segment],
        author: Author,
    ) -> Result<Vec<Segment>, Failure> {
        let known: HashMap<SegmentId, &Segment> = known.iter().map(|segment| (segment.id, segment)).collect();
        if author == Author::Others {
            let new = listed.iter().map(SegmentMeta::id).filter(|id| !known.contains_key(id));
            self.check(&new.map(|id| id.uuid_string()).collect())?;
        }
        let mut segments = Vec::with_capacity(listed.len());
        for meta in listed {
            segments.push(match known.get(&meta.id()) {
                Some(&segment) => segment.clone(),
                None => Segment::open(&SegmentReader::open(&self.index.segment(meta))?, self.fields)?,
            });
        }
        Ok(segments)
    }

    /// Compares every file of these segments with its checksum.
    fn check(&self, segments: &HashSet<String>) -> Result<(), Failure> {
        if segments.is_empty() {
            return Ok(());
        }
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            // A segment's files are named after it; the name of its deletions has more parts.
            let is_listed = name.to_str().is_some_and(|name| {
                name.split_once('.').is_some_and(|(segment, _)| segments.contains(segment))
            });
            let valid = |name: &Path| self.index.directory().validate_checksum(name);
            if is_listed && !valid(Path::new(&name)).map_err(TantivyError::from)? {
                return Err(Failure::Damaged(format!("{name:?} has another checksum")));
            }
        }
        Ok(())
    }

    /// Adds a row.
    pub(crate) fn add(
        &mut self,
        document: DocumentId,
        row: u32,
        title: &[IndexTerm],
        body: Vec<IndexTerm>,
    ) -> Result<(), Failure> {
        let fields = self.fields;
        let mut added = TantivyDocument::new();
        added.add_bytes(fields.document, document.as_bytes());
        added.add_u64(fields.row, u64::from(row));
        added.add_pre_tokenized_text(fields.title, tokens(title.to_vec()));
        added.add_pre_tokenized_text(fields.body, tokens(body));
        self.writer()?.add_document(added)?;
        Ok(())
    }

    /// Lets the rows of a document be dropped by the next merge.
    pub(crate) fn delete(&mut self, document: DocumentId) -> Result<(), Failure> {
        let term = Term::from_field_bytes(self.fields.document, document.as_bytes());
        self.writer()?.delete_term(term);
        Ok(())
    }

    /// Makes what was added last.
    pub(crate) fn commit(&mut self, mark: CommitMark) -> Result<(), Failure> {
        let mut prepared = self.writer()?.prepare_commit()?;
        prepared.set_payload(&mark.encode());
        prepared.commit()?;
        Ok(())
    }

    /// Forgets what was added since the last commit.
    pub(crate) fn abandon(&mut self) {
        self.writer = None;
    }

    /// Lets go of the writer's memory and threads.
    #[cfg(test)]
    pub(crate) fn release(&mut self) {
        self.writer = None;
    }

    /// Merges segments of like size, the smallest first, while it is cheap: at most
    /// [`MERGED_AT_ONCE`] rows after the first merge. `alive` is called now and then.
    /// Whether there was anything to do.
    pub(crate) fn merge_some(
        &mut self,
        mut alive: impl FnMut() -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(SEGMENTS_PER_LEVEL);
        policy.set_min_layer_size(32);
        policy.set_level_log_size(2.5);
        policy.set_del_docs_ratio_before_merge(0.4);
        let mut merged = 0;
        for _ in 0..MERGES_AT_ONCE {
            let segments = self.index.searchable_segment_metas()?;
            let rows = |candidate: &MergeCandidate| -> u64 {
                let chosen = segments.iter().filter(|segment| candidate.0.contains(&segment.id()));
                chosen.map(|segment| u64::from(segment.max_doc())).sum()
            };
            let candidates = policy.compute_merge_candidates(&segments);
            let Some(smallest) = candidates.into_iter().min_by_key(rows) else { break };
            let rows = rows(&smallest);
            if merged > 0 && merged + rows > MERGED_AT_ONCE {
                break;
            }
            self.merge(&smallest.0, &mut alive)?;
            merged += rows.max(1);
        }
        Ok(merged > 0)
    }

    /// Merges all segments into one.
    #[cfg(test)]
    pub(crate) fn merge_all(&mut self) -> Result<(), Failure> {
        let ids = self.index.searchable_segment_ids()?;
        if ids.is_empty() { Ok(()) } else { self.merge(&ids, &mut || Ok(())) }
    }

    fn merge(
        &mut self,
        ids: &[SegmentId],
        alive: &mut impl FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        alive()?;
        let mut merging = self.writer()?.merge(ids);
        let mut context = Context::from_waker(Waker::noop());
        let mut begun = Instant::now();
        let mut pause = SHORTEST_PAUSE;
        loop {
            if let Poll::Ready(merged) = Pin::new(&mut merging).poll(&mut context) {
                merged?;
                return Ok(());
            }
            if begun.elapsed() > SIGN_OF_LIFE {
                alive()?;
                begun = Instant::now();
            }
            sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn writer(&mut self) -> Result<&mut IndexWriter, Failure> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.new_writer()?,
        };
        Ok(self.writer.insert(writer))
    }

    fn new_writer(&self) -> Result<IndexWriter, Failure> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITER_BYTES)
            .build();
        let writer: IndexWriter = self.index.writer_with_options(options)?;
        // What merged by itself would write after the lease has passed on.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(writer)
    }
}

impl Segment {
    fn open(reader: &SegmentReader, fields: Fields) -> Result<Self, Failure> {
        let column = reader.fast_fields().u64("row")?;
        let rows = (0..reader.max_doc())
            .map(|id| column.first(id).and_then(|row| u32::try_from(row).ok()))
            .collect::<Option<Vec<u32>>>()
            .ok_or_else(|| Failure::Damaged("a row of the postings has no number".to_owned()))?;
        Ok(Self {
            id: reader.segment_id(),
            rows: rows.into(),
            title: reader.inverted_index(fields.title)?,
            body: reader.inverted_index(fields.body)?,
        })
    }
}

impl CommitMark {
    fn encode(self) -> String {
        format!("{} {} {}", self.generation, self.position, self.next_row)
    }

    fn decode(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        Some(Self {
            generation: parts.next()?.parse().ok()?,
            position: parts.next()?.parse().ok()?,
            next_row: parts.next()?.parse().ok()?,
        })
    }
}

impl Fields {
    /// The fields of every index.
    pub(crate) fn of_schema() -> Self {
        schema().1
    }
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    // Neither stored nor with field norms: lengths are in the row table, to the word.
    let text = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_index_option(IndexRecordOption::WithFreqsAndPositions)
            .set_fieldnorms(false),
    );
    let fields = Fields {
        document: schema.add_bytes_field("document", BytesOptions::default().set_indexed()),
        row: schema.add_u64_field("row", NumericOptions::default().set_fast()),
        title: schema.add_text_field("title", text.clone()),
        body: schema.add_text_field("body", text),
    };
    (schema.build(), fields)
}

/// Ready-made terms in the form that Tantivy takes, in order of position.
fn tokens(mut terms: Vec<IndexTerm>) -> PreTokenizedString {
    terms.sort_by_key(|term| term.position);
    let tokens = terms
        .into_iter()
        .map(|term| Token { position: term.position as usize, text: term.text, ..Token::default() })
        .collect();
    PreTokenizedString { text: String::new(), tokens }
}
