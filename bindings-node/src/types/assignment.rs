//! The answer to "which project?".

use napi_derive::napi;

use super::list;

/// Which project a document belongs to, or that nobody knows.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Assignment {
    /// The project, or `null`: unassigned.
    pub project_id: Option<String>,
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
    #[napi(ts_type = "DecidedBy")]
    pub decided_by: String,
}

/// One fact that speaks for a project.
#[napi(object, object_from_js = false)]
pub struct Evidence {
    /// What kind of fact.
    #[napi(ts_type = "Signal")]
    pub signal: String,
    /// The fact itself: the keyword found, the address, the similar document.
    pub detail: String,
    /// Where it was found: `subject`, `text`, `sender`, `recipients`, `thread`, ...
    pub place: String,
    /// What it adds to the log-odds of the project.
    pub weight: f64,
}

/// A project with its probability, whether or not it won.
#[napi(object, object_from_js = false)]
pub struct Alternative {
    /// Which project.
    pub project_id: String,
    /// Its name at the time of the decision.
    pub name: String,
    /// Between 0 and 1; with "none of them" all of a decision's probabilities sum to 1.
    pub probability: f64,
}

impl From<besunny::Assignment> for Assignment {
    fn from(assignment: besunny::Assignment) -> Self {
        Self {
            project_id: assignment.project_id.map(|id| id.to_string()),
            confidence: assignment.confidence,
            reason: assignment.reason,
            evidence: list(assignment.evidence),
            alternatives: list(assignment.alternatives),
            model: assignment.model,
            decided_by: assignment.decided_by.to_string(),
        }
    }
}

impl From<besunny::Evidence> for Evidence {
    fn from(evidence: besunny::Evidence) -> Self {
        Self {
            signal: evidence.signal.to_string(),
            detail: evidence.detail,
            place: evidence.place,
            weight: evidence.weight,
        }
    }
}

impl From<besunny::Alternative> for Alternative {
    fn from(alternative: besunny::Alternative) -> Self {
        Self {
            project_id: alternative.project_id.to_string(),
            name: alternative.name,
            probability: alternative.probability,
        }
    }
}
