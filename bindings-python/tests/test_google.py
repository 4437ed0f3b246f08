"""Google, played by a fake: linking, notifications, keeping level, meetings, disconnecting."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import besunny
import pytest
from besunny import aio

from fake_google import ANA, KEY, SIGNER, FakeGoogle, link, running


@pytest.fixture
def fake() -> Iterator[FakeGoogle]:
    with running() as fake:
        yield fake


@pytest.fixture
def ws(tmp_path: Path, fake: FakeGoogle) -> Iterator[besunny.Workspace]:
    with besunny.Workspace.open(tmp_path / "w", model=False, google=fake.options()) as workspace:
        workspace.users.create("ana")
        yield workspace


@pytest.fixture
def me(ws: besunny.Workspace) -> besunny.UserHandle:
    return ws.user("ana")


def bearer(fake: FakeGoogle, *arguments: str, **others: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {fake.token(*arguments, **others)}"}


def test_an_account_is_linked_and_kept_level(
    fake: FakeGoogle, ws: besunny.Workspace, me: besunny.UserHandle
) -> None:
    fake.deliver("The crane of Monday")
    fake.meeting("Recce in Alfama")
    account = link(fake, me, "gmail", "drive", "calendar")
    assert (account.email, account.kind, account.status) == (ANA, "consented", "active")
    assert account.tenant == me.id and account.name == "Ana Lopes"
    assert me.google.accounts() == [account]
    assert ws.jobs.work(until_idle=True).dead == 0
    assert [hit.document.title for hit in me.search("crane")] == ["The crane of Monday"]

    fake.control("push.forget")
    time.sleep(1.1)  # Gmail says nothing within a second of what it said last
    fake.deliver("The drone permit", "It runs out on 30 June.")
    push = fake.pushes("gmail")[-1]
    outcome = ws.google.gmail.notify(push["headers"], push["body"])
    assert (outcome.status, outcome.verdict, outcome.body) == (200, "accepted", {"success": True})
    assert (outcome.text, outcome.content_type) == ('{"success":true}', "application/json")
    assert me.search("permit") == []
    ws.jobs.work(until_idle=True)
    [hit] = me.search("drone permit")
    assert hit.document.source == "email"
    assert ws.google.gmail.notify(dict(push["headers"]), push["body"].encode()).status == 200

    [health] = me.google.health()
    assert health.account.id == account.id and health.health == "green", health
    assert {stream.stream for stream in health.streams} == {"gmail", "drive", "calendar:primary"}
    mail = next(stream for stream in health.streams if stream.stream == "gmail")
    assert mail.objects == 2 and mail.lag == timedelta(0) and mail.heard_at is not None
    assert ws.google.health() == me.google.health()


def test_what_is_forged_expired_or_misdirected_is_refused(
    fake: FakeGoogle, ws: besunny.Workspace, me: besunny.UserHandle
) -> None:
    link(fake, me, "gmail")
    ws.jobs.work(until_idle=True)
    fake.deliver("Hello")
    push = fake.pushes("gmail")[-1]

    def verdict(headers: dict[str, str]) -> tuple[int, str]:
        outcome = ws.google.gmail.notify(headers, push["body"])
        return outcome.status, outcome.verdict

    assert verdict(bearer(fake)) == (200, "accepted")
    assert verdict({}) == (401, "unauthenticated")
    assert verdict({"authorization": "Bearer nonsense"}) == (401, "unauthenticated")
    for kind in ("expired", "wrong_signature", "unsigned", "hmac_with_public_key", "wrong_issuer"):
        assert verdict(bearer(fake, kind)) == (401, "unauthenticated"), kind
    assert verdict(bearer(fake, audience="https://other.example"))[0] in (401, 403)
    assert verdict(bearer(fake, account="evil@fake-project.iam.gserviceaccount.com"))[0] == 403
    envelope = json.loads(push["body"])
    envelope["subscription"] = "projects/fake-project/subscriptions/other"
    assert ws.google.gmail.notify(bearer(fake), json.dumps(envelope)).verdict == "forbidden"
    assert ws.google.gmail.notify(bearer(fake), b"{").verdict == "malformed"


def test_channels(fake: FakeGoogle, ws: besunny.Workspace, me: besunny.UserHandle) -> None:
    link(fake, me, "drive", "calendar")
    ws.jobs.work(until_idle=True)
    greetings = {push["url"].split("/")[3]: push for push in fake.pushes("drive", "calendar")}
    for name, webhooks in (("drive", ws.google.drive), ("calendar", ws.google.calendar)):
        greeting = webhooks.notify(greetings[name]["headers"], greetings[name]["body"])
        assert (greeting.status, greeting.verdict) == (200, "ignored")
    fake.control(
        "files.add", account=ANA, name="Budget.txt", mime_type="text/plain", content="The crane is dear."
    )
    push = fake.pushes("drive")[-1]
    headers: dict[str, str] = dict(push["headers"])
    wrong = {name: "guessed" if name.lower() == "x-goog-channel-token" else value for name, value in headers.items()}
    assert ws.google.drive.notify(wrong).status == 401
    assert ws.google.calendar.notify(headers).verdict == "ignored"
    assert ws.google.drive.notify({}).verdict == "malformed"
    assert ws.google.drive.notify([(k.encode(), v.encode()) for k, v in headers.items()]).verdict == "accepted"
    ws.jobs.work(until_idle=True)
    assert [hit.document.title for hit in me.search("crane")] == ["Budget.txt"]


def test_meetings(fake: FakeGoogle, ws: besunny.Workspace, me: besunny.UserHandle) -> None:
    for day in range(1, 4):
        fake.meeting(f"Recce {day}", in_=timedelta(days=day))
    link(fake, me, "calendar")
    [summary] = me.google.sync("calendar").streams
    assert (summary.stream, summary.failed, summary.error_code) == ("calendar:primary", 0, None)
    first = me.meetings.list(size=2)
    assert [meeting.title for meeting in first] == ["Recce 1", "Recce 2"]
    assert [meeting.title for meeting in me.meetings.iterate(size=2)] == ["Recce 1", "Recce 2", "Recce 3"]
    after_tomorrow = datetime.now(timezone.utc) + timedelta(days=2, hours=12)
    assert [meeting.title for meeting in me.meetings.list(from_=after_tomorrow)] == ["Recce 3"]
    assert len(me.meetings.list(until=after_tomorrow)) == 2
    [meeting, _] = first
    assert me.meetings.get(meeting) == meeting and meeting.meeting_url.startswith("https://meet.google.com/")
    assert ("rui@tide.example", "accepted") in {(who.email, who.response) for who in meeting.attendees}
    shoot = me.projects.create("Lisbon shoot")
    assert me.meetings.assign(meeting, shoot).project_id == shoot.id
    assert [found.id for found in me.meetings.list(project=shoot)] == [meeting.id]
    assert me.meetings.assign(meeting.id, None).project_id is None
    with pytest.raises(besunny.NotFoundError):
        me.meetings.get(shoot.id)


def test_logins(fake: FakeGoogle, ws: besunny.Workspace, me: besunny.UserHandle) -> None:
    consent = ws.google.login(login_hint=ANA, return_to="/home")
    assert consent.url not in repr(consent)
    signed_in = ws.google.finish_login(fake.answered(consent))
    assert (signed_in.identity.email, signed_in.user, signed_in.return_to) == (ANA, None, "/home")
    assert me.google.keep_login(signed_in.identity).login
    again = ws.google.finish_login(fake.answered(ws.google.login(login_hint=ANA)))
    assert again.user is not None and again.user.username == "ana"


def test_answers_that_do_not_count(fake: FakeGoogle, ws: besunny.Workspace, me: besunny.UserHandle) -> None:
    consent = me.google.consent(["gmail"], login_hint=ANA, session="cookie")
    answer = fake.answered(consent)
    with pytest.raises(besunny.UnauthenticatedError):
        me.google.finish(answer, session="another browser's")
    with pytest.raises(besunny.UnauthenticatedError):
        me.google.finish(answer, session="cookie")
    fake.control("consent.next", is_denied=True)
    denied = fake.answered(me.google.consent(["gmail"], login_hint=ANA))
    with pytest.raises(besunny.ForbiddenError):
        me.google.finish(denied)
    with pytest.raises(besunny.UnauthenticatedError):
        me.google.finish(state="made up", code="made up")
    with pytest.raises(besunny.InvalidInputError):
        me.google.consent(["gmail"], return_to="https://evil.example")
    with pytest.raises(besunny.InvalidInputError):
        me.google.consent(["mail"])  # type: ignore[list-item]
    ws.users.create("rui")
    asked_by_ana = fake.answered(me.google.consent(["gmail"], login_hint=ANA))
    with pytest.raises(besunny.ForbiddenError):
        ws.user("rui").google.finish(asked_by_ana)


def test_disconnecting(fake: FakeGoogle, ws: besunny.Workspace, me: besunny.UserHandle) -> None:
    fake.deliver("The crane of Monday")
    account = link(fake, me, "gmail")
    assert me.google.sync().streams[0].stored == 1
    gone = me.google.disconnect(account, erase=True)
    assert (gone.account.id, gone.revoked, gone.erased) == (account.id, True, 1)
    assert me.google.accounts() == [] and me.search("crane") == []
    with pytest.raises(besunny.NotFoundError):
        me.google.disconnect(account.id)


def test_the_workspace_has_a_mailbox_of_its_own(fake: FakeGoogle, ws: besunny.Workspace) -> None:
    linked = ws.google.finish(fake.answered(ws.google.consent(login_hint=ANA)))
    assert set(linked.account.tenant) == {"0", "-"}
    raw = f"Message-ID: <1@x.example>\r\nFrom: rui@x.example\r\nTo: ai+ana@besunny.ai\r\nSubject: Rota\r\n\r\nHi\r\n"
    fake.control("mail.deliver", account=ANA, raw=raw, labels=["INBOX"])
    [stream] = ws.google.sync().streams
    assert (stream.stream, stream.error_code) == ("gmail", None)
    assert [document.title for document in ws.user("ana").documents.list()] == ["Rota"]
    ws.google.start()
    ws.google.start()
    assert [schedule.name for schedule in ws.jobs.schedules()] == ["google"]
    assert ws.google.disconnect(linked.account).erased == 0


def test_keys_change(fake: FakeGoogle, tmp_path: Path) -> None:
    with besunny.Workspace.open(tmp_path, model=False, google=fake.options()) as ws:
        ws.users.create("ana")
        link(fake, ws.user("ana"), "gmail")
        assert ws.google.reseal() == 0
    plain: dict[str, Any] = {
        "client_id": fake.client_id,
        "client_secret": fake.client_secret,
        "redirect_uri": "http://127.0.0.1:8000/callback",
        "token_keys": {"k2": "cd" * 32, "k1": KEY},
        "endpoints": {part: fake.url for part in ("accounts", "oauth2", "openid", "gmail", "www")},
        "quota": {"table": "old", "drive": (1_000, 10_000)},
    }
    sync = {"max_messages": 10, "meetings": {"include_all_day": True}, "intervals": {"floor": 30}}
    with besunny.Workspace.open(tmp_path, model=False, google=plain, sync=sync) as ws:
        assert ws.google.reseal() == 1
        ws.user("ana").google.active()
        assert ws.user("ana").google.sync().streams[0].error_code is None


def test_a_sync_can_be_stopped(fake: FakeGoogle, me: besunny.UserHandle) -> None:
    link(fake, me, "gmail")
    stop = besunny.CancelToken()
    stop.cancel()
    with pytest.raises(besunny.CancelledError):
        me.google.sync(stop=stop)


def test_unfit_options_say_which(fake: FakeGoogle, tmp_path: Path) -> None:
    good: dict[str, Any] = {"client_id": "c", "client_secret": "s", "token_keys": {"k1": KEY}}
    good["redirect_uri"] = "https://app.example/callback"

    def refused(**changes: Any) -> str:
        with pytest.raises(besunny.InvalidInputError) as caught:
            besunny.Workspace.open(tmp_path, model=False, google={**good, **changes}).close()
        assert KEY not in str(caught.value) and KEY not in repr(caught.value.context)
        return caught.value.context.get("option", "")

    assert refused(client_secret="") == "client_secret"
    assert refused(redirect_uri="http://evil.example") == "redirect_uri"
    assert refused(endpoints="http://evil.example") == "endpoints"
    assert refused(push={"topic": "t", "subscription": "", "audience": "", "service_account": ""}) == "push.topic"
    refused(quota="newest")
    with pytest.raises(TypeError, match="clientid"):
        besunny.Workspace.open(tmp_path, model=False, google={"clientid": "x"})
    with pytest.raises(TypeError, match="client_id"):
        besunny.Workspace.open(tmp_path, model=False, google={**good, "client_id": 7})


def test_nothing_shows_a_secret() -> None:
    options = besunny.GoogleOptions(
        client_id="shown", client_secret="hush", token_keys={"k1": "hush"}, service_account="hush", proxy="http://hush"
    )
    assert "shown" in repr(options) and "hush" not in repr(options)


def test_without_google(tmp_path: Path) -> None:
    with besunny.Workspace.open(tmp_path, model=False) as ws:
        ws.users.create("ana")
        for call in (ws.google.start, ws.google.health, ws.google.gmail.notify, ws.user("ana").google.accounts):
            with pytest.raises(besunny.NotConfiguredError):
                call({}) if call == ws.google.gmail.notify else call()  # type: ignore[call-arg]
        assert list(ws.user("ana").meetings.list()) == []


async def test_awaited(fake: FakeGoogle, tmp_path: Path) -> None:
    async with aio.Workspace.open(tmp_path, model=False, google=fake.options()) as ws:
        await ws.users.create("ana")
        me = await ws.user("ana")
        consent = await me.google.consent(["gmail", "calendar"], login_hint=ANA)
        await me.google.finish(fake.answered(consent).partition("?")[2])
        fake.meeting("Recce")
        await ws.jobs.work(until_idle=True)
        assert [meeting.title async for meeting in me.meetings.iterate()] == ["Recce"]
        fake.deliver("The drone permit")
        for push in fake.pushes("gmail"):
            outcome = await ws.google.gmail.notify(push["headers"], push["body"])
            assert outcome.verdict == "accepted"
        await ws.jobs.work(until_idle=True)
        assert len(await me.search("permit")) == 1
        assert SIGNER not in repr(await me.google.health())
