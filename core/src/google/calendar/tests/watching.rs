use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::fixtures::{NOW, source};
use crate::base::{AccountId, ErrorKind, FixedClock, TenantId, Timestamp};
use crate::domain::{Channel, ChannelState, Service, Source, StreamKey, Watch, WatchRequest};
use crate::google::calendar::CalendarSource;
use crate::google::scripted::{Scripted, json, query, refused, sent};

const WEEK: Duration = Duration::from_hours(7 * 24);

fn request(until: Timestamp) -> WatchRequest {
    WatchRequest {
        channel: "c1".into(),
        token: "secret".into(),
        file: None,
        cursor: Some("s1".into()),
        until,
    }
}

fn channel(resource: Option<&str>) -> Channel {
    Channel {
        id: "c1".into(),
        tenant: TenantId::SYSTEM,
        stream: StreamKey::new(AccountId::from_bytes([1; 16]), Service::Calendar, Some("primary")),
        file: None,
        resource: resource.map(str::to_owned),
        token_hash: Vec::new(),
        state: ChannelState::Stopping,
        expires_at: NOW,
        created_at: NOW,
        heard_at: None,
    }
}

#[tokio::test]
async fn trap_11_a_channel_is_asked_for_without_the_sync_token() {
    let answer =
        json!({"kind": "api#channel", "id": "c1", "resourceId": "r1", "expiration": "1772604800000"});
    let api = Scripted::list([json(answer)]);
    let source = source(&api);
    assert!(source.can_watch());
    let watch = source.watch(&request(NOW.after(WEEK))).await.unwrap();
    assert_eq!(watch, Watch { resource: "r1".into(), expires_at: Timestamp::from_seconds(1_772_604_800) });
    let asked = &api.asked()[0];
    assert!(asked.url.ends_with("/events/watch"));
    assert_eq!((query(asked, "syncToken"), asked.tries), (None, 1));
    let body = json!({
        "id": "c1",
        "type": "web_hook",
        "address": "https://push.example/calendar",
        "token": "secret",
        "params": {"ttl": "604800"},
    });
    assert_eq!(*sent(asked), body);
}

#[tokio::test]
async fn a_channel_lasts_as_long_as_is_wanted_and_a_week_at_most() {
    for (wanted, seconds) in [(Duration::from_secs(90), 90), (WEEK * 2, 604_800)] {
        // Google does not say when it ends.
        let api = Scripted::list([json(json!({"resourceId": "r1"}))]);
        let watch = source(&api).watch(&request(NOW.after(wanted))).await.unwrap();
        assert_eq!(watch.expires_at, NOW.after(Duration::from_secs(seconds)));
        assert_eq!(sent(&api.asked()[0])["params"]["ttl"], seconds.to_string());
    }
}

#[tokio::test]
async fn why_a_channel_is_not_granted() {
    for (status, reason, kind) in [
        (400, "pushNotSupportedForRequestedResource", ErrorKind::Unsupported),
        (400, "webhookUrlNotHttps", ErrorKind::NotConfigured),
        // Not the account's fault.
        (401, "push.webhookUrlUnauthorized", ErrorKind::NotConfigured),
        (401, "authError", ErrorKind::NeedsReauth),
        (400, "channelIdNotUnique", ErrorKind::AlreadyExists),
        (404, "notFound", ErrorKind::NotFound),
        (503, "backendError", ErrorKind::Upstream),
    ] {
        let api = Scripted::list([refused(status, reason, "why")]);
        let error = source(&api).watch(&request(NOW.after(WEEK))).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{reason}");
        assert!(!error.to_string().contains("secret"));
    }
    let nameless = Scripted::list([json(json!({"expiration": "1772604800000"}))]);
    let error = source(&nameless).watch(&request(NOW.after(WEEK))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Upstream);
}

#[tokio::test]
async fn nothing_is_watched_without_an_address() {
    let api = Scripted::list([]);
    let source = CalendarSource::new(api, Arc::new(FixedClock(NOW)), "primary".into(), None);
    assert!(!source.can_watch());
    let error = source.watch(&request(NOW.after(WEEK))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConfigured);
}

#[tokio::test]
async fn trap_7_a_channel_is_stopped_by_both_of_its_names() {
    let api =
        Scripted::list([json(json!({})), refused(404, "notFound", "Channel 'c1' not found for project 'p'")]);
    let source = source(&api);
    source.unwatch(&channel(Some("r1"))).await.unwrap();
    source.unwatch(&channel(Some("r1"))).await.unwrap();
    // Its answer never came.
    source.unwatch(&channel(None)).await.unwrap();
    let asked = api.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].url, "https://www.googleapis.com/calendar/v3/channels/stop");
    assert_eq!(*sent(&asked[0]), json!({"id": "c1", "resourceId": "r1"}));
    let failing = Scripted::list([refused(503, "backendError", "later")]);
    assert!(super::fixtures::source(&failing).unwatch(&channel(Some("r1"))).await.is_err());
}
