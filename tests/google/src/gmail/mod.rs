//! Gmail API v1.

pub(crate) mod history;
pub(crate) mod labels;
pub(crate) mod mailbox;
pub(crate) mod messages;
pub(crate) mod mime;
pub(crate) mod payload;
pub(crate) mod query;
pub(crate) mod sending;
pub(crate) mod threads;
pub(crate) mod watch;

use mailbox::Mailbox;

use crate::error::{ApiError, Result};
use crate::http::routes::{Call, Method};
use crate::world::World;

const READ: &[&str] = &[FULL, "gmail.modify", "gmail.readonly"];
const READ_METADATA: &[&str] = &[FULL, "gmail.modify", "gmail.readonly", "gmail.metadata"];
const MODIFY: &[&str] = &[FULL, "gmail.modify"];
const LABELS: &[&str] = &[FULL, "gmail.modify", "gmail.labels"];
const READ_LABELS: &[&str] = &[FULL, "gmail.modify", "gmail.readonly", "gmail.metadata", "gmail.labels"];
const INSERT: &[&str] = &[FULL, "gmail.modify", "gmail.insert"];
const SEND: &[&str] = &[FULL, "gmail.modify", "gmail.compose", "gmail.send"];
const PROFILE: &[&str] = &[FULL, "gmail.modify", "gmail.compose", "gmail.readonly", "gmail.metadata"];
const FULL: &str = "https://mail.google.com/";

macro_rules! methods {
    ($($id:literal $verb:literal $path:literal $scopes:ident ($old:literal, $new:literal) $run:path;)*) => {
        &[$(Method { id: $id, verb: $verb, path: concat!("gmail/v1/users/{userId}/", $path), scopes: $scopes, cost: ($old, $new), run: $run },)*]
    };
}

/// The methods that there are.
pub(crate) const METHODS: &[Method] = methods![
    "gmail.users.getProfile" "GET" "profile" PROFILE (1, 1) messages::profile;
    "gmail.users.watch" "POST" "watch" READ_METADATA (100, 100) watch::watch;
    "gmail.users.stop" "POST" "stop" READ_METADATA (50, 50) watch::stop;
    "gmail.users.history.list" "GET" "history" READ_METADATA (2, 2) history::list;
    "gmail.users.labels.list" "GET" "labels" READ_LABELS (1, 1) labels::list;
    "gmail.users.labels.get" "GET" "labels/{id}" READ_LABELS (1, 1) labels::get;
    "gmail.users.labels.create" "POST" "labels" LABELS (5, 5) labels::create;
    "gmail.users.labels.update" "PUT" "labels/{id}" LABELS (5, 5) labels::update;
    "gmail.users.labels.patch" "PATCH" "labels/{id}" LABELS (5, 5) labels::update;
    "gmail.users.labels.delete" "DELETE" "labels/{id}" LABELS (5, 5) labels::delete;
    "gmail.users.messages.list" "GET" "messages" READ_METADATA (5, 5) messages::list;
    "gmail.users.messages.get" "GET" "messages/{id}" READ_METADATA (5, 20) messages::get;
    "gmail.users.messages.attachments.get" "GET" "messages/{messageId}/attachments/{id}" READ (5, 20) messages::attachment;
    "gmail.users.messages.insert" "POST" "messages" INSERT (25, 25) sending::insert;
    "gmail.users.messages.import" "POST" "messages/import" INSERT (25, 25) sending::insert;
    "gmail.users.messages.send" "POST" "messages/send" SEND (100, 100) sending::send;
    "gmail.users.messages.batchModify" "POST" "messages/batchModify" MODIFY (50, 50) messages::batch_modify;
    "gmail.users.messages.batchDelete" "POST" "messages/batchDelete" MODIFY (50, 50) messages::batch_delete;
    "gmail.users.messages.modify" "POST" "messages/{id}/modify" MODIFY (5, 5) messages::modify;
    "gmail.users.messages.trash" "POST" "messages/{id}/trash" MODIFY (5, 5) messages::trash;
    "gmail.users.messages.untrash" "POST" "messages/{id}/untrash" MODIFY (5, 5) messages::untrash;
    "gmail.users.messages.delete" "DELETE" "messages/{id}" FULL_ONLY (10, 10) messages::delete;
    "gmail.users.threads.list" "GET" "threads" READ_METADATA (10, 10) threads::list;
    "gmail.users.threads.get" "GET" "threads/{id}" READ_METADATA (10, 40) threads::get;
];

const FULL_ONLY: &[&str] = &[FULL];

/// The mailbox that the path names, which must be the caller's own.
pub(crate) fn mailbox<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Mailbox> {
    let user = call.param("userId");
    if user != "me" && !user.eq_ignore_ascii_case(&call.account) {
        return Err(ApiError::new(403, "forbidden", format!("Delegation denied for {}", call.account)));
    }
    let failed = || {
        ApiError::new(400, "failedPrecondition", "Mail service not enabled")
            .with_status("FAILED_PRECONDITION")
    };
    world.mail.get_mut(&call.account).ok_or_else(failed)
}

/// An id of a message or thread: a number in hexadecimal.
pub(crate) fn parse_id(text: &str) -> Result<u64> {
    u64::from_str_radix(text, 16).map_err(|_| ApiError::invalid_argument("Invalid id value"))
}

pub(crate) fn not_found() -> ApiError {
    ApiError::not_found("Requested entity was not found.").with_status("NOT_FOUND")
}
