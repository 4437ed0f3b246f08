"""A user's events."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _besunny
from .._types import Cursor, Event
from .._vocabulary import ChangeKind, Start
from .subscription import Subscription


class Events:
    """What was committed to a user's data, in order: ``me.events``."""

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.Events) -> None:
        self._native = native

    def subscribe(
        self,
        name: str,
        *,
        kinds: Sequence[ChangeKind] = (),
        start: Start = "beginning",
        batch: int = 100,
        timeout: float | None = None,
        auto_ack: bool = True,
    ) -> Subscription:
        """Events to iterate over, from where the cursor of that name is, waiting for more.

        Each is delivered at least once: again to the next subscription of that name, if
        this one dies before it was acknowledged. Asking for the next event acknowledges
        those before; with ``auto_ack=False`` only :meth:`Subscription.ack` does. No
        ``kinds`` means all. ``start`` says where a new cursor begins. ``batch`` events, up
        to 1,000, are read at once, and so many handled ones can come again after a crash.
        The iteration ends when nothing came for ``timeout`` seconds, or the workspace is
        closed.

        >>> note = me.documents.ingest("Bring the long lens.")
        >>> with me.events.subscribe("mailer", timeout=0) as events:
        ...     [event.kind for event in events]
        ['document.stored']
        """
        options = {
            "kinds": kinds,
            "start": start,
            "batch": batch,
            "timeout": timeout,
            "auto_ack": auto_ack,
        }
        return Subscription(self._native.subscribe(name, options))

    def live(
        self,
        *,
        kinds: Sequence[ChangeKind] = (),
        batch: int = 100,
        timeout: float | None = None,
    ) -> Subscription:
        """Events from now on; nothing remembers how far the subscriber got."""
        options = {
            "kinds": kinds,
            "start": "now",
            "batch": batch,
            "timeout": timeout,
            "auto_ack": True,
        }
        return Subscription(self._native.live(options))

    def read(
        self, *, after: int = 0, kinds: Sequence[ChangeKind] = (), limit: int = 100
    ) -> list[Event]:
        """Events after a position, in order, at most 1,000, without waiting.

        >>> note = me.documents.ingest("Bring the long lens.")
        >>> [event.document_id == note.document.id for event in me.events.read()]
        [True]
        """
        return self._native.read(after, kinds, limit).wait()

    def ack(self, name: str, position: int) -> int:
        """Moves a cursor forward, never back, making it if need be; its position afterwards.

        >>> note = me.documents.ingest("Bring the long lens.")
        >>> last = me.events.read()[-1].position
        >>> me.events.ack("mailer", last) == last
        True
        """
        return self._native.ack(name, position).wait()

    def cursors(self) -> list[Cursor]:
        """All cursors, by name, each with how far it lags behind.

        >>> me.events.cursors()
        []
        """
        return self._native.cursors().wait()

    def delete_cursor(self, name: str) -> bool:
        """Forgets a cursor; whether it was there.

        >>> me.events.delete_cursor("mailer")
        False
        """
        return self._native.delete_cursor(name).wait()
