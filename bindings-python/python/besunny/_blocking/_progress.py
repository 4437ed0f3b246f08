"""Progress of bulk loads: the native module calls back on the thread that waits."""

from __future__ import annotations

from .._vocabulary import OnProgress


def relay(progress: OnProgress | None) -> OnProgress | None:
    """The callback as the native module shall call it."""
    return progress
