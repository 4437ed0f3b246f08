//! The one public error: what kind, doing what, on what, and whether a retry can help.

use std::error::Error as StdError;
use std::fmt;

use super::Timestamp;

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! error_kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $retry:ident;)+) => {
        /// What went wrong, as a closed list of stable codes.
        ///
        /// The code ([`ErrorKind::code`]) is part of the interface: it never changes
        /// meaning, and both bindings map every kind to an exception or an `error.code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[doc = $doc])+ $name,)+ }

        impl ErrorKind {
            /// Every kind, in declaration order; bindings are tested against this list.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$name,)+];

            /// The stable code, in `snake_case`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(ErrorKind::$name => $code,)+ }
            }

            /// Whether the same call can succeed later without a change by the caller.
            #[must_use]
            pub const fn is_retryable(self) -> bool {
                match self { $(ErrorKind::$name => error_kinds!(@$retry),)+ }
            }
        }
    };
    (@retry) => { true };
    (@never) => { false };
}

error_kinds! {
    /// An argument is outside what the call accepts.
    InvalidInput = "invalid_input", never;
    /// Bytes that claim to be a format but cannot be read as it.
    Malformed = "malformed", never;
    /// A format or feature that this build does not handle.
    Unsupported = "unsupported", never;
    /// An input exceeds a limit on size, depth, count or expansion.
    LimitExceeded = "limit_exceeded", never;
    /// The named user, project or document does not exist in this scope.
    NotFound = "not_found", never;
    /// Something with this name or identity exists already.
    AlreadyExists = "already_exists", never;
    /// The scope does not allow this call.
    Forbidden = "forbidden", never;
    /// No model is configured, and the call needs one.
    ModelMissing = "model_missing", never;
    /// The model or its runtime library cannot be loaded or run.
    Model = "model", never;
    /// The workspace was written by a newer version of this library.
    NewerVersion = "newer_version", never;
    /// Another process holds the workspace.
    Locked = "locked", retry;
    /// The database failed.
    Storage = "storage", retry;
    /// The search index failed; it is derived and can be rebuilt from the database.
    Index = "index", retry;
    /// Reading or writing a file failed.
    Io = "io", retry;
    /// The handle was closed before this call.
    Closed = "closed", never;
    /// The call needs something that the workspace was not configured with.
    NotConfigured = "not_configured", never;
    /// What should prove who is calling is missing, forged, expired or meant for others.
    Unauthenticated = "unauthenticated", never;
    /// A linked account can no longer be used; its owner has to consent again.
    NeedsReauth = "needs_reauth", never;
    /// An upstream service asks for fewer calls.
    RateLimited = "rate_limited", retry;
    /// An upstream service failed, did not answer in time, or answered nonsense.
    Upstream = "upstream", retry;
    /// The caller cancelled the call; what was acknowledged before stays.
    Cancelled = "cancelled", never;
    /// A defect in this library; please report it.
    Internal = "internal", never;
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The error of every public call.
///
/// ```
/// use besunny::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::NotFound, "projects.get", "no such project")
///     .with("project", "lisbon");
/// assert_eq!(error.kind().code(), "not_found");
/// assert_eq!(error.to_string(), "projects.get: no such project (not_found; project: lisbon)");
/// ```
pub struct Error(Box<Inner>);

/// The key of the context that says when to try again.
const RETRY_AT: &str = "retry_at";

struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    message: String,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind` while doing `operation` (a dotted call name, `mail.ingest`).
    /// The message says what failed and, where it is not obvious, what to do.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, operation, message: message.into(), context: Vec::new(), source: None }))
    }

    /// Adds on what it failed: an id, a path, a limit. Never a secret, never mail text.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Keeps the error below this one, reachable through [`std::error::Error::source`].
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says before when the same call is not worth trying again, under the key `retry_at`.
    #[must_use]
    pub fn with_retry_at(self, at: Timestamp) -> Self {
        self.with(RETRY_AT, at)
    }

    /// The instant before which the same call is not worth trying again, where that is known.
    #[must_use]
    pub fn retry_at(&self) -> Option<Timestamp> {
        let (_, text) = self.0.context.iter().rev().find(|(key, _)| *key == RETRY_AT)?;
        text.parse().ok()
    }

    /// The kind, the part of an error that programs branch on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The call that failed.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// What failed, without kind and context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// On what it failed, as key and value.
    #[must_use]
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// Whether the same call can succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.kind.is_retryable()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        write!(f, "{}: {} ({}", inner.operation, inner.message, inner.kind)?;
        for (key, value) in &inner.context {
            write!(f, "; {key}: {value}")?;
        }
        f.write_str(")")?;
        if let Some(source) = &inner.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_snake_case() {
        let codes: HashSet<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
        assert!(codes.iter().all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }

    #[test]
    fn display_names_operation_kind_context_and_cause() {
        let error = Error::new(ErrorKind::Io, "workspace.open", "cannot create the folder")
            .with("path", "x")
            .caused_by("disk full");
        assert_eq!(error.to_string(), "workspace.open: cannot create the folder (io; path: x): disk full");
        assert!(error.is_retryable());
        assert!(StdError::source(&error).is_some());
    }

    #[test]
    fn says_when_to_try_again() {
        let at = Timestamp::from_seconds(1_770_000_000);
        let error = Error::new(ErrorKind::RateLimited, "gmail.history", "too many calls").with_retry_at(at);
        assert_eq!(error.retry_at(), Some(at));
        assert_eq!(Error::new(ErrorKind::Io, "x", "y").retry_at(), None);
    }

    #[test]
    fn error_is_send_sync_and_pointer_sized() {
        fn assert_send_sync<T: Send + Sync + 'static>() {}
        assert_send_sync::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
