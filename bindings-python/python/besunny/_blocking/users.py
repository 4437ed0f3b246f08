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

    def create(self, username: str, *, email: str | None = None) -> User:
        """Creates a user.

        The username is 3 to 30 ASCII letters and digits, does not begin with a digit,
        and never changes.

        >>> ws.users.create("bruno", email="bruno@tide.example").username
        'bruno'
        >>> ws.users.create("bruno")
        Traceback (most recent call last):
            ...
        besunny.AlreadyExistsError: ...
        """
        return self._native.create(username, email).wait()

    def list(self) -> builtins.list[User]:
        """All users, in order of creation.

        >>> [user.username for user in ws.users.list()]
        ['ana']
        """
        return self._native.list().wait()
