"""Where handlers run while somebody works: sync ones on threads, async ones on an event loop."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import _besunny
from ._errors import Error, JobFailure

_log = logging.getLogger("besunny.handlers")

MOST_THREADS = 10_000
"""As many as a worker's highest concurrency. Idle threads are used again before one is added."""


def is_async(handler: Callable[..., object]) -> bool:
    """Whether calling it gives something to await."""
    call = getattr(type(handler), "__call__", None)
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call)


class Host:
    """Runs handlers. The native module calls :meth:`start`, from its own threads.

    The threads are Python's and not the library's, so that leaving the interpreter waits
    for what runs on them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._threads = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="besunny-handler")
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self._loop = loop
        self._own_loop: threading.Thread | None = None
        self._is_closed = False

    def start(
        self, handler: Handler, argument: Any, finish: _besunny.Finish
    ) -> Callable[[], object] | None:
        """Starts a handler; what stops it, or ``None`` when it cannot be started any more."""
        if self._is_closed:
            return None
        try:
            if handler.is_async:
                return self._start_on_loop(handler, argument, finish)
            future = self._threads.submit(_run, handler, argument, finish)
            return future.cancel
        except RuntimeError:
            if self._is_over():
                return None
            raise

    def _is_over(self) -> bool:
        """Whether nothing can be started any more: this was closed, or Python ends."""
        loop_is_gone = self._loop is not None and self._loop.is_closed()
        return self._is_closed or loop_is_gone or not threading.main_thread().is_alive()

    def _start_on_loop(
        self, handler: Handler, argument: Any, finish: _besunny.Finish
    ) -> Callable[[], object]:
        loop = self._running_loop()
        begun: list[asyncio.Task[None]] = []

        def begin() -> None:
            task = loop.create_task(_run_async(handler, argument, finish))
            begun.append(task)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        def stop() -> None:
            for task in begun:
                task.cancel()

        def stop_from_thread() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(stop)

        loop.call_soon_threadsafe(begin)
        return stop_from_thread

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        """The loop; one on a thread of its own where the caller has none."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._own_loop = threading.Thread(
                    target=_keep, args=(self._loop,), name="besunny-loop", daemon=True
                )
                self._own_loop.start()
            return self._loop

    async def finished(self) -> None:
        """Waits until the tasks of all handlers have ended."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def close(self) -> None:
        """Ends the threads, and the loop where it is the host's own.

        Waits for async handlers, which have been asked to stop by now. A sync one that
        goes on is left behind on its thread.
        """
        self._is_closed = True
        self._threads.shutdown(wait=False)
        if self._own_loop is not None and self._loop is not None:
            asyncio.run_coroutine_threadsafe(self.finished(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._own_loop.join()


def _keep(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


class Handler:
    """A function that handles something. Whether it is async decides where it runs."""

    __slots__ = ("_function", "is_async")

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function
        self.is_async = is_async(function)

    def call(self, argument: Any) -> Any:
        """Calls the function with what it shall be given."""
        return self._function(self.prepare(argument))

    def prepare(self, argument: Any) -> Any:
        """What the function is given for what the native module has."""
        raise NotImplementedError

    def describe(self, argument: Any) -> str:
        """What it handles, for the log."""
        raise NotImplementedError

    def failed(self, error: BaseException) -> None:
        """Hears of what the function raised."""


def _run(handler: Handler, argument: Any, finish: _besunny.Finish) -> None:
    try:
        result = handler.call(argument)
        if inspect.isawaitable(result):
            if isinstance(result, Coroutine):
                result.close()
            raise JobFailure("the handler returned something to await; make it `async def`", retry=False)
    except BaseException as error:  # even SystemExit ends this attempt, and not the worker
        _failed(handler, argument, error, finish)
    else:
        finish.succeeded()


async def _run_async(handler: Handler, argument: Any, finish: _besunny.Finish) -> None:
    try:
        await handler.call(argument)
    except BaseException as error:  # even SystemExit ends this attempt, and not the loop
        _failed(handler, argument, error, finish)
    else:
        finish.succeeded()


def _failed(handler: Handler, argument: Any, error: BaseException, finish: _besunny.Finish) -> None:
    handler.failed(error)
    code, message, retry = "handler", _text(error), True
    match error:
        case JobFailure():
            retry = error.retry
        case Error():
            code, retry = error.code, error.retryable
        case _:
            name = type(error).__name__
            message = f"{name}: {message}" if message else name
    try:
        if not isinstance(error, (JobFailure, asyncio.CancelledError)):
            _log.warning("the handler of %s failed", handler.describe(argument), exc_info=error)
    finally:
        finish.failed(code, message, retry)


def _text(error: BaseException) -> str:
    try:
        # What cannot be encoded cannot be stored.
        return str(error).encode(errors="replace").decode()
    except Exception:
        return ""
