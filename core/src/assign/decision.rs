//! From evidence to one probability per project, and the answer.

use super::evidence::{Item, evidence, sort_by_weight};
use super::learned::Learned;
use super::profile::Profile;
use crate::base::DocumentId;
use crate::domain::{Alternative, Assignment, DecidedBy, Evidence, ItemClues, Signal};

/// The version of the weights and formulas of this room; stored with every answer.
pub(crate) const MODEL: &str = "signals-1";

/// Below this probability the answer is "unassigned".
pub(super) const THRESHOLD: f64 = 0.5;
/// The threshold where a second project is also likely.
pub(super) const AMBIGUOUS_THRESHOLD: f64 = 0.6;
/// From this probability on, a second project makes the case ambiguous.
const RIVAL: f64 = 0.25;
/// The log-odds of "none of them" before any evidence: about what one clear sign (a code, a
/// name of several words) must outweigh.
const NONE: f64 = 2.1;
/// What earlier mail of a conversation adds for the project of its last.
const THREAD: f64 = 3.6;
/// What it adds when a user put it there.
const THREAD_BY_USER: f64 = 5.0;
/// The log-odds that no amount of evidence exceeds: nothing is certain, and an item that
/// names two projects often is not decided by which it names more often.
const CEILING: f64 = 6.0;
/// How many pieces of evidence an answer keeps.
const KEPT_EVIDENCE: usize = 12;

/// What is known about a tenant's projects.
#[derive(Clone, Debug, Default)]
pub(super) struct Knowledge {
    pub(super) profiles: Vec<Profile>,
    pub(super) learned: Learned,
}

impl Knowledge {
    /// Decides. `thread` holds the assignments of the conversation's other mail, in order
    /// of ingestion.
    pub(super) fn decide(&self, clues: &ItemClues<'_>, thread: &[(DocumentId, Assignment)]) -> Assignment {
        if self.profiles.is_empty() {
            return unassigned("there are no projects yet".to_owned(), 0.0, Vec::new(), Vec::new());
        }
        let item = Item::new(*clues);
        let mut learned = self.learned.evidence(clues);
        let against: f64 =
            learned.remove(&None).map_or(0.0, |found| found.iter().map(|piece| piece.weight).sum());
        let mut candidates: Vec<(usize, f64, Vec<Evidence>)> = Vec::with_capacity(self.profiles.len());
        for (index, profile) in self.profiles.iter().enumerate() {
            let mut found = item.evidence_for(profile);
            found.extend(learned.remove(&Some(profile.project.id)).unwrap_or_default());
            found.extend(thread_evidence(profile, thread));
            sort_by_weight(&mut found);
            let sum: f64 = found.iter().map(|piece| piece.weight).sum();
            let score = CEILING * (sum / CEILING).tanh();
            candidates.push((index, score, found));
        }
        // A project without evidence weighs 1/n, so that the number of silent projects
        // does not drown the one that speaks.
        let silent = 1.0 / self.profiles.len() as f64;
        let mass = |score: f64| score.exp() - 1.0 + silent;
        let total = (NONE + against).exp() + candidates.iter().map(|(_, score, _)| mass(*score)).sum::<f64>();
        candidates.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let alternatives: Vec<Alternative> = candidates
            .iter()
            .map(|(index, score, _)| {
                let project = &self.profiles[*index].project;
                Alternative {
                    project_id: project.id,
                    name: project.fields.name.clone(),
                    probability: mass(*score) / total,
                }
            })
            .collect();
        let mut evidence = candidates.swap_remove(0).2;
        evidence.truncate(KEPT_EVIDENCE);
        answer(alternatives, evidence)
    }
}

fn thread_evidence(profile: &Profile, thread: &[(DocumentId, Assignment)]) -> Option<Evidence> {
    let ours = |assignment: &Assignment| assignment.project_id == Some(profile.project.id);
    let by_user = thread.iter().rev().find(|(_, assignment)| assignment.decided_by == DecidedBy::User);
    if let Some((_, assignment)) = by_user {
        let said = "the user put this conversation here";
        return ours(assignment).then(|| evidence(Signal::Thread, said, "thread", THREAD_BY_USER));
    }
    let (_, latest) = thread.iter().rev().find(|(_, assignment)| assignment.is_assigned())?;
    // The surest mail speaks for its conversation: a chain of short answers does not fade.
    let surest = thread.iter().filter(|(_, other)| ours(other)).map(|(_, other)| other.confidence);
    let weight = THREAD * surest.fold(0.0, f64::max);
    let said = "earlier mail of this conversation is here";
    ours(latest).then(|| evidence(Signal::Thread, said, "thread", weight))
}

fn answer(alternatives: Vec<Alternative>, evidence: Vec<Evidence>) -> Assignment {
    let (Some(best), rival) = (alternatives.first(), alternatives.get(1)) else {
        return unassigned("there are no projects yet".to_owned(), 0.0, evidence, alternatives);
    };
    let (name, confidence, project_id) = (best.name.clone(), best.probability, best.project_id);
    let ambiguous = rival.filter(|rival| rival.probability >= RIVAL);
    let threshold = if ambiguous.is_some() { AMBIGUOUS_THRESHOLD } else { THRESHOLD };
    if confidence >= threshold {
        let reason = summary(&evidence);
        return Assignment {
            project_id: Some(project_id),
            confidence,
            reason,
            evidence,
            alternatives,
            model: MODEL.to_owned(),
            decided_by: DecidedBy::Auto,
        };
    }
    let reason = match ambiguous {
        Some(rival) => format!(
            "{name} ({confidence:.2}) and {} ({:.2}) are both possible; {AMBIGUOUS_THRESHOLD} is needed to choose",
            rival.name, rival.probability
        ),
        None if evidence.is_empty() => "nothing in it points to a project".to_owned(),
        None => format!("{name} is the likeliest, but {confidence:.2} is below {THRESHOLD}"),
    };
    unassigned(reason, confidence, evidence, alternatives)
}

fn unassigned(
    reason: String,
    confidence: f64,
    evidence: Vec<Evidence>,
    alternatives: Vec<Alternative>,
) -> Assignment {
    Assignment {
        project_id: None,
        confidence,
        reason,
        evidence,
        alternatives,
        model: MODEL.to_owned(),
        decided_by: DecidedBy::Auto,
    }
}

/// The strongest evidence in a sentence.
fn summary(evidence: &[Evidence]) -> String {
    let parts = evidence.iter().take(3).map(|piece| match piece.signal {
        Signal::Thread | Signal::Parent => piece.detail.clone(),
        Signal::Neighbour => format!("like {}, which the user put here", piece.detail),
        Signal::Sender => format!("the user put other mail of {} here", piece.detail),
        Signal::Similarity => format!("about the same thing ({})", piece.detail),
        signal => format!("{signal} \"{}\" in the {}", piece.detail, piece.place),
    });
    parts.collect::<Vec<_>>().join("; ")
}
