"""A user's own view of the workspace."""

from __future__ import annotations

from .. import _besunny
from .._types import Assignment, Hit, IntakeEntry, Page
from .._vocabulary import DocumentType, Moment, ProjectRef, SearchMode
from .documents import Documents
from .events import Events
from .google import UserGoogle
from .jobs import Jobs
from .mail import UserMail
from .meetings import Meetings
from .projects import Projects


class UserHandle:
    """Acts for one user, on their data alone: ``me = ws.user("ana")``."""

    __slots__ = (
        "_native",
        "documents",
        "events",
        "google",
        "id",
        "jobs",
        "mail",
        "meetings",
        "projects",
        "username",
        "virtual_address",
    )

    id: str
    """The user's id."""
    username: str
    """The user's name."""
    virtual_address: str
    """Mail sent there becomes the user's."""
    mail: UserMail
    """The user's mail."""
    projects: Projects
    """The user's projects."""
    documents: Documents
    """The user's documents."""
    events: Events
    """What happened to the user's data."""
    jobs: Jobs
    """The user's jobs; the workspace runs them."""
    google: UserGoogle
    """The user's accounts at Google."""
    meetings: Meetings
    """The user's meetings."""

    def __init__(self, native: _besunny.UserHandle) -> None:
        self._native = native
        user = native.user()
        self.id = user.id
        self.username = user.username
        self.virtual_address = native.virtual_address()
        self.mail = UserMail(native.mail())
        self.projects = Projects(native.projects())
        self.documents = Documents(native.documents())
        self.events = Events(native.events())
        self.jobs = Jobs(native.jobs())
        self.google = UserGoogle(native.google())
        self.meetings = Meetings(native.meetings())

    def __repr__(self) -> str:
        return f"UserHandle(username={self.username!r}, id={self.id!r})"

    def classify(
        self, text: str, *, subject: str | None = None, sender: str | None = None
    ) -> Assignment:
        """Says which project a text belongs to, without storing anything.

        ``sender`` is an address, a name, or ``Name <address>``.

        >>> shoot = me.projects.create("Lisbon shoot", codes=["LX-204"])
        >>> found = me.classify("The crane arrives on Monday.", subject="LX-204: crane")
        >>> found.project_id == shoot.id
        True
        >>> found.evidence[0].signal
        'code'
        """
        return self._native.classify(text, subject, sender).wait()

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        mode: SearchMode = "hybrid",
        project: ProjectRef | None = None,
        type: DocumentType | None = None,
        source: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
    ) -> list[Hit]:
        """Searches the user's documents: at most one hit per document, best first.

        ``query`` holds words, ``"exact phrases"`` and ``-excluded`` words. ``project``
        is a project or ``"unassigned"``; ``since`` and ``until`` bound when a document
        was written, the end not included.

        >>> note = me.documents.ingest("The drone permit runs out in June.", title="Permits")
        >>> [hit.document.title for hit in me.search("drone permit", type="document")]
        ['Permits']
        """
        narrowed = {
            "project": project,
            "type": type,
            "source": source,
            "since": since,
            "until": until,
        }
        return self._native.search(query, limit, mode, narrowed).wait()

    def intake_log(self, *, size: int = 100, after: str | None = None) -> Page[IntakeEntry]:
        """What became of each item that was handed in, latest first.

        >>> note = me.documents.ingest("Bring the long lens.")
        >>> [entry.status for entry in me.intake_log()]
        ['stored']
        """
        return self._native.intake_log(size, after).wait()
