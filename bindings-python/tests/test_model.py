"""What a sentence model adds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import besunny
import numpy as np
import pytest
from besunny import _defaults

from conftest import a_mail, needs_model

pytestmark = needs_model


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[besunny.Workspace]:
    with besunny.Workspace.open(tmp_path_factory.mktemp("model")) as workspace:
        workspace.users.create("ana")
        yield workspace


def test_embeddings_are_unit_rows(ws: besunny.Workspace) -> None:
    model = ws.status().model
    assert model is not None and model.precision == "int8"
    texts = ["The permit was granted.", "A boat on the river.", "x" * 5000]
    vectors = ws.embed(texts)
    assert vectors.shape == (3, model.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(ws.embed(texts[1:2])[0], vectors[1])
    assert ws.embed([]).shape == (0, model.dimension)
    with pytest.raises(TypeError):
        ws.embed("one text")


def test_found_by_meaning(ws: besunny.Workspace) -> None:
    me = ws.user("ana")
    me.mail.ingest(a_mail(1, subject="Unmanned aircraft", body="You may fly over the old town."))
    me.mail.ingest(a_mail(2, subject="Lunch", body="Soup at noon, bring bread."))
    hits = me.search("drone permission", mode="semantic")
    assert hits[0].document.title == "Unmanned aircraft"
    assert hits[0].why.semantic is not None and hits[0].why.semantic.rank == 1


def test_a_bad_model_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(besunny.ModelError):
        besunny.Workspace.open(tmp_path / "workspace", model=tmp_path)


def test_defaults_give_way_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORT_DYLIB_PATH", raising=False)
    library = _defaults.runtime_library()
    assert library is not None and library.is_file()
    monkeypatch.setenv("ORT_DYLIB_PATH", "/somewhere/else.so")
    assert _defaults.runtime_library() is None
    monkeypatch.setenv("BESUNNY_MODEL", "/somewhere/else")
    assert _defaults.model() is None
