use serde_json::json;

use super::fixtures::{changed, kind, source, told};
use crate::domain::{News, NextPage, Source, SourcePage};
use crate::google::scripted::{Scripted, json, query, refused};

fn added(id: &str) -> serde_json::Value {
    json!({"id": "1", "messagesAdded": [{"message": {"id": id, "threadId": "t", "labelIds": ["INBOX"]}}]})
}

#[tokio::test]
async fn trap_01_changes_are_asked_for_from_the_stored_cursor_and_may_be_absent() {
    let api = Scripted::list([
        json(json!({"history": [added("m1"), added("m2")], "historyId": "120"})),
        json(json!({"historyId": "120"})),
    ]);
    let source = source(&api);
    let page = source.changes("100", None).await.unwrap();
    assert_eq!(page, SourcePage { told: changed(&["m1", "m2"]), next: NextPage::Done(Some("120".into())) });
    let page = source.changes("120", None).await.unwrap();
    assert_eq!(page, SourcePage { told: Vec::new(), next: NextPage::Done(Some("120".into())) });
    let asked = api.asked();
    assert_eq!(query(&asked[0], "startHistoryId"), Some("100"));
    assert_eq!(query(&asked[0], "maxResults"), Some("500"));
    let kinds: Vec<_> = asked[0]
        .query
        .iter()
        .filter(|(key, _)| *key == "historyTypes")
        .map(|(_, kind)| kind.as_str())
        .collect();
    assert_eq!(kinds, ["messageAdded", "messageDeleted", "labelAdded", "labelRemoved"]);
    assert_eq!(asked[0].units, 2);
}

#[tokio::test]
async fn trap_02_a_cursor_never_becomes_smaller() {
    for (cursor, answered, next) in [
        ("100", json!("99"), "100"),
        ("100", json!("1000"), "1000"),
        ("100", json!(101), "101"),
        ("100", json!(null), "100"),
        ("18446744073709551616", json!("184467440737095516150"), "184467440737095516150"),
    ] {
        let api = Scripted::list([json(json!({"historyId": answered}))]);
        let page = source(&api).changes(cursor, None).await.unwrap();
        assert_eq!(page.next, NextPage::Done(Some(next.into())));
    }
}

#[tokio::test]
async fn trap_02_what_is_told_twice_leads_to_the_same() {
    // What became visible late is read again from the older cursor, together with what was not.
    let late = json!({"history": [added("m1"), added("m2"), added("m3")], "historyId": "130"});
    let api = Scripted::list([
        json(json!({"history": [added("m1"), added("m3")], "historyId": "130"})),
        json(late),
    ]);
    let source = source(&api);
    assert_eq!(source.changes("100", None).await.unwrap().told, changed(&["m1", "m3"]));
    assert_eq!(source.changes("100", None).await.unwrap().told, changed(&["m1", "m2", "m3"]));
}

#[tokio::test]
async fn trap_03_page_token_but_no_records() {
    let api = Scripted::list([
        json(json!({"nextPageToken": "p2", "historyId": "150"})),
        json(json!({"history": [added("m")], "historyId": "160"})),
    ]);
    let source = source(&api);
    let page = source.changes("100", None).await.unwrap();
    assert_eq!(page, SourcePage { told: Vec::new(), next: NextPage::Page("p2".into()) });
    let page = source.changes("100", Some("p2")).await.unwrap();
    assert_eq!(page, SourcePage { told: changed(&["m"]), next: NextPage::Done(Some("160".into())) });
    assert_eq!(query(&api.asked()[1], "pageToken"), Some("p2"));
    assert_eq!(query(&api.asked()[1], "startHistoryId"), Some("100"));
}

#[tokio::test]
async fn trap_04_a_cursor_that_is_too_old_has_expired() {
    let api = Scripted::list([
        refused(404, "notFound", "Requested entity was not found."),
        json(json!({"historyId": "900"})),
    ]);
    assert_eq!(kind(source(&api).changes("100", None).await.unwrap_err()), "cursor expired");
    let api = Scripted::list([]);
    for cursor in ["", "abc", "-1"] {
        assert_eq!(kind(source(&api).changes(cursor, None).await.unwrap_err()), "cursor expired");
    }
}

#[tokio::test]
async fn the_newest_cursor_of_an_idle_mailbox_is_refused_and_needs_no_listing() {
    let api = Scripted::list([
        refused(404, "notFound", "Requested entity was not found."),
        json(json!({"historyId": "100"})),
    ]);
    let page = source(&api).changes("100", None).await.unwrap();
    assert_eq!(page, SourcePage { told: Vec::new(), next: NextPage::Done(Some("100".into())) });
}

#[tokio::test]
async fn other_refusals_are_what_they_are() {
    for (status, reason, page, expected) in [
        (400, "invalidArgument", Some("p"), "page expired"),
        (400, "invalidArgument", None, "invalid_input"),
        (401, "authError", None, "needs_reauth"),
        (403, "rateLimitExceeded", None, "rate_limited"),
        (403, "domainPolicy", None, "forbidden"),
        (500, "backendError", None, "upstream"),
    ] {
        let api = Scripted::list([refused(status, reason, "No.")]);
        let failure = source(&api).changes("100", page).await.unwrap_err();
        assert_eq!(kind(failure), expected, "{status} {reason}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_an_error_without_its_text() {
    let api = Scripted::list([crate::google::scripted::bytes("text/html", b"<p>secret</p>")]);
    let failure = source(&api).changes("100", None).await.unwrap_err();
    assert!(!format!("{failure:?}").contains("secret"));
    assert_eq!(kind(failure), "upstream");
}

#[tokio::test]
async fn moves_to_and_from_the_trash_are_going_and_coming() {
    let event = |kind: &str, label: &str| json!({kind: [{"message": {"id": "m"}, "labelIds": [label]}]});
    for (record, news) in [
        (event("labelsAdded", "TRASH"), News::Gone),
        (event("labelsRemoved", "TRASH"), News::Changed),
        (
            event("labelsAdded", "STARRED"),
            News::Relabelled { added: vec!["STARRED".into()], removed: Vec::new() },
        ),
    ] {
        let api = Scripted::list([json(json!({"history": [record], "historyId": "101"}))]);
        assert_eq!(source(&api).changes("100", None).await.unwrap().told, [told("m", news)]);
    }
}
