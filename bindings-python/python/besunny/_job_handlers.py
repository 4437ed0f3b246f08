"""Handlers of jobs, sync and async, as both faces take them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, Union

from . import _besunny
from ._host import Handler, is_async

if TYPE_CHECKING:
    from ._blocking.job_context import JobContext
    from .aio.job_context import JobContext as AsyncJobContext

F = TypeVar(
    "F",
    bound=Union["Callable[[JobContext], None]", "Callable[[AsyncJobContext], Awaitable[None]]"],
)


def handling(kind: str, function: Callable[..., object]) -> Handler:
    """A handler as the native module takes it. Whether it is async decides what it is given."""

    def prepare(native: _besunny.JobContext) -> Any:
        if is_async(function):
            from .aio.job_context import JobContext as AsyncJobContext

            return AsyncJobContext(native)
        from ._blocking.job_context import JobContext

        return JobContext(native)

    return Handler(f"job of kind {kind}", function, prepare)
