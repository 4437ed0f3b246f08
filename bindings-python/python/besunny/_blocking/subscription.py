"""Iterating over events."""

from __future__ import annotations

from types import TracebackType

from .. import _besunny
from .._types import Event


class Subscription:
    """Events to iterate over: ``for event in me.events.subscribe("mailer")``.

    Use it in a ``with`` block where the loop can be left early: closing it makes durable
    what was moved past.
    """

    __slots__ = ("_native", "_seen")

    def __init__(self, call: _besunny.Call[_besunny.Subscription]) -> None:
        self._seen: int | None = None
        self._native = call.wait()

    def __iter__(self) -> Subscription:
        return self

    def __next__(self) -> Event:
        event = self._native.next(self._seen).wait()
        if event is None:
            raise StopIteration
        self._seen = event.position
        return event

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def ack(self, event: Event | int) -> None:
        """Acknowledges an event, or its position, and all before it, durably."""
        position = event if isinstance(event, int) else event.position
        self._native.ack(position).wait()

    def close(self) -> None:
        """Ends the iteration, also for a thread that waits in it. Closing twice is fine."""
        self._native.close().wait()
