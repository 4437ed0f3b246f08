"""The example of a web server that takes Google's notifications."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_google import ANA, AUDIENCE, KEY, ROOT, SIGNER, SUBSCRIPTION, TOPIC, FakeGoogle, running

PUSH = {"topic": TOPIC, "subscription": SUBSCRIPTION, "audience": AUDIENCE, "service_account": SIGNER}


@pytest.fixture
def fake() -> Iterator[FakeGoogle]:
    with running() as fake:
        yield fake


@pytest.fixture
def server(fake: FakeGoogle, tmp_path: Path) -> Iterator[str]:
    """The address of the running example."""
    environment = {
        **os.environ,
        "GOOGLE_CLIENT_ID": fake.client_id,
        "GOOGLE_CLIENT_SECRET": fake.client_secret,
        "GOOGLE_REDIRECT_URI": "https://app.example/callback",
        "GOOGLE_ENDPOINTS": fake.url,
        "GMAIL_PUSH": json.dumps(PUSH),
        "TOKEN_KEY": KEY,
    }
    program = ROOT / "examples" / "python" / "google_webhooks.py"
    with subprocess.Popen(
        [sys.executable, program, tmp_path / "workspace", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().rpartition(" ")[2]
        process.terminate()


def post(url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, str, str]:
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def test_it_answers_google(fake: FakeGoogle, server: str) -> None:
    data = base64.b64encode(json.dumps({"emailAddress": ANA, "historyId": 9876543210}).encode()).decode()
    envelope = {
        "message": {
            "data": data,
            "messageId": "2070443601311540",
            "publishTime": "2026-02-26T19:13:55.749Z",
        },
        "subscription": SUBSCRIPTION,
    }
    body = json.dumps(envelope).encode()
    json_type = {"Content-Type": "application/json"}
    authentic = {**json_type, "Authorization": f"Bearer {fake.token()}"}
    # Authentic, though nobody has linked this mailbox.
    assert post(f"{server}/gmail/notify", authentic, body) == (
        200,
        "application/json",
        '{"message":"No such mailbox is linked","success":true}',
    )
    for forged in ({}, {"Authorization": f"Bearer {fake.token('wrong_signature')}"}):
        status, _, text = post(f"{server}/gmail/notify", {**json_type, **forged}, body)
        assert status == 401 and json.loads(text)["success"] is False
    channel = {
        "X-Goog-Channel-ID": "4ba78bf0-6a47-11e2-bcfd-0800200c9a66",
        "X-Goog-Channel-Token": "398348u3tu83ut8uu38",
        "X-Goog-Message-Number": "10",
        "X-Goog-Resource-ID": "ret08u3rv24htgh289g",
        "X-Goog-Resource-State": "exists",
    }
    assert post(f"{server}/calendar/notify", channel)[0] == 200
    assert post(f"{server}/drive/notify", {})[0] == 400
    assert post(f"{server}/elsewhere", channel)[0] == 404
