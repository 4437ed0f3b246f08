"""Calendar, driven by google-api-python-client."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import ANA, BEA, Fake
from googleapiclient.errors import HttpError

ZONE = "Europe/Lisbon"


def event(day: int, hour: int = 10, **more: Any) -> dict[str, Any]:
    return {
        "summary": f"Day {day}",
        "start": {"dateTime": f"2026-07-{day:02}T{hour:02}:00:00", "timeZone": ZONE},
        "end": {"dateTime": f"2026-07-{day:02}T{hour + 1:02}:00:00", "timeZone": ZONE},
        **more,
    }


def reason(error: pytest.ExceptionInfo[HttpError]) -> tuple[int, str]:
    return error.value.status_code, error.value.error_details[0]["reason"]


def sync(calendar: Any, **arguments: Any) -> tuple[list[Any], str, int]:
    items, pages, page = [], 0, None
    while True:
        answer = calendar.events().list(calendarId="primary", pageToken=page, **arguments).execute()
        items += answer["items"]
        pages += 1
        assert ("nextPageToken" in answer) != ("nextSyncToken" in answer)
        page = answer.get("nextPageToken")
        if page is None:
            return items, answer["nextSyncToken"], pages


def test_calendars(fake: Fake, calendar: Any) -> None:
    entries = calendar.calendarList().list().execute()
    assert [entry["id"] for entry in entries["items"]] == [ANA] and entries["items"][0]["primary"]
    own = calendar.calendars().get(calendarId="primary").execute()
    assert own["id"] == ANA and own["timeZone"] == ZONE
    new = calendar.calendars().insert(body={"summary": "Shoots", "timeZone": "UTC"}).execute()
    assert calendar.calendarList().get(calendarId=new["id"]).execute()["accessRole"] == "owner"
    calendar.calendarList().patch(calendarId=new["id"], body={"summaryOverride": "S"}).execute()
    changed = calendar.calendarList().list(syncToken=entries["nextSyncToken"]).execute()
    assert [entry["id"] for entry in changed["items"]] == [new["id"]]
    calendar.calendarList().delete(calendarId=new["id"]).execute()
    gone = calendar.calendarList().list(syncToken=changed["nextSyncToken"]).execute()["items"]
    assert gone[0]["deleted"] and gone[0]["id"] == new["id"]
    calendar.calendarList().insert(body={"id": new["id"]}).execute()
    calendar.calendars().delete(calendarId=new["id"]).execute()
    with pytest.raises(HttpError) as error:
        calendar.events().list(calendarId=new["id"]).execute()
    assert error.value.status_code == 404
    with pytest.raises(HttpError) as error:
        calendar.calendarList().list(syncToken=changed["nextSyncToken"], minAccessRole="owner").execute()
    assert error.value.status_code == 400
    fake.control("calendars.expire_list_tokens", account=ANA)
    with pytest.raises(HttpError) as error:
        calendar.calendarList().list(syncToken=changed["nextSyncToken"]).execute()
    assert reason(error) == (410, "fullSyncRequired")


def test_events(fake: Fake, calendar: Any) -> None:
    events = calendar.events()
    made = events.insert(calendarId="primary", body=event(2, attendees=[{"email": BEA}])).execute()
    assert made["start"] == {"dateTime": "2026-07-02T10:00:00+01:00", "timeZone": ZONE}
    assert made["organizer"]["self"] and made["status"] == "confirmed" and made["iCalUID"]
    bea = fake.service("calendar.v3", fake.credentials(BEA, "https://www.googleapis.com/auth/calendar"))
    copied = bea.events().get(calendarId="primary", eventId=made["id"]).execute()
    assert copied["attendees"][0]["self"] and "self" not in copied["organizer"]
    with pytest.raises(HttpError) as error:
        bea.events().patch(calendarId="primary", eventId=made["id"], body=event(3)).execute()
    assert reason(error) == (403, "forbiddenForNonOrganizer")
    got = events.get(calendarId="primary", eventId=made["id"]).execute()
    assert got["etag"] == made["etag"]
    patched = events.patch(calendarId="primary", eventId=made["id"], body={"location": "Alfama"}).execute()
    assert patched["location"] == "Alfama" and patched["sequence"] == 1
    fresh = events.update(calendarId="primary", eventId=made["id"], body=event(4)).execute()
    assert "location" not in fresh and fresh["id"] == made["id"]
    imported = events.import_(calendarId="primary", body={**event(5), "iCalUID": "x@y"}).execute()
    assert imported["iCalUID"] == "x@y"
    day = events.insert(
        calendarId="primary", body={"start": {"date": "2026-07-06"}, "end": {"date": "2026-07-07"}, "id": "abcde01"}
    ).execute()
    assert day["start"] == {"date": "2026-07-06"}
    with pytest.raises(HttpError) as error:
        events.insert(calendarId="primary", body={**event(6), "id": "abcde01"}).execute()
    assert reason(error) == (409, "duplicate")
    events.delete(calendarId="primary", eventId=made["id"]).execute()
    with pytest.raises(HttpError) as error:
        events.delete(calendarId="primary", eventId=made["id"]).execute()
    assert reason(error) == (410, "deleted")
    assert events.get(calendarId="primary", eventId=made["id"]).execute()["status"] == "cancelled"
    window = events.list(
        calendarId="primary",
        timeMin="2026-07-05T00:00:00+01:00",
        timeMax="2026-07-06T00:00:00+01:00",
        singleEvents=True,
        orderBy="startTime",
    ).execute()
    assert [item["id"] for item in window["items"]] == [imported["id"]] and "nextSyncToken" not in window
    found = events.list(calendarId="primary", q="day 5").execute()
    assert [item["id"] for item in found["items"]] == [imported["id"]]
    assert len(events.list(calendarId="primary", iCalUID="x@y").execute()["items"]) == 1
    assert len(events.list(calendarId="primary", showDeleted=True).execute()["items"]) == 3


def test_sync_tokens(fake: Fake, calendar: Any) -> None:
    ids = [fake.control("events.add", calendar=ANA, event=event(day))["id"] for day in range(1, 8)]
    items, token, pages = sync(calendar, maxResults=3)
    assert {item["id"] for item in items} == set(ids) and pages == 3
    assert sync(calendar, syncToken=token)[0] == []
    fake.control("events.edit", calendar=ANA, id=ids[0], changes={"summary": "New"})
    fake.control("events.cancel", calendar=ANA, id=ids[1])
    changed, newer, _ = sync(calendar, syncToken=token, maxResults=1)
    assert [item.get("summary") for item in changed] == ["New", None]
    assert set(changed[1]) == {"kind", "etag", "id", "status"} and changed[1]["status"] == "cancelled"
    fake.control("faults.add", kind="empty_page", place="calendar.events.list", when={"next": 1})
    again, _, pages = sync(calendar, syncToken=token)
    assert len(again) == 2 and pages == 2

    for wrong in ({"timeMin": "2026-07-01T00:00:00Z"}, {"q": "x"}, {"orderBy": "updated"}, {"showDeleted": False}):
        with pytest.raises(HttpError) as error:
            calendar.events().list(calendarId="primary", syncToken=newer, **wrong).execute()
        assert error.value.status_code == 400
    with pytest.raises(HttpError) as error:
        calendar.events().list(calendarId="primary", syncToken=newer, singleEvents=True).execute()
    assert error.value.status_code == 400
    fake.control("calendars.expire_tokens", id=ANA)
    with pytest.raises(HttpError) as error:
        calendar.events().list(calendarId="primary", syncToken=newer).execute()
    assert reason(error) == (410, "fullSyncRequired")
    _, token, _ = sync(calendar)
    fake.control("clock.advance", millis=40 * 86_400_000)
    with pytest.raises(HttpError) as error:
        calendar.events().list(calendarId="primary", syncToken=token).execute()
    assert reason(error) == (410, "fullSyncRequired")


def test_series(fake: Fake, calendar: Any) -> None:
    events = calendar.events()
    series = events.insert(calendarId="primary", body=event(1, recurrence=["RRULE:FREQ=DAILY;COUNT=5"])).execute()
    token = sync(calendar)[1]
    singles, single_token, _ = sync(calendar, singleEvents=True)
    assert [item["id"] for item in singles] == [f"{series['id']}_2026070{day}T090000Z" for day in range(1, 6)]
    assert singles[0]["recurringEventId"] == series["id"] and "recurrence" not in singles[0]
    second, third = singles[1]["id"], singles[2]["id"]
    got = events.get(calendarId="primary", eventId=second).execute()
    assert got["originalStartTime"]["dateTime"] == "2026-07-02T10:00:00+01:00"
    events.patch(calendarId="primary", eventId=second, body={"summary": "Moved", **times(2, 15)}).execute()
    events.delete(calendarId="primary", eventId=third).execute()
    instances = events.instances(calendarId="primary", eventId=series["id"]).execute()["items"]
    assert len(instances) == 4 and third not in {item["id"] for item in instances}
    changed, _, _ = sync(calendar, syncToken=token)
    assert [item["id"] for item in changed] == [second, third]
    assert changed[0]["summary"] == "Moved" and changed[0]["recurringEventId"] == series["id"]
    assert set(changed[1]) == {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}
    singles, single_token, _ = sync(calendar, singleEvents=True, syncToken=single_token)
    assert {item["id"] for item in singles} == {second, third}

    rule = {"recurrence": ["RRULE:FREQ=DAILY;COUNT=4"]}
    events.patch(calendarId="primary", eventId=series["id"], body=rule).execute()
    singles, single_token, _ = sync(calendar, singleEvents=True, syncToken=single_token)
    states = {item["id"]: item["status"] for item in singles}
    assert states[f"{series['id']}_20260705T090000Z"] == "cancelled"
    assert states[f"{series['id']}_20260704T090000Z"] == "confirmed"
    events.delete(calendarId="primary", eventId=series["id"]).execute()
    gone, _, _ = sync(calendar, singleEvents=True, syncToken=single_token)
    assert {item["status"] for item in gone} == {"cancelled"}


def times(day: int, hour: int) -> dict[str, Any]:
    return {key: value for key, value in event(day, hour).items() if key in ("start", "end")}


def test_conference(fake: Fake, calendar: Any) -> None:
    body = event(3, conferenceData={"createRequest": {"requestId": "r"}})
    made = calendar.events().insert(calendarId="primary", body=body, conferenceDataVersion=1).execute()
    assert made["conferenceData"]["createRequest"]["status"]["statusCode"] == "pending"
    assert "hangoutLink" not in made and "entryPoints" not in made["conferenceData"]
    token = sync(calendar)[1]
    fake.control("clock.advance", millis=3_000)
    (done,), _, _ = sync(calendar, syncToken=token)
    assert done["conferenceData"]["entryPoints"][0]["uri"] == done["hangoutLink"]
    plain = calendar.events().insert(calendarId="primary", body=body).execute()
    assert "conferenceData" not in plain


def test_channels(fake: Fake, calendar: Any) -> None:
    body = {"id": "c1", "type": "web_hook", "address": "https://app.example/calendar", "token": "t"}
    channel = calendar.events().watch(calendarId="primary", body=body).execute()
    assert int(channel["expiration"]) == fake.control("clock")["now"] + 7 * 86_400_000
    listed = calendar.calendarList().watch(body={**body, "id": "c2", "params": {"ttl": "60"}}).execute()
    assert int(listed["expiration"]) == fake.control("clock")["now"] + 60_000
    fake.control("events.add", calendar=ANA, event=event(1))
    pushes = fake.control("push.take")["deliveries"]
    assert [dict(push["headers"])["X-Goog-Resource-State"] for push in pushes] == ["sync", "sync", "exists"]
    for own in (channel, listed):
        calendar.channels().stop(body={"id": own["id"], "resourceId": own["resourceId"]}).execute()
    fake.control("calendars.refuse_push", id=ANA, is_refused=True)
    with pytest.raises(HttpError) as error:
        calendar.events().watch(calendarId="primary", body={**body, "id": "c3"}).execute()
    assert reason(error) == (400, "pushNotSupportedForRequestedResource")


def test_batch(fake: Fake, calendar: Any) -> None:
    made = fake.control("events.add", calendar=ANA, event=event(1))["id"]
    answers: list[Any] = []
    batch = calendar.new_batch_http_request(callback=lambda name, answer, error: answers.append(error or answer))
    for name in (made, "missing00"):
        batch.add(calendar.events().get(calendarId="primary", eventId=name))
    batch.execute()
    assert answers[0]["id"] == made and answers[1].status_code == 404
