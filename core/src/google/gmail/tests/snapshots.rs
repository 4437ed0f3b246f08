use serde_json::json;

use super::fixtures::{changed, kind, options, source, source_with};
use crate::base::{ErrorKind, Timestamp};
use crate::domain::{NextPage, Source, SourcePage};
use crate::google::gmail::GmailOptions;
use crate::google::scripted::{Scripted, json, query, refused};

#[tokio::test]
async fn a_snapshot_starts_from_where_the_mailbox_is() {
    let api = Scripted::list([json(json!({"emailAddress": "ana@tide.example", "historyId": "4711"}))]);
    assert_eq!(source(&api).start().await.unwrap().as_deref(), Some("4711"));
    let asked = api.asked();
    assert_eq!(asked[0].url, "https://gmail.googleapis.com/gmail/v1/users/me/profile");
    assert_eq!(asked[0].units, 1);
}

#[tokio::test]
async fn a_profile_without_a_history_id_is_no_start() {
    let api = Scripted::list([json(json!({}))]);
    assert_eq!(source(&api).start().await.unwrap_err().kind(), ErrorKind::Upstream);
}

#[tokio::test]
async fn every_page_is_listed_without_spam_and_trash() {
    let api = Scripted::list([
        json(json!({"messages": [{"id": "c", "threadId": "t"}, {"id": "b"}], "nextPageToken": "p:2"})),
        json(json!({"nextPageToken": "p3"})),
        json(json!({"messages": [{"id": "a"}], "resultSizeEstimate": 3})),
    ]);
    let source = source(&api);
    let page = source.snapshot(None).await.unwrap();
    assert_eq!(page, SourcePage { told: changed(&["c", "b"]), next: NextPage::Page("2:p:2".into()) });
    let page = source.snapshot(Some("2:p:2")).await.unwrap();
    assert_eq!(page, SourcePage { told: Vec::new(), next: NextPage::Page("2:p3".into()) });
    let page = source.snapshot(Some("2:p3")).await.unwrap();
    assert_eq!(page, SourcePage { told: changed(&["a"]), next: NextPage::Done(None) });
    let asked = api.asked();
    for request in &asked {
        assert_eq!(query(request, "maxResults"), Some("500"));
        assert_eq!(query(request, "includeSpamTrash"), Some("false"));
        assert_eq!(query(request, "q"), None);
    }
    let tokens: Vec<_> = asked.iter().map(|request| query(request, "pageToken")).collect();
    assert_eq!(tokens, [None, Some("p:2"), Some("p3")]);
}

#[tokio::test]
async fn an_empty_mailbox_is_an_empty_page() {
    let api = Scripted::list([json(json!({"resultSizeEstimate": 0}))]);
    let page = source(&api).snapshot(None).await.unwrap();
    assert_eq!(page, SourcePage { told: Vec::new(), next: NextPage::Done(None) });
}

#[tokio::test]
async fn a_listing_can_be_bounded_in_number_and_time() {
    let since = Some(Timestamp::from_micros(1_700_000_000_500_000));
    let options = GmailOptions { since, max_messages: Some(502), ..options() };
    let many: Vec<_> = (0..500).map(|id| json!({"id": id.to_string()})).collect();
    let api = Scripted::list([
        json(json!({"messages": many, "nextPageToken": "x"})),
        // More than was asked for.
        json(json!({"messages": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "nextPageToken": "y"})),
    ]);
    let source = source_with(&api, options);
    assert_eq!(source.snapshot(None).await.unwrap().next, NextPage::Page("500:x".into()));
    let page = source.snapshot(Some("500:x")).await.unwrap();
    assert_eq!(page, SourcePage { told: changed(&["a", "b"]), next: NextPage::Done(None) });
    let asked = api.asked();
    assert_eq!(query(&asked[0], "q"), Some("after:1699999999"));
    assert_eq!(query(&asked[1], "maxResults"), Some("2"));
    let page = source.snapshot(Some("502:z")).await.unwrap();
    assert_eq!(page, SourcePage { told: Vec::new(), next: NextPage::Done(None) });
}

#[tokio::test]
async fn a_page_that_gmail_does_not_know_any_more_has_expired() {
    let api = Scripted::by(|_| refused(400, "invalidArgument", "Invalid pageToken"));
    let source = source(&api);
    assert_eq!(kind(source.snapshot(Some("1:x")).await.unwrap_err()), "page expired");
    assert_eq!(kind(source.snapshot(Some("nonsense")).await.unwrap_err()), "page expired");
    assert_eq!(kind(source.snapshot(None).await.unwrap_err()), "invalid_input");
    let api = Scripted::by(|_| refused(400, "failedPrecondition", "Mail service not enabled"));
    let failure = super::fixtures::source(&api).snapshot(Some("1:x")).await.unwrap_err();
    assert_eq!(kind(failure), "invalid_input", "no listing helps");
}
