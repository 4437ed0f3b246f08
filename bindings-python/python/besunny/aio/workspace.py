"""An open workspace."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
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


class Opening:
    """A workspace about to be opened: ``await`` it, or use it in ``async with``."""

    __slots__ = ("_call", "_workspace")

    def __init__(self, call: _besunny.Call[_besunny.Workspace]) -> None:
        self._call = call
        self._workspace: Workspace | None = None

    async def _open(self) -> Workspace:
        self._workspace = Workspace(await self._call.future())
        return self._workspace

    def __await__(self) -> Generator[Any, None, Workspace]:
        return self._open().__await__()

    async def __aenter__(self) -> Workspace:
        return await self._open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._workspace is not None:
            await self._workspace.close()


class Workspace:
    """A folder with documents, projects and an index: the whole library.

    The async twin of :class:`besunny.Workspace`: the same names, to be awaited.
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
    ) -> Opening:
        """Opens the workspace at ``location``, making it if it is not there.

        Use ``async with aio.Workspace.open(...) as ws`` or
        ``ws = await aio.Workspace.open(...)``. For the options see
        :meth:`besunny.Workspace.open`.
        """
        return Opening(
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
            )
        )

    async def close(self) -> None:
        """Closes the workspace: waits for running commits, releases files and locks.

        Every later call raises :class:`~besunny.ClosedError`. Closing twice is fine.
        """
        await self._native.close().future()

    async def __aenter__(self) -> Workspace:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def user(self, username: str) -> UserHandle:
        """A handle that acts for one user, on their data alone."""
        return UserHandle(await self._native.user(username).future())

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeds texts: one unit vector each, as the rows of an array.

        A text's vector is the same to the last bit whatever it is embedded with.
        """
        return await self._native.embed(texts).future()

    async def status(self) -> Status:
        """What the workspace holds and runs on."""
        return await self._native.status().future()

    async def digest(self) -> str:
        """A SHA-256 over all documents, assignments and vectors.

        Workspaces that were fed the same have the same digest, in every language.
        """
        return await self._native.digest().future()

    async def check(self, *, repair: bool = False) -> CheckReport:
        """Compares every user's index with the database, which checks its own files too.

        With ``repair``, an index that differs is rebuilt. Others may write meanwhile.
        """
        return await self._native.check(repair).future()

    async def rebuild(self) -> None:
        """Throws every user's index away and makes it anew from the database."""
        await self._native.rebuild().future()

    async def backup(self, path: Location) -> None:
        """Writes a copy of the workspace, as of one moment, to a new file.

        Others may write meanwhile.
        """
        await self._native.backup(path).future()

    @staticmethod
    async def restore(backup: Location, location: Location) -> None:
        """Makes a workspace in an empty or new folder from what :meth:`backup` wrote."""
        await _besunny.restore_workspace(backup, location).future()
