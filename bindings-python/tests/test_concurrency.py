"""Threads, signals and processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import besunny
import pytest

from conftest import a_mail


def test_the_gil_is_free_during_a_load(me: besunny.UserHandle, mbox: Path) -> None:
    running, counted = True, 0

    def count() -> None:
        nonlocal counted
        while running:
            counted += 1

    thread = threading.Thread(target=count)
    thread.start()
    began = time.perf_counter()
    try:
        report = me.mail.ingest_mbox(mbox)
        took = time.perf_counter() - began
        during = counted
    finally:
        running = False
        thread.join()
    assert report.stored == 300
    # A counter that had to wait for the load would be near zero.
    assert during / took > 100_000


def test_many_threads_share_a_workspace(me: besunny.UserHandle) -> None:
    def work(start: int) -> None:
        for number in range(start, start + 10):
            me.mail.ingest(a_mail(number))
            me.search("permit")

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(me.documents.list()) == 80


def test_progress_runs_on_the_waiting_thread(me: besunny.UserHandle, mbox: Path) -> None:
    threads = set()

    def progress(state: besunny.Progress) -> None:
        threads.add(threading.get_ident())
        # Calls from within a callback work.
        assert state.done == 1 or me.documents.list(size=1).next

    me.mail.ingest_mbox(mbox, progress=progress)
    assert threads == {threading.get_ident()}


def test_an_exception_in_progress_stops_the_load(me: besunny.UserHandle, mbox: Path) -> None:
    def progress(state: besunny.Progress) -> None:
        if state.done == 5:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        me.mail.ingest_mbox(mbox, progress=progress)
    assert len(me.documents.list()) == 5
    assert me.mail.ingest_mbox(mbox).unchanged == 5


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_ctrl_c_stops_a_load(me: besunny.UserHandle, tmp_path: Path) -> None:
    path = tmp_path / "long.mbox"
    with path.open("wb") as file:
        for number in range(10_000):
            mail = a_mail(number, body="word " * 400).replace(b"\r\n", b"\n")
            file.write(b"From marta Mon Mar  2 09:00:00 2026\n" + mail + b"\n")
    # A test run in the background inherits a SIGINT that is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            me.mail.ingest_mbox(path)
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
    stored = sum(1 for _ in me.documents.iterate(size=1000))
    assert 0 < stored < 10_000


FORK = """
    import os, sys
    import besunny

    outer = besunny.Workspace.open(sys.argv[1] + "/outer", model=False)
    outer.users.create("ana")
    me = outer.user("ana")
    child = os.fork()
    if child == 0:
        for call in (outer.status, outer.close, me.projects.list, lambda: me.search("x")):
            try:
                call()
            except besunny.ClosedError as error:
                assert "fork" in error.message, error
            else:
                os._exit(1)
        del outer, me
        with besunny.Workspace.open(sys.argv[1] + "/inner", model=False) as inner:
            inner.users.create("bruno")
            inner.user("bruno").documents.ingest("hello")
            assert inner.status().documents == 1
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    me.documents.ingest("still here")
    assert outer.status().documents == 1
    outer.close()
    with besunny.Workspace.open(sys.argv[1] + "/outer", model=False) as again:
        assert again.status().documents == 1
    print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORK), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr


def test_leaving_without_closing(tmp_path: Path) -> None:
    script = "import besunny, sys; ws = besunny.Workspace.open(sys.argv[1], model=False)"
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
