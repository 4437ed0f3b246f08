//! The answer to "which project?": always with evidence, alternatives and a probability.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::document::text_enum;
use crate::base::{DocumentId, Error, ErrorKind, ProjectId, Timestamp};

text_enum! {
    /// What kind of fact speaks for a project.
    Signal, "signal" {
        /// The project's name stands in the subject or the text.
        Name = "name",
        /// One of its codes does.
        Code = "code",
        /// One of its keywords does.
        Keyword = "keyword",
        /// One of its tags does.
        Tag = "tag",
        /// One of its categories does.
        Category = "category",
        /// One of its people wrote it, received it or is mentioned.
        Person = "person",
        /// Sender or recipient have one of its domains.
        Domain = "domain",
        /// Other mail of the same conversation belongs to it.
        Thread = "thread",
        /// The mail that this was attached to belongs to it.
        Parent = "parent",
        /// Its description is about the same thing.
        Similarity = "similarity",
        /// Documents that a user put there are alike.
        Neighbour = "neighbour",
        /// Other mail of this sender was put there by a user.
        Sender = "sender",
        /// A user said so.
        Correction = "correction",
    }
}

text_enum! {
    /// Who decided.
    DecidedBy, "decider" {
        /// The library, from evidence.
        Auto = "auto",
        /// A user.
        User = "user",
    }
}

/// One fact that speaks for a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What kind of fact.
    pub signal: Signal,
    /// The fact itself: the keyword found, the address, the similar document.
    pub detail: String,
    /// Where it was found: `subject`, `text`, `sender`, `recipients`, `thread`, ...
    pub place: String,
    /// What it adds to the log-odds of the project.
    pub weight: f64,
}

/// A project with its probability, whether or not it won.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// Which project.
    pub project_id: ProjectId,
    /// Its name at the time of the decision.
    pub name: String,
    /// Between 0 and 1; with "none of them" all of a decision's probabilities sum to 1.
    pub probability: f64,
}

/// Which project a document belongs to, or that nobody knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The project, or `None`: unassigned.
    pub project_id: Option<ProjectId>,
    /// The probability of the answer's project; of the likeliest one when unassigned.
    pub confidence: f64,
    /// One sentence on how the decision came about.
    pub reason: String,
    /// What speaks for the likeliest project, strongest first.
    pub evidence: Vec<Evidence>,
    /// Every project, likeliest first, also when unassigned.
    pub alternatives: Vec<Alternative>,
    /// The version of the decision model.
    pub model: String,
    /// Who decided.
    pub decided_by: DecidedBy,
}

impl Assignment {
    /// Whether a project was found.
    #[must_use]
    pub fn is_assigned(&self) -> bool {
        self.project_id.is_some()
    }

    /// Takes a deleted project out: a document that belonged to it becomes unassigned,
    /// and is open to a new decision.
    pub fn lose_project(&mut self, project: ProjectId) {
        self.alternatives.retain(|alternative| alternative.project_id != project);
        if self.project_id == Some(project) {
            self.project_id = None;
            self.confidence = self.alternatives.first().map_or(0.0, |best| best.probability);
            self.reason = "its project was deleted".to_owned();
            self.evidence.clear();
            self.decided_by = DecidedBy::Auto;
        }
    }

    /// A user's decision, which outranks every other.
    #[must_use]
    pub fn by_user(project_id: Option<ProjectId>, alternatives: Vec<Alternative>) -> Self {
        Self {
            project_id,
            confidence: 1.0,
            reason: match project_id {
                Some(_) => "assigned by the user".to_owned(),
                None => "left unassigned by the user".to_owned(),
            },
            evidence: vec![Evidence {
                signal: Signal::Correction,
                detail: "the user's decision".to_owned(),
                place: "correction".to_owned(),
                weight: 0.0,
            }],
            alternatives,
            model: "user".to_owned(),
            decided_by: DecidedBy::User,
        }
    }
}

/// A user's decision about one document, kept to learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// Which document.
    pub document_id: DocumentId,
    /// Where it was.
    pub from_project: Option<ProjectId>,
    /// Where it belongs.
    pub to_project: Option<ProjectId>,
    /// When the user said so.
    pub at: Timestamp,
}
