use std::time::Duration;

use serde_json::json;

use super::fixtures::{NOW, options, path, shared, source, source_with};
use crate::base::{AccountId, ErrorKind, TenantId, Timestamp};
use crate::domain::{Channel, ChannelState, Service, Source, StreamKey, Watch, WatchRequest};
use crate::google::api::ApiResponse;
use crate::google::drive::DriveOptions;
use crate::google::scripted::{Scripted, json, query, refused, sent};

fn request(channel: &str, file: Option<&str>) -> WatchRequest {
    WatchRequest {
        channel: channel.into(),
        token: "secret".into(),
        file: file.map(str::to_owned),
        cursor: Some("17".into()),
        until: NOW.after(Duration::from_hours(30 * 24)),
    }
}

fn channel(resource: Option<&str>) -> Channel {
    Channel {
        id: "c1".into(),
        tenant: TenantId::SYSTEM,
        stream: StreamKey::new(AccountId::from_bytes([1; 16]), Service::Drive, None),
        file: None,
        resource: resource.map(str::to_owned),
        token_hash: Vec::new(),
        state: ChannelState::Stopping,
        expires_at: NOW,
        created_at: NOW,
        heard_at: None,
    }
}

fn millis(at: Timestamp) -> String {
    (at.as_micros() / 1_000).to_string()
}

#[tokio::test]
async fn changes_are_watched_for_a_week_and_end_when_drive_says() {
    let ends = NOW.after(Duration::from_hours(5));
    let api =
        Scripted::by(move |_| json(json!({"id": "c1", "resourceId": "r1", "expiration": millis(ends)})));
    let watch = source(&api).watch(&request("c1", None)).await.unwrap();
    assert_eq!(watch, Watch { resource: "r1".into(), expires_at: ends });
    let asked = api.asked();
    assert_eq!((path(&asked[0]), query(&asked[0], "pageToken")), ("changes/watch", Some("17")));
    let body = json!({
        "id": "c1", "type": "web_hook", "address": "https://hook.example/drive", "token": "secret",
        "expiration": millis(NOW.after(Duration::from_hours(7 * 24))),
    });
    assert_eq!(sent(&asked[0]), &body);
}

#[tokio::test]
async fn a_file_is_watched_for_a_day() {
    let api = Scripted::by(|_| json(json!({"resourceId": "r1"})));
    let watch = source(&api).watch(&request("c2", Some("f/1"))).await.unwrap();
    assert_eq!(watch.expires_at, NOW.after(Duration::from_hours(1)), "what Drive grants unasked");
    let asked = api.asked();
    assert_eq!((path(&asked[0]), query(&asked[0], "supportsAllDrives")), ("files/f%2F1/watch", Some("true")));
    assert_eq!(sent(&asked[0])["expiration"], json!(millis(NOW.after(Duration::from_hours(24)))));
    let soon = WatchRequest { until: NOW.after(Duration::from_mins(5)), ..request("c3", Some("f")) };
    source(&api).watch(&soon).await.unwrap();
    assert_eq!(sent(&api.asked()[1])["expiration"], json!(millis(soon.until)));
}

#[tokio::test]
async fn trap_06_a_channel_has_the_id_that_it_was_given() {
    let api = Scripted::by(|request| match sent(request)["id"].as_str() {
        Some("used") => refused(400, "channelIdNotUnique", "Channel id not unique"),
        _ => json(json!({"resourceId": "r"})),
    });
    let source = source(&api);
    assert!(source.watch(&request("new", None)).await.is_ok());
    assert_eq!(source.watch(&request("used", None)).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn trap_09_a_renewed_watch_is_on_the_same_drive() {
    let api = Scripted::by(|_| json(json!({"resourceId": "r1", "expiration": "1"})));
    let source = source_with(&api, shared("d1"));
    for channel in ["c1", "c2"] {
        source.watch(&request(channel, None)).await.unwrap();
    }
    for request in api.asked() {
        assert_eq!(query(&request, "driveId"), Some("d1"));
        assert_eq!(query(&request, "supportsAllDrives"), Some("true"));
        assert_eq!(query(&request, "includeItemsFromAllDrives"), Some("true"));
    }
}

#[tokio::test]
async fn what_cannot_be_watched_says_why() {
    let api = Scripted::by(|_| json(json!({"expiration": "1"})));
    let nowhere = source_with(&api, DriveOptions { address: None, ..options() });
    assert!(!nowhere.can_watch());
    assert_eq!(nowhere.watch(&request("c", None)).await.unwrap_err().kind(), ErrorKind::NotConfigured);
    let source = source(&api);
    assert!(source.can_watch());
    let without = WatchRequest { cursor: None, ..request("c", None) };
    assert_eq!(source.watch(&without).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    let error = source.watch(&request("c", None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Upstream, "a channel that cannot be stopped");
}

#[tokio::test]
async fn trap_07_stopping_names_both_ids_and_what_is_stopped_stays_so() {
    let api = Scripted::list([
        Ok(ApiResponse { headers: Vec::new(), body: Vec::new() }),
        refused(404, "notFound", "Channel 'c1' not found for project"),
        refused(500, "backendError", ""),
    ]);
    let source = source(&api);
    for _ in 0..2 {
        source.unwatch(&channel(Some("r1"))).await.unwrap();
    }
    assert_eq!(source.unwatch(&channel(Some("r1"))).await.unwrap_err().kind(), ErrorKind::Upstream);
    source.unwatch(&channel(None)).await.unwrap();
    let asked = api.asked();
    assert_eq!(asked.len(), 3, "what Drive never named cannot be stopped");
    assert_eq!(
        (path(&asked[0]), sent(&asked[0])),
        ("channels/stop", &json!({"id": "c1", "resourceId": "r1"}))
    );
}
