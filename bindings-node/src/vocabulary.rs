//! The words of the closed lists. `types/header.d.ts` spells them as literal unions; a
//! test compares the two.

use std::collections::HashMap;

use besunny::StoreStatus;
use besunny::{
    AccountKind, AccountStatus, Automatic, ChangeKind, DecidedBy, DocumentType, ErrorKind, EventStatus,
    Health, IntakeStatus, JobState, OnFailure, Precision, QuotaTable, SearchMode, Service, Signal, Start,
    WebhookVerdict,
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
        ("AccountKind".to_owned(), words(AccountKind::ALL, AccountKind::as_str)),
        ("AccountStatus".to_owned(), words(AccountStatus::ALL, AccountStatus::as_str)),
        ("Automatic".to_owned(), words(&AUTOMATIC, automatic)),
        ("ChangeKind".to_owned(), words(ChangeKind::ALL, ChangeKind::as_str)),
        ("DecidedBy".to_owned(), words(DecidedBy::ALL, DecidedBy::as_str)),
        ("DocumentType".to_owned(), words(DocumentType::ALL, DocumentType::as_str)),
        ("ErrorCode".to_owned(), words(ErrorKind::ALL, ErrorKind::code)),
        ("EventStatus".to_owned(), words(EventStatus::ALL, EventStatus::as_str)),
        ("Health".to_owned(), words(Health::ALL, Health::as_str)),
        ("IntakeStatus".to_owned(), words(IntakeStatus::ALL, IntakeStatus::as_str)),
        ("JobState".to_owned(), words(JobState::ALL, JobState::as_str)),
        ("OnFailure".to_owned(), words(&ON_FAILURE, on_failure)),
        ("Precision".to_owned(), words(&PRECISION, Precision::name)),
        ("QuotaTable".to_owned(), words(QuotaTable::ALL, QuotaTable::as_str)),
        ("SearchMode".to_owned(), words(SearchMode::ALL, SearchMode::as_str)),
        ("Service".to_owned(), words(Service::ALL, Service::as_str)),
        ("Signal".to_owned(), words(Signal::ALL, Signal::as_str)),
        ("Start".to_owned(), words(Start::ALL, Start::as_str)),
        ("StoreStatus".to_owned(), words(&STORE_STATUS, StoreStatus::as_str)),
        ("WebhookVerdict".to_owned(), words(WebhookVerdict::ALL, WebhookVerdict::as_str)),
    ])
}
