//! What users corrected, as examples that new items are compared with.

use std::collections::BTreeMap;

use super::evidence::{dot, evidence};
use crate::base::{DocumentId, ProjectId};
use crate::domain::{Evidence, ItemClues, Signal};

/// A document whose place a user decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Example {
    /// Where it belongs; `None` says "to no project".
    pub(super) project: Option<ProjectId>,
    pub(super) title: String,
    /// The sender's address, lower case.
    pub(super) sender: Option<String>,
    pub(super) vector: Option<Vec<f32>>,
    /// Its place in the order of ingestion: the order in which equals are named.
    pub(super) order: u64,
}

/// All examples of a tenant, one per document: the latest correction counts, so the order
/// in which different documents were corrected does not matter.
#[derive(Clone, Debug, Default)]
pub(super) struct Learned {
    examples: BTreeMap<DocumentId, Example>,
}

/// Cosine at which a corrected document begins to count as alike.
const NEIGHBOUR_FROM: f64 = 0.35;
/// Log-odds of a neighbour that is the same text.
const NEIGHBOUR_FULL: f64 = 4.0;
/// How many of the nearest examples of a project count.
const NEIGHBOURS: usize = 5;
/// Log-odds when all corrected mail of a sender belongs to one project.
const SENDER: f64 = 2.2;

impl Learned {
    pub(super) fn insert(&mut self, document: DocumentId, example: Example) {
        self.examples.insert(document, example);
    }

    pub(super) fn count(&self) -> usize {
        self.examples.len()
    }

    pub(super) fn remove(&mut self, document: DocumentId) {
        self.examples.remove(&document);
    }

    pub(super) fn forget_project(&mut self, project: ProjectId) {
        self.examples.retain(|_, example| example.project != Some(project));
    }

    /// What the examples say for each project, and under `None` for "no project".
    pub(super) fn evidence(&self, clues: &ItemClues<'_>) -> BTreeMap<Option<ProjectId>, Vec<Evidence>> {
        let mut found: BTreeMap<Option<ProjectId>, Vec<Evidence>> = BTreeMap::new();
        let mut alike: BTreeMap<Option<ProjectId>, Vec<(f64, &Example)>> = BTreeMap::new();
        if let Some(vector) = clues.vector {
            for example in self.examples.values() {
                let cosine = example.vector.as_deref().map_or(0.0, |known| dot(vector, known));
                if cosine > NEIGHBOUR_FROM {
                    alike.entry(example.project).or_default().push((cosine, example));
                }
            }
        }
        for (project, mut neighbours) in alike {
            neighbours.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.order.cmp(&b.1.order)));
            let Some((nearest, example)) = neighbours.first() else { continue };
            let strength: f64 =
                neighbours.iter().take(NEIGHBOURS).enumerate().fold(0.0, |sum, (rank, (cosine, _))| {
                    let share = (cosine - NEIGHBOUR_FROM) / (1.0 - NEIGHBOUR_FROM);
                    sum + share * 0.5_f64.powi(i32::try_from(rank).unwrap_or(i32::MAX))
                });
            let detail = format!("\"{}\" (cosine {nearest:.2})", example.title);
            let weight = NEIGHBOUR_FULL * strength.min(1.0);
            found.entry(project).or_default().push(evidence(
                Signal::Neighbour,
                &detail,
                "corrections",
                weight,
            ));
        }
        let sender = clues.sender.map(|sender| sender.address.to_lowercase());
        if let Some(address) = sender.as_deref().filter(|address| !address.is_empty()) {
            let mut counts: BTreeMap<Option<ProjectId>, f64> = BTreeMap::new();
            for example in self.examples.values().filter(|example| example.sender.as_deref() == Some(address))
            {
                *counts.entry(example.project).or_default() += 1.0;
            }
            let all: f64 = counts.values().sum();
            for (project, count) in counts {
                // One example is a hint, several are a habit.
                let weight = SENDER * (count / all) * (count / (count + 0.5));
                found.entry(project).or_default().push(evidence(
                    Signal::Sender,
                    address,
                    "corrections",
                    weight,
                ));
            }
        }
        found
    }
}
