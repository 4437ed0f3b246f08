"""A user's meetings."""

from __future__ import annotations

from collections.abc import Iterator

from .. import _besunny
from .._types import Meeting, Page
from .._vocabulary import MeetingRef, Moment, ProjectRef


class Meetings:
    """A user's meetings, as their calendars have them: ``me.meetings``."""

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.Meetings) -> None:
        self._native = native

    def get(self, meeting_id: MeetingRef) -> Meeting:
        """One meeting."""
        return self._native.get(meeting_id).wait()

    def list(
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

        >>> list(me.meetings.list(from_="2026-03-01"))
        []
        """
        wanted = {"from": from_, "until": until, "project": project}
        return self._native.list(wanted, size, after).wait()

    def iterate(
        self,
        *,
        from_: Moment | None = None,
        until: Moment | None = None,
        project: ProjectRef | None = None,
        size: int = 100,
    ) -> Iterator[Meeting]:
        """All meetings that pass the filter, read ``size`` at a time."""
        after: str | None = None
        while True:
            page = self.list(from_=from_, until=until, project=project, size=size, after=after)
            for meeting in page:
                yield meeting
            after = page.next
            if after is None:
                return

    def assign(self, meeting_id: MeetingRef, project_id: ProjectRef | None) -> Meeting:
        """Puts a meeting into a project, or into none."""
        return self._native.assign(meeting_id, project_id).wait()
