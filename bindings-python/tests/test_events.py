"""Events and subscriptions, on both faces."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import besunny
import pytest
from besunny import aio


def notes(me: besunny.UserHandle, count: int) -> None:
    for number in range(count):
        me.documents.ingest(f"Note number {number}")


def test_moving_on_acknowledges(me: besunny.UserHandle) -> None:
    notes(me, 3)
    with me.events.subscribe("mailer", timeout=0) as events:
        for event in events:
            if event.position == me.events.read()[1].position:
                break
    left = [event.position for event in me.events.subscribe("mailer", timeout=0)]
    assert left == [event.position for event in me.events.read()[1:]]
    assert not list(me.events.subscribe("mailer", timeout=0))


def test_without_auto_ack_the_caller_acknowledges(me: besunny.UserHandle) -> None:
    notes(me, 3)
    with me.events.subscribe("mailer", timeout=0, auto_ack=False) as events:
        first, second, _third = events
        with pytest.raises(besunny.InvalidInputError):
            events.ack(second.position + 1000)
        events.ack(second)
    [left] = me.events.subscribe("mailer", timeout=0)
    assert left.position > second.position > first.position
    [cursor] = me.events.cursors()
    assert (cursor.name, cursor.position, cursor.lag) == ("mailer", left.position, 0)


def test_a_waiting_thread_lets_others_work_and_hears_of_news(me: besunny.UserHandle) -> None:
    seen: list[besunny.Event] = []
    live = me.events.live(kinds=["document.stored"])
    thread = threading.Thread(target=lambda: seen.extend(live))
    thread.start()
    # Would stand still if the waiting thread kept the GIL.
    notes(me, 2)
    while len(seen) < 2:
        time.sleep(0.01)
    live.close()
    thread.join(60)
    assert not thread.is_alive()
    assert [event.kind for event in seen] == ["document.stored"] * 2


def test_closing_the_workspace_ends_the_iteration(tmp_path: Path) -> None:
    ws = besunny.Workspace.open(tmp_path / "workspace", model=False)
    ws.users.create("ana")
    live = ws.user("ana").events.live()
    thread = threading.Thread(target=lambda: list(live))
    thread.start()
    ws.close()
    thread.join(60)
    assert not thread.is_alive()
    live.close()


def test_arguments_are_checked(me: besunny.UserHandle) -> None:
    for wrong in ({"timeout": -1.0}, {"timeout": float("nan")}, {"batch": 0}, {"start": "middle"}):
        with pytest.raises(besunny.InvalidInputError):
            me.events.subscribe("mailer", **wrong)
    with pytest.raises(besunny.InvalidInputError):
        me.events.subscribe("mailer", kinds=["document.burnt"])  # type: ignore[list-item]
    with pytest.raises(besunny.InvalidInputError):
        me.events.subscribe(" ")


def test_awaited_events(tmp_path: Path) -> None:
    async def run() -> None:
        async with aio.Workspace.open(tmp_path / "workspace", model=False) as ws:
            await ws.users.create("ana")
            me = await ws.user("ana")
            async with me.events.subscribe("mailer") as events:
                # Nobody waits for an answer that comes after the task was cancelled.
                for _ in range(3):
                    with pytest.raises(asyncio.TimeoutError):
                        await asyncio.wait_for(anext(events), 0.02)
                stored = [await me.documents.ingest(f"Note {number}") for number in range(3)]
                seen = [await asyncio.wait_for(anext(events), 60) for _ in stored]
                assert [event.document_id for event in seen] == [note.document.id for note in stored]
            again = [event async for event in me.events.subscribe("mailer", timeout=0)]
            assert again == seen[-1:]
            live = me.events.live()
            waiting = asyncio.ensure_future(anext(live))
            await asyncio.sleep(0)
            await me.documents.ingest("Fresh")
            assert (await asyncio.wait_for(me.events.read(after=seen[-1].position), 60)) != []
            await live.close()
            with pytest.raises(StopAsyncIteration):
                await waiting
                await anext(live)

    asyncio.run(run())


def test_a_handler_is_retried_and_then_raises_or_skips(me: besunny.UserHandle) -> None:
    notes(me, 3)
    stored = [event.position for event in me.events.read()]
    seen: list[int] = []

    def handle(event: besunny.Event) -> None:
        seen.append(event.position)
        if event.position == stored[1]:
            raise KeyError("not this one")

    with pytest.raises(KeyError, match="not this one"):
        me.events.handle("mailer", handle, timeout=0, attempts=2, backoff=0)
    assert seen == [stored[0], stored[1], stored[1]]
    report = me.events.handle("mailer", handle, timeout=0, attempts=1, on_failure="skip")
    assert (report.handled, report.skipped) == (1, 1)
    assert [(skip.event.position, skip.error) for skip in report.failures] == [
        (stored[1], "KeyError: 'not this one'")
    ]
    assert me.events.handle("mailer", handle, timeout=0).handled == 0
    for wrong in ({"attempts": 0}, {"on_failure": "panic"}, {"backoff": -1}, {"start": "middle"}):
        with pytest.raises(besunny.InvalidInputError):
            me.events.handle("mailer", handle, **wrong)
    with pytest.raises(besunny.InvalidInputError) as refused:
        me.events.handle(" ", handle)
    assert refused.value.operation != "events.handler"


def test_an_async_handler_of_events_and_stopping(me: besunny.UserHandle) -> None:
    notes(me, 2)
    stop = besunny.CancelToken()

    async def handle(event: besunny.Event) -> None:
        await asyncio.sleep(0)
        stop.cancel()

    assert me.events.handle("mailer", handle, stop=stop).handled == 1


def test_awaited_handling(tmp_path: Path) -> None:
    async def run() -> None:
        async with aio.Workspace.open(tmp_path / "workspace", model=False) as ws:
            await ws.users.create("ana")
            me = await ws.user("ana")
            loop, handled = asyncio.get_running_loop(), asyncio.Event()

            async def handle(event: besunny.Event) -> None:
                assert asyncio.get_running_loop() is loop
                await me.documents.get(event.document_id or "")
                handled.set()

            handling = asyncio.create_task(me.events.handle("mailer", handle))
            await me.documents.ingest("Fresh")
            await asyncio.wait_for(handled.wait(), 60)
            handling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(handling, 60)
            assert (await me.events.handle("mailer", handle, timeout=0)).handled == 0

    asyncio.run(run())
