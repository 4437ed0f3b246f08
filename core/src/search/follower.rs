//! Applies the change log to each tenant's index.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::base::{DocumentId, ErrorKind, ProjectId, Result, Scope, TenantId};
use crate::domain::{
    Access, Change, ChangeKind, Chunk, ContentHash, Position, Store, StoredDocument, Transaction,
};
use crate::index::{IndexChange, IndexTerm, IndexedChunk, IndexedDocument, TenantIndex};
use crate::ml::Encoder;
use crate::offload::offload;
use crate::text::{Term, embedded_text, terms};

/// How many changes are applied at once: large enough to make one commit of the index
/// worth it, small enough to bound memory.
const BATCH: u32 = 512;

/// How many indexes are kept open; the one that was not used for the longest time gives
/// way. Each holds file mappings, and some 20 MB while it is written to.
const MAX_OPEN: usize = 32;

/// The indexes of all tenants, each opened when it is needed.
pub(crate) struct IndexFollower {
    store: Arc<dyn Store>,
    encoder: Option<Arc<Encoder>>,
    folder: PathBuf,
    open: Mutex<Open>,
}

/// The open indexes, each with the count of uses at its last use.
#[derive(Default)]
struct Open {
    tenants: HashMap<TenantId, (Arc<Tenant>, u64)>,
    uses: u64,
}

impl Open {
    /// Closes indexes until there is room for one more, sparing those in use.
    fn make_room(&mut self) {
        while self.tenants.len() >= MAX_OPEN {
            let idle = self.tenants.iter().filter(|(_, (tenant, _))| tenant.is_idle());
            let Some(oldest) = idle.min_by_key(|(_, (_, used))| *used).map(|(id, _)| *id) else { return };
            self.tenants.remove(&oldest);
        }
    }
}

struct Tenant {
    index: Arc<TenantIndex>,
    /// Held while changes are applied, so that they are applied once and in order.
    applying: Mutex<()>,
}

impl Tenant {
    /// Whether nobody but the list of open indexes holds it.
    fn is_idle(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) == 1 && Arc::strong_count(&self.index) == 1
    }
}

/// What to do with one document, after all changes of a batch.
enum Step {
    Put,
    Move(Option<ProjectId>),
    Delete,
}

impl IndexFollower {
    pub(crate) fn new(store: Arc<dyn Store>, encoder: Option<Arc<Encoder>>, folder: PathBuf) -> Self {
        Self { store, encoder, folder, open: Mutex::default() }
    }

    /// The tenant's index, level with everything committed before this call.
    pub(crate) async fn level(&self, scope: &Scope) -> Result<Arc<TenantIndex>> {
        let tenant = self.tenant(scope).await?;
        let target = self.store.last_position(scope).await?;
        if tenant.index.position() >= target {
            return Ok(Arc::clone(&tenant.index));
        }
        let _applying = tenant.applying.lock().await;
        while tenant.index.position() < target {
            if let Err(error) = self.apply_batch(scope, &tenant.index).await {
                if error.kind() == ErrorKind::Index {
                    // Opening it again checks it, and empties it where it is damaged.
                    self.open.lock().await.tenants.remove(&scope.tenant());
                }
                return Err(error);
            }
        }
        Ok(Arc::clone(&tenant.index))
    }

    /// The position the tenant's index has applied, without applying more.
    pub(crate) async fn position(&self, scope: &Scope) -> Result<Position> {
        Ok(self.tenant(scope).await?.index.position())
    }

    /// Lets go of all indexes.
    pub(crate) async fn close(&self) {
        let tenants = std::mem::take(&mut self.open.lock().await.tenants);
        // Dropping an index waits for what it does in the background. Nothing in that can
        // fail but a panic, and then there is nothing left to close.
        let _ = offload("index.close", move || {
            drop(tenants);
            Ok(())
        })
        .await;
    }

    async fn tenant(&self, scope: &Scope) -> Result<Arc<Tenant>> {
        let mut open = self.open.lock().await;
        open.uses += 1;
        let uses = open.uses;
        if let Some((tenant, used)) = open.tenants.get_mut(&scope.tenant()) {
            *used = uses;
            return Ok(Arc::clone(tenant));
        }
        open.make_room();
        let folder = self.folder.join(scope.tenant().to_string());
        let (dimension, key) = match &self.encoder {
            Some(encoder) => (Some(encoder.info().dimension), encoder.info().fingerprint.clone()),
            None => (None, String::new()),
        };
        let index = offload("index.open", move || TenantIndex::open(&folder, dimension, &key)).await?;
        let tenant = Arc::new(Tenant { index: Arc::new(index), applying: Mutex::new(()) });
        open.tenants.insert(scope.tenant(), (Arc::clone(&tenant), uses));
        Ok(tenant)
    }

    async fn apply_batch(&self, scope: &Scope, index: &Arc<TenantIndex>) -> Result<()> {
        let mut read = self.store.begin(scope, Access::Read).await?;
        let changes = read.changes_after(index.position(), BATCH).await?;
        let Some(position) = changes.last().map(|change| change.position) else { return Ok(()) };
        let mut moves_and_deletes = Vec::new();
        let mut puts: Vec<(StoredDocument, Vec<Chunk>)> = Vec::new();
        for (document, step) in steps(&changes) {
            match step {
                Step::Delete => moves_and_deletes.push(IndexChange::Delete(document)),
                Step::Move(project) => moves_and_deletes.push(IndexChange::Move { document, project }),
                Step::Put => match read.document(document).await? {
                    Some(stored) => puts.push((stored, read.chunks(document).await?)),
                    // Deleted by a change beyond this batch.
                    None => moves_and_deletes.push(IndexChange::Delete(document)),
                },
            }
        }
        let mut vectors = self.vectors(&mut *read, puts.iter().flat_map(|(_, chunks)| chunks)).await?;
        drop(read);
        self.embed_missing(scope, &puts, &mut vectors).await?;
        let index = Arc::clone(index);
        offload("index.apply", move || {
            let mut changes = moves_and_deletes;
            changes.extend(puts.into_iter().map(|put| IndexChange::Put(indexed(put, &vectors))));
            index.apply(changes, position)
        })
        .await
    }

    /// The remembered vectors of chunks.
    async fn vectors(
        &self,
        transaction: &mut dyn Transaction,
        chunks: impl Iterator<Item = &Chunk>,
    ) -> Result<HashMap<ContentHash, Vec<f32>>> {
        let Some(encoder) = &self.encoder else { return Ok(HashMap::new()) };
        let hashes: Vec<ContentHash> = chunks.map(|chunk| chunk.content_hash).collect();
        let found = transaction.vectors(&encoder.info().fingerprint, &hashes).await?;
        Ok(hashes.into_iter().zip(found).filter_map(|(hash, vector)| Some((hash, vector?))).collect())
    }

    /// Embeds what another model was in use for, or none, when the documents came in.
    async fn embed_missing(
        &self,
        scope: &Scope,
        puts: &[(StoredDocument, Vec<Chunk>)],
        vectors: &mut HashMap<ContentHash, Vec<f32>>,
    ) -> Result<()> {
        let Some(encoder) = &self.encoder else { return Ok(()) };
        let mut missing: Vec<(ContentHash, String)> = Vec::new();
        for (stored, chunks) in puts {
            for chunk in chunks {
                if !vectors.contains_key(&chunk.content_hash) {
                    missing.push((chunk.content_hash, embedded_text(&stored.document.title, &chunk.text)));
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let (hashes, texts): (Vec<ContentHash>, Vec<String>) = missing.into_iter().unzip();
        let made: Vec<(ContentHash, Vec<f32>)> =
            hashes.into_iter().zip(encoder.embed(texts).await?).collect();
        let mut write = self.store.begin(scope, Access::Write).await?;
        write.put_vectors(&encoder.info().fingerprint, &made).await?;
        write.commit().await?;
        vectors.extend(made);
        Ok(())
    }
}

/// The net effect of changes on each document they touch, in order of first touch.
fn steps(changes: &[Change]) -> Vec<(DocumentId, Step)> {
    let mut places: HashMap<DocumentId, usize> = HashMap::new();
    let mut steps: Vec<(DocumentId, Step)> = Vec::new();
    for change in changes {
        let Some(document) = change.document_id else { continue };
        let step = match change.kind {
            ChangeKind::DocumentStored | ChangeKind::DocumentUpdated => Step::Put,
            ChangeKind::DocumentAssigned => Step::Move(change.project_id),
            ChangeKind::DocumentDeleted => Step::Delete,
            _ => continue,
        };
        match places.get(&document) {
            // A document that is put is read as it is now, which includes its project.
            Some(&place) if matches!((&steps[place].1, &step), (Step::Put, Step::Move(_))) => {}
            Some(&place) => steps[place].1 = step,
            None => {
                places.insert(document, steps.len());
                steps.push((document, step));
            }
        }
    }
    steps
}

fn indexed(
    (stored, chunks): (StoredDocument, Vec<Chunk>),
    vectors: &HashMap<ContentHash, Vec<f32>>,
) -> IndexedDocument {
    let StoredDocument { document, order } = stored;
    let chunks = chunks.into_iter().map(|chunk| IndexedChunk {
        id: chunk.id,
        ordinal: chunk.ordinal,
        terms: index_terms(&chunk.text),
        vector: vectors.get(&chunk.content_hash).cloned(),
    });
    IndexedDocument {
        id: document.id,
        project: document.assignment.project_id,
        kind: document.kind,
        occurred_at: document.occurred_at,
        order,
        title_terms: index_terms(&document.title),
        chunks: chunks.collect(),
        source: document.source,
    }
}

/// A term of the analyser as the index takes it.
pub(super) fn index_term(term: &Term) -> IndexTerm {
    IndexTerm::new(term.text.clone(), u32::try_from(term.position).unwrap_or(u32::MAX))
}

fn index_terms(text: &str) -> Vec<IndexTerm> {
    terms(text).iter().map(index_term).collect()
}
