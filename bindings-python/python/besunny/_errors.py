"""The exceptions: one tree, one class for each kind of error, each with a stable code."""

from __future__ import annotations

from typing import ClassVar


class Cause(Exception):
    """An error below a :class:`Error`, as text; found at ``__cause__``."""


class Error(Exception):
    """The base of every error of this library.

    Branch on the class, or on ``code``, which is the same in every language::

        try:
            me.projects.get(project_id)
        except besunny.NotFoundError as error:
            print(error.code, error.operation, error.context)
    """

    code: ClassVar[str] = "internal"
    """What went wrong, as a stable code in ``snake_case``."""

    message: str
    """What failed, in words."""
    operation: str
    """The call that failed, such as ``projects.get``."""
    context: dict[str, str]
    """On what it failed: an id, a path, a limit."""
    retryable: bool
    """Whether the same call can succeed later."""

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        context: dict[str, str] | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.context = dict(context or {})
        self.retryable = retryable

    def __str__(self) -> str:
        about = "".join(f"; {key}: {value}" for key, value in self.context.items())
        return f"{self.operation}: {self.message} ({self.code}{about})"

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (type(self), self.message, self.operation, self.context, self.retryable)


class InvalidInputError(Error, ValueError):
    """An argument is outside what the call accepts."""

    code = "invalid_input"


class MalformedError(Error, ValueError):
    """Bytes that claim to be a format but cannot be read as it."""

    code = "malformed"


class UnsupportedError(Error):
    """A format or feature that this build does not handle."""

    code = "unsupported"


class LimitExceededError(Error, ValueError):
    """An input exceeds a limit on size, depth, count or expansion."""

    code = "limit_exceeded"


class NotFoundError(Error, LookupError):
    """The named user, project, document or file does not exist in this scope."""

    code = "not_found"


class AlreadyExistsError(Error):
    """Something with this name or identity exists already."""

    code = "already_exists"


class ForbiddenError(Error):
    """The scope does not allow this call."""

    code = "forbidden"


class ModelMissingError(Error):
    """No model is configured, and the call needs one."""

    code = "model_missing"


class ModelError(Error):
    """The model or its runtime library cannot be loaded or run."""

    code = "model"


class NewerVersionError(Error):
    """The workspace was written by a newer version of this library."""

    code = "newer_version"


class LockedError(Error):
    """Another process or handle holds the workspace."""

    code = "locked"


class StorageError(Error):
    """The database failed."""

    code = "storage"


class IndexingError(Error):
    """The search index failed; it is derived and can be rebuilt from the database."""

    code = "index"


class IoError(Error):
    """Reading or writing a file failed."""

    code = "io"


class ClosedError(Error):
    """The handle was closed, or opened by another process, before this call."""

    code = "closed"


class NotConfiguredError(Error):
    """The call needs something that the workspace was not configured with."""

    code = "not_configured"


class UnauthenticatedError(Error):
    """What should prove who is calling is missing, forged, expired or meant for others."""

    code = "unauthenticated"


class NeedsReauthError(Error):
    """A linked account can no longer be used; its owner has to consent again."""

    code = "needs_reauth"


class RateLimitedError(Error):
    """An upstream service asks for fewer calls."""

    code = "rate_limited"


class UpstreamError(Error):
    """An upstream service failed, did not answer in time, or answered nonsense."""

    code = "upstream"


class CancelledError(Error):
    """The caller cancelled the call; what was acknowledged before stays."""

    code = "cancelled"


class InternalError(Error):
    """A defect in this library; please report it."""

    code = "internal"


BY_CODE: dict[str, type[Error]] = {kind.code: kind for kind in Error.__subclasses__()}
"""The class for each code."""


class JobFailure(Exception):
    """What a handler of jobs raises to say that it failed, and whether a retry can help.

    ``raise besunny.JobFailure("no such month", retry=False)`` fails for good. Any other
    exception is tried again, but for a :class:`Error`, which says so itself.
    """

    retry: bool
    """Whether another attempt can help."""

    def __init__(self, message: str, *, retry: bool = True) -> None:
        super().__init__(message)
        self.retry = retry

    def __reduce__(self) -> tuple[object, ...]:
        return _job_error_again, (type(self), str(self), self.retry)


# Tracebacks name them as callers do.
for _kind in (Error, Cause, JobFailure, *BY_CODE.values()):
    _kind.__module__ = "besunny"


def _again(
    kind: type[Error], message: str, operation: str, context: dict[str, str], retryable: bool
) -> Error:
    return kind(message, operation=operation, context=context, retryable=retryable)


def _job_error_again(kind: type[JobFailure], message: str, retry: bool) -> JobFailure:
    return kind(message, retry=retry)


def build(
    code: str,
    message: str,
    operation: str,
    context: dict[str, str],
    retryable: bool,
    causes: list[str],
) -> Error:
    """Makes the exception for an error of the native module, with its causes below it."""
    error = _again(BY_CODE[code], message, operation, context, retryable)
    above: Exception = error
    for text in causes:
        below = Cause(text)
        above.__cause__ = below
        above = below
    return error
