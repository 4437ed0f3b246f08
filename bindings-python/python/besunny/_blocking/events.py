"""A user's events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import _besunny
from .._errors import Error
from .._event_handlers import EventHandler
from .._host import Host
from .._types import Cursor, Event, HandleReport
from .._vocabulary import ChangeKind, OnFailure, Span, Start
from ._working import working
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
        timeout: Span | None = None,
        auto_ack: bool = True,
    ) -> Subscription:
        """Events to iterate over, from where the cursor of that name is, waiting for more.

        Each is delivered at least once: again to the next subscription of that name, if
        this one dies before it was acknowledged. Asking for the next event acknowledges
        those before; with ``auto_ack=False`` only :meth:`Subscription.ack` does. No
        ``kinds`` means all. ``start`` says where a new cursor begins. ``batch`` events, up
        to 1,000, are read at once, and so many handled ones can come again after a crash.
        The iteration ends when nothing came for ``timeout`` (a ``timedelta`` or seconds),
        or the workspace is closed.

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
        timeout: Span | None = None,
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

    def handle(
        self,
        name: str,
        handler: Callable[[Event], object],
        *,
        kinds: Sequence[ChangeKind] = (),
        start: Start = "beginning",
        batch: int = 100,
        timeout: Span | None = None,
        attempts: int = 5,
        backoff: Span = 0.2,
        longest_backoff: Span = 30.0,
        on_failure: OnFailure = "stop",
        stop: _besunny.CancelToken | None = None,
    ) -> HandleReport:
        """Subscribes under a name and hands each event to a handler, which may be async;
        acknowledges what it returned for.

        An event whose handler raises is tried again, ``attempts`` times in all, after
        ``backoff``, which doubles up to ``longest_backoff``. What the last attempt raised
        is raised from here, and the event delivered again next time; with
        ``on_failure="skip"`` the event is noted in the report and passed over. Returns
        when ``stop`` is raised, the workspace is closed, or nothing came for ``timeout``.
        The other options are those of :meth:`subscribe`.

        >>> note = me.documents.ingest("Bring the long lens.")
        >>> me.events.handle("mailer", lambda event: print(event.kind), timeout=0).handled
        document.stored
        1
        """
        subscribing = {
            "kinds": kinds,
            "start": start,
            "batch": batch,
            "timeout": timeout,
            "auto_ack": False,
        }
        retrying = {
            "attempts": attempts,
            "backoff": backoff,
            "longest_backoff": longest_backoff,
            "on_failure": on_failure,
        }
        token = _besunny.CancelToken() if stop is None else stop
        handling = EventHandler(handler)

        def begin(host: Host) -> _besunny.Call[HandleReport]:
            return self._native.handle(host, name, handling, subscribing, retrying, token)

        try:
            return working(begin, token)
        except Error as error:
            raised = handling.raised(error)
        raise raised

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
