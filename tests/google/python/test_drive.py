"""Drive, driven by google-api-python-client."""

from __future__ import annotations

import io
import urllib.request
import zipfile
from typing import Any

import pytest
from conftest import ANA, BEA, Fake
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload, MediaIoBaseDownload, MediaIoBaseUpload

DOCUMENT = "application/vnd.google-apps.document"
SHEET = "application/vnd.google-apps.spreadsheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FOLDER = "application/vnd.google-apps.folder"
ALL_DRIVES = {"supportsAllDrives": True, "includeItemsFromAllDrives": True}


def reason(error: pytest.ExceptionInfo[HttpError]) -> tuple[int, str]:
    return error.value.status_code, error.value.error_details[0]["reason"]


def download(request: Any, chunk: int = 1_000_000) -> bytes:
    out = io.BytesIO()
    loader, done = MediaIoBaseDownload(out, request, chunksize=chunk), False
    while not done:
        _, done = loader.next_chunk()
    return out.getvalue()


def all_pages(collection: Any, key: str, **arguments: Any) -> list[Any]:
    request, items = collection.list(**arguments), []
    while request is not None:
        answer = request.execute()
        items += answer[key]
        request = collection.list_next(request, answer)
    return items


def test_about_and_files(fake: Fake, drive: Any) -> None:
    with pytest.raises(HttpError) as error:
        drive.about().get().execute()
    assert reason(error) == (400, "required")
    about = drive.about().get(fields="user,storageQuota").execute()
    assert about["user"]["emailAddress"] == ANA and isinstance(about["storageQuota"]["limit"], str)

    files = drive.files()
    folder = files.create(body={"name": "Lisbon shoot", "mimeType": FOLDER}).execute()
    assert set(folder) == {"kind", "id", "name", "mimeType"}
    media = MediaInMemoryUpload(b"0123456789" * 100, mimetype="text/plain")
    blob = files.create(
        body={"name": "plan O'Neil.txt", "parents": [folder["id"]], "properties": {"k": "v"}},
        media_body=media,
        fields="id,size,version,md5Checksum,sha256Checksum,parents,headRevisionId,createdTime,owners(emailAddress,me)",
    ).execute()
    assert blob["size"] == "1000" and blob["parents"] == [folder["id"]] and blob["owners"][0]["me"]
    large = bytes(range(256)) * 4096
    resumable = MediaIoBaseUpload(io.BytesIO(large), "application/octet-stream", chunksize=512 * 1024, resumable=True)
    big = files.create(body={"name": "big.bin"}, media_body=resumable).execute()
    assert download(files.get_media(fileId=big["id"]), 300_000) == large
    updated = files.update(
        fileId=big["id"], media_body=MediaInMemoryUpload(b"small", mimetype="text/plain"), fields="size,version"
    ).execute()
    assert updated["size"] == "5"
    request = files.get_media(fileId=blob["id"])
    request.headers["range"] = "bytes=3-6"
    assert request.execute() == b"3456"

    renamed = files.update(fileId=blob["id"], body={"name": "plan.txt"}, fields="*").execute()
    assert renamed["name"] == "plan.txt" and int(renamed["version"]) > int(blob["version"])
    assert renamed["capabilities"]["canDownload"] and not renamed["trashed"]
    root = files.get(fileId="root", fields="id").execute()["id"]
    moved = files.update(fileId=blob["id"], addParents=root, removeParents=folder["id"], fields="parents").execute()
    assert moved["parents"] == [root]
    files.update(fileId=blob["id"], addParents=folder["id"]).execute()
    copy = files.copy(fileId=blob["id"], body={"name": "copy.txt"}).execute()
    assert download(files.get_media(fileId=copy["id"])) == b"0123456789" * 100
    assert len(drive.revisions().list(fileId=big["id"]).execute()["revisions"]) == 2
    assert len(files.generateIds(count=3).execute()["ids"]) == 3

    def names(query: str, **arguments: Any) -> set[str]:
        return {file["name"] for file in all_pages(files, "files", q=query, pageSize=1, **arguments)}

    everything = {"Lisbon shoot", "plan.txt", "big.bin", "copy.txt"}
    assert names("trashed = false") == everything
    assert names(f"'{folder['id']}' in parents and name contains 'pl'") == {"plan.txt"}
    assert names(f"mimeType = '{FOLDER}'") == {"Lisbon shoot"}
    assert names(f"mimeType != '{FOLDER}' and not name = 'big.bin'") == {"plan.txt", "copy.txt"}
    assert names("modifiedTime > '2026-01-01T00:00:00' and (name = 'big.bin' or name = 'plan.txt')") == {
        "big.bin",
        "plan.txt",
    }
    assert names("properties has { key='k' and value='v' }") == {"plan.txt"}
    ordered = all_pages(files, "files", q="'root' in parents", orderBy="folder,name desc", pageSize=2)
    assert [file["name"] for file in ordered] == ["Lisbon shoot", "copy.txt", "big.bin"]
    with pytest.raises(HttpError) as error:
        names("title = 'x'")
    assert reason(error) == (400, "invalid")
    with pytest.raises(HttpError) as error:
        files.list(fields="files(md5checksum)").execute()
    assert error.value.status_code == 400
    listed = files.list(pageSize=1, fields="files(id)").execute()
    assert set(listed) == {"files"}, "who forgets nextPageToken does not get it"

    files.update(fileId=folder["id"], body={"trashed": True}).execute()
    child = files.get(fileId=blob["id"], fields="trashed,explicitlyTrashed").execute()
    assert child == {"trashed": True, "explicitlyTrashed": False}
    files.update(fileId=folder["id"], body={"trashed": False}).execute()
    files.delete(fileId=folder["id"]).execute()
    with pytest.raises(HttpError) as error:
        files.get(fileId=blob["id"]).execute()
    assert reason(error) == (404, "notFound")
    files.update(fileId=copy["id"], body={"trashed": True}).execute()
    files.emptyTrash().execute()
    truth = fake.control("snapshot", account=ANA)["files"]
    assert {file["name"] for file in truth.values()} == {"big.bin"}


def test_permissions(fake: Fake, drive: Any) -> None:
    bea = fake.service("drive.v3", fake.credentials(BEA, "https://www.googleapis.com/auth/drive"))
    file = fake.control("files.add", account=ANA, name="a.txt", content="a")["id"]
    start = bea.changes().getStartPageToken().execute()["startPageToken"]
    with pytest.raises(HttpError):
        bea.files().get(fileId=file).execute()
    body = {"type": "user", "role": "reader", "emailAddress": BEA}
    permission = drive.permissions().create(fileId=file, body=body).execute()
    assert drive.permissions().get(fileId=file, permissionId=permission["id"]).execute()["role"] == "reader"
    shared = bea.files().get(fileId=file, fields="parents,ownedByMe,sharedWithMeTime").execute()
    assert shared["ownedByMe"] is False and "parents" not in shared
    assert len(bea.files().list(q="sharedWithMe").execute()["files"]) == 1
    with pytest.raises(HttpError) as error:
        bea.files().update(fileId=file, body={"name": "b"}).execute()
    assert reason(error) == (403, "insufficientFilePermissions")
    drive.permissions().update(fileId=file, permissionId=permission["id"], body={"role": "writer"}).execute()
    bea.files().update(fileId=file, body={"name": "b"}).execute()
    assert len(drive.permissions().list(fileId=file).execute()["permissions"]) == 2
    drive.permissions().delete(fileId=file, permissionId=permission["id"]).execute()
    changes = bea.changes().list(pageToken=start).execute()["changes"]
    assert changes[-1]["removed"] and changes[-1]["fileId"] == file and "file" not in changes[-1]


def test_export_and_download(fake: Fake, drive: Any) -> None:
    files = drive.files()
    document = fake.control("files.add", account=ANA, name="Plan", mime_type=DOCUMENT, content="Olá\nmundo")["id"]
    assert download(files.export_media(fileId=document, mimeType="text/plain")) == b"\xef\xbb\xbfOl\xc3\xa1\r\nmundo"
    assert files.export(fileId=document, mimeType="text/markdown").execute() == "Olá\nmundo".encode()
    word = files.export(fileId=document, mimeType=DOCX).execute()
    assert "mundo" in zipfile.ZipFile(io.BytesIO(word)).read("word/document.xml").decode()
    assert files.export(fileId=document, mimeType="application/pdf").execute().startswith(b"%PDF")
    sheet = fake.control("files.add", account=ANA, name="Costs", mime_type=SHEET, content="a,b\n1,2")["id"]
    assert files.export(fileId=sheet, mimeType="text/tab-separated-values").execute() == b"a\tb\n1\t2"
    assert zipfile.ZipFile(io.BytesIO(files.export(fileId=sheet, mimeType=XLSX).execute())).testzip() is None
    with pytest.raises(HttpError) as error:
        files.get_media(fileId=document).execute()
    assert reason(error) == (403, "fileNotDownloadable")

    fake.control("files.set_export", id=document, mime_type="application/pdf", content="x" * (10 << 20) + "y")
    with pytest.raises(HttpError) as error:
        files.export(fileId=document, mimeType="application/pdf").execute()
    assert reason(error) == (403, "exportSizeLimitExceeded")
    fake.control("faults.add", kind="large_export_fails", when="always")
    with pytest.raises(HttpError) as error:
        files.export(fileId=document, mimeType="application/pdf").execute()
    assert error.value.status_code == 500

    link = files.get(fileId=document, fields="exportLinks").execute()["exportLinks"]["application/pdf"]
    token = drive._http.credentials.token
    request = urllib.request.Request(link, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        assert len(answer.read()) == (10 << 20) + 1
    operation = files.download(fileId=document, mimeType="application/pdf").execute()
    assert not operation["done"]
    fake.control("clock.advance", millis=5_000)
    operation = drive.operations().get(name=operation["name"]).execute()
    uri = operation["response"]["downloadUri"]
    with urllib.request.urlopen(urllib.request.Request(uri, headers={"Authorization": f"Bearer {token}"})) as answer:
        assert len(answer.read()) == (10 << 20) + 1


def test_changes_and_shared_drives(fake: Fake, drive: Any) -> None:
    changes = drive.changes()
    start = changes.getStartPageToken(supportsAllDrives=True).execute()["startPageToken"]
    nothing = changes.list(pageToken=start).execute()
    assert nothing["newStartPageToken"] == start and nothing["changes"] == []
    ids = [fake.control("files.add", account=ANA, name=f"f{number}", content="x")["id"] for number in range(5)]
    fake.control("files.trash", id=ids[1])
    fake.control("files.remove", id=ids[2])
    shared = drive.drives().create(requestId="r1", body={"name": "Team"}).execute()
    inside = fake.control("files.add", account=ANA, name="inside", parent=shared["id"], content="y")["id"]

    fields = "nextPageToken,newStartPageToken,changes(changeType,removed,fileId,driveId,time,file(id,name,trashed,version))"
    tokens, seen, token = 0, [], start
    while True:
        page = changes.list(pageToken=token, pageSize=2, fields=fields, **ALL_DRIVES).execute()
        seen += page["changes"]
        tokens += 1
        assert ("nextPageToken" in page) != ("newStartPageToken" in page)
        if "newStartPageToken" in page:
            break
        token = page["nextPageToken"]
    assert tokens > 3
    last = {change["fileId"]: change for change in seen if change["changeType"] == "file"}
    assert last[ids[1]]["file"]["trashed"] and not last[ids[1]]["removed"]
    assert last[ids[2]]["removed"] and "file" not in last[ids[2]]
    assert last[inside]["file"]["name"] == "inside"
    assert [change["driveId"] for change in seen if change["changeType"] == "drive"] == [shared["id"]]
    mine = all_pages(changes, "changes", pageToken=start)
    assert inside not in {change.get("fileId") for change in mine}
    kept = changes.list(pageToken=start, includeRemoved=False).execute()["changes"]
    assert not [change for change in kept if change["removed"]]

    of_drive = changes.getStartPageToken(driveId=shared["id"], supportsAllDrives=True).execute()["startPageToken"]
    fake.control("files.rename", id=inside, name="renamed")
    page = changes.list(pageToken=of_drive, driveId=shared["id"], **ALL_DRIVES).execute()
    assert [change["file"]["name"] for change in page["changes"]] == ["renamed"]

    files = drive.files()
    with pytest.raises(HttpError) as error:
        files.get(fileId=inside).execute()
    assert reason(error) == (404, "notFound")
    assert files.get(fileId=inside, supportsAllDrives=True, fields="driveId").execute() == {"driveId": shared["id"]}
    own = files.list(corpora="drive", driveId=shared["id"], **ALL_DRIVES).execute()["files"]
    assert [file["name"] for file in own] == ["renamed"]
    assert len(files.list(corpora="allDrives", **ALL_DRIVES).execute()["files"]) == 5
    assert [one["name"] for one in all_pages(drive.drives(), "drives")] == ["Team"]
    assert drive.drives().get(driveId=shared["id"], fields="createdTime").execute()
    drive.drives().update(driveId=shared["id"], body={"name": "Crew"}).execute()
    files.delete(fileId=inside, supportsAllDrives=True).execute()
    drive.drives().delete(driveId=shared["id"]).execute()
    with pytest.raises(HttpError) as error:
        changes.list(pageToken="nonsense").execute()
    assert reason(error) == (400, "invalid")


def test_channels(fake: Fake, drive: Any) -> None:
    token = drive.changes().getStartPageToken().execute()["startPageToken"]
    body = {"id": "c1", "type": "web_hook", "address": "https://app.example/drive", "token": "secret"}
    channel = drive.changes().watch(pageToken=token, body=body).execute()
    assert channel["kind"] == "api#channel" and channel["resourceId"] and channel["token"] == "secret"
    assert int(channel["expiration"]) == fake.control("clock")["now"] + 3_600_000
    with pytest.raises(HttpError) as error:
        drive.changes().watch(pageToken=token, body=body).execute()
    assert reason(error) == (400, "channelIdNotUnique")
    file = drive.files().create(body={"name": "a"}).execute()["id"]
    of_file = drive.files().watch(fileId=file, body={**body, "id": "c2", "expiration": str(2**45)}).execute()
    assert int(of_file["expiration"]) == fake.control("clock")["now"] + 86_400_000
    drive.files().update(fileId=file, body={"name": "b"}).execute()
    pushes = fake.control("push.take")["deliveries"]
    headers = [{name.lower(): value for name, value in push["headers"]} for push in pushes]
    states = [(own["x-goog-channel-id"], own["x-goog-resource-state"]) for own in headers]
    expected = [("c1", "sync"), ("c1", "change"), ("c1", "change"), ("c2", "sync"), ("c2", "update"), ("c1", "change")]
    assert sorted(states) == sorted(expected) and states[0] == expected[0]
    assert headers[0]["x-goog-message-number"] == "1" and headers[0]["x-goog-channel-token"] == "secret"
    assert headers[0]["x-goog-channel-expiration"].endswith(" GMT")
    for channel in (channel, of_file):
        drive.channels().stop(body={"id": channel["id"], "resourceId": channel["resourceId"]}).execute()
    with pytest.raises(HttpError) as error:
        drive.channels().stop(body={"id": "c1", "resourceId": channel["resourceId"]}).execute()
    assert error.value.status_code == 404
    insecure = {**body, "id": "c3", "address": "http://app.example/"}
    with pytest.raises(HttpError) as error:
        drive.changes().watch(pageToken=token, body=insecure).execute()
    assert error.value.status_code == 400


def test_batch(fake: Fake, drive: Any) -> None:
    ids = [fake.control("files.add", account=ANA, name=f"f{number}", content="x")["id"] for number in range(3)]
    answers: list[Any] = []
    batch = drive.new_batch_http_request(callback=lambda name, answer, error: answers.append(error or answer))
    for file in [*ids, "missing"]:
        batch.add(drive.files().get(fileId=file, fields="id"))
    batch.execute()
    assert answers[:3] == [{"id": file} for file in ids] and answers[3].status_code == 404
