"""Results: immutable, comparable, and the same plain data everywhere."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import typing
from datetime import datetime, timezone

import besunny
import pytest
from besunny import _besunny, _record, _vocabulary

from conftest import a_mail


def test_vocabularies_are_those_of_the_library() -> None:
    for name, values in _besunny._vocabulary().items():
        assert list(typing.get_args(getattr(_vocabulary, name))) == values, name


def test_a_result_is_a_value(me: besunny.UserHandle) -> None:
    me.projects.create("Lisbon shoot", keywords=["permit"])
    mail = me.mail.ingest(a_mail())
    twins = [copy.copy(mail), copy.deepcopy(mail), pickle.loads(pickle.dumps(mail))]
    assert all(twin == mail and hash(twin) == hash(mail) for twin in twins)
    assert me.documents.get(mail) == mail.document
    assert repr(mail).startswith("Ingested(status='stored', document=Document(id='")
    with pytest.raises(dataclasses.FrozenInstanceError):
        mail.status = "updated"  # type: ignore[misc]
    match mail:
        case besunny.Ingested(status="stored", document=besunny.Document(type="email")):
            pass
        case _:
            pytest.fail("does not match")


def test_plain_data(me: besunny.UserHandle) -> None:
    mail = me.mail.ingest(a_mail())
    plain = mail.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    document = plain["document"]
    assert document["occurred_at"] == "2026-03-02T08:00:00Z"
    assert document["mail"]["from"] == [{"name": "Marta Nunes", "address": "marta@tide.example"}]
    assert document["assignment"]["project_id"] is None
    assert me.documents.list().to_dict()["next"] is None
    [hit] = me.search("granted")
    assert isinstance(hit.to_dict()["snippet"]["highlights"][0], list)


def test_times() -> None:
    assert _record.instant(1_500_000) == datetime(1970, 1, 1, 0, 0, 1, 500_000, timezone.utc)
    assert _record.instant(-(2**62)) == datetime.min.replace(tzinfo=timezone.utc)
    assert _record.instant(2**62) == datetime.max.replace(tzinfo=timezone.utc)
