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

    def ingest(self, raw: Raw) -> list[Delivery]:
        """Takes one raw message and delivers it to each user it is addressed to.

        An address of no user, or no address at all, is an outcome and is logged, not an
        error.

        >>> [delivery] = ws.mail.ingest(b"To: ai+ana@besunny.ai\\r\\n\\r\\nGranted.\\r\\n")
        >>> delivery.username, delivery.status
        ('ana', 'stored')
        """
        return self._native.ingest(raw).wait()

    def ingest_mbox(self, path: Location, *, progress: OnProgress | None = None) -> IntakeReport:
        """Takes every message of an mbox file.

        A message that cannot be taken is counted and logged, and the load goes on.
        ``progress`` is called after each mail; an exception in it stops the load.
        """
        return self._native.ingest_mbox(path, relay(progress)).wait()

    def ingest_maildir(
        self, path: Location, *, progress: OnProgress | None = None
    ) -> IntakeReport:
        """Takes every message of a Maildir and its subfolders, in order of file names."""
        return self._native.ingest_maildir(path, relay(progress)).wait()

    def ingest_folder(self, path: Location, *, progress: OnProgress | None = None) -> IntakeReport:
        """Takes every ``.eml`` file of a folder and its subfolders, in order of names."""
        return self._native.ingest_folder(path, relay(progress)).wait()

    def intake_log(self, *, size: int = 100, after: str | None = None) -> Page[IntakeEntry]:
        """What became of mail that reached no user, latest first.

        >>> deliveries = ws.mail.ingest(b"To: ai+nobody@besunny.ai\\r\\n\\r\\nHello.\\r\\n")
        >>> [(entry.status, entry.address) for entry in ws.mail.intake_log()]
        [('user_not_found', 'ai+nobody@besunny.ai')]
        """
        return self._native.intake_log(size, after).wait()


class UserMail:
    """Mail of a given owner: ``me.mail``."""

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.UserMail) -> None:
        self._native = native

    def ingest(self, raw: Raw) -> Ingested:
        """Takes one raw message for this user, whoever it is addressed to.

        >>> shoot = me.projects.create("Lisbon shoot", keywords=["drone permit"])
        >>> mail = me.mail.ingest(b"Subject: Drone permit\\r\\n\\r\\nThe drone permit is here.\\r\\n")
        >>> mail.status, mail.title
        ('stored', 'Drone permit')
        >>> mail.assignment.alternatives[0].name
        'Lisbon shoot'
        """
        return self._native.ingest(raw).wait()

    def ingest_mbox(self, path: Location, *, progress: OnProgress | None = None) -> IntakeReport:
        """Takes every message of an mbox file.

        A message that cannot be taken is counted and logged, and the load goes on.
        ``progress`` is called after each mail; an exception in it stops the load.

        >>> mbox = folder / "archive.mbox"
        >>> size = mbox.write_bytes(b"From ana Mon Mar  2 09:00:00 2026\\nSubject: Hi\\n\\nHello.\\n")
        >>> me.mail.ingest_mbox(mbox, progress=lambda state: print(state.item)).stored
        message 1
        1
        """
        return self._native.ingest_mbox(path, relay(progress)).wait()

    def ingest_maildir(
        self, path: Location, *, progress: OnProgress | None = None
    ) -> IntakeReport:
        """Takes every message of a Maildir and its subfolders, in order of file names."""
        return self._native.ingest_maildir(path, relay(progress)).wait()

    def ingest_folder(self, path: Location, *, progress: OnProgress | None = None) -> IntakeReport:
        """Takes every ``.eml`` file of a folder and its subfolders, in order of names."""
        return self._native.ingest_folder(path, relay(progress)).wait()
