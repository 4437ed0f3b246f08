"""Handlers of jobs, sync and async, as both faces take them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar, Union

from . import _besunny
from ._host import Handler

if TYPE_CHECKING:
    from ._blocking.job_context import JobContext
    from .aio.job_context import JobContext as AsyncJobContext

F = TypeVar(
    "F",
    bound=Union["Callable[[JobContext], None]", "Callable[[AsyncJobContext], Awaitable[None]]"],
)


class JobHandler(Handler):
    """Does jobs of one kind. An async function is given what is awaited, a sync one what waits."""

    __slots__ = ()

    def prepare(self, argument: _besunny.JobContext) -> JobContext | AsyncJobContext:
        if self.is_async:
            from .aio.job_context import JobContext as AsyncJobContext

            return AsyncJobContext(argument)
        from ._blocking.job_context import JobContext

        return JobContext(argument)

    def describe(self, argument: _besunny.JobContext) -> str:
        job = argument.job()
        return f"job {job.id} ({job.kind!r}, attempt {job.attempt})"
