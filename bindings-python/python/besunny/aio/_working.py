"""Working: sync handlers run on threads, and async ones on the caller's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from .. import _besunny
from .._host import Host

T = TypeVar("T")


async def working(
    begin: Callable[[Host], _besunny.Call[T]], stop: _besunny.CancelToken | None = None
) -> T:
    """Makes a call for which handlers run. Cancelling raises ``stop`` and waits for the end;
    cancelling again does not wait."""
    host = Host(asyncio.get_running_loop())
    try:
        call = asyncio.ensure_future(begin(host).future())
        try:
            result = await asyncio.shield(call)
        except asyncio.CancelledError:
            if stop is not None:
                stop.cancel()
            await asyncio.wait([call])
            if not call.cancelled():
                call.exception()  # it was seen; what the caller hears of is the cancelling
            await host.finished()
            raise
        await host.finished()
        return result
    finally:
        host.close()
