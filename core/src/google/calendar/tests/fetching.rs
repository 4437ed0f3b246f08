use serde_json::json;

use super::fixtures::{event, source};
use crate::base::ErrorKind;
use crate::domain::{Content, Fetched, ObjectState, Source, Wanted};
use crate::google::scripted::{Scripted, json, refused};

const NOW: &str = "2026-03-01T09:00:00.000Z";

#[tokio::test]
async fn each_event_is_fetched_by_itself_and_fails_by_itself() {
    let api = Scripted::by(|request| match request.url.rsplit('/').next().unwrap() {
        "ana%23x%40tideline%2Eexample" => json(json!({"timeZone": "Asia/Tokyo"})),
        "a" => json(event("a", NOW)),
        "day" => json(json!({"id": "day", "start": {"date": "2026-03-02"}})),
        "gone" => refused(404, "notFound", "Not Found"),
        "deleted" => refused(410, "deleted", "Resource has been deleted"),
        "cancelled" => json(json!({"id": "cancelled", "status": "cancelled"})),
        "m%5F20260309T090000Z" => {
            json(json!({"id": "m_20260309T090000Z", "status": "cancelled", "recurringEventId": "m"}))
        }
        "bad" => json(json!({"id": "bad", "start": 7})),
        _ => refused(403, "rateLimitExceeded", "Rate Limit Exceeded"),
    });
    let ids = ["a", "day", "gone", "deleted", "cancelled", "m_20260309T090000Z", "bad", "busy"];
    let wanted = ids.map(|id| Wanted { id: id.into(), known: None });
    let fetched = source(&api).fetch(&wanted).await;
    let told: Vec<String> = fetched
        .iter()
        .map(|fetched| match fetched {
            Ok(Fetched::Gone) => "gone".to_owned(),
            Ok(Fetched::Object { state, content }) => match &**state {
                ObjectState::Event(event) if *content == Content::Unreadable => {
                    format!("{} {} {}", event.event["id"], event.cancelled, event.event["start"]["timeZone"])
                }
                other => panic!("{other:?} {content:?}"),
            },
            Err(error) => error.kind().to_string(),
        })
        .collect();
    let expected = [
        r#""a" false "Europe/Berlin""#,
        r#""day" false "Asia/Tokyo""#,
        "gone",
        "gone",
        "gone",
        r#""m_20260309T090000Z" true null"#,
        "malformed",
        "rate_limited",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn events_are_fetched_also_where_the_calendar_tells_nothing_of_itself() {
    let api = Scripted::by(|request| match request.operation {
        "calendar.get" => json(event("a", NOW)),
        _ => refused(403, "forbidden", "Forbidden"),
    });
    let fetched = source(&api).fetch(&[Wanted { id: "a".into(), known: None }]).await;
    assert!(matches!(fetched[..], [Ok(Fetched::Object { .. })]));
    let none = source(&Scripted::list([])).fetch(&[]).await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn an_error_quotes_nothing_private() {
    let api = Scripted::by(|_| json(json!({"id": "bad", "attendees": "ana's secret party"})));
    let fetched = source(&api).fetch(&[Wanted { id: "bad".into(), known: None }]).await;
    let Err(error) = &fetched[0] else { panic!("{fetched:?}") };
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(!error.to_string().contains("secret"), "{error}");
}
