"""What is said about jobs: frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from . import _besunny
from ._record import Record
from ._vocabulary import Content, DocumentType, JobState, Json, Moment, Raw, Span


@dataclass(frozen=True, slots=True)
class NewJob(Record):
    """A job to enqueue, with the options of :meth:`Jobs.enqueue`.

    >>> besunny.NewJob("report", {"month": "March"}, priority=5).kind
    'report'
    """

    kind: str
    payload: Json = field(default=None, hash=False)
    priority: int = 0
    run_at: Moment | None = None
    delay: Span | None = None
    unique_key: str | None = None
    max_attempts: int = 10
    timeout: Span | None = None
    concurrency_key: str | None = None
    concurrency_limit: int = 1

    @staticmethod
    def ingest_mail(raw: Raw) -> NewJob:
        """A job that takes a raw mail in: for its owner, or, of the workspace itself, for
        whom its virtual addresses name. A file is read now.

        >>> mail = besunny.NewJob.ingest_mail(b"Subject: Permit\\n\\nGranted.")
        >>> [job.is_new for job in me.jobs.enqueue_many([mail])]
        [True]
        >>> ws.jobs.run_due()
        1
        >>> [document.title for document in me.documents.list()]
        ['Permit']
        """
        return _besunny.new_job_for_mail(raw).wait()

    @staticmethod
    def ingest_document(
        content: Content,
        *,
        title: str | None = None,
        format: str | None = None,
        file_name: str | None = None,
        type: DocumentType | None = None,
        source: str | None = None,
        source_id: str | None = None,
        author: str | None = None,
        occurred_at: Moment | None = None,
    ) -> NewJob:
        """A job that stores a document for its owner, as :meth:`Documents.ingest` does."""
        facts = {
            "title": title,
            "format": format,
            "file_name": file_name,
            "type": type,
            "source": source,
            "source_id": source_id,
            "author": author,
            "occurred_at": occurred_at,
        }
        return _besunny.new_job_for_document(content, facts).wait()

    @staticmethod
    def re_embed() -> NewJob:
        """A job that embeds what lacks a vector of the present model: the owner's passages,
        or, of the workspace itself, everybody's."""
        return _besunny.new_job_to_re_embed().wait()

    @staticmethod
    def rebuild() -> NewJob:
        """A job that makes the owner's index anew, or, of the workspace itself, everybody's."""
        return _besunny.new_job_to_rebuild().wait()

    @staticmethod
    def train() -> NewJob:
        """A job that learns anew from everything that its owner corrected, or, of the
        workspace itself, everybody; in the process that does it."""
        return _besunny.new_job_to_train().wait()

    def _fields(self) -> dict[str, Any]:
        """As the native module takes it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Enqueued(Record):
    """What enqueueing did; ``id`` is an earlier job's where the unique key was taken."""

    id: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class JobProgress(Record):
    """How far a running job is: ``fraction`` from 0 to 1, and in words."""

    fraction: float
    message: str | None


@dataclass(frozen=True, slots=True)
class AttemptFailure(Record):
    """Why an attempt failed.

    ``code`` is the code of a :class:`Error`, or ``handler`` for a handler's own exception
    (``message`` is then ``TypeName: text``), ``panic``, ``timeout``, ``cancelled``,
    ``worker_lost``.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Job(Record):
    """A job as stored.

    ``tenant`` is the id of the user whose job it is; of a job of the workspace itself, it
    is all zeros. ``attempt`` counts from 1, and is 0 before the first.
    """

    id: str
    tenant: str
    state: JobState
    kind: str
    payload: Json = field(hash=False)
    priority: int
    run_at: datetime
    unique_key: str | None
    attempt: int
    max_attempts: int
    timeout: timedelta | None
    concurrency_key: str | None
    concurrency_limit: int
    batch: str | None
    cancel_requested: bool
    progress: JobProgress | None
    failure: AttemptFailure | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Batch(Record):
    """Jobs that are waited for together: how many there are, are not finished, died, and
    were cancelled. ``on_complete`` is enqueued when all have ended, however they ended."""

    id: str
    tenant: str
    total: int
    pending: int
    dead: int
    cancelled: int
    on_complete: NewJob | None
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class KindStats(Record):
    """How many jobs of one kind are in each state; ``oldest_ready`` says since when the one
    that has been due longest is due."""

    kind: str
    scheduled: int
    ready: int
    running: int
    succeeded: int
    failed: int
    dead: int
    cancelled: int
    oldest_ready: datetime | None


@dataclass(frozen=True, slots=True)
class Schedule(Record):
    """When a job is enqueued again and again; ``next_at`` is the next occurrence."""

    tenant: str
    name: str
    cron: str
    zone: str
    job: NewJob
    next_at: datetime | None
    last_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WorkReport(Record):
    """What a worker did, in numbers of attempts: those that succeeded, that failed and will
    be made again, that failed for good, that were called off, and that were handed back
    unfinished."""

    succeeded: int
    failed: int
    dead: int
    cancelled: int
    handed_back: int
