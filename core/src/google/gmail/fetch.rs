//! How messages are now: fetched in batches, read one by one.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::base64url;
use super::batch::{Batches, Outcome};
use super::source::GmailSource;
use super::wire::Message;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::{Content, Fetched, MailState, ObjectState, Wanted};
use crate::google::api::ApiFailure;
use crate::google::known::stored_content;

const OPERATION: &str = "gmail.message";
/// What an answer holds besides the message.
const ENVELOPE_BYTES: u64 = 64 << 10;

/// Fetches messages; the results are in the order of `wanted`.
pub(super) async fn fetch(source: &GmailSource, wanted: &[Wanted]) -> Vec<Result<Fetched>> {
    let options = &source.options;
    let targets: Vec<String> = wanted.iter().map(target).collect();
    let max_raw_bytes = options.max_message_bytes.div_ceil(3).saturating_mul(4);
    let batches = Batches {
        api: source.api.clone(),
        operation: OPERATION,
        units: options.costs.get,
        max_bytes: options.max_batch_bytes,
        max_bytes_of_one: max_raw_bytes.saturating_add(ENVELOPE_BYTES),
        tries: options.tries.max(1),
        pause: options.pause.min(Duration::from_mins(1)),
    };
    let outcomes = batches.get(&targets).await;
    wanted.iter().zip(outcomes).map(|(wanted, outcome)| read(source, wanted, outcome)).collect()
}

/// Whether the message is stored. Its content never changes, so labels are all that is asked for.
fn is_stored(wanted: &Wanted) -> bool {
    wanted.known.as_ref().is_some_and(|known| known.document.is_some() || stored_content(known).is_some())
}

fn target(wanted: &Wanted) -> String {
    let id = utf8_percent_encode(&wanted.id, NON_ALPHANUMERIC);
    let format = if is_stored(wanted) { "minimal" } else { "raw" };
    format!("/gmail/v1/users/me/messages/{id}?format={format}")
}

fn read(source: &GmailSource, wanted: &Wanted, outcome: Outcome) -> Result<Fetched> {
    let options = &source.options;
    let body = match outcome {
        Ok(body) => body,
        // Deleted since it was told.
        Err(ApiFailure::Refused(refusal)) if refusal.status == 404 => return Ok(Fetched::Gone),
        Err(failure) => return Err(Error::from(failure).with("message", &wanted.id)),
    };
    let nonsense =
        |what: &'static str| Error::new(ErrorKind::Upstream, OPERATION, what).with("message", &wanted.id);
    let message: Message = serde_json::from_slice(&body)
        .map_err(|_| nonsense("Gmail answered something that is not the JSON it documents"))?;
    let is_too_old =
        message.internal_date.zip(options.since).is_some_and(|(accepted, since)| accepted < since);
    if is_too_old || message.label_ids.iter().any(|label| options.hides(label)) {
        return Ok(Fetched::Gone);
    }
    let content = if is_stored(wanted) {
        Content::Same
    } else {
        let too_large = || {
            Error::new(ErrorKind::LimitExceeded, OPERATION, "the message is larger than what is read")
                .with("message", &wanted.id)
                .with("allowed", options.max_message_bytes)
        };
        let is_too_large = |size: u64| size > options.max_message_bytes;
        if message.size_estimate.is_some_and(is_too_large) {
            return Err(too_large());
        }
        let raw = message.raw.as_deref().ok_or_else(|| nonsense("Gmail answered without the message"))?;
        let raw = base64url::decode(raw).ok_or_else(|| nonsense("Gmail answered a message in no base64"))?;
        if is_too_large(raw.len() as u64) {
            return Err(too_large());
        }
        Content::Mail(raw)
    };
    Ok(Fetched::Object { state: Box::new(ObjectState::Mail(state(message))), content })
}

fn state(message: Message) -> MailState {
    let mut labels = message.label_ids;
    labels.sort_unstable();
    labels.dedup();
    MailState {
        thread: message.thread_id,
        labels,
        received_at: message.internal_date,
        size: message.size_estimate.unwrap_or_default(),
    }
}
