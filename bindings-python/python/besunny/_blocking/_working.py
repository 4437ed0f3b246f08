"""Working: handlers run on threads, and async ones on a loop that is there meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .. import _besunny
from .._host import Host

T = TypeVar("T")


def working(begin: Callable[[Host], _besunny.Call[T]], _stop: _besunny.CancelToken | None = None) -> T:
    """Makes a call for which handlers run. One that can be stopped is, by Ctrl-C, and is
    waited for; a second Ctrl-C waits for async handlers only."""
    host = Host()
    try:
        return begin(host).wait()
    finally:
        host.close()
