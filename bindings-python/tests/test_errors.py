"""Every kind of error has its class, and no panic gets through."""

from __future__ import annotations

import copy
import pickle

import besunny
import pytest
from besunny import _besunny, _errors


def test_every_code_has_a_class() -> None:
    assert sorted(_errors.BY_CODE) == sorted(_besunny._error_codes())
    for kind in _errors.BY_CODE.values():
        assert getattr(besunny, kind.__name__) is kind
        assert kind.__doc__


@pytest.mark.parametrize("code", _besunny._error_codes())
def test_an_error_carries_its_parts(code: str) -> None:
    with pytest.raises(besunny.Error) as caught:
        _besunny._fail(code).wait()
    error = caught.value
    assert type(error) is _errors.BY_CODE[code]
    assert (error.code, error.operation, error.message) == (code, "probe.fail", "asked to fail")
    assert error.context == {"code": code}
    assert error.retryable == (code in {"locked", "storage", "index", "io", "rate_limited", "upstream"})
    assert str(error) == f"probe.fail: asked to fail ({code}; code: {code})"
    below = error.__cause__
    assert isinstance(below, besunny.Cause) and "the error below" in str(below)
    assert "at the bottom" in str(below.__cause__)
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (type(twin), str(twin)) == (type(error), str(error))
        assert twin.retryable == error.retryable


@pytest.mark.parametrize("code", _besunny._error_codes())
async def test_an_awaited_error_is_the_same(code: str) -> None:
    with pytest.raises(_errors.BY_CODE[code]):
        await _besunny._fail(code).future()


def test_natural_bases() -> None:
    assert issubclass(besunny.InvalidInputError, ValueError)
    assert issubclass(besunny.NotFoundError, LookupError)


async def test_a_panic_is_an_internal_error() -> None:
    with pytest.raises(besunny.InternalError) as blocking:
        _besunny._panic().wait()
    assert "asked to panic" in str(blocking.value.__cause__)
    with pytest.raises(besunny.InternalError):
        await _besunny._panic().future()


def test_a_call_is_finished_once() -> None:
    call = _besunny._fail("io")
    with pytest.raises(besunny.IoError):
        call.wait()
    with pytest.raises(RuntimeError):
        call.wait()
