//! Gmail: cursors, late history, watches.

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use besunny_fake_google::{Fault, FaultKind, Subscription, When};
use serde_json::{Value, json};
use support::{ANA, Client, start};

const RAW: &[u8] = b"Subject: hello\r\n\r\nHi!";

fn start_id(client: &Client) -> String {
    client.get("/gmail/v1/users/me/profile").json()["historyId"].as_str().unwrap().to_owned()
}

/// All pages since a cursor: the messages that were added, and the next cursor.
fn added(client: &Client, start: &str, size: usize) -> (Vec<String>, String) {
    let (mut ids, mut page) = (Vec::new(), String::new());
    loop {
        let target = format!(
            "/gmail/v1/users/me/history?startHistoryId={start}&maxResults={size}&historyTypes=messageAdded{page}"
        );
        let answer = client.get(&target).json();
        for record in answer["history"].as_array().into_iter().flatten() {
            for entry in record["messagesAdded"].as_array().into_iter().flatten() {
                ids.push(entry["message"]["id"].as_str().unwrap().to_owned());
            }
        }
        match answer["nextPageToken"].as_str() {
            Some(token) => page = format!("&pageToken={token}"),
            None => return (ids, answer["historyId"].as_str().unwrap().to_owned()),
        }
    }
}

#[test]
fn history_is_paged_and_ids_have_gaps() {
    let (google, client) = start();
    let begin = start_id(&client);
    let ids: Vec<String> = (0..25).map(|_| google.deliver(ANA, RAW, &["INBOX"]).unwrap()).collect();
    for size in [1, 7, 25, 500] {
        let (found, next) = added(&client, &begin, size);
        assert_eq!(found, ids, "pages of {size}");
        assert_eq!(next, google.history_id(ANA).unwrap().to_string());
    }
    let end: u64 = start_id(&client).parse().unwrap();
    let begin: u64 = begin.parse().unwrap();
    assert!(begin > 1 << 32 && end < 1 << 53 && end - begin > 25, "{begin} {end}");
    let wrong = client.get(&format!("/gmail/v1/users/me/history?startHistoryId={begin}&pageToken=zz"));
    assert_eq!(wrong.status, 400);
}

#[test]
fn late_history_is_held_back_and_not_lost() {
    let (google, client) = start();
    let begin = start_id(&client);
    let first = google.deliver(ANA, RAW, &["INBOX"]).unwrap();
    google.fault(Fault::new(FaultKind::LateChange { millis: 500 }, "change.gmail", When::Next(1)));
    let second = google.deliver(ANA, RAW, &["INBOX"]).unwrap();
    let third = google.deliver(ANA, RAW, &["INBOX"]).unwrap();
    let (found, cursor) = added(&client, &begin, 10);
    assert_eq!(found, [first]);
    assert_eq!(added(&client, &cursor, 10).0, [""; 0]);
    google.advance(Duration::from_millis(500));
    assert_eq!(added(&client, &cursor, 10).0, [second, third]);
}

#[test]
fn old_cursors_are_404_and_those_of_the_present_are_not() {
    let (google, client) = start();
    let begin = start_id(&client);
    google.deliver(ANA, RAW, &["INBOX"]);
    google.advance(Duration::from_hours(24 * 6));
    // The first token has ended meanwhile.
    let client = Client::new(&google, ANA);
    let kept = start_id(&client);
    google.deliver(ANA, RAW, &["INBOX"]);
    google.advance(Duration::from_hours(24 * 2));
    let client = Client::new(&google, ANA);
    let get = |id: &str| client.get(&format!("/gmail/v1/users/me/history?startHistoryId={id}"));
    assert_eq!((get(&begin).status, get(&kept).status), (404, 200));
    google.expire_history(ANA);
    assert_eq!((get(&kept).status, get(&kept).reason().as_str()), (404, "notFound"));
    assert_eq!(get(&start_id(&client)).status, 200);
}

#[test]
fn a_watch_publishes_once_a_second_and_ends_after_a_week() {
    let (google, client) = start();
    google.subscribe(Subscription::new("mail", "mail", "https://app.example/push"));
    let body = json!({"topicName": "projects/fake-project/topics/mail", "labelIds": ["INBOX"]});
    let watch = client.post("/gmail/v1/users/me/watch", &body).json();
    assert_eq!(watch["expiration"], (google.now() + 7 * 86_400_000).to_string());
    assert_eq!(google.take_pushes(10).len(), 1, "at once");
    google.advance(Duration::from_secs(2));
    for _ in 0..5 {
        google.deliver(ANA, RAW, &["INBOX"]);
    }
    google.deliver(ANA, RAW, &["SPAM"]);
    let pushes = google.take_pushes(10);
    assert_eq!((pushes.len(), google.push_stats().throttled), (1, 4));
    let envelope: Value = serde_json::from_str(&pushes[0].body).unwrap();
    let data = envelope["message"]["data"].as_str().unwrap();
    use base64::Engine;
    let data: Value =
        serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(data).unwrap()).unwrap();
    assert_eq!(data["emailAddress"], ANA);
    assert!(data["historyId"].is_u64());
    assert_eq!(envelope["message"]["messageId"], envelope["message"]["message_id"]);
    google.advance(Duration::from_hours(24 * 7));
    google.deliver(ANA, RAW, &["INBOX"]);
    assert!(google.take_pushes(10).is_empty() && google.mail_watches(ANA).is_empty());
}

#[test]
fn a_watch_that_died_says_nothing_and_still_looks_alive() {
    let (google, client) = start();
    google.subscribe(Subscription::new("mail", "mail", "https://app.example/push"));
    client.post("/gmail/v1/users/me/watch", &json!({"topicName": "projects/fake-project/topics/mail"}));
    google.forget_pushes();
    google.fault(Fault::new(FaultKind::DeadWatch, "push.", When::Next(1)));
    for _ in 0..3 {
        google.advance(Duration::from_secs(2));
        google.deliver(ANA, RAW, &["INBOX"]);
    }
    assert!(google.take_pushes(10).is_empty());
    assert_eq!(google.mail_watches(ANA).len(), 1);
}

#[test]
fn the_snapshot_is_what_a_full_listing_finds() {
    let (google, client) = start();
    let ids: Vec<String> = (0..30).map(|_| google.deliver(ANA, RAW, &["INBOX"]).unwrap()).collect();
    google.trash_mail(ANA, &ids[3]);
    google.delete_mail(ANA, &ids[4]);
    let (mut found, mut page) = (BTreeSet::new(), String::new());
    loop {
        let answer = client
            .get(&format!("/gmail/v1/users/me/messages?maxResults=7&includeSpamTrash=true{page}"))
            .json();
        let messages = answer["messages"].as_array().cloned().unwrap_or_default();
        found.extend(messages.iter().map(|message| message["id"].as_str().unwrap().to_owned()));
        match answer["nextPageToken"].as_str() {
            Some(token) => page = format!("&pageToken={token}"),
            None => break,
        }
    }
    let truth = google.snapshot(ANA).mail;
    assert_eq!(found, truth.keys().cloned().collect());
    assert_eq!(truth[&ids[3]].labels, ["TRASH"]);
}
