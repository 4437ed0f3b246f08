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
from ._blocking.documents import Documents
from ._blocking.events import Events
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
    LimitExceededError,
    LockedError,
    MalformedError,
    ModelError,
    ModelMissingError,
    NewerVersionError,
    NotFoundError,
    StorageError,
    UnsupportedError,
)
from ._types import (
    Alternative,
    Assignment,
    AttachmentFacts,
    CheckReport,
    Chunk,
    Cursor,
    Delivery,
    Document,
    Event,
    Evidence,
    Hit,
    HitSnippet,
    Ingested,
    IntakeEntry,
    IntakeReport,
    LexicalWhy,
    Mailbox,
    MailDetails,
    ModelInfo,
    Page,
    Progress,
    Project,
    Refusal,
    SemanticWhy,
    Status,
    User,
    UserCheck,
    Versions,
    Why,
)

__all__ = [
    "AlreadyExistsError",
    "Alternative",
    "Assignment",
    "AttachmentFacts",
    "CancelledError",
    "Cause",
    "CheckReport",
    "Chunk",
    "ClosedError",
    "Cursor",
    "Delivery",
    "Document",
    "Documents",
    "Error",
    "Event",
    "Events",
    "Evidence",
    "ForbiddenError",
    "Hit",
    "HitSnippet",
    "IndexingError",
    "Ingested",
    "IntakeEntry",
    "IntakeReport",
    "InternalError",
    "InvalidInputError",
    "IoError",
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
    "NewerVersionError",
    "NotFoundError",
    "Page",
    "Progress",
    "Project",
    "Projects",
    "Refusal",
    "SemanticWhy",
    "Status",
    "StorageError",
    "Subscription",
    "UnsupportedError",
    "User",
    "UserCheck",
    "UserHandle",
    "UserMail",
    "Users",
    "Versions",
    "Why",
    "Workspace",
    "aio",
]
