"""What calls give back: frozen dataclasses, made by the native module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from ._google_types import (
    Account,
    AccountHealth,
    Attendee,
    Consent,
    Disconnected,
    GoogleIdentity,
    Linked,
    Meeting,
    SignedIn,
    StreamHealth,
    StreamSummary,
    SyncSummary,
    WebhookOutcome,
)
from ._job_types import (
    AttemptFailure,
    Batch,
    Enqueued,
    Job,
    JobProgress,
    KindStats,
    NewJob,
    Schedule,
    WorkReport,
)
from ._record import Record, instant, span
from ._vocabulary import (
    Automatic,
    ChangeKind,
    DecidedBy,
    DocumentType,
    IntakeStatus,
    Precision,
    Signal,
    StoreStatus,
)

__all__ = [
    "Account",
    "AccountHealth",
    "Alternative",
    "Assignment",
    "AttachmentFacts",
    "AttemptFailure",
    "Attendee",
    "Batch",
    "Chunk",
    "Consent",
    "Cursor",
    "Delivery",
    "Disconnected",
    "Document",
    "Enqueued",
    "Event",
    "Evidence",
    "GoogleIdentity",
    "HandleReport",
    "Hit",
    "HitSnippet",
    "Ingested",
    "IntakeEntry",
    "IntakeReport",
    "Job",
    "JobProgress",
    "KindStats",
    "LexicalWhy",
    "Linked",
    "MailDetails",
    "Mailbox",
    "Meeting",
    "ModelInfo",
    "NewJob",
    "Page",
    "Progress",
    "Project",
    "Refusal",
    "Schedule",
    "SemanticWhy",
    "SignedIn",
    "SkippedEvent",
    "Status",
    "StreamHealth",
    "StreamSummary",
    "SyncSummary",
    "User",
    "Versions",
    "WebhookOutcome",
    "Why",
    "WorkReport",
    "instant",
    "span",
]

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class User(Record):
    """A user of the workspace."""

    id: str
    username: str
    email: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Project(Record):
    """A project: what documents are assigned to, and what tells it apart from others."""

    id: str
    name: str
    description: str
    keywords: tuple[str, ...]
    tags: tuple[str, ...]
    categories: tuple[str, ...]
    people: tuple[str, ...]
    domains: tuple[str, ...]
    codes: tuple[str, ...]
    notes: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence(Record):
    """One fact that speaks for a project; ``weight`` is what it adds to its log-odds."""

    signal: Signal
    detail: str
    place: str
    weight: float


@dataclass(frozen=True, slots=True)
class Alternative(Record):
    """A project with its probability, whether or not it won."""

    project_id: str
    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Assignment(Record):
    """Which project something belongs to, how sure that is, and why.

    ``project_id`` is ``None`` when it is unassigned; ``evidence`` and ``alternatives``
    then still say what came closest.
    """

    project_id: str | None
    confidence: float
    reason: str
    evidence: tuple[Evidence, ...]
    alternatives: tuple[Alternative, ...]
    model: str
    decided_by: DecidedBy

    @property
    def is_assigned(self) -> bool:
        """Whether a project was found."""
        return self.project_id is not None


@dataclass(frozen=True, slots=True)
class Mailbox(Record):
    """Somebody who sends or receives mail."""

    name: str | None
    address: str


@dataclass(frozen=True, slots=True)
class AttachmentFacts(Record):
    """What is known about an attachment without opening it."""

    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MailDetails(Record):
    """What a mail's headers and parts say; message ids are without angle brackets.

    ``from_`` is called ``from`` in :meth:`to_dict`.
    """

    message_id: str | None
    from_: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    date: datetime | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    delivered_to: tuple[str, ...]
    x_original_to: tuple[str, ...]
    list_id: str | None
    automatic: tuple[Automatic, ...]
    attachments: tuple[AttachmentFacts, ...]
    quoted: str
    signature: str


@dataclass(frozen=True, slots=True)
class Document(Record):
    """A stored document: a mail, an attachment, a file."""

    id: str
    source: str
    source_id: str
    type: DocumentType
    title: str
    author: str | None
    text: str
    content_hash: str
    revision: int
    parent_id: str | None
    thread_id: str | None
    occurred_at: datetime
    created_at: datetime
    updated_at: datetime
    mail: MailDetails | None
    assignment: Assignment

    @property
    def project_id(self) -> str | None:
        """The project it is assigned to."""
        return self.assignment.project_id


@dataclass(frozen=True, slots=True)
class Ingested(Record):
    """A document that was handed in, and what came with it."""

    status: StoreStatus
    document: Document
    attachments: tuple[Document, ...]

    @property
    def id(self) -> str:
        """The document's id."""
        return self.document.id

    @property
    def title(self) -> str:
        """The document's title."""
        return self.document.title

    @property
    def assignment(self) -> Assignment:
        """The document's assignment."""
        return self.document.assignment

    @property
    def project_id(self) -> str | None:
        """The project the document is assigned to."""
        return self.document.project_id


@dataclass(frozen=True, slots=True)
class Delivery(Record):
    """What became of one mail for one of its recipients."""

    address: str | None
    username: str | None
    status: IntakeStatus
    document: Document | None
    attachments: tuple[Document, ...]
    error_code: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class Refusal(Record):
    """A mail of a mailbox that could not be read, and why."""

    item: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class IntakeReport(Record):
    """How a bulk load went, in numbers of deliveries (``total``: of mails)."""

    total: int
    stored: int
    updated: int
    unchanged: int
    refused: int
    user_not_found: int
    no_recipient: int
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Progress(Record):
    """How far a bulk load is; handed out after each mail is safely stored."""

    done: int
    bytes_done: int
    bytes_total: int
    item: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class IntakeEntry(Record):
    """One line of the intake log: what became of something that was handed in."""

    at: datetime
    source: str
    source_id: str | None
    address: str | None
    status: IntakeStatus
    error_code: str | None
    error_message: str | None
    document_id: str | None


@dataclass(frozen=True, slots=True)
class Event(Record):
    """Something that was committed to a user's data. ``position`` grows from event to event,
    with gaps; ``project_id`` of an assigned or corrected document is where it went, and
    ``subject_id`` the job, account or meeting that it is about."""

    version: int
    position: int
    kind: ChangeKind
    at: datetime
    document_id: str | None
    project_id: str | None
    subject_id: str | None


@dataclass(frozen=True, slots=True)
class Cursor(Record):
    """How far a subscriber has got; ``lag`` counts the changes of any kind beyond that."""

    name: str
    position: int
    lag: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SkippedEvent(Record):
    """An event that was given up on, and its handler's last exception: ``TypeName: text``."""

    event: Event
    error: str


@dataclass(frozen=True, slots=True)
class HandleReport(Record):
    """What a handler did until its subscription ended: how many events were handled and how
    many skipped, and the first 1,000 skipped ones."""

    handled: int
    skipped: int
    failures: tuple[SkippedEvent, ...]


@dataclass(frozen=True, slots=True)
class Chunk(Record):
    """A passage of a document: what is embedded, scored and shown."""

    id: str
    ordinal: int
    text: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class HitSnippet(Record):
    """The part of a passage that matches best; ``highlights`` are slices of ``text``."""

    text: str
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class LexicalWhy(Record):
    """What the words contributed: rank, BM25 score, matched terms with their share."""

    rank: int
    score: float
    terms: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class SemanticWhy(Record):
    """What the meaning contributed: rank and cosine."""

    rank: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Why(Record):
    """Where a hit's score comes from; a side that did not find it is ``None``."""

    lexical: LexicalWhy | None
    semantic: SemanticWhy | None


@dataclass(frozen=True, slots=True)
class Hit(Record):
    """A passage that answers a search. Scores compare within one answer only."""

    document: Document
    chunk: Chunk
    score: float
    snippet: HitSnippet
    why: Why


@dataclass(frozen=True, slots=True)
class Page(Record, Generic[T_co]):
    """One page of a list; hand ``next`` to the next call as ``after``."""

    items: tuple[T_co, ...]
    next: str | None

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class ModelInfo(Record):
    """The sentence model."""

    name: str
    dimension: int
    max_tokens: int
    precision: Precision
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Versions(Record):
    """Versions of what a workspace runs on."""

    besunny: str
    schema: int
    assignment: str


@dataclass(frozen=True, slots=True)
class Status(Record):
    """What a workspace holds and runs on; ``model`` is ``None`` when words do all the work."""

    users: int
    documents: int
    chunks: int
    log_position: int
    index_position: int
    model: ModelInfo | None
    versions: Versions


@dataclass(frozen=True, slots=True)
class UserCheck(Record):
    """One user's documents, compared with their index. All numbers count documents.

    ``missing`` are not in the index, ``stray`` only there, ``misplaced`` in another project
    there, ``incomplete`` with other facts, chunks or vectors there. ``altered`` have a text
    that is not what was taken in; only a backup heals that. ``repaired`` says that the
    index was rebuilt.
    """

    username: str
    documents: int
    chunks: int
    missing: int
    stray: int
    misplaced: int
    incomplete: int
    altered: int
    repaired: bool

    @property
    def is_clean(self) -> bool:
        """Whether everything is in order, or was put in order."""
        differing = self.missing + self.stray + self.misplaced + self.incomplete
        return self.altered == 0 and (differing == 0 or self.repaired)


@dataclass(frozen=True, slots=True)
class CheckReport(Record):
    """What a check found; ``database`` is what the database says of its own files.

    ``checksums`` says whether the database would notice it if its files were damaged: on
    SQLite always, on Postgres where the cluster was made with data checksums.
    """

    database: tuple[str, ...]
    checksums: bool
    users: tuple[UserCheck, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything is in order, or was put in order."""
        return not self.database and all(user.is_clean for user in self.users)
