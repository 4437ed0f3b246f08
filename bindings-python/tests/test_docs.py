"""The examples in docstrings and README run, and the async face is up to date."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import besunny
import pytest
from besunny import _google_options, _job_types
from besunny._blocking import (
    documents,
    events,
    google,
    jobs,
    mail,
    meetings,
    projects,
    user,
    users,
    workspace,
)

HERE = Path(__file__).resolve().parents[1]
FINDER = doctest.DocTestFinder(exclude_empty=True)
EXAMPLES = [
    example
    for module in (
        _google_options,
        _job_types,
        documents,
        events,
        google,
        jobs,
        mail,
        meetings,
        projects,
        user,
        users,
        workspace,
    )
    for example in FINDER.find(module)
    if example.examples
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_docstring(
    example: doctest.DocTest, ws: besunny.Workspace, me: besunny.UserHandle, tmp_path: Path
) -> None:
    example.globs.update(besunny=besunny, ws=ws, me=me, folder=tmp_path, timedelta=timedelta)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)


def test_most_methods_have_an_example() -> None:
    assert len(EXAMPLES) >= 40


def test_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    text = (HERE / "README.md").read_text(encoding="utf-8")
    main, jobs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(main, "README.md", "exec"), {})
    out = capfd.readouterr().out
    assert out.startswith("True")
    assert "Drone permit for Alfama" in out
    exec(compile(jobs, "README.md", "exec"), {})
    assert capfd.readouterr().out == "a digest of 1 documents for ana\n"


def test_the_async_face_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "tools" / "make_aio.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
