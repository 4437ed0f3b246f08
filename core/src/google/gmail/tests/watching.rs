use serde_json::json;

use super::fixtures::{empty, options, source, source_with};
use crate::base::{AccountId, ErrorKind, TenantId, Timestamp};
use crate::domain::{Channel, ChannelState, Service, Source, StreamKey, Watch, WatchRequest};
use crate::google::gmail::GmailOptions;
use crate::google::scripted::{Scripted, json, refused, sent};

fn request() -> WatchRequest {
    WatchRequest {
        channel: "c1".into(),
        token: "secret".into(),
        file: None,
        cursor: Some("100".into()),
        until: Timestamp::from_seconds(1_900_000_000),
    }
}

fn channel() -> Channel {
    Channel {
        id: "c1".into(),
        tenant: TenantId::SYSTEM,
        stream: StreamKey::new(AccountId::from_bytes([1; 16]), Service::Gmail, None),
        file: None,
        resource: None,
        token_hash: Vec::new(),
        state: ChannelState::Stopping,
        expires_at: Timestamp::from_seconds(1),
        created_at: Timestamp::from_seconds(1),
        heard_at: None,
    }
}

#[tokio::test]
async fn a_watch_ends_when_gmail_says() {
    let api = Scripted::list([json(json!({"historyId": "999", "expiration": "1770600000000"}))]);
    let options = GmailOptions { topic: Some("projects/p/topics/t".into()), ..options() };
    let source = source_with(&api, options);
    assert!(source.can_watch());
    let watch = source.watch(&request()).await.unwrap();
    let expires_at = Timestamp::from_seconds(1_770_600_000);
    assert_eq!(watch, Watch { resource: String::new(), expires_at });
    let asked = api.asked();
    assert!(asked[0].url.ends_with("/users/me/watch"));
    let body =
        json!({"topicName": "projects/p/topics/t", "labelIds": ["DRAFT"], "labelFilterBehavior": "exclude"});
    assert_eq!((sent(&asked[0]), asked[0].units), (&body, 100));
}

#[tokio::test]
async fn without_a_topic_nothing_is_watched() {
    let api = Scripted::list([]);
    let source = source(&api);
    assert!(!source.can_watch());
    assert_eq!(source.watch(&request()).await.unwrap_err().kind(), ErrorKind::NotConfigured);
}

#[tokio::test]
async fn a_watch_that_does_not_say_until_when_is_none() {
    let api = Scripted::list([json(json!({"historyId": "999"}))]);
    let options = GmailOptions { topic: Some("t".into()), leave_out: Vec::new(), ..options() };
    let error = source_with(&api, options).watch(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Upstream);
    assert_eq!(sent(&api.asked()[0]), &json!({"topicName": "t"}));
}

#[tokio::test]
async fn stopping_twice_is_stopping_once() {
    let api = Scripted::list([empty(), empty(), refused(404, "notFound", "No."), refused(503, "", "")]);
    let source = source(&api);
    for _ in 0..3 {
        source.unwatch(&channel()).await.unwrap();
    }
    assert_eq!(source.unwatch(&channel()).await.unwrap_err().kind(), ErrorKind::Upstream);
    assert!(api.asked()[0].url.ends_with("/users/me/stop"));
}
