"""The async face: the names of :mod:`besunny`, to be awaited.

Calls run on the library's own threads; the event loop stays free::

    async with besunny.aio.Workspace.open("./workspace") as ws:
        await ws.users.create("ana")
        me = await ws.user("ana")
        mail = await me.mail.ingest(raw)
        for hit in await me.search("drone permit"):
            print(hit.score, hit.document.title)

Progress callbacks run on the event loop and may be coroutine functions. Cancelling a task
that waits for a bulk load stops the load after the mail in hand; cancelling one that works
at jobs lets what runs finish for a while, and hands back the rest. Any other call, once
begun, runs to its end.
"""

from .documents import Documents
from .events import Events
from .google import Google, UserGoogle, Webhooks
from .job_context import JobContext
from .jobs import Jobs
from .mail import Mail, UserMail
from .meetings import Meetings
from .projects import Projects
from .subscription import Subscription
from .user import UserHandle
from .users import Users
from .workspace import Opening, Workspace

__all__ = [
    "Documents",
    "Events",
    "Google",
    "JobContext",
    "Jobs",
    "Mail",
    "Meetings",
    "Opening",
    "Projects",
    "Subscription",
    "UserGoogle",
    "UserHandle",
    "UserMail",
    "Users",
    "Webhooks",
    "Workspace",
]
