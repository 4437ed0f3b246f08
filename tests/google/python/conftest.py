"""Starts the fake, and points Google's own client at it."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import googleapiclient.discovery
import google_auth_httplib2
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.http import build_http

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(os.environ.get("FAKE_GOOGLE", ROOT / "target/release/fake-google"))
DOCUMENTS = Path(googleapiclient.discovery.__file__).parent / "discovery_cache" / "documents"
ANA = "ana@lumen.example"
BEA = "bea@lumen.example"


class Fake:
    """The running program."""

    def __init__(self, line: dict[str, str]) -> None:
        self.url = line["base_url"]
        self.client_id = line["client_id"]
        self.client_secret = line["client_secret"]

    def control(self, operation: str, **arguments: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_control/{operation}",
            json.dumps(arguments).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{operation}: {error.read().decode()}") from error

    def credentials(self, account: str, *scopes: str) -> Credentials:
        tokens = self.control("tokens.issue", account=account, scopes=list(scopes))
        return Credentials(
            token=tokens["access_token"],
            refresh_token=tokens["refresh_token"],
            client_id=self.client_id,
            client_secret=self.client_secret,
            token_uri=f"{self.url}/token",
            scopes=list(scopes),
        )

    def service(self, api: str, credentials: Credentials) -> Any:
        """The client that is made from the discovery document which the package ships."""
        document = json.loads((DOCUMENTS / f"{api}.json").read_text())
        document["rootUrl"] = f"{self.url}/"
        document["baseUrl"] = f"{self.url}/{document['servicePath']}"
        document.pop("mtlsRootUrl", None)
        http = google_auth_httplib2.AuthorizedHttp(credentials, http=build_http())
        return googleapiclient.discovery.build_from_document(document, http=http)


@pytest.fixture
def fake() -> Iterator[Fake]:
    program = subprocess.Popen(
        [PROGRAM, "--virtual", "--pull"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout and program.stdin
    with program:
        fake = Fake(json.loads(program.stdout.readline()))
        for account in (ANA, BEA):
            fake.control("accounts.add", email=account, name=account.split("@")[0].title() + " Lopes")
        yield fake
        program.stdin.close()
        assert program.wait(10) == 0


@pytest.fixture
def gmail(fake: Fake) -> Any:
    return fake.service("gmail.v1", fake.credentials(ANA, "https://mail.google.com/"))


@pytest.fixture
def drive(fake: Fake) -> Any:
    return fake.service("drive.v3", fake.credentials(ANA, "https://www.googleapis.com/auth/drive"))


@pytest.fixture
def calendar(fake: Fake) -> Any:
    return fake.service("calendar.v3", fake.credentials(ANA, "https://www.googleapis.com/auth/calendar"))
