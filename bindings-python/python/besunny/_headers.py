"""Headers of a request, in whatever form a web framework has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeAlias, Union


class HasItems(Protocol):
    """A dict, or what the headers of a framework are."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Names and values."""
        ...


Headers: TypeAlias = Union[HasItems, Iterable[tuple[str, str]], Iterable[tuple[bytes, bytes]]]
"""A dict, anything with ``items()``, or pairs; also the pairs of bytes that ASGI has."""


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def pairs(headers: Headers) -> list[tuple[str, str]]:
    """Names and values, in order."""
    items = getattr(headers, "items", None)
    given: Any = headers if items is None else items()
    return [(_text(name), _text(value)) for name, value in given]
