//! Batches: many calls in one, each of which succeeds or fails by itself.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use super::multipart;
use crate::base::{Error, ErrorKind};
use crate::google::api::{Api, ApiFailure, ApiRequest, Method, Payload};
use crate::google::envelope;

/// As many calls as Gmail runs at once for a user without refusing some.
pub(super) const MOST: usize = 25;
/// Holds nothing that a path could hold: those are encoded.
const BOUNDARY: &str = "=_besunny_batch";

/// How batches are sent.
pub(super) struct Batches {
    pub(super) api: Arc<dyn Api>,
    /// What the calls are, as errors name them.
    pub(super) operation: &'static str,
    /// What each call costs.
    pub(super) units: u32,
    /// The most bytes of the answer to many calls, and to one.
    pub(super) max_bytes: u64,
    pub(super) max_bytes_of_one: u64,
    /// How often a call is sent, and the pause before the second time.
    pub(super) tries: u32,
    pub(super) pause: Duration,
}

/// What became of a call.
pub(super) type Outcome = Result<Vec<u8>, ApiFailure>;

/// Calls that go together, and how often they went already.
struct Group {
    calls: Vec<usize>,
    tried: u32,
}

impl Batches {
    /// Sends GET calls; their outcomes are in their order. `targets` are paths with queries,
    /// encoded.
    pub(super) async fn get(&self, targets: &[String]) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = targets.iter().map(|_| None).collect();
        let all: Vec<usize> = (0..targets.len()).collect();
        let mut groups: VecDeque<Group> =
            all.chunks(MOST).map(|calls| Group { calls: calls.to_vec(), tried: 0 }).collect();
        while let Some(mut group) = groups.pop_front() {
            if group.tried > 0 {
                tokio::time::sleep(self.pause.saturating_mul(1 << (group.tried - 1).min(16))).await;
            }
            match self.send(targets, &group.calls).await {
                Ok(answers) => {
                    let mut again = Vec::new();
                    group.tried += 1;
                    for (call, outcome) in group.calls.into_iter().zip(answers) {
                        if is_worth_another_try(&outcome) && group.tried < self.tries {
                            again.push(call);
                        } else {
                            outcomes[call] = Some(settled(outcome));
                        }
                    }
                    if !again.is_empty() {
                        groups.push_front(Group { calls: again, tried: group.tried });
                    }
                }
                // Together their answers are too large; each by itself may not be.
                Err(ApiFailure::Other(error))
                    if error.kind() == ErrorKind::LimitExceeded && group.calls.len() > 1 =>
                {
                    let second = group.calls.split_off(group.calls.len() / 2);
                    groups.push_front(Group { calls: second, tried: group.tried });
                    groups.push_front(group);
                }
                // The batch itself was tried as often as makes sense.
                Err(failure) => {
                    for call in group.calls {
                        outcomes[call] = Some(Err(again(&failure)));
                    }
                }
            }
        }
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(self.missing()))).collect()
    }

    /// Sends one batch; the outcomes of `calls` in their order.
    async fn send(&self, targets: &[String], calls: &[usize]) -> Result<Vec<Outcome>, ApiFailure> {
        let mut body = String::new();
        for &call in calls {
            let _infallible = write!(
                body,
                "--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <item-{call}>\r\n\r\nGET {} HTTP/1.1\r\n\r\n\r\n",
                targets[call]
            );
        }
        let _infallible = write!(body, "--{BOUNDARY}--\r\n");
        let url = format!("{}/batch/gmail/v1", self.api.endpoints().gmail);
        let units = self.units.saturating_mul(u32::try_from(calls.len()).unwrap_or(u32::MAX));
        let request = ApiRequest {
            method: Method::Post,
            payload: Payload::Bytes {
                content_type: format!("multipart/mixed; boundary=\"{BOUNDARY}\""),
                bytes: body.into_bytes(),
            },
            max_bytes: if calls.len() > 1 { self.max_bytes } else { self.max_bytes_of_one },
            ..ApiRequest::get(self.operation, url, units)
        };
        let response = self.api.call(request).await?;
        let answers =
            multipart::answers(response.header("content-type").unwrap_or_default(), &response.body)?;
        let mut outcomes: Vec<Outcome> = calls.iter().map(|_| Err(self.missing())).collect();
        for answer in answers {
            let Some(place) = item(answer.id).and_then(|item| calls.iter().position(|&call| call == item))
            else {
                continue;
            };
            outcomes[place] = match answer.status {
                200..300 => Ok(answer.body.to_vec()),
                status => Err(ApiFailure::Refused(envelope::read(self.operation, status, answer.body).0)),
            };
        }
        Ok(outcomes)
    }

    fn missing(&self) -> ApiFailure {
        Error::new(ErrorKind::Upstream, self.operation, "Gmail left a call of a batch without an answer")
            .into()
    }
}

/// The number in `response-item-3`.
fn item(id: &str) -> Option<usize> {
    id.strip_prefix("response-").unwrap_or(id).strip_prefix("item-")?.parse().ok()
}

fn is_worth_another_try(outcome: &Outcome) -> bool {
    match outcome {
        Ok(_) => false,
        Err(ApiFailure::Refused(refusal)) => {
            refusal.is_rate_limit() || matches!(refusal.status, 401 | 408 | 500..)
        }
        // Its answer was missing.
        Err(ApiFailure::Other(_)) => true,
    }
}

/// An outcome after the last try. A token that Gmail takes for the batch and not for one of its
/// calls ended in between: that says nothing about the account, whose next call will.
fn settled(outcome: Outcome) -> Outcome {
    match outcome {
        Err(ApiFailure::Refused(refusal)) if refusal.status == 401 => Err(Error::new(
            ErrorKind::Upstream,
            refusal.operation,
            "the account's token ended while a batch was under way",
        )
        .into()),
        outcome => outcome,
    }
}

/// The same failure once more: a batch that fails, fails for all of its calls.
fn again(failure: &ApiFailure) -> ApiFailure {
    match failure {
        ApiFailure::Refused(refusal) => ApiFailure::Refused(refusal.clone()),
        ApiFailure::Other(error) => {
            let copy = Error::new(error.kind(), error.operation(), error.message());
            error.context().iter().fold(copy, |copy, (key, value)| copy.with(key, value)).into()
        }
    }
}
