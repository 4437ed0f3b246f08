"""The closed vocabularies, and what callers may hand in for an id or a time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Union

if TYPE_CHECKING:
    from ._google_types import Account, Meeting
    from ._job_types import Batch, Enqueued, Job
    from ._types import Document, Ingested, Progress, Project

AccountKind: TypeAlias = Literal["consented", "delegated"]
AccountStatus: TypeAlias = Literal["active", "needs_reauth", "revoked"]
Automatic: TypeAlias = Literal["bounce", "auto_reply", "list", "bulk", "spam"]
ChangeKind: TypeAlias = Literal[
    "document.stored",
    "document.updated",
    "document.deleted",
    "document.assigned",
    "document.corrected",
    "project.created",
    "project.updated",
    "project.deleted",
    "job.failed",
    "account.linked",
    "account.changed",
    "account.unlinked",
    "meeting.stored",
    "meeting.updated",
    "meeting.deleted",
]
DecidedBy: TypeAlias = Literal["auto", "user"]
DocumentType: TypeAlias = Literal[
    "email",
    "document",
    "spreadsheet",
    "presentation",
    "image",
    "folder",
    "meeting_transcript",
]
EventStatus: TypeAlias = Literal["accepted", "declined", "tentative", "needsAction"]
Health: TypeAlias = Literal["green", "yellow", "red"]
IntakeStatus: TypeAlias = Literal[
    "stored", "updated", "unchanged", "refused", "user_not_found", "no_recipient"
]
JobState: TypeAlias = Literal[
    "scheduled", "ready", "running", "succeeded", "failed", "dead", "cancelled"
]
OnFailure: TypeAlias = Literal["stop", "skip"]
Precision: TypeAlias = Literal["fp32", "int8"]
QuotaTable: TypeAlias = Literal["old", "new"]
SearchMode: TypeAlias = Literal["hybrid", "lexical", "semantic"]
Service: TypeAlias = Literal["gmail", "drive", "calendar"]
Signal: TypeAlias = Literal[
    "name",
    "code",
    "keyword",
    "tag",
    "category",
    "person",
    "domain",
    "thread",
    "parent",
    "similarity",
    "neighbour",
    "sender",
    "correction",
]
Start: TypeAlias = Literal["beginning", "now"]
StoreStatus: TypeAlias = Literal["stored", "updated", "unchanged"]
WebhookVerdict: TypeAlias = Literal[
    "accepted", "ignored", "unauthenticated", "forbidden", "malformed", "unavailable"
]

Raw: TypeAlias = Union[bytes, bytearray, memoryview, "PathLike[str]"]
"""A raw mail: its bytes, or the path of its file."""
Content: TypeAlias = Union[str, bytes, bytearray, memoryview, "PathLike[str]"]
"""A document's content: text, bytes, or the path of a file."""
Location: TypeAlias = Union[str, "PathLike[str]"]
"""A file or folder."""
Moment: TypeAlias = Union[datetime, date, str]
"""A ``datetime`` with a time zone, a ``date`` (its first instant in UTC), or RFC 3339 text."""
Span: TypeAlias = Union[timedelta, float]
"""How long something takes: a ``timedelta``, or a number of seconds."""
Json: TypeAlias = Any
"""``None``, a ``bool``, ``int``, ``float`` or ``str``, or lists and dicts with ``str`` keys of these."""
JobRef: TypeAlias = Union[str, uuid.UUID, "Job", "Enqueued"]
"""A job, or its id."""
BatchRef: TypeAlias = Union[str, uuid.UUID, "Batch"]
"""A batch of jobs, or its id."""
AccountRef: TypeAlias = Union[str, uuid.UUID, "Account"]
"""A linked account, or its id."""
MeetingRef: TypeAlias = Union[str, uuid.UUID, "Meeting"]
"""A meeting, or its id."""
ProjectRef: TypeAlias = Union[str, uuid.UUID, "Project"]
"""A project, or its id."""
DocumentRef: TypeAlias = Union[str, uuid.UUID, "Document", "Ingested"]
"""A document, or its id."""
OnProgress: TypeAlias = Callable[["Progress"], object]
"""Called after each mail of a bulk load. An exception stops the load and is raised from it."""
