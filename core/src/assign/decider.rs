//! Keeps what is known about each tenant's projects up to date from the store, and
//! decides with it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::decision::Knowledge;
use super::learned::Example;
use super::profile::{profile_text, profiles};
use crate::base::{DocumentId, ProjectId, Result, Scope, TenantId};
use crate::domain::{
    Access, Assignment, ChangeKind, ContentHash, Decider, DocumentType, ItemClues, Position, Project, Store,
    Transaction,
};
use crate::ml::Encoder;

/// The changes that alter what is known.
const KINDS: [ChangeKind; 5] = [
    ChangeKind::ProjectCreated,
    ChangeKind::ProjectUpdated,
    ChangeKind::ProjectDeleted,
    ChangeKind::DocumentCorrected,
    ChangeKind::DocumentDeleted,
];
/// How many changes are read at once.
const BATCH: u32 = 1000;

/// Decides with what the store says about projects and corrections.
pub(crate) struct ProjectDecider {
    store: Arc<dyn Store>,
    encoder: Option<Arc<Encoder>>,
    tenants: Mutex<HashMap<TenantId, Arc<Mutex<Known>>>>,
}

/// One tenant's knowledge and the log position it stands for.
#[derive(Default)]
struct Known {
    position: Position,
    knowledge: Arc<Knowledge>,
}

impl ProjectDecider {
    pub(crate) fn new(store: Arc<dyn Store>, encoder: Option<Arc<Encoder>>) -> Self {
        Self { store, encoder, tenants: Mutex::new(HashMap::new()) }
    }

    async fn known(&self, tenant: TenantId) -> Arc<Mutex<Known>> {
        Arc::clone(self.tenants.lock().await.entry(tenant).or_default())
    }

    /// Vectors of the projects' own texts, embedded once and remembered.
    async fn profile_vectors(&self, scope: &Scope, projects: &[Project]) -> Result<Vec<Option<Vec<f32>>>> {
        let Some(encoder) = &self.encoder else { return Ok(vec![None; projects.len()]) };
        let texts: Vec<String> = projects.iter().map(profile_text).collect();
        let hashes: Vec<ContentHash> = texts.iter().map(|text| ContentHash::of(text.as_bytes())).collect();
        let model = &encoder.info().fingerprint;
        let mut read = self.store.begin(scope, Access::Read).await?;
        let mut vectors = read.vectors(model, &hashes).await?;
        drop(read);
        let missing: Vec<usize> = (0..texts.len()).filter(|&index| vectors[index].is_none()).collect();
        if !missing.is_empty() {
            let made = encoder.embed(missing.iter().map(|&index| texts[index].clone()).collect()).await?;
            let new: Vec<(ContentHash, Vec<f32>)> =
                missing.iter().map(|&index| hashes[index]).zip(made).collect();
            let mut write = self.store.begin(scope, Access::Write).await?;
            write.put_vectors(model, &new).await?;
            write.commit().await?;
            for (index, (_, vector)) in missing.into_iter().zip(new) {
                vectors[index] = Some(vector);
            }
        }
        Ok(vectors)
    }

    async fn example(
        &self,
        transaction: &mut dyn Transaction,
        document: DocumentId,
        project: Option<ProjectId>,
    ) -> Result<Option<Example>> {
        let Some(stored) = transaction.document(document).await? else { return Ok(None) };
        // An attachment follows its mail; the mail is the example.
        if stored.document.parent_id.is_some() && stored.document.kind != DocumentType::Email {
            return Ok(None);
        }
        let vector = match &self.encoder {
            Some(encoder) => {
                let hashes: Vec<ContentHash> =
                    transaction.chunks(document).await?.iter().map(|chunk| chunk.content_hash).collect();
                let vectors = transaction.vectors(&encoder.info().fingerprint, &hashes).await?;
                crate::ml::mean_vector(vectors.iter().flatten().map(Vec::as_slice))
            }
            None => None,
        };
        let sender = stored.document.mail.as_ref().and_then(|mail| mail.facts.author());
        Ok(Some(Example {
            project,
            title: stored.document.title.clone(),
            sender: sender.map(|mailbox| mailbox.address.to_lowercase()),
            vector,
            order: stored.order,
        }))
    }
}

#[async_trait]
impl Decider for ProjectDecider {
    async fn prepare(&self, scope: &Scope) -> Result<()> {
        let known = self.known(scope.tenant()).await;
        let mut known = known.lock().await;
        let mut read = self.store.begin(scope, Access::Read).await?;
        let mut changes = Vec::new();
        loop {
            let after =
                changes.last().map_or(known.position, |change: &crate::domain::Change| change.position);
            let batch = read.changes_of(&KINDS, after, BATCH).await?;
            let done = batch.len() < BATCH as usize;
            changes.extend(batch);
            if done {
                break;
            }
        }
        let Some(last) = changes.last().map(|change| change.position) else { return Ok(()) };
        // Changed in place, unless somebody is deciding with it right now. After a failure
        // half-way the position stands still, and the changes are applied again.
        let Known { position, knowledge } = &mut *known;
        let knowledge = Arc::make_mut(knowledge);
        let mut projects_changed = false;
        for change in &changes {
            match (change.kind, change.document_id, change.project_id) {
                (ChangeKind::DocumentCorrected, Some(document), project) => {
                    match self.example(&mut *read, document, project).await? {
                        Some(example) => knowledge.learned.insert(document, example),
                        None => knowledge.learned.remove(document),
                    }
                }
                (ChangeKind::DocumentDeleted, Some(document), _) => knowledge.learned.remove(document),
                (ChangeKind::ProjectDeleted, _, Some(project)) => {
                    knowledge.learned.forget_project(project);
                    projects_changed = true;
                }
                _ => projects_changed = true,
            }
        }
        if projects_changed {
            let projects = read.projects().await?;
            drop(read);
            let vectors = self.profile_vectors(scope, &projects).await?;
            knowledge.profiles = profiles(projects, vectors);
        }
        *position = last;
        Ok(())
    }

    async fn train(&self, scope: &Scope) -> Result<u64> {
        let known = self.known(scope.tenant()).await;
        // Whoever decides meanwhile keeps what it began with.
        *known.lock().await = Known::default();
        self.prepare(scope).await?;
        let examples = known.lock().await.knowledge.learned.count();
        Ok(examples as u64)
    }

    async fn decide(&self, transaction: &mut dyn Transaction, clues: &ItemClues<'_>) -> Result<Assignment> {
        let known = self.known(transaction.scope().tenant()).await;
        let knowledge = Arc::clone(&known.lock().await.knowledge);
        let thread = match clues.thread_id {
            Some(thread) => transaction.thread_assignments(thread).await?,
            None => Vec::new(),
        };
        Ok(knowledge.decide(clues, &thread))
    }
}
