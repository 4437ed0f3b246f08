"""Runs `tests/conformance/*.json`, as its README says, on both faces."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import besunny
import numpy as np
import pytest
from besunny import aio

from conftest import ROOT

CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted((ROOT / "tests" / "conformance").glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))
]


def argument(value: Any, kept: dict[str, Any]) -> Any:
    """An argument or expectation with its references and bytes filled in."""
    match value:
        case str() if value.startswith("$"):
            name, *path = value[1:].split(".")
            found = kept[name]
            for key in path:
                found = found[int(key)] if isinstance(found, list) else found[key]
            return found
        case {"$text": str(text)}:
            return text.encode()
        case {"$base64": str(text)}:
            return base64.b64decode(text)
        case {"$file": str(path)}:
            return (ROOT / path).read_bytes()
        case {"$path": str(path)}:
            return ROOT / path
        case {"$repeat": [str(text), int(times)]}:
            return text.encode() * times
        case dict():
            return {key: argument(item, kept) for key, item in value.items()}
        case list():
            return [argument(item, kept) for item in value]
    return value


def plain(value: Any) -> Any:
    """A result as JSON has it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


def new_jobs(value: Any) -> Any:
    """Jobs that are handed over, as the face takes them."""
    match value:
        case list():
            return [besunny.NewJob(**job) for job in value]
        case dict():
            return besunny.NewJob(**value)
    return value


def handler(does: Any, ran: list[Any], *, is_async: bool) -> Callable[[Any], Any]:
    """A handler of jobs that does what a case says."""

    async def act(job: Any) -> None:
        user = job.user and job.user.username
        seen = {"kind": job.kind, "payload": job.payload, "attempt": job.attempt, "user": user}
        ran.append(seen)
        owner = job.user or job.workspace
        match does:
            case "succeed":
                pass
            case "fail":
                raise besunny.JobFailure("no")
            case "fail_for_good":
                raise besunny.JobFailure("no", retry=False)
            case {"fail_times": int(times)}:
                if job.attempt <= times:
                    raise besunny.JobFailure("not yet")
            case "look_up_nobody":
                await settled(job.workspace.user("nobody"))
            case "cancel_itself":
                await settled(owner.jobs.cancel(job))
                raise besunny.JobFailure("called off")
            case "store":
                if job.user is None:
                    raise besunny.JobFailure("nobody to store it for", retry=False)
                await settled(job.user.documents.ingest(job.payload))
            case {"progress": [fraction, message]}:
                job.progress(fraction, message)
            case {"enqueue": dict(new)}:
                await settled(owner.jobs.enqueue(**new))
            case _:
                raise AssertionError(f"no handler does {does!r}")

    def act_at_once(job: Any) -> None:
        # On the blocking face there is nothing to wait for.
        with pytest.raises(StopIteration):
            act(job).send(None)

    return act if is_async else act_at_once


def matches(expected: Any, result: Any) -> bool:
    """Whether a result is what was expected."""
    match expected:
        case {"$any": True}:
            return result is not None
        case {"$length": int(length)}:
            return isinstance(result, (list, str)) and len(result) == length
        case {"$contains": part}:
            if isinstance(result, str):
                return isinstance(part, str) and part in result
            return isinstance(result, list) and any(matches(part, item) for item in result)
        case {"$starts": str(part)}:
            return isinstance(result, str) and result.startswith(part)
        case dict() if "$at_least" in expected or "$at_most" in expected:
            least = expected.get("$at_least", float("-inf"))
            most = expected.get("$at_most", float("inf"))
            return isinstance(result, (int, float)) and least <= result <= most
        case dict():
            return isinstance(result, dict) and all(
                key in result and matches(item, result[key]) for key, item in expected.items()
            )
        case list():
            return (
                isinstance(result, list)
                and len(result) == len(expected)
                and all(matches(*pair) for pair in zip(expected, result, strict=True))
            )
        case bool() | None | str():
            return type(result) is type(expected) and result == expected
        case int() | float():
            return isinstance(result, (int, float)) and abs(result - expected) <= 1e-9
    raise AssertionError(f"not an expectation: {expected!r}")


async def settled(value: Any) -> Any:
    """The value, or what it is a promise of."""
    return await value if inspect.isawaitable(value) else value


async def call(ws: Any, step: dict[str, Any], kept: dict[str, Any], stage: dict[str, Any]) -> Any:
    """Makes the call of a step."""
    args = argument(step.get("args", {}), kept)
    match step["call"]:
        case "ran":
            ran = list(stage["ran"])
            stage["ran"].clear()
            return ran
        case "jobs.advance":
            args["clock"] = stage["clock"]
    target = await settled(ws.user(step["user"])) if "user" in step else ws
    for name in step["call"].split("."):
        target = getattr(target, name)
    if step["call"] == "jobs.handler":
        does = handler(args["does"], stage["ran"], is_async=stage["is_async"])
        return plain(target(args["kind"])(does) and None)
    if step["call"].startswith("jobs."):
        args |= {key: new_jobs(args[key]) for key in ("jobs", "job", "on_complete") if key in args}
    return plain(await settled(target(**args)))


async def run(
    case: dict[str, Any], folder: Path, open_workspace: Callable[..., Any], *, is_async: bool
) -> None:
    """Runs a case on one face."""
    model = os.environ.get("BESUNNY_MODEL") if case.get("model") else False
    clock = besunny.VirtualClock(case["clock"]) if "clock" in case else None
    options = {"model": model, "clock": clock, **case.get("options", {})}
    stage: dict[str, Any] = {"clock": clock, "ran": [], "is_async": is_async}
    ws = await settled(open_workspace(folder, **options))
    kept: dict[str, Any] = {}
    try:
        for number, step in enumerate(case["steps"], 1):
            where = f"step {number}, {step['call']}"
            if step["call"] == "reopen":
                await settled(ws.close())
                ws = await settled(open_workspace(folder, **options))
                continue
            try:
                result = await call(ws, step, kept, stage)
            except besunny.Error as error:
                assert error.code == step.get("error"), f"{where}: {error}"
                continue
            assert "error" not in step, f"{where}: no error, but {result!r}"
            if "expect" in step:
                # `as` of this step may be part of its own expectation.
                expected = argument(step["expect"], {**kept, step.get("as", ""): result})
                assert matches(expected, result), f"{where}: {expected!r} is not {result!r}"
            if "as" in step:
                kept[step["as"]] = result
    finally:
        await settled(ws.close())


FACES: dict[str, Callable[..., besunny.Workspace | Awaitable[aio.Workspace]]] = {
    "blocking": besunny.Workspace.open,
    "aio": aio.Workspace.open,
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("case", CASES)
def test_conformance(case: dict[str, Any], face: str, tmp_path: Path) -> None:
    if case.get("model") and not os.environ.get("BESUNNY_MODEL"):
        pytest.skip("needs a sentence model: set BESUNNY_MODEL")
    asyncio.run(run(case, tmp_path / "workspace", FACES[face], is_async=face == "aio"))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("case", [case for case in CASES if "jobs.handler" in json.dumps(case.values)])
def test_conformance_with_the_other_kind_of_handler(case: dict[str, Any], face: str, tmp_path: Path) -> None:
    asyncio.run(run(case, tmp_path / "workspace", FACES[face], is_async=face != "aio"))


def test_the_runner_can_fail() -> None:
    assert not matches({"a": 1}, {"a": 2})
    assert not matches([1], [1, 2])
    assert not matches({"a": None}, {})
    assert not matches(True, 1)
    assert matches({"a": {"$contains": {"b": 1}}}, {"a": [{"b": 1.0, "c": 2}], "d": 3})
