//! Fifty accounts and a hundred thousand changes, followed to the end.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use besunny_fake_google::{NewFile, Settings};
use serde_json::{Value, json};
use support::{Client, start_with};

const ACCOUNTS: usize = 50;
const ROUNDS: usize = 400;

fn pages(client: &Client, first: &str, mut take: impl FnMut(&Value)) -> Value {
    let mut page = String::new();
    loop {
        let answer = client.get(&format!("{first}{page}")).json();
        take(&answer);
        match answer["nextPageToken"].as_str() {
            Some(token) => page = format!("&pageToken={token}"),
            None => return answer,
        }
    }
}

#[test]
fn a_hundred_thousand_changes_are_followed_in_seconds() {
    let (google, _) = start_with(Settings::default());
    let begun = Instant::now();
    let clients: Vec<Client> =
        (0..ACCOUNTS).map(|number| Client::new(&google, &format!("u{number:02}@lumen.example"))).collect();
    let start = |client: &Client, target: &str, name: &str| {
        client.get(target).json()[name].as_str().unwrap().to_owned()
    };
    let cursors: Vec<(String, String)> = clients
        .iter()
        .map(|client| {
            let mail = start(client, "/gmail/v1/users/me/profile", "historyId");
            (mail, start(client, "/drive/v3/changes/startPageToken", "startPageToken"))
        })
        .collect();
    let mut changes = 0;
    for round in 0..ROUNDS {
        google.advance(Duration::from_millis(700));
        for number in 0..ACCOUNTS {
            let email = format!("u{number:02}@lumen.example");
            let raw =
                format!("Subject: {round}\r\nMessage-ID: <{round}.{number}@x.example>\r\n\r\nBody {round}");
            let mail = google.deliver(&email, raw.as_bytes(), &["INBOX", "UNREAD"]).unwrap();
            let file = google.add_file(&email, NewFile::new("f", "text/plain", raw.as_bytes())).unwrap();
            let day = format!("2026-{:02}-{:02}", round % 12 + 1, round % 28 + 1);
            let event = json!({"summary": "s", "start": {"date": day}, "end": {"date": day}});
            let event = google.add_event(&email, &event).unwrap();
            match round % 4 {
                0 => google.relabel(&email, &mail, &["STARRED"], &["UNREAD"]),
                1 => google.delete_mail(&email, &mail) && google.remove_file(&file),
                2 => google.rename_file(&file, "g") && google.cancel_event(&email, &event),
                _ => google.trash_file(&file),
            };
            changes += 5;
        }
    }
    let made = begun.elapsed();
    let followed = Instant::now();
    for (client, (mail, files)) in clients.iter().zip(&cursors) {
        let mut ids = BTreeSet::new();
        let id = |entry: &Value| entry["message"]["id"].as_str().unwrap().to_owned();
        pages(client, &format!("/gmail/v1/users/me/history?startHistoryId={mail}&maxResults=500"), |page| {
            for record in page["history"].as_array().into_iter().flatten() {
                ids.extend(record["messagesAdded"].as_array().into_iter().flatten().map(id));
                record["messagesDeleted"].as_array().into_iter().flatten().map(id).for_each(|id| {
                    ids.remove(&id);
                });
            }
        });
        let mut kept: BTreeMap<String, (String, bool)> = BTreeMap::new();
        let mut token = files.clone();
        loop {
            let fields = "nextPageToken,newStartPageToken,changes(fileId,removed,file(name,trashed))";
            let page = client
                .get(&format!("/drive/v3/changes?pageToken={token}&pageSize=1000&fields={fields}"))
                .json();
            for change in page["changes"].as_array().unwrap() {
                let id = change["fileId"].as_str().unwrap().to_owned();
                if change["removed"].as_bool().unwrap() {
                    kept.remove(&id);
                } else {
                    let file = &change["file"];
                    kept.insert(
                        id,
                        (file["name"].as_str().unwrap().to_owned(), file["trashed"].as_bool().unwrap()),
                    );
                }
            }
            match page["nextPageToken"].as_str() {
                Some(next) => token = next.to_owned(),
                None => break,
            }
        }
        let mut events = 0;
        pages(client, "/calendar/v3/calendars/primary/events?maxResults=2500", |page| {
            events += page["items"].as_array().unwrap().len();
        });
        let email =
            client.get("/gmail/v1/users/me/profile").json()["emailAddress"].as_str().unwrap().to_owned();
        let truth = google.snapshot(&email);
        assert_eq!(ids, truth.mail.keys().cloned().collect());
        let files = truth.files.into_iter().map(|(id, file)| (id, (file.name, file.trashed))).collect();
        assert_eq!(kept, files);
        assert_eq!(events, ROUNDS - ROUNDS / 4);
    }
    let followed = followed.elapsed();
    println!("{changes} changes made in {made:?}, followed by {ACCOUNTS} clients in {followed:?}");
    assert!(made + followed < Duration::from_secs(60), "{made:?} {followed:?}");
}
