//! Pushes: channels, Pub/Sub, posted and taken.

mod support;

use std::sync::mpsc::Receiver;
use std::time::Duration;

use besunny_fake_google::{
    Delivery, Fault, FaultKind, NewFile, PushMode, Settings, Subscription, TokenKind, When,
};
use serde_json::{Value, json};
use support::{ANA, Client, Got, send, start, start_with, subscriber};

fn watch(client: &Client, id: &str, more: &Value) -> Value {
    let token = client.get("/drive/v3/changes/startPageToken").json()["startPageToken"].clone();
    let mut body = json!({"id": id, "type": "web_hook", "address": "https://app.example/d", "token": "t0"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let answer =
        client.post(&format!("/drive/v3/changes/watch?pageToken={}", token.as_str().unwrap()), &body);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

fn number(delivery: &Delivery) -> u64 {
    delivery.header("x-goog-message-number").unwrap().parse().unwrap()
}

#[test]
fn a_channel_says_sync_first_and_numbers_with_gaps() {
    let (google, client) = start();
    let channel = watch(&client, "c1", &json!({"expiration": (google.now() + 7_200_000).to_string()}));
    let file = google.add_file(ANA, NewFile::new("a.txt", "text/plain", b"a")).unwrap();
    google.forget_pushes();
    let second = watch(&client, "c2", &json!({}));
    assert_eq!(channel["resourceId"], second["resourceId"], "one resource has one id");
    for name in ["b", "c", "d"] {
        google.rename_file(&file, name);
    }
    let pushes = google.take_pushes(100);
    let of_second: Vec<&Delivery> =
        pushes.iter().filter(|push| push.header("X-Goog-Channel-ID") == Some("c2")).collect();
    assert_eq!(of_second[0].header("X-Goog-Resource-State"), Some("sync"));
    assert_eq!(number(of_second[0]), 1);
    let numbers: Vec<u64> = of_second.iter().map(|push| number(push)).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]) && numbers[3] > 4, "{numbers:?}");
    assert!(pushes.iter().all(|push| push.body.is_empty() && push.header("Authorization").is_none()));
    assert_eq!(of_second[1].header("X-Goog-Channel-Token"), Some("t0"));
    assert_eq!(of_second[1].header("X-Goog-Channel-Expiration"), Some("Wed, 01 Jul 2026 13:00:00 GMT"));
    google.advance(Duration::from_secs(3_600));
    google.rename_file(&file, "e");
    google.forget_pushes();
    assert_eq!(google.channels().len(), 1, "an hour is the default");
    google.rename_file(&file, "f");
    assert_eq!(google.take_pushes(100).len(), 1);
}

#[test]
fn what_changed_is_said_of_watched_files() {
    let (google, client) = start();
    let file = google.add_file(ANA, NewFile::new("a.txt", "text/plain", b"a")).unwrap();
    let body = json!({"id": "c1", "type": "web_hook", "address": "https://app.example/d"});
    client.post(&format!("/drive/v3/files/{file}/watch"), &body);
    google.edit_file(&file, b"b");
    google.share_file(&file, "bea@lumen.example", "reader");
    google.trash_file(&file);
    google.untrash_file(&file);
    google.remove_file(&file);
    let states: Vec<(String, Option<String>)> = google
        .take_pushes(100)
        .iter()
        .map(|push| {
            let state = push.header("X-Goog-Resource-State").unwrap().to_owned();
            (state, push.header("X-Goog-Changed").map(str::to_owned))
        })
        .collect();
    let expected = [
        ("sync", None),
        ("update", Some("content")),
        ("update", Some("permissions")),
        ("trash", None),
        ("untrash", None),
        ("remove", None),
    ];
    let expected = expected.map(|(state, changed)| (state.to_owned(), changed.map(str::to_owned)));
    assert_eq!(states, expected);
}

#[test]
fn channels_are_stopped_with_both_ids_and_may_linger() {
    let (google, client) = start_with(Settings { stop_linger: 60_000, ..Settings::default() });
    let channel = watch(&client, "c1", &json!({}));
    let stop = |resource: &str| {
        client.post("/drive/v3/channels/stop", &json!({"id": "c1", "resourceId": resource})).status
    };
    let resource = channel["resourceId"].as_str().unwrap();
    assert_eq!((stop("wrong"), stop(resource), stop(resource)), (404, 204, 204));
    google.forget_pushes();
    let file = google.add_file(ANA, NewFile::new("a", "text/plain", b"")).unwrap();
    assert!(!google.take_pushes(10).is_empty(), "it goes on for a while");
    google.advance(Duration::from_mins(1));
    google.rename_file(&file, "b");
    assert!(google.take_pushes(10).is_empty());
    assert_eq!(stop(resource), 404);
    let again = client.post("/calendar/v3/channels/stop", &json!({"id": "c1", "resourceId": resource}));
    assert_eq!(again.status, 404);
}

#[test]
fn answers_decide_what_becomes_of_a_channels_push() {
    let (google, client) = start();
    for (status, is_again) in [
        (Some(200), false),
        (Some(404), false),
        (Some(410), false),
        (Some(301), false),
        (Some(503), true),
        (None, true),
    ] {
        google.forget_pushes();
        watch(&client, &format!("c{status:?}"), &json!({}));
        let push = google.take_pushes(1).remove(0);
        assert!(google.report_push(push.id, status) && !google.report_push(push.id, status));
        google.advance(Duration::from_mins(1));
        let again = google.take_pushes(10);
        assert_eq!(again.len(), usize::from(is_again), "{status:?}");
        assert!(again.iter().all(|own| own.attempt == 2 && own.headers == push.headers));
    }
}

#[test]
fn faults_lose_double_and_reorder_pushes() {
    let (google, client) = start();
    watch(&client, "c1", &json!({}));
    google.forget_pushes();
    let file = google.add_file(ANA, NewFile::new("a", "text/plain", b"")).unwrap();
    google.forget_pushes();
    google.fault(Fault::new(FaultKind::DropPush, "push.channel", When::Next(1)));
    google.rename_file(&file, "b");
    assert!(google.take_pushes(10).is_empty());
    google.fault(Fault::new(FaultKind::DuplicatePush, "push.channel", When::Next(1)));
    google.rename_file(&file, "c");
    let twice = google.take_pushes(10);
    assert_eq!((twice.len(), number(&twice[0])), (2, number(&twice[1])));
    google.fault(Fault::new(FaultKind::DelayPush { millis: 50 }, "", When::Next(1)));
    google.rename_file(&file, "d");
    google.rename_file(&file, "e");
    let mut numbers: Vec<u64> = google.take_pushes(10).iter().map(number).collect();
    google.advance(Duration::from_millis(50));
    numbers.extend(google.take_pushes(10).iter().map(number));
    assert!(numbers.len() == 2 && numbers[0] > numbers[1], "{numbers:?}");
    let stats = google.push_stats();
    assert_eq!((stats.dropped, stats.duplicated, stats.delayed), (1, 1, 1));
}

#[test]
fn pubsub_redelivers_with_growing_waits_until_it_is_accepted() {
    let (google, client) = start();
    let subscription =
        Subscription { max_attempts: Some(5), ..Subscription::new("s", "t", "https://app.example/p") };
    google.subscribe(subscription);
    google.fault(Fault::new(FaultKind::DuplicatePush, "push.pubsub", When::Next(1)));
    client.post("/gmail/v1/users/me/watch", &json!({"topicName": "projects/fake-project/topics/t"}));
    let mut pushes = google.take_pushes(10);
    assert_eq!(pushes.len(), 2);
    let [a, b] = [&pushes[0], &pushes[1]].map(|push| serde_json::from_str::<Value>(&push.body).unwrap());
    assert_eq!(a["message"]["messageId"], b["message"]["messageId"]);
    assert_ne!(a["message"]["publishTime"], b["message"]["publishTime"]);
    assert_eq!(a["deliveryAttempt"], 1);
    google.report_push(pushes[1].id, Some(204));
    for wait in [10_000, 20_000, 40_000, 80_000] {
        google.report_push(pushes[0].id, Some(500));
        assert_eq!(google.next_push(), Some(google.now() + wait));
        google.advance(Duration::from_millis(wait as u64));
        pushes = google.take_pushes(10);
    }
    google.report_push(pushes[0].id, Some(404));
    assert_eq!((google.next_push(), google.push_stats().given_up), (None, 1));
}

#[test]
fn bearer_tokens_of_pubsub_are_signed_and_keys_rotate() {
    let (google, client) = start();
    google.subscribe(Subscription::new("s", "t", "https://app.example/p"));
    let kid = |token: &str| -> String {
        use base64::Engine;
        let header = token.split('.').next().unwrap();
        let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
        serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
    };
    let published = || -> Vec<String> {
        let answer = send(google.base_url(), "GET", "/oauth2/v3/certs", "", "", b"").unwrap();
        assert!(answer.header("cache-control").contains("max-age=19800"));
        let keys = answer.json()["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let push = || {
        google.forget_pushes();
        client.post("/gmail/v1/users/me/watch", &json!({"topicName": "projects/fake-project/topics/t"}));
        let push = google.take_pushes(1).remove(0);
        push.header("authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned()
    };
    let first = push();
    assert_eq!(first, push(), "a token is used again");
    assert!(published().len() == 2 && published().contains(&kid(&first)));
    google.rotate_keys();
    let second = push();
    assert!(kid(&second) != kid(&first) && published().contains(&kid(&first)), "the old key is still there");
    google.rotate_keys();
    assert!(!published().contains(&kid(&first)) && published().contains(&kid(&second)));
    assert_eq!(google.oidc_token(TokenKind::Unsigned, "a", "b").rsplit('.').next(), Some(""));
    google.fault(Fault::new(
        FaultKind::Unavailable { status: 500, html: false },
        "oauth.certs",
        When::Next(1),
    ));
    let answer = send(google.base_url(), "GET", "/oauth2/v3/certs", "", "", b"").unwrap();
    assert_eq!(answer.status, 500);
}

fn next(got: &Receiver<Got>) -> Got {
    got.recv_timeout(Duration::from_secs(10)).expect("a push comes")
}

#[test]
fn pushes_are_posted_and_posted_again() {
    let (google, client) = start_with(Settings { push: PushMode::Post, ..Settings::default() });
    let (address, got) = subscriber(&[503, 204, 404]);
    watch(&client, "c1", &json!({"address": address}));
    let sync = next(&got);
    let find = |name: &str| {
        sync.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|own| own.1.clone())
    };
    assert_eq!(find("x-goog-resource-state").as_deref(), Some("sync"));
    assert!(got.recv_timeout(Duration::from_millis(100)).is_err(), "the clock stands still");
    while google.push_stats().retried == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    google.advance(Duration::from_secs(5));
    assert_eq!(next(&got).headers.len(), sync.headers.len());
    google.subscribe(Subscription::new("s", "t", &address));
    client.post("/gmail/v1/users/me/watch", &json!({"topicName": "projects/fake-project/topics/t"}));
    let message = next(&got);
    assert!(message.body.contains("projects/fake-project/subscriptions/s"), "{}", message.body);
    while google.push_stats().retried == 1 {
        std::thread::sleep(Duration::from_millis(1));
    }
    google.advance(Duration::from_secs(10));
    assert_eq!(next(&got).body, message.body);
}
