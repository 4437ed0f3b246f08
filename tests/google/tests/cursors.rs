//! Drive's page tokens and Calendar's sync tokens where they are tricky.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use besunny_fake_google::{ChildChanges, FakeGoogle, Fault, FaultKind, NewFile, Settings, When};
use serde_json::{Value, json};
use support::{ANA, BEA, Client, start, start_with};

const ALL_DRIVES: &str = "&supportsAllDrives=true&includeItemsFromAllDrives=true";

fn page_token(client: &Client) -> String {
    client.get("/drive/v3/changes/startPageToken").json()["startPageToken"].as_str().unwrap().to_owned()
}

/// The last change of each file or drive since a token, and the next token. `None` is a
/// removal.
fn changes(client: &Client, token: &str, more: &str) -> (BTreeMap<String, Option<Value>>, String) {
    let (mut found, mut token) = (BTreeMap::new(), token.to_owned());
    loop {
        let page =
            client.get(&format!("/drive/v3/changes?pageToken={token}&pageSize=3&fields=*{more}")).json();
        for change in page["changes"].as_array().unwrap() {
            let id = change["fileId"].as_str().or(change["driveId"].as_str()).unwrap().to_owned();
            let value = if change["removed"] == true { None } else { Some(change.clone()) };
            found.insert(id, value);
        }
        match (page["nextPageToken"].as_str(), page["newStartPageToken"].as_str()) {
            (Some(next), None) => token = next.to_owned(),
            (None, Some(next)) => return (found, next.to_owned()),
            both => panic!("one token, not {both:?}"),
        }
    }
}

fn file(google: &FakeGoogle, name: &str, parent: &str) -> String {
    google.add_file(ANA, NewFile::new(name, "text/plain", b"x").within(parent)).unwrap()
}

#[test]
fn late_changes_of_drive_are_not_passed() {
    let (google, client) = start();
    let token = page_token(&client);
    let first = file(&google, "1", "root");
    google.fault(Fault::new(FaultKind::LateChange { millis: 300 }, "change.drive", When::Next(1)));
    let second = file(&google, "2", "root");
    let third = file(&google, "3", "root");
    let (found, token) = changes(&client, &token, "");
    assert_eq!(found.keys().collect::<Vec<_>>(), [&first]);
    assert_eq!(changes(&client, &token, "").1, token);
    google.advance(Duration::from_millis(300));
    let (found, _) = changes(&client, &token, "");
    assert!(found.len() == 2 && found.contains_key(&second) && found.contains_key(&third));
}

#[test]
fn losing_a_folder_is_losing_what_is_in_it() {
    for (children, told) in [(ChildChanges::SomeOfThem, 3), (ChildChanges::None, 1)] {
        let (google, _) = start_with(Settings { child_changes: children, ..Settings::default() });
        let bea = Client::new(&google, BEA);
        let token = page_token(&bea);
        let folder = google.add_folder(ANA, "f", None).unwrap();
        let inner = google.add_folder(ANA, "g", Some(&folder)).unwrap();
        let deep = file(&google, "deep", &inner);
        assert!(changes(&bea, &token, "").0.is_empty());
        google.share_file(&folder, BEA, "reader");
        let (found, token) = changes(&bea, &token, "");
        assert_eq!(found.len(), told);
        assert_eq!(bea.get(&format!("/drive/v3/files/{deep}")).status, 200);
        google.unshare_file(&folder, BEA);
        let (found, _) = changes(&bea, &token, "");
        assert!(found.len() == told && found.values().all(Option::is_none), "{found:?}");
        assert_eq!(bea.get(&format!("/drive/v3/files/{deep}")).status, 404);
        assert!(google.snapshot(BEA).files.is_empty() && google.snapshot(ANA).files.len() == 3);
    }
}

#[test]
fn children_of_a_trashed_folder_are_in_the_trash_without_a_word() {
    let (google, client) = start();
    let folder = google.add_folder(ANA, "f", None).unwrap();
    let inside = file(&google, "inside", &folder);
    let token = page_token(&client);
    google.trash_file(&folder);
    let (found, token) = changes(&client, &token, "");
    assert_eq!(found.keys().collect::<Vec<_>>(), [&folder]);
    let seen = client.get(&format!("/drive/v3/files/{inside}?fields=trashed,explicitlyTrashed")).json();
    assert_eq!(seen, json!({"trashed": true, "explicitlyTrashed": false}));
    assert!(google.snapshot(ANA).files[&inside].trashed);
    assert!(!google.move_file(&folder, &folder), "a folder is not in itself");
    google.remove_file(&folder);
    assert_eq!(changes(&client, &token, "").0.values().filter(|own| own.is_none()).count(), 2);
}

#[test]
fn members_of_shared_drives_come_and_go() {
    let (google, _) = start();
    let bea = Client::new(&google, BEA);
    let drive = google.add_shared_drive("Team", &[(ANA, "organizer")]);
    let inside = file(&google, "inside", &drive);
    let token = page_token(&bea);
    google.set_drive_member(&drive, BEA, Some("reader"));
    assert!(changes(&bea, &token, "").0.is_empty(), "who does not ask for shared drives hears nothing");
    let (found, token) = changes(&bea, &token, ALL_DRIVES);
    assert!(found[&drive].is_some() && found[&inside].is_some());
    google.rename_file(&inside, "renamed");
    let (found, token) = changes(&bea, &token, ALL_DRIVES);
    assert_eq!(found[&inside].as_ref().unwrap()["file"]["name"], "renamed");
    google.set_drive_member(&drive, BEA, None);
    let (found, _) = changes(&bea, &token, ALL_DRIVES);
    assert!(found[&drive].is_none() && found[&inside].is_none());
}

#[test]
fn resource_keys_and_forbidden_downloads() {
    let (google, client) = start();
    let secret = file(&google, "a", "root");
    google.share_file(&secret, BEA, "reader");
    google.restrict_file(&secret, false, true, Some("k0"));
    let bea = Client::new(&google, BEA);
    assert_eq!(bea.get(&format!("/drive/v3/files/{secret}")).status, 404);
    let media = client.get(&format!("/drive/v3/files/{secret}?alt=media"));
    assert_eq!((media.status, media.reason().as_str()), (403, "cannotDownloadAbusiveFile"));
    assert_eq!(client.get(&format!("/drive/v3/files/{secret}?alt=media&acknowledgeAbuse=true")).body, b"x");
    google.restrict_file(&secret, true, false, None);
    assert_eq!(bea.get(&format!("/drive/v3/files/{secret}?alt=media")).reason(), "cannotDownload");
}

fn event(day: u32) -> Value {
    json!({"summary": format!("{day}"), "start": {"date": format!("2026-07-{day:02}")},
        "end": {"date": format!("2026-07-{:02}", day + 1)}})
}

/// The items of all pages, and the next sync token.
fn items(client: &Client, more: &str, mut between: impl FnMut()) -> (Vec<Value>, String) {
    let (mut found, mut page) = (Vec::new(), String::new());
    loop {
        let answer = client.get(&format!("/calendar/v3/calendars/primary/events?maxResults=2{more}{page}"));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let answer = answer.json();
        found.extend(answer["items"].as_array().unwrap().iter().cloned());
        match answer["nextPageToken"].as_str() {
            Some(token) => page = format!("&pageToken={token}"),
            None => {
                let token = answer["nextSyncToken"].as_str().unwrap().replace('=', "%3D");
                return (found, token);
            }
        }
        between();
    }
}

#[test]
fn what_changes_between_pages_comes_again_rather_than_not() {
    let (google, client) = start();
    let ids: Vec<String> = (1..=6).map(|day| google.add_event(ANA, &event(day)).unwrap()).collect();
    let mut left = vec![ids[5].clone(), ids[0].clone()];
    let (found, token) = items(&client, "", || {
        if let Some(id) = left.pop() {
            google.edit_event(ANA, &id, &json!({"summary": "changed"})).unwrap();
        }
    });
    let mut last: BTreeMap<&str, &Value> = BTreeMap::new();
    for item in &found {
        last.insert(item["id"].as_str().unwrap(), item);
    }
    assert!(found.len() > 6 && last.len() == 6);
    assert_eq!(
        (&last[ids[0].as_str()]["summary"], &last[ids[5].as_str()]["summary"]),
        (&json!("changed"), &json!("changed"))
    );
    let (again, _) = items(&client, &format!("&syncToken={token}"), || ());
    assert!(again.len() <= 2, "what changed while listing may come once more");
}

#[test]
fn late_changes_of_calendar_are_not_passed() {
    let (google, client) = start();
    let first = google.add_event(ANA, &event(1)).unwrap();
    let (_, token) = items(&client, "", || ());
    google.fault(Fault::new(FaultKind::LateChange { millis: 300 }, "change.calendar", When::Next(1)));
    google.cancel_event(ANA, &first);
    let second = google.add_event(ANA, &event(2)).unwrap();
    let (found, token) = items(&client, &format!("&syncToken={token}"), || ());
    assert!(found.is_empty(), "{found:?}");
    google.advance(Duration::from_millis(300));
    let (found, _) = items(&client, &format!("&syncToken={token}"), || ());
    let ids: Vec<&str> = found.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [first.as_str(), second.as_str()]);
}

#[test]
fn a_series_of_a_year_across_the_change_of_clocks() {
    let (google, client) = start();
    let series = json!({
        "summary": "weekly", "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=WE"],
        "start": {"dateTime": "2026-07-01T09:00:00+01:00", "timeZone": "Europe/Lisbon"},
        "end": {"dateTime": "2026-07-01T10:00:00+01:00", "timeZone": "Europe/Lisbon"},
    });
    let id = google.add_event(ANA, &series).unwrap();
    google.cancel_event(ANA, &format!("{id}_20260708T080000Z"));
    let moved = json!({"start": {"dateTime": "2026-07-16T09:00:00+01:00"}, "end": {"dateTime": "2026-07-16T10:00:00+01:00"}});
    google.edit_event(ANA, &format!("{id}_20260715T080000Z"), &moved).unwrap();
    let (found, _) = items(&client, "&singleEvents=true", || ());
    let starts: Vec<&str> = found.iter().map(|item| item["start"]["dateTime"].as_str().unwrap()).collect();
    assert_eq!(
        starts[..3],
        ["2026-07-01T09:00:00+01:00", "2026-07-16T09:00:00+01:00", "2026-07-22T09:00:00+01:00"]
    );
    assert!(starts.contains(&"2026-10-28T09:00:00Z"), "nine on the wall in winter, too");
    assert!((50..54).contains(&found.len()), "a year ahead: {}", found.len());
    let (stored, _) = items(&client, "", || ());
    assert_eq!(stored.len(), 3, "the series and two exceptions");
    google.cancel_event(ANA, &id);
    assert!(items(&client, "", || ()).0.is_empty(), "with the series its exceptions go");
    let truth = &google.snapshot(ANA).events[ANA];
    assert!(truth.len() == 3 && truth.values().all(|event| event["status"] == "cancelled"));
}

#[test]
fn who_sees_busy_times_only_learns_nothing_else() {
    let (google, _) = start();
    google.add_event(ANA, &event(1)).unwrap();
    let mut private = event(2);
    private["visibility"] = json!("private");
    google.add_event(ANA, &private).unwrap();
    let bea = Client::new(&google, BEA);
    let summaries = |role| -> Vec<Value> {
        google.share_calendar(ANA, BEA, Some(role));
        let answer = bea.get(&format!("/calendar/v3/calendars/{ANA}/events")).json();
        answer["items"].as_array().unwrap().iter().map(|item| item["summary"].clone()).collect()
    };
    assert_eq!(summaries("reader"), [json!("1"), Value::Null]);
    assert_eq!(summaries("freeBusyReader"), [Value::Null, Value::Null]);
    google.share_calendar(ANA, BEA, None);
    assert_eq!(bea.get(&format!("/calendar/v3/calendars/{ANA}/events")).status, 404);
}
