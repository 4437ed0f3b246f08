"""Gmail, driven by google-api-python-client."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from conftest import ANA, Fake
from googleapiclient.errors import HttpError

MAIL = (
    "From: Bea <bea@lumen.example>\r\nTo: ana@lumen.example\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n"
    "Message-ID: <{id}@lumen.example>\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "Ol=E1 <{id}>\r\n"
    '--b\r\nContent-Type: application/octet-stream; name="x.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    "+/++/v8=\r\n--b--\r\n"
)


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def deliver(fake: Fake, name: str, *labels: str) -> str:
    labels = labels or ("INBOX", "UNREAD")
    return str(fake.control("mail.deliver", account=ANA, raw=MAIL.format(id=name), labels=labels)["id"])


def test_profile_labels_and_messages(fake: Fake, gmail: Any) -> None:
    ids = [deliver(fake, f"m{number}") for number in range(5)]
    users = gmail.users()
    profile = users.getProfile(userId="me").execute()
    assert profile["emailAddress"] == ANA and profile["messagesTotal"] == 5
    assert int(profile["historyId"]) > 2**32

    labels = {label["id"] for label in users.labels().list(userId="me").execute()["labels"]}
    assert {"INBOX", "UNREAD", "TRASH", "SPAM"} <= labels
    assert users.labels().get(userId="me", id="INBOX").execute()["messagesTotal"] == 5
    label = users.labels().create(userId="me", body={"name": "Lisbon"}).execute()
    users.labels().patch(userId="me", id=label["id"], body={"name": "Porto"}).execute()
    users.labels().update(userId="me", id=label["id"], body={"name": "Faro"}).execute()

    messages = users.messages()
    both = messages.list(userId="me", labelIds=["INBOX", "UNREAD"]).execute()
    assert len(both["messages"]) == 5
    request, listed = messages.list(userId="me", maxResults=2, labelIds=["INBOX"]), []
    while request is not None:
        answer = request.execute()
        listed += [message["id"] for message in answer["messages"]]
        request = messages.list_next(request, answer)
    assert listed == ids[::-1]
    found = messages.list(userId="me", q="rfc822msgid:m3@lumen.example").execute()["messages"]
    assert [message["id"] for message in found] == [ids[3]]
    now = fake.control("clock")["now"] // 1000
    assert messages.list(userId="me", q=f"after:{now - 10}").execute()["resultSizeEstimate"] == 5
    assert "messages" not in messages.list(userId="me", q=f"before:{now - 10}").execute()

    full = messages.get(userId="me", id=ids[0]).execute()
    text, blob = full["payload"]["parts"]
    assert decode(text["body"]["data"]).decode() == "Olá <m0>"
    assert full["snippet"] == "Olá &lt;m0&gt;"
    assert {"name": "Subject", "value": "Café"} in full["payload"]["headers"]
    again = messages.get(userId="me", id=ids[0]).execute()["payload"]["parts"][1]
    assert blob["body"]["attachmentId"] != again["body"]["attachmentId"]
    for part in (blob, again):
        attachment = messages.attachments().get(userId="me", messageId=ids[0], id=part["body"]["attachmentId"])
        data = attachment.execute()
        assert decode(data["data"]) == b"\xfb\xff\xbe\xfe\xff" and data["size"] == 5
        assert "-" in data["data"] and "=" not in data["data"]
    raw = messages.get(userId="me", id=ids[0], format="raw").execute()["raw"]
    assert decode(raw) == MAIL.format(id="m0").encode()
    metadata = messages.get(userId="me", id=ids[0], format="metadata", metadataHeaders=["From"]).execute()
    assert metadata["payload"]["headers"] == [{"name": "From", "value": "Bea <bea@lumen.example>"}]
    assert "payload" not in messages.get(userId="me", id=ids[0], format="minimal").execute()
    assert messages.get(userId="me", id=ids[0], fields="id").execute() == {"id": ids[0]}

    body = {"addLabelIds": [label["id"]], "removeLabelIds": ["UNREAD"]}
    assert label["id"] in messages.modify(userId="me", id=ids[0], body=body).execute()["labelIds"]
    assert "TRASH" in messages.trash(userId="me", id=ids[1]).execute()["labelIds"]
    assert len(messages.list(userId="me").execute()["messages"]) == 4
    assert len(messages.list(userId="me", includeSpamTrash=True).execute()["messages"]) == 5
    messages.untrash(userId="me", id=ids[1]).execute()
    messages.batchModify(userId="me", body={"ids": ids[:2], "addLabelIds": ["STARRED"]}).execute()
    messages.delete(userId="me", id=ids[2]).execute()
    messages.batchDelete(userId="me", body={"ids": [ids[3]]}).execute()
    with pytest.raises(HttpError) as error:
        messages.get(userId="me", id=ids[2]).execute()
    assert error.value.status_code == 404
    users.labels().delete(userId="me", id=label["id"]).execute()

    encoded = base64.urlsafe_b64encode(MAIL.format(id="new").encode()).decode()
    inserted = messages.insert(userId="me", body={"raw": encoded, "labelIds": ["INBOX"]}).execute()
    imported = getattr(messages, "import_")(userId="me", body={"raw": encoded}).execute()
    sent = messages.send(userId="me", body={"raw": encoded}).execute()
    assert sent["labelIds"] == ["SENT"] and inserted["threadId"] == inserted["id"] != imported["id"]
    thread = users.threads().get(userId="me", id=inserted["threadId"]).execute()
    assert [message["id"] for message in thread["messages"]] == [inserted["id"]]
    assert users.threads().list(userId="me").execute()["threads"]
    truth = fake.control("snapshot", account=ANA)["mail"]
    assert {ids[0], ids[1], ids[4], inserted["id"], imported["id"], sent["id"]} <= set(truth) and len(truth) == 7
    assert truth[ids[0]]["labels"] == ["INBOX", "STARRED"]


def test_history(fake: Fake, gmail: Any) -> None:
    users = gmail.users()
    start = users.getProfile(userId="me").execute()["historyId"]
    assert "history" not in users.history().list(userId="me", startHistoryId=start).execute()
    ids = [deliver(fake, f"m{number}") for number in range(7)]
    fake.control("mail.relabel", account=ANA, id=ids[0], add=["STARRED"], remove=["UNREAD"])
    fake.control("mail.delete", account=ANA, id=ids[1])
    request, records, pages = users.history().list(userId="me", startHistoryId=start, maxResults=3), [], 0
    while request is not None:
        answer = request.execute()
        records += answer.get("history", [])
        pages += 1
        request = users.history().list_next(request, answer)
    assert pages == 4 and len(records) == 10
    numbers = [int(record["id"]) for record in records]
    assert numbers == sorted(set(numbers)) and answer["historyId"] == str(numbers[-1])
    added = [entry["message"]["id"] for record in records for entry in record.get("messagesAdded", [])]
    assert added == ids
    assert records[7]["labelsAdded"][0]["labelIds"] == ["STARRED"]
    assert records[8]["labelsRemoved"][0]["labelIds"] == ["UNREAD"]
    assert records[9]["messagesDeleted"][0]["message"]["id"] == ids[1]
    only = users.history().list(userId="me", startHistoryId=start, historyTypes=["labelAdded", "messageDeleted"])
    assert len(only.execute()["history"]) == 2
    labelled = users.history().list(userId="me", startHistoryId=start, labelId="STARRED").execute()
    assert len(labelled["history"]) == 2

    fake.control("faults.add", kind="empty_page", place="gmail.users.history.list", when={"next": 1})
    empty = users.history().list(userId="me", startHistoryId=start).execute()
    assert "history" not in empty and empty["nextPageToken"]
    rest = users.history().list(userId="me", startHistoryId=start, pageToken=empty["nextPageToken"]).execute()
    assert len(rest["history"]) == 10

    fake.control("clock.advance", millis=8 * 86_400_000)
    with pytest.raises(HttpError) as error:
        users.history().list(userId="me", startHistoryId=start).execute()
    assert error.value.status_code == 404 and error.value.error_details[0]["reason"] == "notFound"
    with pytest.raises(HttpError) as error:
        users.history().list(userId="me", startHistoryId="abc").execute()
    assert error.value.status_code == 400


def test_watch_and_stop(fake: Fake, gmail: Any) -> None:
    topic = "projects/fake-project/topics/mail"
    body = {"topicName": topic, "labelIds": ["INBOX"], "labelFilterBehavior": "include"}
    with pytest.raises(HttpError) as error:
        gmail.users().watch(userId="me", body=body).execute()
    assert error.value.status_code == 404
    fake.control(
        "push.subscribe",
        name="projects/fake-project/subscriptions/mail",
        topic=topic,
        endpoint="https://app.example/push",
        service_account="push@fake-project.iam.gserviceaccount.com",
    )
    answer = gmail.users().watch(userId="me", body=body).execute()
    assert int(answer["expiration"]) == fake.control("clock")["now"] + 7 * 86_400_000
    assert int(answer["historyId"]) > 2**32
    with pytest.raises(HttpError) as error:
        gmail.users().watch(userId="me", body={**body, "topicName": topic + "2"}).execute()
    gmail.users().stop(userId="me").execute()
    gmail.users().stop(userId="me").execute()


def test_batch(fake: Fake, gmail: Any) -> None:
    ids = [deliver(fake, f"m{number}") for number in range(40)]
    answers: dict[str, Any] = {}

    def take(name: str, answer: Any, error: Any) -> None:
        answers[name] = error or answer

    def read() -> None:
        answers.clear()
        batch = gmail.new_batch_http_request(callback=take)
        for message in ids:
            batch.add(gmail.users().messages().get(userId="me", id=message, format="minimal"), request_id=message)
        batch.execute()

    read()
    assert [answers[message]["id"] for message in ids] == ids
    fake.control("faults.add", kind="cold_mailbox", place="batch", when="always")
    read()
    failed = [message for message in ids if isinstance(answers[message], HttpError)]
    assert len(failed) == 15 and all(answers[message].status_code == 429 for message in failed)
    fake.control("faults.clear")
    fake.control(
        "faults.add", kind="unavailable", status=503, html=True, place="gmail.users.messages.get", when={"next": 2}
    )
    read()
    assert [isinstance(answers[message], HttpError) for message in ids] == [True] * 2 + [False] * 38


def test_metadata_scope(fake: Fake) -> None:
    message = deliver(fake, "m")
    scope = "https://www.googleapis.com/auth/gmail.metadata"
    messages = fake.service("gmail.v1", fake.credentials(ANA, scope)).users().messages()
    messages.get(userId="me", id=message, format="metadata").execute()
    for request in (
        messages.get(userId="me", id=message),
        messages.get(userId="me", id=message, format="raw"),
        messages.list(userId="me", q="x"),
        messages.trash(userId="me", id=message),
    ):
        with pytest.raises(HttpError) as error:
            request.execute()
        assert error.value.status_code == 403


def test_an_expired_token_is_refreshed(fake: Fake, gmail: Any) -> None:
    fake.control("clock.advance", millis=2 * 3_600_000)
    assert gmail.users().getProfile(userId="me").execute()["emailAddress"] == ANA
    assert fake.control("tokens.calls")["refreshes_of"] == {ANA: 1}
