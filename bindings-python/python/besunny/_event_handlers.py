"""Handlers of events, sync and async, as both faces take them."""

from __future__ import annotations

from collections.abc import Callable

from ._errors import Error
from ._host import Handler
from ._types import Event


class EventHandler(Handler):
    """Handles events. Remembers what was raised last, which may be what ends the handling."""

    __slots__ = ("_raised",)

    def __init__(self, function: Callable[[Event], object]) -> None:
        super().__init__(function)
        self._raised: BaseException | None = None

    def prepare(self, argument: Event) -> Event:
        return argument

    def describe(self, argument: Event) -> str:
        return f"the event at position {argument.position}"

    def failed(self, error: BaseException) -> None:
        self._raised = error

    def raised(self, error: Error) -> BaseException:
        """What the function raised where an error of the library stands for that, or the error."""
        if error.operation == "events.handler" and self._raised is not None:
            return self._raised
        return error
