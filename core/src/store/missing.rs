//! Errors about what a row hangs from and is not there, in the same words on every backend.

use crate::base::{AccountId, Error, ErrorKind, ProjectId};
use crate::domain::StreamKey;

pub(super) fn no_account(operation: &'static str, id: AccountId) -> Error {
    Error::new(ErrorKind::NotFound, operation, "no such account; it may have been disconnected meanwhile")
        .with("account", id)
}

pub(super) fn no_stream(operation: &'static str, stream: &StreamKey) -> Error {
    Error::new(ErrorKind::NotFound, operation, "no such stream; its account may have been disconnected")
        .with("stream", stream)
}

pub(super) fn no_project(operation: &'static str, id: ProjectId) -> Error {
    Error::new(ErrorKind::NotFound, operation, "no such project").with("project", id)
}

/// Of somebody who is no user, or not one of the front end's.
pub(super) fn no_user(operation: &'static str) -> Error {
    Error::new(ErrorKind::NotFound, operation, "only users who can sign in have meetings")
}

/// A channel's id that another stream has.
pub(super) fn taken_channel(id: &str) -> Error {
    Error::new(ErrorKind::AlreadyExists, "channels.put", "another stream has a channel with this id")
        .with("channel", id)
}
