"""What all results have in common."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def instant(micros: int) -> datetime:
    """The UTC time so many microseconds after 1970, or the nearest that Python knows."""
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        edge = datetime.max if micros > 0 else datetime.min
        return edge.replace(tzinfo=timezone.utc)


def span(seconds: float) -> timedelta:
    """So many seconds, or the longest time that Python knows."""
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        return timedelta.max


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        text = value.astimezone(timezone.utc).replace(tzinfo=None).isoformat()
        return (text.rstrip("0") if "." in text else text) + "Z"
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value


class Record:
    """A result: immutable, comparable, hashable, and ready for ``copy`` and ``pickle``."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data for JSON: the same names and forms in every language.

        Times are RFC 3339 text in UTC, time spans are seconds, tuples become lists.
        """
        # Results are dataclasses; this base only cannot say so.
        names = (field.name for field in fields(self))  # type: ignore[arg-type]
        return {name.rstrip("_"): _plain(getattr(self, name)) for name in names}
