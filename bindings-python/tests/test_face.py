"""The blocking face from end to end, by words alone."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import besunny
import pytest

from conftest import MAILBOX, a_mail


def test_users_and_addresses(ws: besunny.Workspace) -> None:
    bruno = ws.users.create("bruno", email="bruno@tide.example")
    assert [user.username for user in ws.users.list()] == ["ana", "bruno"]
    me = ws.user("bruno")
    assert (me.id, me.username) == (bruno.id, "bruno")
    assert me.virtual_address == "ai+bruno@besunny.ai"
    assert "bruno" in repr(me)


def test_options_reach_the_workspace(tmp_path: Path) -> None:
    with besunny.Workspace.open(
        str(tmp_path), model=False, virtual_domain="Mail.Example.org", threads=1
    ) as ws:
        ws.users.create("ana")
        assert ws.user("ana").virtual_address == "ai+ana@mail.example.org"
        status = ws.status()
        assert status.model is None
        assert status.versions.besunny
    with pytest.raises(besunny.InvalidInputError):
        besunny.Workspace.open(tmp_path / "x", virtual_domain="not a domain")
    with pytest.raises(besunny.InvalidInputError):
        besunny.Workspace.open(tmp_path / "x", precision="fp16")  # type: ignore[arg-type]


def test_projects(me: besunny.UserHandle) -> None:
    shoot = me.projects.create("Lisbon shoot", keywords=["Alfama"], notes="By the river.")
    assert me.projects.get(uuid.UUID(shoot.id)) == shoot
    changed = me.projects.update(shoot, tags=("film", "summer"))
    assert changed.tags == ("film", "summer")
    assert changed.keywords == ("Alfama",)
    assert me.projects.list() == [changed]
    me.projects.delete(shoot.id)
    with pytest.raises(besunny.NotFoundError):
        me.projects.get(shoot)
    with pytest.raises(TypeError):
        me.projects.create("x", keywords="Alfama")
    with pytest.raises(TypeError):
        me.projects.get(7)  # type: ignore[arg-type]
    with pytest.raises(besunny.InvalidInputError):
        me.projects.get("not an id")


def test_mail_of_an_owner(me: besunny.UserHandle, tmp_path: Path) -> None:
    shoot = me.projects.create("Lisbon shoot", codes=["LX-204"], keywords=["Alfama"])
    raw = a_mail(subject="LX-204: the roofs of Alfama")
    mail = me.mail.ingest(raw)
    assert mail.status == "stored"
    assert mail.project_id == shoot.id == mail.assignment.project_id
    assert mail.assignment.is_assigned
    assert {fact.signal for fact in mail.assignment.evidence} >= {"code", "keyword"}
    assert mail.document.mail is not None
    assert mail.document.mail.from_[0].address == "marta@tide.example"
    assert mail.document.occurred_at == datetime(2026, 3, 2, 8, tzinfo=timezone.utc)
    path = tmp_path / "mail.eml"
    path.write_bytes(raw)
    for again in (bytearray(raw), memoryview(raw), path):
        assert me.mail.ingest(again).status == "unchanged"
    with pytest.raises(TypeError, match="a mail is bytes"):
        me.mail.ingest(raw.decode())  # type: ignore[arg-type]
    with pytest.raises(besunny.NotFoundError):
        me.mail.ingest(tmp_path / "nothing.eml")


def test_mail_by_virtual_address(ws: besunny.Workspace) -> None:
    [delivery] = ws.mail.ingest(a_mail())
    assert (delivery.username, delivery.address) == ("ana", "ai+ana@besunny.ai")
    assert delivery.document is not None
    assert ws.mail.ingest(b"Subject: lost\r\n\r\nx\r\n")[0].status == "no_recipient"
    [entry] = ws.mail.intake_log()
    assert entry.status == "no_recipient"
    assert [entry.status for entry in ws.user("ana").intake_log()] == ["stored"]


def test_mailboxes(ws: besunny.Workspace, mbox: Path, tmp_path: Path) -> None:
    me = ws.user("ana")
    seen: list[besunny.Progress] = []
    report = me.mail.ingest_mbox(mbox, progress=seen.append)
    assert (report.total, report.stored) == (300, 300)
    assert [state.done for state in seen] == list(range(1, 301))
    assert seen[-1].bytes_total == mbox.stat().st_size
    assert seen[0].deliveries[0].document is not None
    assert ws.mail.ingest_mbox(str(mbox)).unchanged == 300
    for folder in ("cur", "new"):
        (tmp_path / "maildir" / folder).mkdir(parents=True)
    (tmp_path / "maildir" / "new" / "1").write_bytes(a_mail(1000))
    (tmp_path / "maildir" / "cur" / "2.eml").write_bytes(a_mail(1001))
    assert me.mail.ingest_maildir(tmp_path / "maildir").stored == 2
    assert me.mail.ingest_folder(tmp_path / "maildir").unchanged == 1
    assert ws.mail.ingest_maildir(tmp_path / "maildir").unchanged == 2
    assert ws.mail.ingest_folder(tmp_path / "maildir").total == 1


def test_documents(me: besunny.UserHandle, tmp_path: Path) -> None:
    shoot = me.projects.create("Lisbon shoot")
    when = datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=1)))
    note = me.documents.ingest(
        "The drone permit.",
        title="Permit",
        type="meeting_transcript",
        source="notes",
        source_id="7",
        author="Ana",
        occurred_at=when,
    )
    assert (note.document.source, note.document.type) == ("notes", "meeting_transcript")
    assert note.document.occurred_at == when
    assert note.document.occurred_at.tzinfo is timezone.utc
    table = tmp_path / "budget.csv"
    table.write_text("item,cost\ncrane,900\n", encoding="utf-8")
    assert me.documents.ingest(table, occurred_at=date(2026, 4, 1)).document.type == "spreadsheet"
    assert me.documents.ingest(b"<p>Hello</p>", format="html", occurred_at="2026-05-01").title
    with pytest.raises(ValueError, match="time zone"):
        me.documents.list(since=datetime(2026, 1, 1))
    with pytest.raises(besunny.InvalidInputError):
        me.documents.list(since="yesterday")

    assert me.documents.get(note) == note.document
    assert len(me.documents.list(since=when, until=date(2026, 5, 1))) == 2
    assert [d.id for d in me.documents.list(source="notes")] == [note.id]
    first = me.documents.list(size=2)
    assert len(first.items) == 2 and first.next
    pages = [*first, *me.documents.list(size=2, after=first.next)]
    assert list(me.documents.iterate(size=2)) == pages

    assert me.documents.assign(note, shoot).project_id == shoot.id
    assert [d.id for d in me.documents.list(project=shoot)] == [note.id]
    assert len(me.documents.list(project="unassigned")) == 2
    assert me.documents.assign(note.id, None).project_id is None
    me.documents.delete(note)
    with pytest.raises(besunny.NotFoundError):
        me.documents.get(note.id)


def test_attachments(me: besunny.UserHandle) -> None:
    mail = me.mail.ingest(MAILBOX / "22-fwd-versicherungsbestaetigung.eml")
    attached = me.documents.attachments(mail)
    assert [document.id for document in attached] == [d.id for d in mail.attachments]
    assert all(document.parent_id == mail.id for document in attached)


def test_search_and_classify(me: besunny.UserHandle) -> None:
    shoot = me.projects.create("Lisbon shoot", keywords=["drone permit"])
    mail = me.mail.ingest(a_mail(subject="Drone permit", body="The drone permit ends in June."))
    [hit] = me.search("drone permit", limit=3)
    assert hit.document.id == mail.id
    assert hit.chunk.ordinal == 0
    marked = {hit.snippet.text[start:end].lower() for start, end in hit.snippet.highlights}
    assert marked >= {"drone", "permit"}
    assert hit.why.lexical is not None and hit.why.lexical.rank == 1
    assert hit.why.semantic is None
    assert me.search("drone", until="2020-01-01") == []
    assert me.search("drone", project=shoot if mail.project_id is None else "unassigned") == []
    with pytest.raises(besunny.ModelMissingError):
        me.search("drone", mode="semantic")
    with pytest.raises(besunny.InvalidInputError):
        me.search("drone", limit=0)
    for number in (-1, 2**70):
        with pytest.raises(besunny.InvalidInputError, match="out of range"):
            me.search("drone", limit=number)
    found = me.classify("Where is it?", subject="the drone permit", sender="Rui <rui@x.example>")
    assert found.alternatives[0].project_id == shoot.id


def test_closing(tmp_path: Path) -> None:
    with besunny.Workspace.open(tmp_path, model=False) as ws:
        ws.users.create("ana")
        me = ws.user("ana")
        with besunny.Workspace.open(tmp_path, model=False) as other:
            assert [user.username for user in other.users.list()] == ["ana"]
            with pytest.raises(besunny.AlreadyExistsError):
                besunny.Workspace.restore(tmp_path / "besunny.sqlite", tmp_path)
    ws.close()
    for call in (ws.status, me.projects.list, me.documents.list, lambda: me.search("x")):
        with pytest.raises(besunny.ClosedError):
            call()
    with besunny.Workspace.open(tmp_path, model=False) as ws:
        assert [user.username for user in ws.users.list()] == ["ana"]


def test_options_are_keyword_only(me: besunny.UserHandle) -> None:
    with pytest.raises(TypeError):
        me.search("x", 10)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        me.documents.ingest("x", "title")  # type: ignore[call-arg]
