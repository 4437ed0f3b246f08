"""A job that is being done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _besunny
from .._types import Job
from .._vocabulary import Json
from .user import UserHandle

if TYPE_CHECKING:
    from .workspace import Workspace


class JobContext:
    """What a handler is given: the job, whose it is, and how to say how far it is.

    A job may have been done before, in part or in full, by a process that was killed
    before it could say so: do it so that twice is the same as once, by ``id``.
    """

    __slots__ = ("_native", "attempt", "id", "job", "kind", "payload", "user")

    job: Job
    """The job as it was stored when this attempt began."""
    id: str
    """The job's id, the same in each attempt."""
    kind: str
    """What to do."""
    payload: Json
    """With what."""
    attempt: int
    """The number of this attempt, from 1."""
    user: UserHandle | None
    """The user whose job it is; ``None`` for a job of the workspace itself."""

    def __init__(self, native: _besunny.JobContext) -> None:
        self._native = native
        self.job = native.job()
        self.id = self.job.id
        self.kind = self.job.kind
        self.payload = self.job.payload
        self.attempt = self.job.attempt
        user = native.user()
        self.user = None if user is None else UserHandle(user)

    def __repr__(self) -> str:
        return f"JobContext(kind={self.kind!r}, id={self.id!r}, attempt={self.attempt})"

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        from .workspace import Workspace

        return Workspace(self._native.workspace())

    @property
    def cancelled(self) -> bool:
        """Whether the job should stop: it was called off, took too long, or its worker ends.

        An async handler is cancelled then. A sync one that takes long looks here now and
        then, and returns or raises; what it does later does not count.
        """
        return self._native.cancelled()

    def progress(self, fraction: float, message: str | None = None) -> None:
        """Says how far the job is, from 0 to 1. It is written down twice a second."""
        self._native.progress(fraction, message)
