"""A fake of Google in a process of its own, and a workspace that works with it."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any

import besunny
from besunny._vocabulary import Service

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = Path(os.environ.get("FAKE_GOOGLE", TARGET / "release" / "fake-google"))
ANA = "ana@lumen.example"
SIGNER = "push@fake-project.iam.gserviceaccount.com"
AUDIENCE = "https://app.example/gmail/notify"
TOPIC = "projects/fake-project/topics/mail"
SUBSCRIPTION = "projects/fake-project/subscriptions/mail"
KEY = "ab" * 32


class _Stay(urllib.request.HTTPRedirectHandler):
    """Where a browser would be sent is what a test wants to know."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


class FakeGoogle:
    """The running program."""

    def __init__(self, line: dict[str, str]) -> None:
        self.url = line["base_url"]
        self.client_id = line["client_id"]
        self.client_secret = line["client_secret"]

    def control(self, operation: str, **arguments: Any) -> Any:
        """Does something to it."""
        request = urllib.request.Request(
            f"{self.url}/_control/{operation}",
            json.dumps(arguments).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{operation}: {error.read().decode()}") from error

    def options(self) -> besunny.GoogleOptions:
        """What a workspace has to know to work with it."""
        return besunny.GoogleOptions(
            client_id=self.client_id,
            client_secret=self.client_secret,
            redirect_uri="http://127.0.0.1:8000/callback",
            token_keys={"k1": KEY},
            endpoints=self.url,
            push=besunny.PushOptions(
                topic=TOPIC, subscription=SUBSCRIPTION, audience=AUDIENCE, service_account=SIGNER
            ),
            webhook_address="https://app.example",
            quota=besunny.GoogleQuota(table="new", calendar=(600, 10_000)),
            request_timeout=timedelta(seconds=10),
        )

    def answered(self, consent: besunny.Consent) -> str:
        """The address that the browser of a user who consents is sent back to."""
        try:
            urllib.request.build_opener(_Stay).open(consent.url, timeout=30)
        except urllib.error.HTTPError as error:
            location = error.headers["Location"]
            assert isinstance(location, str), error.read()
            return location
        raise AssertionError("the consent screen did not send anybody back")

    def deliver(self, subject: str, body: str = "Granted.") -> str:
        """A mail to Ana's mailbox; its id."""
        raw = (
            f"Message-ID: <{subject.replace(' ', '.')}@tide.example>\r\n"
            f"From: Marta Nunes <marta@tide.example>\r\nTo: {ANA}\r\n"
            f"Date: Mon, 2 Mar 2026 09:00:00 +0100\r\nSubject: {subject}\r\n\r\n{body}\r\n"
        )
        made = self.control("mail.deliver", account=ANA, raw=raw, labels=["INBOX", "UNREAD"])
        return str(made["id"])

    def meeting(self, summary: str, *, in_: timedelta = timedelta(days=1)) -> str:
        """A meeting in Ana's calendar; its id."""
        start = datetime.now(timezone.utc).replace(microsecond=0) + in_
        event = {
            "summary": summary,
            "start": {"dateTime": start.isoformat()},
            "end": {"dateTime": (start + timedelta(hours=1)).isoformat()},
            "location": "https://meet.google.com/abc-defg-hij",
            "attendees": [{"email": "rui@tide.example", "responseStatus": "accepted"}],
        }
        return str(self.control("events.add", calendar=ANA, event=event)["id"])

    def pushes(self, *services: str) -> list[dict[str, Any]]:
        """What Google posts, as soon as there is something about each of the services."""
        taken: list[dict[str, Any]] = []
        until = time.monotonic() + 30
        while not all(any(f"/{name}/" in push["url"] for push in taken) for name in services):
            assert time.monotonic() < until, f"no push about all of {services}: {taken}"
            taken += self.control("push.take")["deliveries"]
            time.sleep(0.05)
        return [push for push in taken if any(f"/{name}/" in push["url"] for name in services)]

    def token(self, kind: str = "valid", *, account: str = SIGNER, audience: str = AUDIENCE) -> str:
        """What the subscription signs with, or what only looks like it."""
        answer = self.control("keys.oidc_token", kind=kind, account=account, audience=audience)
        return str(answer["token"])


@contextmanager
def running() -> Iterator[FakeGoogle]:
    """The fake with Ana's account and a subscription, until the end of the block."""
    if not PROGRAM.exists():
        raise FileNotFoundError(
            f"{PROGRAM} is missing: cargo build --release --workspace --bin fake-google"
        )
    program = subprocess.Popen(
        [PROGRAM, "--pull"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None and program.stdin is not None
    with program:
        try:
            fake = FakeGoogle(json.loads(program.stdout.readline()))
            fake.control("accounts.add", email=ANA, name="Ana Lopes")
            fake.control("push.topic", name=TOPIC, may_publish=True)
            fake.control(
                "push.subscribe",
                name=SUBSCRIPTION,
                topic=TOPIC,
                endpoint=AUDIENCE,
                audience=AUDIENCE,
                service_account=SIGNER,
            )
            yield fake
        finally:
            program.stdin.close()


def link(
    fake: FakeGoogle, me: besunny.UserHandle, *services: Service
) -> besunny.Account:
    """Links Ana's account, as her browser would."""
    consent = me.google.consent(services, login_hint=ANA, session="cookie", return_to="/settings")
    linked = me.google.finish(fake.answered(consent), session="cookie")
    assert linked.return_to == "/settings" and linked.missing == ()
    return linked.account
