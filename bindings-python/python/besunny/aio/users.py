# Written by tools/make_aio.py from _blocking/users.py; change that instead.
"""The users of a workspace."""

from __future__ import annotations

import builtins

from .. import _besunny
from .._types import User


class Users:
    """The users of a workspace: ``ws.users``."""

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.Users) -> None:
        self._native = native

    async def create(self, username: str, *, email: str | None = None) -> User:
        """Creates a user.

        The username is 3 to 30 ASCII letters and digits, does not begin with a digit,
        and never changes.
        """
        return await self._native.create(username, email).future()

    async def list(self) -> builtins.list[User]:
        """All users, in order of creation."""
        return await self._native.list().future()
