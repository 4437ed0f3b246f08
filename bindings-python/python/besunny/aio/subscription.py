"""Iterating over events."""

from __future__ import annotations

import asyncio
from types import TracebackType

from .. import _besunny
from .._types import Event


class Subscription:
    """Events to iterate over: ``async for event in me.events.subscribe("mailer")``.

    It begins with the first event that is waited for, or with ``async with``. Use that
    where the loop can be left early: closing it makes durable what was moved past. A task
    that is cancelled while it waits loses no event.
    """

    __slots__ = ("_beginning", "_call", "_seen")

    def __init__(self, call: _besunny.Call[_besunny.Subscription]) -> None:
        self._call = call
        self._beginning: asyncio.Future[_besunny.Subscription] | None = None
        self._seen: int | None = None

    async def _begun(self) -> _besunny.Subscription:
        if self._beginning is None:
            self._beginning = asyncio.ensure_future(self._call.future())
        # It begins once, whoever of those that wait for it is cancelled.
        return await asyncio.shield(self._beginning)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        native = await self._begun()
        event = await native.next(self._seen).future()
        if event is None:
            raise StopAsyncIteration
        self._seen = event.position
        return event

    async def __aenter__(self) -> Subscription:
        await self._begun()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def ack(self, event: Event | int) -> None:
        """Acknowledges an event, or its position, and all before it, durably."""
        position = event if isinstance(event, int) else event.position
        native = await self._begun()
        await native.ack(position).future()

    async def close(self) -> None:
        """Ends the iteration, also for a task that waits in it. Closing twice is fine."""
        if self._beginning is not None:
            native = await self._begun()
            await native.close().future()
