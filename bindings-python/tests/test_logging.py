"""What the library has to say goes to `logging`."""

from __future__ import annotations

import logging
from pathlib import Path

import besunny
import pytest


def test_a_damaged_index_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with besunny.Workspace.open(tmp_path, model=False) as ws:
        ws.users.create("ana")
        ws.user("ana").documents.ingest("The drone permit ends in April.")
        assert ws.user("ana").search("permit")
    for log in (tmp_path / "index").rglob("rows.log"):
        log.write_bytes(b"not a log")
    with caplog.at_level(logging.DEBUG), besunny.Workspace.open(tmp_path, model=False) as ws:
        assert ws.user("ana").search("permit")
    said = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert said and all(record.name.startswith("besunny") for record in caplog.records)
    assert "index" in said[0].getMessage()
