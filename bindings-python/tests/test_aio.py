"""The async face."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import besunny
import pytest
import pytest_asyncio
from besunny import aio

from conftest import a_mail


@pytest_asyncio.fixture
async def ws(tmp_path: Path) -> AsyncIterator[aio.Workspace]:
    async with aio.Workspace.open(tmp_path / "workspace", model=False) as workspace:
        await workspace.users.create("ana")
        yield workspace


@pytest.mark.parametrize(
    "name",
    [
        "Workspace",
        "Users",
        "UserHandle",
        "Projects",
        "Documents",
        "Events",
        "Google",
        "JobContext",
        "Jobs",
        "Mail",
        "Meetings",
        "UserGoogle",
        "UserMail",
        "Webhooks",
    ],
)
def test_both_faces_are_alike(name: str) -> None:
    blocking, awaited = getattr(besunny, name), getattr(aio, name)
    names = {key for key in vars(blocking) if not key.startswith("__")}
    assert names == {key for key in vars(awaited) if not key.startswith("__")}
    for key in names:
        if callable(getattr(blocking, key)):
            ours = inspect.signature(getattr(blocking, key)).parameters
            theirs = inspect.signature(getattr(awaited, key)).parameters
            assert ours == theirs, key


async def test_the_main_path(ws: aio.Workspace) -> None:
    me = await ws.user("ana")
    assert me.virtual_address == "ai+ana@besunny.ai"
    shoot = await me.projects.create("Lisbon shoot", codes=["LX-204"])
    mail = await me.mail.ingest(a_mail(subject="LX-204: the roofs"))
    assert mail.project_id == shoot.id
    [hit] = await me.search("roofs", project=shoot)
    assert hit.document.id == mail.id
    note = await me.documents.ingest("Bring the long lens.")
    assert (await me.documents.assign(note, shoot)).project_id == shoot.id
    assert [d.id async for d in me.documents.iterate(size=1)] == [note.id, mail.id]
    assert (await me.classify("LX-204")).project_id == shoot.id
    assert [d.username for d in await ws.mail.ingest(a_mail(2))] == ["ana"]
    assert (await ws.status()).documents == 3
    assert len(await ws.digest()) == 64
    with pytest.raises(besunny.NotFoundError):
        await me.projects.get("00000000-0000-0000-0000-000000000000")
    with pytest.raises(besunny.ModelMissingError):
        await ws.embed(["x"])


async def test_opening_and_closing(tmp_path: Path) -> None:
    ws = await aio.Workspace.open(tmp_path, model=False)
    async with ws, await aio.Workspace.open(tmp_path, model=False) as other:
        await other.users.create("ana")
        assert (await ws.status()).users == 1
    with pytest.raises(besunny.ClosedError):
        await ws.status()
    async with await aio.Workspace.open(tmp_path, model=False) as again:
        assert (await again.status()).users == 1


async def test_the_loop_stays_free(ws: aio.Workspace, mbox: Path) -> None:
    me = await ws.user("ana")
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    began = asyncio.get_running_loop().time()
    report = await me.mail.ingest_mbox(mbox)
    took = asyncio.get_running_loop().time() - began
    ticking.cancel()
    assert report.stored == 300
    assert ticks > took * 100


async def test_calls_run_side_by_side(ws: aio.Workspace) -> None:
    me = await ws.user("ana")
    await asyncio.gather(*(me.mail.ingest(a_mail(number)) for number in range(40)))
    found = await asyncio.gather(*(me.search("permit", limit=40) for _ in range(8)))
    assert all(len(hits) == 40 for hits in found)


async def test_progress_runs_on_the_loop(ws: aio.Workspace, mbox: Path) -> None:
    me = await ws.user("ana")
    loop, seen = asyncio.get_running_loop(), 0

    async def progress(state: besunny.Progress) -> None:
        nonlocal seen
        assert asyncio.get_running_loop() is loop
        await asyncio.sleep(0)
        seen = state.done

    await me.mail.ingest_mbox(mbox, progress=progress)
    assert seen == 300


async def test_an_exception_in_progress_stops_the_load(ws: aio.Workspace, mbox: Path) -> None:
    me = await ws.user("ana")

    def progress(state: besunny.Progress) -> None:
        if state.done == 5:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        await me.mail.ingest_mbox(mbox, progress=progress)
    assert len(await me.documents.list()) == 5


async def test_cancelling_a_load_stops_it(ws: aio.Workspace, tmp_path: Path) -> None:
    path = tmp_path / "long.mbox"
    with path.open("wb") as file:
        for number in range(5_000):
            mail = a_mail(number, body="word " * 400).replace(b"\r\n", b"\n")
            file.write(b"From marta Mon Mar  2 09:00:00 2026\n" + mail + b"\n")
    me = await ws.user("ana")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(me.mail.ingest_mbox(path), 0.3)
    await asyncio.sleep(0.3)
    stored = (await ws.status()).documents
    assert 0 < stored < 5_000
    await asyncio.sleep(0.2)
    assert (await ws.status()).documents == stored
