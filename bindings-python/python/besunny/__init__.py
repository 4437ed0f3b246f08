"""An embeddable document brain: mail in, right project, found again.

It runs in this process, works offline, and gives the same answers in Python, Node and
Rust::

    import besunny

    with besunny.Workspace.open("./workspace") as ws:
        ws.users.create("ana")
        me = ws.user("ana")
        shoot = me.projects.create("Lisbon shoot", keywords=["Alfama", "drone permit"])
        mail = me.mail.ingest(raw_rfc822)        # stored, understood, assigned, searchable
        print(mail.assignment.project_id, mail.assignment.reason)
        for hit in me.search("when does the drone permit run out", project=shoot):
            print(hit.score, hit.document.title, hit.snippet.text)

:mod:`besunny.aio` has the same names to be awaited. Every error is a
:class:`besunny.Error`.
"""

from . import aio
from ._besunny import CancelToken, VirtualClock
from ._blocking.documents import Documents
from ._blocking.events import Events
from ._blocking.job_context import JobContext
from ._blocking.jobs import Jobs
from ._blocking.mail import Mail, UserMail
from ._blocking.projects import Projects
from ._blocking.subscription import Subscription
from ._blocking.user import UserHandle
from ._blocking.users import Users
from ._blocking.workspace import Workspace
from ._errors import (
    AlreadyExistsError,
    CancelledError,
    Cause,
    ClosedError,
    Error,
    ForbiddenError,
    IndexingError,
    InternalError,
    InvalidInputError,
    IoError,
    JobFailure,
    LimitExceededError,
    LockedError,
    MalformedError,
    ModelError,
    ModelMissingError,
    NeedsReauthError,
    NewerVersionError,
    NotConfiguredError,
    NotFoundError,
    RateLimitedError,
    StorageError,
    UnauthenticatedError,
    UnsupportedError,
    UpstreamError,
)
from ._types import (
    Alternative,
    Assignment,
    AttachmentFacts,
    AttemptFailure,
    Batch,
    CheckReport,
    Chunk,
    Cursor,
    Delivery,
    Document,
    Enqueued,
    Event,
    Evidence,
    HandleReport,
    Hit,
    HitSnippet,
    Ingested,
    IntakeEntry,
    IntakeReport,
    Job,
    JobProgress,
    KindStats,
    LexicalWhy,
    Mailbox,
    MailDetails,
    ModelInfo,
    NewJob,
    Page,
    Progress,
    Project,
    Refusal,
    Schedule,
    SemanticWhy,
    SkippedEvent,
    Status,
    User,
    UserCheck,
    Versions,
    Why,
    WorkReport,
)

__all__ = [
    "AlreadyExistsError",
    "Alternative",
    "Assignment",
    "AttachmentFacts",
    "AttemptFailure",
    "Batch",
    "CancelToken",
    "CancelledError",
    "Cause",
    "CheckReport",
    "Chunk",
    "ClosedError",
    "Cursor",
    "Delivery",
    "Document",
    "Documents",
    "Enqueued",
    "Error",
    "Event",
    "Events",
    "Evidence",
    "ForbiddenError",
    "HandleReport",
    "Hit",
    "HitSnippet",
    "IndexingError",
    "Ingested",
    "IntakeEntry",
    "IntakeReport",
    "InternalError",
    "InvalidInputError",
    "IoError",
    "Job",
    "JobContext",
    "JobFailure",
    "JobProgress",
    "Jobs",
    "KindStats",
    "LexicalWhy",
    "LimitExceededError",
    "LockedError",
    "Mail",
    "MailDetails",
    "Mailbox",
    "MalformedError",
    "ModelError",
    "ModelInfo",
    "ModelMissingError",
    "NewJob",
    "NeedsReauthError",
    "NewerVersionError",
    "NotConfiguredError",
    "NotFoundError",
    "Page",
    "Progress",
    "Project",
    "Projects",
    "Refusal",
    "Schedule",
    "SemanticWhy",
    "SkippedEvent",
    "Status",
    "RateLimitedError",
    "StorageError",
    "Subscription",
    "UnauthenticatedError",
    "UnsupportedError",
    "UpstreamError",
    "User",
    "UserCheck",
    "UserHandle",
    "UserMail",
    "Users",
    "Versions",
    "VirtualClock",
    "Why",
    "WorkReport",
    "Workspace",
    "aio",
]
