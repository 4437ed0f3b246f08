"""A program that uses the whole face; it is type-checked, not run."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import assert_type

import besunny
import numpy as np
from besunny import aio
from numpy.typing import NDArray


def show(progress: besunny.Progress) -> None:
    print(progress.done, progress.bytes_done / progress.bytes_total, progress.item)
    for delivery in progress.deliveries:
        assert_type(delivery.document, besunny.Document | None)


async def show_async(progress: besunny.Progress) -> None:
    show(progress)


async def show_event(event: besunny.Event) -> None:
    print(event.kind)


def blocking(raw: bytes) -> None:
    with besunny.Workspace.open(
        Path("workspace"),
        model="model",
        precision="fp32",
        virtual_domain="mail.example.org",
        threads=2,
        runtime_library=Path("libonnxruntime.so"),
        index_folder=Path("index"),
        background_indexing=True,
        row_level_security=False,
        google=besunny.GoogleOptions(client_id="id", token_keys={"k1": "..."}, quota="old"),
        sync=besunny.SyncOptions(mail_since=date(2026, 1, 1), max_messages=10),
    ) as ws:
        assert_type(ws.users.create("ana", email="ana@tide.example"), besunny.User)
        assert_type(ws.users.list(), list[besunny.User])
        assert_type(ws.mail.ingest(raw), list[besunny.Delivery])
        assert_type(ws.mail.ingest_mbox("a.mbox", progress=show), besunny.IntakeReport)
        assert_type(ws.mail.ingest_maildir(Path("a")), besunny.IntakeReport)
        assert_type(ws.mail.ingest_folder(Path("a")), besunny.IntakeReport)
        assert_type(ws.mail.intake_log(size=10, after=None), besunny.Page[besunny.IntakeEntry])
        assert_type(ws.embed(["a", "b"]), NDArray[np.float32])
        assert_type(ws.status().model, besunny.ModelInfo | None)
        assert_type(ws.digest(), str)
        me = ws.user("ana")
        assert_type(me, besunny.UserHandle)
        print(me.id, me.username, me.virtual_address)

        with me.events.subscribe("mailer", kinds=["document.stored"], start="now") as events:
            assert_type(events, besunny.Subscription)
            for event in events:
                assert_type(event, besunny.Event)
                events.ack(event)
        assert_type(next(me.events.live(timeout=1.5)).document_id, str | None)
        assert_type(me.events.read(after=1, kinds=["project.created"]), list[besunny.Event])
        assert_type(me.events.ack("mailer", 1), int)
        assert_type(me.events.cursors(), list[besunny.Cursor])
        assert_type(me.events.delete_cursor("mailer"), bool)
        handled = me.events.handle(
            "mailer", print, attempts=2, backoff=timedelta(seconds=1), on_failure="skip", timeout=1
        )
        assert_type(handled, besunny.HandleReport)
        assert_type(handled.failures, tuple[besunny.SkippedEvent, ...])
        jobs(ws, me)
        google(ws, me)

        shoot = me.projects.create(
            "Lisbon shoot",
            description="On the roofs",
            keywords=["Alfama"],
            tags=("film",),
            categories=[],
            people=["Rui"],
            domains=["tide.example"],
            codes=["LX-204"],
            notes="",
        )
        assert_type(shoot, besunny.Project)
        assert_type(me.projects.get(uuid.UUID(shoot.id)), besunny.Project)
        assert_type(me.projects.list(), list[besunny.Project])
        assert_type(me.projects.update(shoot, name="Shoot", tags=[]), besunny.Project)

        mail = me.mail.ingest(memoryview(raw))
        assert_type(mail, besunny.Ingested)
        assert_type(mail.assignment, besunny.Assignment)
        assert_type(mail.project_id, str | None)
        assert_type(me.mail.ingest_mbox("a.mbox", progress=show), besunny.IntakeReport)
        assert_type(me.mail.ingest_maildir("a"), besunny.IntakeReport)
        assert_type(me.mail.ingest_folder("a"), besunny.IntakeReport)
        if mail.document.mail is not None:
            assert_type(mail.document.mail.from_, tuple[besunny.Mailbox, ...])

        note = me.documents.ingest(
            "text",
            title="Title",
            format="markdown",
            file_name="a.md",
            type="document",
            source="notes",
            source_id="1",
            author="Ana",
            occurred_at=datetime.now(timezone.utc),
        )
        assert_type(me.documents.get(note), besunny.Document)
        page = me.documents.list(
            project=shoot, type="email", source="email", since=date(2026, 1, 1), size=5, after=None
        )
        assert_type(page, besunny.Page[besunny.Document])
        assert_type([document.title for document in page], list[str])
        assert_type(me.documents.iterate(project="unassigned"), Iterator[besunny.Document])
        assert_type(me.documents.attachments(note.document), list[besunny.Document])
        assert_type(me.documents.assign(note.id, shoot), besunny.Document)
        assert_type(me.documents.assign(note, None), besunny.Document)
        me.documents.delete(note)

        answer = me.classify("text", subject="subject", sender="rui@tide.example")
        assert_type(answer.evidence, tuple[besunny.Evidence, ...])
        hits = me.search(
            "query", limit=3, mode="lexical", project=shoot.id, type="email", until="2026-12-31"
        )
        assert_type(hits, list[besunny.Hit])
        for hit in hits:
            print(hit.document.id, hit.chunk.text, hit.score, hit.snippet.text, hit.to_dict())
            assert_type(hit.snippet.highlights, tuple[tuple[int, int], ...])
            assert_type(hit.why.lexical, besunny.LexicalWhy | None)
        for entry in me.intake_log(size=3):
            assert_type(entry.at, datetime)
        me.projects.delete(shoot)
    ws = besunny.Workspace.open("workspace", model=False)
    ws.close()


def jobs(ws: besunny.Workspace, me: besunny.UserHandle) -> None:
    @ws.jobs.handler("sync")
    def sync(job: besunny.JobContext) -> None:
        assert_type(job.user, besunny.UserHandle | None)
        assert_type(job.workspace, besunny.Workspace)
        assert_type(job.job, besunny.Job)
        job.progress(0.5, "half")
        if job.cancelled:
            raise besunny.JobFailure("no", retry=job.attempt < 3)

    @ws.jobs.handler("async")
    async def asynchronous(job: aio.JobContext) -> None:
        assert_type(job.user, aio.UserHandle | None)
        await job.workspace.status()

    assert_type(sync.__name__, str)
    assert_type(asynchronous.__name__, str)
    ws.jobs.handler("wrong")(lambda: None)  # type: ignore[type-var]
    made = me.jobs.enqueue(
        "sync",
        {"month": "March"},
        priority=1,
        run_at=datetime.now(timezone.utc),
        delay=timedelta(minutes=1),
        unique_key="March",
        max_attempts=3,
        timeout=1.5,
        concurrency_key="printer",
        concurrency_limit=2,
    )
    assert_type(made, besunny.Enqueued)
    new = besunny.NewJob("sync", delay=1)
    assert_type(ws.jobs.enqueue_many([new, besunny.NewJob.rebuild()]), list[besunny.Enqueued])
    batch = ws.jobs.enqueue_batch([new], on_complete=besunny.NewJob.ingest_mail(b"raw"))
    assert_type(ws.jobs.batch(batch), besunny.Batch)
    assert_type(ws.jobs.get(made), besunny.Job)
    assert_type(ws.jobs.get(made).failure, besunny.AttemptFailure | None)
    assert_type(ws.jobs.list(kind="sync", state="dead", batch=batch, size=3), besunny.Page[besunny.Job])
    assert_type(ws.jobs.iterate(), Iterator[besunny.Job])
    assert_type(ws.jobs.stats(), list[besunny.KindStats])
    ws.jobs.requeue(made)
    assert_type(ws.jobs.prune(timedelta(days=1)), int)
    assert_type(ws.jobs.schedule("daily", "@daily", new, zone="UTC"), besunny.Schedule)
    assert_type(ws.jobs.schedules(), list[besunny.Schedule])
    ws.jobs.unschedule("daily")
    stop, clock = besunny.CancelToken(), besunny.VirtualClock("2026-03-28")
    report = ws.jobs.work(concurrency=1, until_idle=True, lease=30, grace=timedelta(0), stop=stop)
    assert_type(report, besunny.WorkReport)
    assert_type(ws.jobs.advance(clock, 1) + ws.jobs.run_due(), int)
    assert_type(clock.now, datetime)


def google(ws: besunny.Workspace, me: besunny.UserHandle) -> None:
    assert_type(ws.google, besunny.Google)
    assert_type(ws.google.gmail, besunny.Webhooks)
    outcome = ws.google.drive.notify({"X-Goog-Channel-ID": "x"})
    assert_type(outcome, besunny.WebhookOutcome)
    assert_type(ws.google.calendar.notify([("X-Goog-Channel-ID", "x")], b"").text, str)
    assert_type(ws.google.gmail.notify([(b"authorization", b"Bearer")], "{}").status, int)
    ws.google.start()
    signed_in = ws.google.finish_login(ws.google.login(return_to="/").url)
    assert_type(signed_in.user, besunny.User | None)
    assert_type(ws.google.finish(state="s", code="c").account, besunny.Account)
    assert_type(ws.google.consent(login_hint="a@x.example").expires_at, datetime)
    assert_type(ws.google.delegate("a@x.example"), besunny.Account)
    assert_type(ws.google.sync(stop=besunny.CancelToken()), besunny.SyncSummary)
    assert_type(ws.google.disconnect("id"), besunny.Disconnected)
    assert_type(ws.google.reseal(), int)
    [health] = ws.google.health()
    assert_type(health.streams, tuple[besunny.StreamHealth, ...])
    assert_type(health.streams[0].lag, timedelta)

    mine = me.google
    assert_type(mine, besunny.UserGoogle)
    assert_type(mine.consent(["gmail", "drive"], session="cookie"), besunny.Consent)
    mine.consent(["mail"])  # type: ignore[list-item]
    assert_type(mine.finish("?state=s&code=c", session="cookie"), besunny.Linked)
    account = mine.keep_login(besunny.GoogleIdentity("1", "a@x.example"))
    assert_type(mine.delegate("a@x.example", ["calendar"]), besunny.Account)
    assert_type(mine.accounts(), list[besunny.Account])
    assert_type(mine.health(), list[besunny.AccountHealth])
    assert_type(mine.sync("gmail").streams, tuple[besunny.StreamSummary, ...])
    mine.active()
    assert_type(mine.disconnect(account, erase=True).erased, int)

    page = me.meetings.list(from_=date(2026, 1, 1), until="2026-12-31", size=3, after=None)
    assert_type(page, besunny.Page[besunny.Meeting])
    assert_type(me.meetings.iterate(project="id"), Iterator[besunny.Meeting])
    assert_type(me.meetings.get("id").attendees, tuple[besunny.Attendee, ...])
    assert_type(me.meetings.assign(page.items[0], None), besunny.Meeting)


async def awaited(raw: bytes) -> None:
    async with aio.Workspace.open("workspace", model=None) as ws:
        assert_type(await ws.google.gmail.notify({}), besunny.WebhookOutcome)
        assert_type(await ws.google.health(), list[besunny.AccountHealth])
        assert_type(await ws.users.create("ana"), besunny.User)
        assert_type(await ws.users.list(), list[besunny.User])
        assert_type(await ws.mail.ingest(raw), list[besunny.Delivery])
        assert_type(await ws.mail.ingest_mbox("a", progress=show), besunny.IntakeReport)
        assert_type(await ws.mail.ingest_maildir("a"), besunny.IntakeReport)
        assert_type(await ws.mail.ingest_folder("a"), besunny.IntakeReport)
        assert_type(await ws.mail.intake_log(), besunny.Page[besunny.IntakeEntry])
        assert_type(await ws.embed(["a"]), NDArray[np.float32])
        assert_type(await ws.status(), besunny.Status)
        assert_type(await ws.digest(), str)
        me = await ws.user("ana")
        assert_type(me, aio.UserHandle)
        shoot = await me.projects.create("Lisbon shoot", keywords=["Alfama"])
        assert_type(await me.projects.get(shoot), besunny.Project)
        assert_type(await me.projects.list(), list[besunny.Project])
        assert_type(await me.projects.update(shoot.id, codes=["x"]), besunny.Project)
        mail = await me.mail.ingest(Path("a.eml"))
        assert_type(mail.assignment, besunny.Assignment)
        assert_type(await me.mail.ingest_mbox("a", progress=show_async), besunny.IntakeReport)
        assert_type(await me.mail.ingest_maildir("a"), besunny.IntakeReport)
        assert_type(await me.mail.ingest_folder("a"), besunny.IntakeReport)
        note = await me.documents.ingest(b"text", title="Title")
        assert_type(await me.documents.get(note), besunny.Document)
        assert_type(await me.documents.list(type="document"), besunny.Page[besunny.Document])
        assert_type(me.documents.iterate(), AsyncIterator[besunny.Document])
        assert_type(await me.documents.attachments(note), list[besunny.Document])
        assert_type(await me.documents.assign(note, shoot), besunny.Document)
        await me.documents.delete(note)
        assert_type(await me.classify("text"), besunny.Assignment)
        assert_type(await me.search("query", project="unassigned"), list[besunny.Hit])
        assert_type(await me.intake_log(), besunny.Page[besunny.IntakeEntry])
        await me.projects.delete(shoot)
        assert_type(await me.google.sync("drive"), besunny.SyncSummary)
        assert_type(await me.meetings.list(), besunny.Page[besunny.Meeting])
        assert_type(me.meetings.iterate(), AsyncIterator[besunny.Meeting])
        assert_type(await me.jobs.enqueue("async"), besunny.Enqueued)
        assert_type(await me.jobs.list(), besunny.Page[besunny.Job])
        assert_type(me.jobs.iterate(), AsyncIterator[besunny.Job])
        assert_type(await ws.jobs.work(until_idle=True), besunny.WorkReport)
        assert_type(await me.events.handle("mailer", show_event, timeout=0), besunny.HandleReport)
    ws = await aio.Workspace.open("workspace")
    await ws.close()


def errors() -> None:
    try:
        besunny.Workspace.open("workspace")
    except besunny.LockedError as error:
        assert_type(error.retryable, bool)
    except besunny.Error as error:
        assert_type(error.context, dict[str, str])
        print(error.code, error.operation, error.message)
