//! The inverted file: Tantivy, for postings only. It is asked which rows hold a term and
//! where; what lives and what it scores is decided elsewhere.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tantivy::directory::META_LOCK;
use tantivy::index::SegmentId;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{
    Directory, Index, IndexWriter, InvertedIndexReader, SegmentReader, TantivyDocument, TantivyError, Term,
};

use super::change::IndexTerm;
use super::directory::UnsyncedDirectory;
use super::failure::Failure;
use crate::base::{DocumentId, Result};
use crate::domain::Position;

const FOLDER: &str = "postings";
const WRITER_BYTES: usize = 20_000_000;
/// Up to so many segments of like size lie side by side before they become one.
const SEGMENTS_PER_LEVEL: usize = 6;

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

/// The writing side.
pub(crate) struct Postings {
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

impl Drop for Postings {
    /// A merge that ran on would meet whoever opens the folder next.
    fn drop(&mut self) {
        if let Err(failure) = self.release() {
            tracing::warn!(?failure, "merges of the search index did not end well");
        }
    }
}

impl Postings {
    /// Opens the postings of a tenant's folder, or creates them.
    pub(crate) fn open(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(FOLDER);
        fs::create_dir_all(&path)?;
        let (schema, fields) = schema();
        let index = Index::open_or_create(UnsyncedDirectory::open(&path)?, schema)?;
        Ok(Self { index, fields, writer: None })
    }

    /// Compares every file of the last commit with its checksum.
    pub(crate) fn check(&self, folder: &Path) -> Result<(), Failure> {
        let segments: HashSet<String> =
            self.index.searchable_segment_ids()?.iter().map(SegmentId::uuid_string).collect();
        for entry in fs::read_dir(folder.join(FOLDER))? {
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

    /// Removes the postings of a tenant's folder.
    pub(crate) fn remove(folder: &Path) -> std::io::Result<()> {
        match fs::remove_dir_all(folder.join(FOLDER)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The fields.
    pub(crate) fn fields(&self) -> Fields {
        self.fields
    }

    /// What the last commit says about itself; all zero before the first.
    pub(crate) fn mark(&self) -> Result<CommitMark, Failure> {
        match self.index.load_metas()?.payload {
            None => Ok(CommitMark::default()),
            Some(payload) => CommitMark::decode(&payload)
                .ok_or_else(|| Failure::Damaged("the commit mark is unreadable".to_owned())),
        }
    }

    /// The segments of the last commit; those that `known` holds are not opened again.
    pub(crate) fn segments(&self, known: &[Segment]) -> Result<Vec<Segment>, Failure> {
        let known: HashMap<SegmentId, &Segment> = known.iter().map(|segment| (segment.id, segment)).collect();
        // While it is held no merge removes files that were listed but not opened yet.
        let _lock = self
            .index
            .directory()
            .acquire_lock(&META_LOCK)
            .map_err(|error| TantivyError::LockFailure(error, None))?;
        let mut segments = Vec::new();
        for listed in self.index.searchable_segments()? {
            segments.push(match known.get(&listed.id()) {
                Some(&segment) => segment.clone(),
                None => Segment::open(&SegmentReader::open(&listed)?, self.fields)?,
            });
        }
        Ok(segments)
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

    /// Lets go of the writer's memory and threads, once its merges are done.
    pub(crate) fn release(&mut self) -> Result<(), Failure> {
        match self.writer.take() {
            Some(writer) => Ok(writer.wait_merging_threads()?),
            None => Ok(()),
        }
    }

    /// Merges all segments into one.
    #[cfg(test)]
    pub(crate) fn merge_all(&mut self) -> Result<(), Failure> {
        self.release()?;
        let ids = self.index.searchable_segment_ids()?;
        if !ids.is_empty() {
            self.writer()?.merge(&ids).wait()?;
        }
        Ok(())
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
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(SEGMENTS_PER_LEVEL);
        policy.set_min_layer_size(32);
        policy.set_level_log_size(2.5);
        policy.set_del_docs_ratio_before_merge(0.4);
        writer.set_merge_policy(Box::new(policy));
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
