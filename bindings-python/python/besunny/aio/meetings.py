# Written by tools/make_aio.py from _blocking/meetings.py; change that instead.
"""A user's meetings."""

from __future__ import annotations

from collections.abc import AsyncIterator

from .. import _besunny
from .._types import Meeting, Page
from .._vocabulary import MeetingRef, Moment, ProjectRef


class Meetings:
    """A user's meetings, as their calendars have them: ``me.meetings``."""

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.Meetings) -> None:
        self._native = native

    async def get(self, meeting_id: MeetingRef) -> Meeting:
        """One meeting."""
        return await self._native.get(meeting_id).future()

    async def list(
        self,
        *,
        from_: Moment | None = None,
        until: Moment | None = None,
        project: ProjectRef | None = None,
        size: int = 100,
        after: str | None = None,
    ) -> Page[Meeting]:
        """A page of the meetings that pass the filter, earliest first: those that end after
        ``from_`` and begin before ``until``.
        """
        wanted = {"from": from_, "until": until, "project": project}
        return await self._native.list(wanted, size, after).future()

    async def iterate(
        self,
        *,
        from_: Moment | None = None,
        until: Moment | None = None,
        project: ProjectRef | None = None,
        size: int = 100,
    ) -> AsyncIterator[Meeting]:
        """All meetings that pass the filter, read ``size`` at a time."""
        after: str | None = None
        while True:
            page = await self.list(from_=from_, until=until, project=project, size=size, after=after)
            for meeting in page:
                yield meeting
            after = page.next
            if after is None:
                return

    async def assign(self, meeting_id: MeetingRef, project_id: ProjectRef | None) -> Meeting:
        """Puts a meeting into a project, or into none."""
        return await self._native.assign(meeting_id, project_id).future()
