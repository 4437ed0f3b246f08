# Written by tools/make_aio.py from _blocking/mail.py; change that instead.
"""Handing mail in."""

from __future__ import annotations

from .. import _besunny
from .._types import Delivery, Ingested, IntakeEntry, IntakeReport, Page
from .._vocabulary import Location, OnProgress, Raw
from ._progress import relay


class Mail:
    """Mail that finds its owners by virtual address: ``ws.mail``.

    Addresses are looked for in ``To``, ``Cc``, ``Delivered-To`` and ``X-Original-To``.
    """

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.Mail) -> None:
        self._native = native

    async def ingest(self, raw: Raw) -> list[Delivery]:
        """Takes one raw message and delivers it to each user it is addressed to.

        An address of no user, or no address at all, is an outcome and is logged, not an
        error.
        """
        return await self._native.ingest(raw).future()

    async def ingest_mbox(self, path: Location, *, progress: OnProgress | None = None) -> IntakeReport:
        """Takes every message of an mbox file.

        A message that cannot be taken is counted and logged, and the load goes on.
        ``progress`` is called after each mail; an exception in it stops the load.
        """
        return await self._native.ingest_mbox(path, relay(progress)).future()

    async def ingest_maildir(
        self, path: Location, *, progress: OnProgress | None = None
    ) -> IntakeReport:
        """Takes every message of a Maildir and its subfolders, in order of file names."""
        return await self._native.ingest_maildir(path, relay(progress)).future()

    async def ingest_folder(self, path: Location, *, progress: OnProgress | None = None) -> IntakeReport:
        """Takes every ``.eml`` file of a folder and its subfolders, in order of names."""
        return await self._native.ingest_folder(path, relay(progress)).future()

    async def intake_log(self, *, size: int = 100, after: str | None = None) -> Page[IntakeEntry]:
        """What became of mail that reached no user, latest first."""
        return await self._native.intake_log(size, after).future()


class UserMail:
    """Mail of a given owner: ``me.mail``."""

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.UserMail) -> None:
        self._native = native

    async def ingest(self, raw: Raw) -> Ingested:
        """Takes one raw message for this user, whoever it is addressed to."""
        return await self._native.ingest(raw).future()

    async def ingest_mbox(self, path: Location, *, progress: OnProgress | None = None) -> IntakeReport:
        """Takes every message of an mbox file.

        A message that cannot be taken is counted and logged, and the load goes on.
        ``progress`` is called after each mail; an exception in it stops the load.
        """
        return await self._native.ingest_mbox(path, relay(progress)).future()

    async def ingest_maildir(
        self, path: Location, *, progress: OnProgress | None = None
    ) -> IntakeReport:
        """Takes every message of a Maildir and its subfolders, in order of file names."""
        return await self._native.ingest_maildir(path, relay(progress)).future()

    async def ingest_folder(self, path: Location, *, progress: OnProgress | None = None) -> IntakeReport:
        """Takes every ``.eml`` file of a folder and its subfolders, in order of names."""
        return await self._native.ingest_folder(path, relay(progress)).future()
