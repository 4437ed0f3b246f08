"""OAuth, driven by google-auth and google-auth-oauthlib."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from typing import Any

import google.auth.transport.requests
import pytest
from conftest import ANA, BEA, Fake
from google.auth import jwt
from google.auth.exceptions import RefreshError
from google.oauth2 import id_token, service_account
from google_auth_oauthlib.flow import Flow

EMAIL = "https://www.googleapis.com/auth/userinfo.email"
GMAIL = "https://www.googleapis.com/auth/gmail.readonly"
CALLBACK = "http://127.0.0.1:9/callback"
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def visit(url: str) -> tuple[int, str]:
    """The status, and where it leads."""
    try:
        with urllib.request.build_opener(NoRedirect).open(url) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location", "")


def post(fake: Fake, path: str, **form: str) -> tuple[int, Any]:
    data = urllib.parse.urlencode(form).encode()
    try:
        with urllib.request.urlopen(fake.url + path, data) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def flow(fake: Fake, *scopes: str) -> Flow:
    config = {
        "web": {
            "client_id": fake.client_id,
            "client_secret": fake.client_secret,
            "auth_uri": f"{fake.url}/o/oauth2/v2/auth",
            "token_uri": f"{fake.url}/token",
        }
    }
    return Flow.from_client_config(config, list(scopes), redirect_uri=CALLBACK, autogenerate_code_verifier=True)


def authorize(fake: Fake, own: Flow, **more: str) -> str:
    url, state = own.authorization_url(access_type="offline", login_hint=ANA, **more)
    status, place = visit(url)
    assert status == 302, place
    answer = urllib.parse.parse_qs(urllib.parse.urlsplit(place).query)
    assert answer["state"] == [state] and "/" in answer["code"][0]
    return place


def test_the_whole_flow(fake: Fake) -> None:
    own = flow(fake, "openid", "email", GMAIL)
    place = authorize(fake, own, nonce="n0")
    tokens = own.fetch_token(authorization_response=place)
    assert set(tokens["scope"]) == {"openid", EMAIL, GMAIL} and tokens["refresh_token"]
    claims = jwt.decode(tokens["id_token"], verify=False)
    assert claims["nonce"] == "n0" and claims["email"] == ANA and claims["hd"] == "lumen.example"
    with urllib.request.urlopen(f"{fake.url}/oauth2/v1/certs") as answer:
        certificates = json.load(answer)
        assert "max-age" in answer.headers["Cache-Control"]
    now = datetime.fromtimestamp(fake.control("clock")["now"] / 1000, timezone.utc)
    skew = int(abs((datetime.now(timezone.utc) - now).total_seconds())) + 60
    jwt.decode(tokens["id_token"], certs=certificates, audience=fake.client_id, clock_skew_in_seconds=skew)
    credentials = own.credentials
    credentials.refresh(google.auth.transport.requests.Request())
    assert credentials.refresh_token == tokens["refresh_token"]

    again = flow(fake, "openid", "email", GMAIL)
    assert "refresh_token" not in again.fetch_token(authorization_response=authorize(fake, again))
    asked = flow(fake, "openid", "email", GMAIL)
    assert asked.fetch_token(authorization_response=authorize(fake, asked, prompt="consent"))["refresh_token"]

    with urllib.request.urlopen(f"{fake.url}/tokeninfo?access_token={credentials.token}") as answer:
        info = json.load(answer)
    assert info["aud"] == fake.client_id and info["email"] == ANA and isinstance(info["expires_in"], str)
    request = urllib.request.Request(f"{fake.url}/v1/userinfo", headers={"Authorization": f"Bearer {credentials.token}"})
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["email_verified"] is True
    assert post(fake, "/revoke", token=credentials.token) == (200, {})
    assert post(fake, "/revoke", token=credentials.token)[1]["error"] == "invalid_token"
    with pytest.raises(RefreshError) as error:
        credentials.refresh(google.auth.transport.requests.Request())
    assert "expired or revoked" in str(error.value)


def test_pkce_codes_and_redirects(fake: Fake) -> None:
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    base = f"{fake.url}/o/oauth2/v2/auth?client_id={fake.client_id}&response_type=code&scope=email&login_hint={ANA}"
    callback = "&redirect_uri=" + urllib.parse.quote(CALLBACK)

    def code(more: str) -> str:
        _, place = visit(base + callback + more)
        return urllib.parse.parse_qs(urllib.parse.urlsplit(place).query)["code"][0]

    def exchange(text: str, **more: str) -> tuple[int, Any]:
        form = {"client_id": fake.client_id, "client_secret": fake.client_secret, "redirect_uri": CALLBACK, **more}
        return post(fake, "/token", grant_type="authorization_code", code=text, **form)

    pkce = f"&code_challenge={challenge}&code_challenge_method=S256"
    assert exchange(code(pkce))[1]["error"] == "invalid_grant"
    assert exchange(code(pkce), code_verifier="w" * 43)[1]["error"] == "invalid_grant"
    assert exchange(code(""), code_verifier=verifier)[1]["error"] == "invalid_grant"
    good = code(pkce)
    assert exchange(good, code_verifier=verifier)[0] == 200
    assert exchange(good, code_verifier=verifier)[1]["error"] == "invalid_grant"
    assert exchange(code(""), redirect_uri=CALLBACK + "/")[0] == 400
    assert exchange(code(""), client_secret="wrong") == (
        401,
        {"error": "invalid_client", "error_description": "Unauthorized"},
    )
    late = code("")
    fake.control("clock.advance", millis=601_000)
    assert exchange(late)[1]["error"] == "invalid_grant"
    assert visit(base + "&redirect_uri=https%3A%2F%2Fevil.example")[0] == 400
    fake.control("consent.next", is_denied=True)
    assert "error=access_denied" in visit(base + callback + "&state=s")[1]
    fake.control("consent.next", scopes=["email"], account=BEA)
    assert "userinfo.email" in visit(base + callback)[1]


def test_service_accounts(fake: Fake) -> None:
    file = fake.control("service_accounts.add", name="robot", project="fake-project", delegated_scopes=[GMAIL])
    assert file["token_uri"] == f"{fake.url}/token"
    # Its library takes the time from the machine; so does this fake.
    fake.control("clock.advance_to", millis=int(datetime.now(timezone.utc).timestamp() * 1000))
    request = google.auth.transport.requests.Request()
    credentials = service_account.Credentials.from_service_account_info(file, scopes=[GMAIL], subject=ANA)
    credentials.refresh(request)
    gmail = fake.service("gmail.v1", credentials)
    assert gmail.users().getProfile(userId="me").execute()["emailAddress"] == ANA
    modify = "https://www.googleapis.com/auth/gmail.modify"
    for scopes, subject, text in (
        ([GMAIL, modify], ANA, "unauthorized_client"),
        ([GMAIL], "nobody@lumen.example", "Invalid email or User ID"),
    ):
        with pytest.raises(RefreshError) as error:
            service_account.Credentials.from_service_account_info(file, scopes=scopes, subject=subject).refresh(request)
        assert text in str(error.value)
    fake.control("clock.advance", millis=7_200_000)
    with pytest.raises(RefreshError) as error:
        credentials.refresh(request)
    assert "short-lived" in str(error.value)


def test_push_tokens(fake: Fake) -> None:
    fake.control("clock.advance_to", millis=int(datetime.now(timezone.utc).timestamp() * 1000))
    account = "push@fake-project.iam.gserviceaccount.com"

    def verify(kind: str) -> Any:
        token = fake.control("keys.oidc_token", kind=kind, account=account, audience="https://app.example/push")["token"]
        return id_token.verify_token(
            token,
            google.auth.transport.requests.Request(),
            audience="https://app.example/push",
            certs_url=f"{fake.url}/oauth2/v1/certs",
            clock_skew_in_seconds=30,
        )

    assert verify("valid")["email"] == account
    assert verify("skewed_one_second")["email_verified"]
    for kind in ("expired", "from_the_future", "unknown_key", "wrong_signature", "hmac_with_public_key", "unsigned"):
        with pytest.raises(Exception):  # noqa: B017, PT011
            verify(kind)
    fake.control("keys.rotate")
    assert verify("valid")
    assert fake.control("keys.fetched")["count"] > 3


def test_faults_of_the_token_endpoint(fake: Fake) -> None:
    credentials = fake.credentials(ANA, GMAIL)
    request = google.auth.transport.requests.Request()
    fake.control("faults.add", kind="unavailable", status=502, html=True, place="oauth.token", when={"next": 1})
    with pytest.raises(RefreshError) as error:
        credentials.refresh(request)
    assert "<html" in str(error.value)
    fake.control("faults.add", kind="unavailable", status=503, html=False, place="oauth.token", when={"next": 1})
    credentials.refresh(request)
    fake.control("faults.add", kind="invalid_grant", subtype="invalid_rapt", when={"next": 1})
    with pytest.raises(RefreshError):
        credentials.refresh(request)
    calls = fake.control("tokens.calls")
    assert calls["refreshes"] == 4 and calls["failures"] == 3
