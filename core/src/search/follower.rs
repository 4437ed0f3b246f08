//! Applies the change log to each tenant's index.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::base::{CancelToken, DocumentId, ErrorKind, ProjectId, Result, Scope, TenantId};
use crate::domain::{
    Access, Change, ChangeKind, Chunk, ContentHash, Position, Store, StoredDocument, Transaction,
};
use crate::index::{
    HeldIndex, IndexChange, IndexTerm, IndexedChunk, IndexedDocument, Level, PATIENCE, TenantIndex,
};
use crate::ml::Encoder;
use crate::offload::offload;
use crate::text::{Term, embedded_text, terms};

/// How many changes are applied at once: large enough to make one commit of the index
/// worth it, small enough to bound memory.
const BATCH: u32 = 512;

/// How many indexes are kept open; the one that was not used for the longest time gives
/// way. Each holds file mappings, and some 20 MB while it is written to.
const MAX_OPEN: usize = 32;

/// How many texts are embedded between two signs of life.
const EMBEDDED_AT_ONCE: usize = 64;

/// How often a call begins again with an index that turns out damaged, or passes on.
const MAX_FAILURES: usize = 4;

/// The indexes of all tenants, each opened when it is needed.
pub(crate) struct IndexFollower {
    store: Arc<dyn Store>,
    encoder: Option<Arc<Encoder>>,
    folder: PathBuf,
    /// How long another process may hold an index without a sign of life.
    patience: Duration,
    open: Mutex<Open>,
}

/// Is told the position reached, and the one to reach.
pub(crate) type Reached = Arc<dyn Fn(Position, Position) + Send + Sync>;

/// How a long way is gone.
#[derive(Clone, Default)]
pub(crate) struct Following {
    pub(crate) progress: Option<Reached>,
    pub(crate) cancel: CancelToken,
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
        Self { store, encoder, folder, patience: PATIENCE, open: Mutex::default() }
    }

    /// The tenant's index, level with everything committed before this call by whichever
    /// process.
    pub(crate) async fn level(&self, scope: &Scope) -> Result<(Arc<TenantIndex>, Level)> {
        let followed = self.follow(scope, &Following::default()).await?;
        Ok((Arc::clone(&followed.0.index), followed.1))
    }

    /// Whether a search in this index that relied on `level` could rely on it to its end.
    pub(crate) fn held_good(index: &TenantIndex, level: Level) -> bool {
        index.level().incarnation == level.incarnation
    }

    /// Empties a tenant's index and fills it again from the store.
    pub(crate) async fn rebuild(&self, scope: &Scope, following: &Following) -> Result<()> {
        let tenant = self.tenant(scope).await?;
        {
            let _applying = tenant.applying.lock().await;
            let held = hold(&tenant.index).await?;
            offload("index.reset", move || held.reset()).await?;
        }
        self.follow(scope, following).await.map(drop)
    }

    /// Applies what is outstanding, unless somebody else is at it; how many positions it went
    /// on.
    pub(super) async fn keep_up(&self, scope: &Scope, stop: &CancelToken) -> Result<u64> {
        let tenant = self.tenant(scope).await?;
        let Ok(_applying) = tenant.applying.try_lock() else { return Ok(0) };
        let target = self.store.last_position(scope).await?;
        // Ahead of the store it must not stay: the database is an earlier one now.
        if tenant.index.level().position == target {
            return Ok(0);
        }
        let index = Arc::clone(&tenant.index);
        let Some(held) = offload("index.hold", move || index.try_hold()).await? else { return Ok(0) };
        // Others may have gone on before.
        let before = tenant.index.level().position;
        let following = Following { progress: None, cancel: stop.clone() };
        self.catch_up(scope, &tenant.index, held, target, &following).await?;
        Ok(tenant.index.level().position.saturating_sub(before))
    }

    /// The position the tenant's index has applied, without applying more.
    pub(crate) async fn position(&self, scope: &Scope) -> Result<Position> {
        let tenant = self.tenant(scope).await?;
        let index = Arc::clone(&tenant.index);
        offload("index.refresh", move || index.refresh().map(|()| index.level().position)).await
    }

    /// Opens the tenant's index anew, which reads and checks all of its files.
    pub(super) async fn reopen(&self, scope: &Scope) {
        self.open.lock().await.tenants.remove(&scope.tenant());
    }

    async fn follow(&self, scope: &Scope, following: &Following) -> Result<(Arc<Tenant>, Level)> {
        let tenant = self.tenant(scope).await?;
        let target = self.store.last_position(scope).await?;
        let level = tenant.index.level();
        if level.position == target {
            return Ok((tenant, level));
        }
        let applying = tenant.applying.lock().await;
        let index = Arc::clone(&tenant.index);
        offload("index.refresh", move || index.refresh()).await?;
        let mut level = tenant.index.level();
        let mut failures = 0;
        while level.position < target || self.is_ahead(scope, level).await? {
            let caught_up = match hold(&tenant.index).await {
                Ok(held) => self.catch_up(scope, &tenant.index, held, target, following).await,
                Err(error) => Err(error),
            };
            level = tenant.index.level();
            match caught_up {
                // Another process has begun a newer generation, or files are damaged.
                Err(error)
                    if failures < MAX_FAILURES
                        && matches!(error.kind(), ErrorKind::Index | ErrorKind::Locked) =>
                {
                    failures += 1;
                    tracing::warn!(%error, "the search index is to be brought level again");
                    if error.kind() == ErrorKind::Index {
                        let held = hold(&tenant.index).await?;
                        offload("index.reset", move || held.reset()).await?;
                        level = tenant.index.level();
                    }
                }
                other => other?,
            }
        }
        drop(applying);
        Ok((tenant, level))
    }

    /// Whether the index stands for more than the store holds, because the database was
    /// replaced by an earlier one.
    async fn is_ahead(&self, scope: &Scope, level: Level) -> Result<bool> {
        Ok(level.position > self.store.last_position(scope).await?)
    }

    /// Whether the tenant's index is open in this process.
    pub(super) async fn is_open(&self, scope: &Scope) -> bool {
        self.open.lock().await.tenants.contains_key(&scope.tenant())
    }

    /// Applies changes up to `target` at least.
    async fn catch_up(
        &self,
        scope: &Scope,
        index: &Arc<TenantIndex>,
        held: HeldIndex,
        target: Position,
        following: &Following,
    ) -> Result<()> {
        let held = Arc::new(held);
        let mut target = target;
        if held.is_unsettled() {
            target = target.max(self.store.last_position(scope).await?);
        }
        let is_stuck = held.is_unsettled() && index.level().position >= target;
        if is_stuck || self.is_ahead(scope, index.level()).await? {
            let held = Arc::clone(&held);
            offload("index.reset", move || held.reset()).await?;
        }
        while index.level().position < target {
            following.cancel.check("index.apply")?;
            self.apply_batch(scope, index, &held).await?;
            if let Some(progress) = &following.progress {
                progress(index.level().position.min(target), target);
            }
        }
        Ok(())
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
        // Whose index is open here is told of what other processes commit, where that goes.
        self.store.listen();
        let folder = self.folder.join(scope.tenant().to_string());
        let (dimension, key) = match &self.encoder {
            Some(encoder) => (Some(encoder.info().dimension), encoder.info().fingerprint.clone()),
            None => (None, String::new()),
        };
        let patience = self.patience;
        let index =
            offload("index.open", move || TenantIndex::open(&folder, dimension, &key, patience)).await?;
        let tenant = Arc::new(Tenant { index: Arc::new(index), applying: Mutex::new(()) });
        open.tenants.insert(scope.tenant(), (Arc::clone(&tenant), uses));
        Ok(tenant)
    }

    async fn apply_batch(
        &self,
        scope: &Scope,
        index: &Arc<TenantIndex>,
        held: &Arc<HeldIndex>,
    ) -> Result<()> {
        let mut read = self.store.begin(scope, Access::Read).await?;
        let changes = read.changes_after(index.level().position, BATCH).await?;
        let Some(position) = changes.last().map(|change| change.position) else { return Ok(()) };
        let mut moves_and_deletes = Vec::new();
        let mut put: Vec<DocumentId> = Vec::new();
        for (document, step) in steps(&changes) {
            match step {
                Step::Delete => moves_and_deletes.push(IndexChange::Delete(document)),
                Step::Move(project) => moves_and_deletes.push(IndexChange::Move { document, project }),
                Step::Put => put.push(document),
            }
        }
        let mut puts: Vec<(StoredDocument, Vec<Chunk>)> = Vec::new();
        let (documents, chunks) = (read.documents_by_id(&put).await?, read.chunks_of(&put).await?);
        for ((document, stored), chunks) in put.into_iter().zip(documents).zip(chunks) {
            match stored {
                Some(stored) => puts.push((stored, chunks)),
                // Deleted by a change beyond this batch.
                None => moves_and_deletes.push(IndexChange::Delete(document)),
            }
        }
        let mut vectors = self.vectors(&mut *read, puts.iter().flat_map(|(_, chunks)| chunks)).await?;
        drop(read);
        self.embed_missing(scope, &puts, &mut vectors, held).await?;
        let held = Arc::clone(held);
        offload("index.apply", move || {
            let mut changes = moves_and_deletes;
            changes.extend(puts.into_iter().map(|put| IndexChange::Put(indexed(put, &vectors))));
            held.apply(changes, position)
        })
        .await
    }

    /// The store that is followed.
    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The remembered vectors of chunks.
    pub(super) async fn vectors(
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
        held: &Arc<HeldIndex>,
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
        // In parts, with a sign of life after each: a model can take long.
        for part in missing.chunks(EMBEDDED_AT_ONCE) {
            let (hashes, texts): (Vec<ContentHash>, Vec<String>) = part.iter().cloned().unzip();
            let made: Vec<(ContentHash, Vec<f32>)> =
                hashes.into_iter().zip(encoder.embed(texts).await?).collect();
            let mut write = self.store.begin(scope, Access::Write).await?;
            write.put_vectors(&encoder.info().fingerprint, &made).await?;
            write.commit().await?;
            vectors.extend(made);
            let held = Arc::clone(held);
            offload("index.apply", move || held.stamp()).await?;
        }
        Ok(())
    }
}

async fn hold(index: &Arc<TenantIndex>) -> Result<HeldIndex> {
    let index = Arc::clone(index);
    offload("index.hold", move || index.hold()).await
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
