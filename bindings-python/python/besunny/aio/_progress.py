"""Progress of bulk loads: the native module calls back on a thread of its own, and the
callback runs on the event loop."""

from __future__ import annotations

import asyncio
import inspect

from .._types import Progress
from .._vocabulary import OnProgress


def relay(progress: OnProgress | None) -> OnProgress | None:
    """The callback as the native module shall call it; it may be a coroutine function."""
    if progress is None:
        return None
    loop = asyncio.get_running_loop()

    async def on_loop(state: Progress) -> None:
        result = progress(state)
        if inspect.isawaitable(result):
            await result

    def from_thread(state: Progress) -> None:
        asyncio.run_coroutine_threadsafe(on_loop(state), loop).result()

    return from_thread
