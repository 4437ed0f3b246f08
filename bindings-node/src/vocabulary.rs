//! The words of the closed lists. `types/header.d.ts` spells them as literal unions; a
//! test compares the two.

use std::collections::HashMap;

use besunny::StoreStatus;
use besunny::{
    Automatic, ChangeKind, DecidedBy, DocumentType, ErrorKind, IntakeStatus, JobState, OnFailure, Precision,
    SearchMode, Signal, Start,
};
use napi_derive::napi;

/// The word for why a mail counts as sent by a machine.
pub(crate) const fn automatic(reason: Automatic) -> &'static str {
    match reason {
        Automatic::Bounce => "bounce",
        Automatic::AutoReply => "auto_reply",
        Automatic::List => "list",
        Automatic::Bulk => "bulk",
        Automatic::Spam => "spam",
    }
}

const AUTOMATIC: [Automatic; 5] =
    [Automatic::Bounce, Automatic::AutoReply, Automatic::List, Automatic::Bulk, Automatic::Spam];
/// The word for what becomes of an event whose handler keeps failing.
pub(crate) const fn on_failure(what: OnFailure) -> &'static str {
    match what {
        OnFailure::Stop => "stop",
        OnFailure::Skip => "skip",
    }
}

pub(crate) const ON_FAILURE: [OnFailure; 2] = [OnFailure::Stop, OnFailure::Skip];
const STORE_STATUS: [StoreStatus; 3] = [StoreStatus::Stored, StoreStatus::Updated, StoreStatus::Unchanged];
const PRECISION: [Precision; 2] = [Precision::Fp32, Precision::Int8];

/// Every literal union with its words, in declaration order.
#[napi(skip_typescript)]
pub fn vocabulary() -> HashMap<String, Vec<String>> {
    fn words<T: Copy>(values: &[T], word: impl Fn(T) -> &'static str) -> Vec<String> {
        values.iter().map(|value| word(*value).to_owned()).collect()
    }
    HashMap::from([
        ("Automatic".to_owned(), words(&AUTOMATIC, automatic)),
        ("ChangeKind".to_owned(), words(ChangeKind::ALL, ChangeKind::as_str)),
        ("DecidedBy".to_owned(), words(DecidedBy::ALL, DecidedBy::as_str)),
        ("DocumentType".to_owned(), words(DocumentType::ALL, DocumentType::as_str)),
        ("ErrorCode".to_owned(), words(ErrorKind::ALL, ErrorKind::code)),
        ("IntakeStatus".to_owned(), words(IntakeStatus::ALL, IntakeStatus::as_str)),
        ("JobState".to_owned(), words(JobState::ALL, JobState::as_str)),
        ("OnFailure".to_owned(), words(&ON_FAILURE, on_failure)),
        ("Precision".to_owned(), words(&PRECISION, Precision::name)),
        ("SearchMode".to_owned(), words(SearchMode::ALL, SearchMode::as_str)),
        ("Signal".to_owned(), words(Signal::ALL, Signal::as_str)),
        ("Start".to_owned(), words(Start::ALL, Start::as_str)),
        ("StoreStatus".to_owned(), words(&STORE_STATUS, StoreStatus::as_str)),
    ])
}
