"""Jobs and their handlers, sync and async, on both faces."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import besunny
import pytest
from besunny import aio

from conftest import a_mail, needs_model

PATIENCE = 60
"""How many seconds anything may take before it counts as stuck."""


def wait_for(event: threading.Event) -> None:
    assert event.wait(PATIENCE)


def test_a_sync_handler_runs_on_a_thread_and_an_async_one_on_a_loop(ws: besunny.Workspace) -> None:
    seen: dict[str, Any] = {}

    @ws.jobs.handler("sync")
    def sync(job: besunny.JobContext) -> None:
        seen["sync"] = (type(job), threading.get_ident())

    @ws.jobs.handler("async")
    async def asynchronous(job: aio.JobContext) -> None:
        await asyncio.sleep(0)
        seen["async"] = (type(job), asyncio.get_running_loop())

    ws.jobs.enqueue("sync")
    ws.jobs.enqueue("async")
    assert ws.jobs.work(until_idle=True).succeeded == 2
    assert seen["sync"][0] is besunny.JobContext
    assert seen["sync"][1] != threading.get_ident()
    assert seen["async"][0] is aio.JobContext
    assert seen["async"][1].is_closed(), "the loop goes with the worker"
    # The decorator gives back what it was given.
    assert callable(sync) and asyncio.iscoroutinefunction(asynchronous)


def test_a_handler_acts_for_the_owner_of_the_job(ws: besunny.Workspace, me: besunny.UserHandle) -> None:
    @ws.jobs.handler("note")
    def note(job: besunny.JobContext) -> None:
        assert job.user is not None
        job.user.documents.ingest(job.payload)
        assert job.workspace.status().documents == 1

    @ws.jobs.handler("count")
    async def count(job: aio.JobContext) -> None:
        assert job.user is not None
        found = await job.user.documents.list()
        job.progress(1, f"{len(found)} of {(await job.workspace.status()).documents}")

    me.jobs.enqueue("note", "Crew call at six", priority=1)
    counted = me.jobs.enqueue("count")
    assert ws.jobs.run_due() == 2
    assert [hit.document.text for hit in me.search("crew")] == ["Crew call at six"]
    progress = me.jobs.get(counted).progress
    assert progress == besunny.JobProgress(1.0, "1 of 1")


def test_handlers_run_side_by_side(ws: besunny.Workspace) -> None:
    together = threading.Barrier(3)

    @ws.jobs.handler("sync")
    def sync(job: besunny.JobContext) -> None:
        together.wait(PATIENCE)

    @ws.jobs.handler("async")
    async def asynchronous(job: aio.JobContext) -> None:
        await asyncio.to_thread(together.wait, PATIENCE)

    ws.jobs.enqueue_many([besunny.NewJob(kind) for kind in ("sync", "async", "sync")])
    assert ws.jobs.work(concurrency=3, until_idle=True).succeeded == 3


def test_other_threads_go_on_while_somebody_works(ws: besunny.Workspace) -> None:
    stop, done = besunny.CancelToken(), threading.Event()

    @ws.jobs.handler("report")
    def report(job: besunny.JobContext) -> None:
        done.set()

    reports: list[besunny.WorkReport] = []
    worker = threading.Thread(target=lambda: reports.append(ws.jobs.work(stop=stop)))
    worker.start()
    # Would stand still if the working thread kept the GIL.
    ws.jobs.enqueue("report")
    wait_for(done)
    assert not stop.is_cancelled
    stop.cancel()
    worker.join(PATIENCE)
    assert not worker.is_alive() and stop.is_cancelled
    assert [report.succeeded for report in reports] == [1]


def test_four_threads_enqueue(ws: besunny.Workspace) -> None:
    done: list[int] = []
    ws.jobs.handler("page")(lambda job: done.append(job.payload))

    def enqueue(start: int) -> None:
        for number in range(start, start + 25):
            ws.jobs.enqueue("page", number)

    threads = [threading.Thread(target=enqueue, args=(start,)) for start in range(0, 100, 25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ws.jobs.work(until_idle=True).succeeded == 100
    assert sorted(done) == list(range(100))


FAILURES: list[tuple[BaseException, str, str, str]] = [
    (ValueError("no such month"), "failed", "handler", "ValueError: no such month"),
    (KeyError(), "failed", "handler", "KeyError"),
    (SystemExit(3), "failed", "handler", "SystemExit: 3"),
    (KeyboardInterrupt(), "failed", "handler", "KeyboardInterrupt"),
    (besunny.JobFailure("later"), "failed", "handler", "later"),
    (besunny.JobFailure("never", retry=False), "dead", "handler", "never"),
    (besunny.StorageError("busy", retryable=True), "failed", "storage", ": busy (storage)"),
    (besunny.NotFoundError("gone", operation="a.b"), "dead", "not_found", "a.b: gone (not_found)"),
    (ValueError("half a pair: \udc00"), "failed", "handler", "ValueError: half a pair: ?"),
]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("error", "state", "code", "message"), FAILURES)
def test_an_exception_is_a_failed_attempt(
    ws: besunny.Workspace, error: BaseException, state: str, code: str, message: str, is_async: bool
) -> None:
    def fail(job: besunny.JobContext) -> None:
        raise error

    async def fail_async(job: aio.JobContext) -> None:
        raise error

    if is_async:
        ws.jobs.handler("report")(fail_async)
    else:
        ws.jobs.handler("report")(fail)
    job = ws.jobs.enqueue("report")
    assert ws.jobs.run_due() == 1
    kept = ws.jobs.get(job)
    assert (kept.state, kept.failure) == (state, besunny.AttemptFailure(code, message))


def test_the_traceback_is_logged_and_not_stored(
    ws: besunny.Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    @ws.jobs.handler("report")
    def report(job: besunny.JobContext) -> None:
        raise ValueError("no such month")

    job = ws.jobs.enqueue("report")
    ws.jobs.run_due()
    [record] = [record for record in caplog.records if record.name == "besunny.handlers"]
    assert record.exc_info is not None and job.id in record.getMessage()
    assert "Traceback" in caplog.text


def test_a_sync_handler_that_returns_something_to_await_is_told(ws: besunny.Workspace) -> None:
    async def later(job: Any) -> None:
        raise AssertionError("is not awaited")

    ws.jobs.handler("report")(lambda job: later(job))
    job = ws.jobs.enqueue("report")
    ws.jobs.run_due()
    kept = ws.jobs.get(job)
    assert kept.state == "dead" and kept.failure is not None and "async def" in kept.failure.message


def test_cancelling_a_job_cancels_the_task_and_tells_the_thread(ws: besunny.Workspace) -> None:
    begun, told = threading.Barrier(3), threading.Barrier(3)

    @ws.jobs.handler("sync")
    def sync(job: besunny.JobContext) -> None:
        begun.wait(PATIENCE)
        while not job.cancelled:
            threading.Event().wait(0.01)
        told.wait(PATIENCE)
        raise RuntimeError("stopped half-way")

    @ws.jobs.handler("async")
    async def asynchronous(job: aio.JobContext) -> None:
        await asyncio.to_thread(begun.wait, PATIENCE)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.to_thread(told.wait, PATIENCE)
            raise

    jobs = [ws.jobs.enqueue("sync"), ws.jobs.enqueue("async")]

    def cancel() -> None:
        begun.wait(PATIENCE)
        assert [ws.jobs.cancel(job) for job in jobs] == ["running", "running"]
        told.wait(PATIENCE)

    canceller = threading.Thread(target=cancel)
    canceller.start()
    assert ws.jobs.work(until_idle=True).cancelled == 2
    canceller.join(PATIENCE)
    assert [ws.jobs.get(job).state for job in jobs] == ["cancelled", "cancelled"]


def test_an_attempt_that_takes_too_long_is_stopped(ws: besunny.Workspace) -> None:
    told = threading.Barrier(3)

    @ws.jobs.handler("sync")
    def sync(job: besunny.JobContext) -> None:
        while not job.cancelled:
            threading.Event().wait(0.01)
        told.wait(PATIENCE)

    @ws.jobs.handler("async")
    async def asynchronous(job: aio.JobContext) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.to_thread(told.wait, PATIENCE)

    limited = [besunny.NewJob(kind, timeout=0.1, max_attempts=1) for kind in ("sync", "async")]
    jobs = ws.jobs.enqueue_many(limited)
    waiting = threading.Thread(target=told.wait, args=(PATIENCE,))
    waiting.start()
    assert ws.jobs.work(until_idle=True).dead == 2
    waiting.join(PATIENCE)
    assert not told.broken and not waiting.is_alive()
    failures = [ws.jobs.get(job).failure for job in jobs]
    assert [failure and failure.code for failure in failures] == ["timeout", "timeout"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_ctrl_c_lets_what_runs_finish(ws: besunny.Workspace) -> None:
    @ws.jobs.handler("report")
    def report(job: besunny.JobContext) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(0.3)

    first = ws.jobs.enqueue("report", priority=1)
    second = ws.jobs.enqueue("report", run_at=datetime.now(timezone.utc) + timedelta(seconds=0.1))
    # A test run in the background inherits a SIGINT that is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            ws.jobs.work(concurrency=1)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ws.jobs.get(first).state == "succeeded"
    assert ws.jobs.get(second).attempt == 0


def test_what_does_not_finish_is_handed_back(ws: besunny.Workspace) -> None:
    stop, ended = besunny.CancelToken(), threading.Event()

    @ws.jobs.handler("report")
    async def report(job: aio.JobContext) -> None:
        stop.cancel()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    job = ws.jobs.enqueue("report")
    assert ws.jobs.work(stop=stop, grace=0).handed_back == 1
    assert ended.is_set(), "the task is waited for"
    assert ws.jobs.get(job).state == "ready"


def test_arguments_are_checked(ws: besunny.Workspace, me: besunny.UserHandle) -> None:
    circle: list[Any] = []
    circle.append(circle)
    for payload in (float("nan"), 2**64, "\ud800", circle):
        with pytest.raises(besunny.InvalidInputError):
            ws.jobs.enqueue("report", payload)
    deep: list[Any] = []
    for _ in range(150):
        deep = [deep]
    with pytest.raises(besunny.LimitExceededError):
        ws.jobs.enqueue("report", deep)
    for other in ({1: "a"}, object(), b"raw", {"at": datetime.now(timezone.utc)}):
        with pytest.raises(TypeError):
            ws.jobs.enqueue("report", other)
    for wrong in ({"delay": -1}, {"timeout": float("inf")}, {"max_attempts": -1}, {"priority": 2**31}):
        with pytest.raises(besunny.InvalidInputError):
            ws.jobs.enqueue("report", **wrong)
    with pytest.raises(TypeError, match="timedelta"):
        ws.jobs.enqueue("report", timeout="soon")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="VirtualClock"):
        besunny.Workspace.open("unused", clock=object())  # type: ignore[arg-type]
    with pytest.raises(besunny.ForbiddenError):
        me.jobs.handler("report")(lambda job: None)
    assert ws.jobs.stats() == []


def test_payloads_come_back_as_they_went_in(ws: besunny.Workspace) -> None:
    payload = {
        "text": "é\n☕",
        "numbers": [0, -(2**63), 2**64 - 1, 0.1, 1e300, -2.5],
        "others": [None, True, False],
        "empty": [{}, [], ""],
    }
    job = ws.jobs.get(ws.jobs.enqueue("report", payload))
    assert job.payload == payload
    assert [type(number) for number in job.payload["numbers"]] == [int, int, int, float, float, float]
    assert ws.jobs.get(ws.jobs.enqueue("report", (1, 2))).payload == [1, 2]


def test_jobs_are_values(ws: besunny.Workspace) -> None:
    made = ws.jobs.enqueue("report", {"month": "March"}, timeout=timedelta(seconds=1.5))
    job = ws.jobs.get(made)
    assert job.timeout == timedelta(seconds=1.5) and job.to_dict()["timeout"] == 1.5
    twin = pickle.loads(pickle.dumps(job))
    assert twin == job and hash(twin) == hash(job)
    error = pickle.loads(pickle.dumps(besunny.JobFailure("never", retry=False)))
    assert (str(error), error.retry) == ("never", False)


def test_jobs_that_every_workspace_does(
    ws: besunny.Workspace, me: besunny.UserHandle, tmp_path: Path
) -> None:
    (tmp_path / "permit.eml").write_bytes(a_mail())
    (tmp_path / "notes.md").write_text("# Gear\n\nBring the long lens.", encoding="utf-8")
    jobs = me.jobs.enqueue_many(
        [
            besunny.NewJob.ingest_mail(a_mail(2)),
            besunny.NewJob.ingest_mail(tmp_path / "permit.eml"),
            besunny.NewJob.ingest_document(tmp_path / "notes.md", source="notes", source_id="1"),
            besunny.NewJob.rebuild(),
            besunny.NewJob.train(),
            besunny.NewJob.re_embed(),
        ]
    )
    assert ws.jobs.run_due() == 6
    kept = [me.jobs.get(job) for job in jobs]
    assert [job.state for job in kept] == ["succeeded"] * 5 + ["dead"]
    assert kept[5].failure is not None and kept[5].failure.code == "model_missing"
    assert len(me.documents.list()) == 3
    [note] = me.documents.list(source="notes")
    assert (note.title, note.source_id) == ("Gear", "1")


def test_a_clock_that_is_set(tmp_path: Path) -> None:
    clock = besunny.VirtualClock("2026-03-28T13:00:00+01:00")
    assert clock.now == datetime(2026, 3, 28, 12, tzinfo=timezone.utc)
    with besunny.Workspace.open(tmp_path / "workspace", model=False, clock=clock) as ws:
        assert ws.users.create("ana").created_at == clock.now
        clock.set(clock.now - timedelta(days=1))
        clock.set(clock.now + timedelta(hours=1))
        assert clock.now.hour == 13
        ws.jobs.handler("report")(lambda job: None)
        ws.jobs.enqueue("report", delay=timedelta(minutes=1))
        assert ws.jobs.advance(clock, timedelta(seconds=59)) == 0
        assert ws.jobs.advance(clock, 1) == 1
        assert clock.now == datetime(2026, 3, 28, 13, 1, tzinfo=timezone.utc)


def test_a_handler_starts_a_worker_of_its_own(ws: besunny.Workspace) -> None:
    @ws.jobs.handler("outer")
    def outer(job: besunny.JobContext) -> None:
        job.workspace.jobs.enqueue("inner")
        assert job.workspace.jobs.work(until_idle=True).succeeded == 1

    @ws.jobs.handler("inner")
    async def inner(job: aio.JobContext) -> None:
        await asyncio.sleep(0)

    ws.jobs.enqueue("outer")
    report = ws.jobs.work(concurrency=1, until_idle=True)
    assert (report.succeeded, report.failed, report.dead) == (1, 0, 0)


async def test_awaited_jobs_run_on_the_callers_loop(tmp_path: Path) -> None:
    async with aio.Workspace.open(tmp_path / "workspace", model=False) as ws:
        loop, thread, seen = asyncio.get_running_loop(), threading.get_ident(), []

        @ws.jobs.handler("async")
        async def asynchronous(job: aio.JobContext) -> None:
            assert asyncio.get_running_loop() is loop
            seen.append(job.payload)
            # The loop is free: this waits for what the loop does.
            await ws.jobs.stats()

        @ws.jobs.handler("sync")
        def sync(job: besunny.JobContext) -> None:
            assert threading.get_ident() != thread
            seen.append(job.payload)

        await ws.jobs.enqueue("async", 1, priority=1)
        await ws.jobs.enqueue("sync", 2)
        stop = besunny.CancelToken()
        report = await ws.jobs.work(concurrency=1, until_idle=True, stop=stop)
        assert (report.succeeded, stop.is_cancelled) == (2, False)
        assert seen == [1, 2]
        assert [job.payload async for job in ws.jobs.iterate(size=1)] == [2, 1]


async def test_cancelling_the_awaited_worker_lets_what_runs_finish(tmp_path: Path) -> None:
    async with aio.Workspace.open(tmp_path / "workspace", model=False) as ws:
        begun, may_end = asyncio.Event(), asyncio.Event()

        @ws.jobs.handler("report")
        async def report(job: aio.JobContext) -> None:
            begun.set()
            await may_end.wait()

        job = await ws.jobs.enqueue("report")
        worker = asyncio.create_task(ws.jobs.work())
        await asyncio.wait_for(begun.wait(), PATIENCE)
        worker.cancel()
        await asyncio.sleep(0.1)
        assert not worker.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(worker, PATIENCE)
        assert (await ws.jobs.get(job)).state == "succeeded"


async def test_cancelling_the_awaited_worker_hands_back_what_does_not_finish(tmp_path: Path) -> None:
    async with aio.Workspace.open(tmp_path / "workspace", model=False) as ws:
        begun, cancelled = asyncio.Event(), asyncio.Event()

        @ws.jobs.handler("report")
        async def report(job: aio.JobContext) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise

        job = await ws.jobs.enqueue("report")
        worker = asyncio.create_task(ws.jobs.work(grace=0))
        await asyncio.wait_for(begun.wait(), PATIENCE)
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(worker, PATIENCE)
        assert cancelled.is_set()
        assert (await ws.jobs.get(job)).state == "ready"


FORK = """
    import os, sys
    import besunny

    ws = besunny.Workspace.open(sys.argv[1], model=False)
    ws.jobs.handler("report")(lambda job: None)
    ws.jobs.enqueue("report")
    assert ws.jobs.work(until_idle=True).succeeded == 1
    child = os.fork()
    if child == 0:
        for call in (ws.jobs.stats, ws.jobs.run_due, ws.jobs.work, lambda: ws.jobs.enqueue("report")):
            try:
                call()
            except besunny.ClosedError as error:
                assert "fork" in error.message, error
            else:
                os._exit(1)
        with besunny.Workspace.open(sys.argv[1] + "-inner", model=False) as inner:
            inner.jobs.handler("report")(lambda job: None)
            inner.jobs.enqueue("report")
            assert inner.jobs.work(until_idle=True).succeeded == 1
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    ws.jobs.enqueue("report")
    assert ws.jobs.work(until_idle=True).succeeded == 1
    ws.close()
    print("done")
"""

LEAVE = """
    import asyncio, sys, threading, time
    import besunny

    ws = besunny.Workspace.open(sys.argv[1], model=False)
    begun = threading.Barrier(3)

    @ws.jobs.handler("sync")
    def sync(job):
        begun.wait()
        time.sleep(0.2)

    @ws.jobs.handler("async")
    async def asynchronous(job):
        await asyncio.to_thread(begun.wait)
        while True:
            await asyncio.sleep(0.001)

    ws.jobs.enqueue_many([besunny.NewJob("sync"), besunny.NewJob("async")])
    ws.jobs.enqueue_many([besunny.NewJob("sync", priority=-1) for _ in range(10)])
    threading.Thread(target=ws.jobs.work, kwargs={"concurrency": 2}, daemon=True).start()
    begun.wait()
    print("leaving")
"""


def run_script(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(folder)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork(tmp_path: Path) -> None:
    done = run_script(FORK, tmp_path / "workspace")
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr


def test_leaving_while_somebody_works(tmp_path: Path) -> None:
    done = run_script(LEAVE, tmp_path / "workspace")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "leaving", "")
    # What was running runs again for whoever comes next.
    clock = besunny.VirtualClock(datetime.now(timezone.utc) + timedelta(minutes=5))
    with besunny.Workspace.open(tmp_path / "workspace", model=False, clock=clock) as ws:
        seen: list[str] = []
        ws.jobs.handler("sync")(lambda job: seen.append(job.kind))
        ws.jobs.handler("async")(lambda job: seen.append(job.kind))
        ws.jobs.run_due()
        assert "async" in seen


@needs_model
def test_what_lacks_vectors_is_embedded(tmp_path: Path) -> None:
    with besunny.Workspace.open(tmp_path / "workspace", model=False) as ws:
        ws.users.create("ana")
        ws.user("ana").documents.ingest("Bring the long lens.")
        before = ws.digest()
    with besunny.Workspace.open(tmp_path / "workspace") as ws:
        job = ws.jobs.enqueue_many([besunny.NewJob.re_embed()])[0]
        assert ws.jobs.run_due() == 1
        assert ws.jobs.get(job).state == "succeeded"
        assert ws.digest() != before
