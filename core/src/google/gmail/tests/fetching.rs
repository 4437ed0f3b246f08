use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use super::fixtures::{
    answer_batch, calls, fault, message, message_of, options, source, source_with, stored, wanted,
};
use crate::base::{Error, ErrorKind, Timestamp};
use crate::domain::{Content, Fetched, MailState, ObjectState, Source};
use crate::google::gmail::{GmailCosts, GmailOptions};
use crate::google::scripted::{Scripted, bytes, refused};

fn raw_of(fetched: &Fetched) -> &[u8] {
    match fetched {
        Fetched::Object { content: Content::Mail(raw), .. } => raw,
        other => panic!("not a mail: {other:?}"),
    }
}

#[tokio::test]
async fn a_message_comes_as_it_was_sent() {
    let raw = b"Subject: \xff\xfb\r\n\r\nHello?>";
    let api = Scripted::by(move |request| {
        answer_batch(request, |_| (200, message("a", raw, &["INBOX", "B", "A"])))
    });
    let fetched = source(&api).fetch(&[wanted("a")]).await.remove(0).unwrap();
    let state = MailState {
        thread: "ta".into(),
        labels: ["A", "B", "INBOX"].map(str::to_owned).to_vec(),
        received_at: Some(Timestamp::from_seconds(1_770_000_000)),
        size: raw.len() as u64,
    };
    let content = Content::Mail(raw.to_vec());
    assert_eq!(fetched, Fetched::Object { state: Box::new(ObjectState::Mail(state)), content });
    let asked = api.asked();
    assert_eq!(asked[0].url, "https://gmail.googleapis.com/batch/gmail/v1");
    assert_eq!(calls(&asked[0]), [("item-0".into(), "/gmail/v1/users/me/messages/a?format=raw".into())]);
}

#[tokio::test]
async fn trap_17_the_bytes_are_exact_at_every_length() {
    let lengths: Vec<usize> = (0..=5).collect();
    let sent = |length: usize| -> Vec<u8> { (0..length).map(|i| [0xfb, 0xff, 0xbf][i % 3]).collect() };
    let api = Scripted::by(move |request| {
        answer_batch(request, |target| {
            let id = message_of(target);
            // An empty message is no message: it has no `raw` at all.
            (200, message(id, &sent(id.parse::<usize>().unwrap() + 1), &[]))
        })
    });
    let wanted: Vec<_> = lengths.iter().map(|length| wanted(&length.to_string())).collect();
    let fetched = source(&api).fetch(&wanted).await;
    for (length, fetched) in lengths.into_iter().zip(fetched) {
        assert_eq!(raw_of(&fetched.unwrap()), sent(length + 1));
    }
}

#[tokio::test]
async fn of_a_stored_message_only_the_labels_are_fetched() {
    let api = Scripted::by(|request| {
        answer_batch(request, |target| {
            assert!(target.ends_with("?format=minimal"));
            (200, json!({"id": "a", "threadId": "t", "internalDate": 1, "sizeEstimate": 900_000_000_u64}))
        })
    });
    let fetched = source(&api).fetch(&[stored("a")]).await.remove(0).unwrap();
    let Fetched::Object { state, content: Content::Same } = fetched else { panic!("{fetched:?}") };
    let ObjectState::Mail(state) = *state else { panic!("{state:?}") };
    assert!(state.labels.is_empty(), "read and archived");
}

#[tokio::test]
async fn trap_15_only_the_parts_that_failed_are_asked_for_again() {
    let rounds = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&rounds);
    let api = Scripted::by(move |request| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        answer_batch(request, |target| match message_of(target) {
            "3" if first => fault(429, "rateLimitExceeded"),
            "7" if first => fault(503, "backendError"),
            id => (200, message(id, id.as_bytes(), &[])),
        })
    });
    let wanted: Vec<_> = (0..10).map(|id| wanted(&id.to_string())).collect();
    let fetched = source(&api).fetch(&wanted).await;
    for (id, fetched) in fetched.into_iter().enumerate() {
        assert_eq!(raw_of(&fetched.unwrap()), id.to_string().as_bytes(), "in the order that was asked for");
    }
    let asked = api.asked();
    let ids: Vec<_> =
        calls(&asked[1]).into_iter().map(|(_, target)| message_of(&target).to_owned()).collect();
    assert_eq!(ids, ["3", "7"]);
    assert_eq!((asked.len(), asked[0].units, asked[1].units), (2, 200, 40));
}

#[tokio::test]
async fn trap_15_what_keeps_failing_fails_alone() {
    let api = Scripted::by(|request| {
        answer_batch(request, |target| match message_of(target) {
            "busy" => fault(429, "rateLimitExceeded"),
            "slow" => fault(403, "userRateLimitExceeded"),
            "ended" => fault(401, "authError"),
            "gone" => fault(404, "notFound"),
            "denied" => fault(403, "domainPolicy"),
            "broken" => (502, json!("<html>")),
            id => (200, message(id, b"x", &[])),
        })
    });
    let wanted = ["busy", "fine", "slow", "ended", "gone", "denied", "broken"].map(wanted);
    let kinds: Vec<_> = source(&api)
        .fetch(&wanted)
        .await
        .into_iter()
        .map(|fetched| match fetched {
            Ok(Fetched::Gone) => "gone",
            Ok(Fetched::Object { .. }) => "here",
            Err(error) => error.kind().code(),
        })
        .collect();
    assert_eq!(kinds, ["rate_limited", "here", "rate_limited", "upstream", "gone", "forbidden", "upstream"]);
    let sizes: Vec<_> = api.asked().iter().map(|request| calls(request).len()).collect();
    assert_eq!(sizes, [7, 4, 4, 4], "bounded, and never the whole batch again");
}

#[tokio::test]
async fn trap_15_a_batch_has_no_more_parts_than_gmail_runs_at_once() {
    let api =
        Scripted::by(|request| answer_batch(request, |target| (200, message(message_of(target), b"x", &[]))));
    let source = source_with(&api, GmailOptions { costs: GmailCosts::OLD, ..options() });
    let wanted: Vec<_> = (0..60).map(|id| wanted(&id.to_string())).collect();
    assert!(source.fetch(&wanted).await.into_iter().all(|fetched| fetched.is_ok()));
    let asked: Vec<_> = api.asked().iter().map(|request| (calls(request).len(), request.units)).collect();
    assert_eq!(asked, [(25, 125), (25, 125), (10, 50)]);
    assert_eq!(source.batch(), 25);
}

#[tokio::test]
async fn a_part_without_an_answer_is_asked_for_again() {
    let api = Scripted::by(|request| {
        if calls(request).len() > 1 {
            return bytes(
                "multipart/mixed; boundary=\"b\"",
                b"--b\nContent-ID: <response-item-9>\n\nHTTP/1.1 200 OK\n\n{}\n--b\n\
                  Content-ID: <response-item-1>\n\nHTTP/1.1 404 Not Found\n\n{}\n--b--",
            );
        }
        answer_batch(request, |_| (200, message("a", b"x", &[])))
    });
    let fetched = source(&api).fetch(&[wanted("a"), wanted("b")]).await;
    assert_eq!(raw_of(fetched[0].as_ref().unwrap()), b"x");
    assert_eq!(*fetched[1].as_ref().unwrap(), Fetched::Gone);
}

#[tokio::test]
async fn a_batch_that_fails_fails_for_each_of_its_messages() {
    let api = Scripted::by(|_| refused(401, "authError", "Invalid Credentials"));
    let fetched = source(&api).fetch(&[wanted("a"), wanted("b")]).await;
    assert_eq!(api.asked().len(), 1);
    for (fetched, id) in fetched.into_iter().zip(["a", "b"]) {
        let error = fetched.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NeedsReauth);
        assert!(error.context().contains(&("message", id.to_owned())));
    }
    let api = Scripted::by(|_| bytes("text/html", b"<html>"));
    let errors = source(&api).fetch(&[wanted("a"), wanted("b")]).await;
    assert!(errors.into_iter().all(|fetched| fetched.unwrap_err().kind() == ErrorKind::Upstream));
}

#[tokio::test]
async fn an_answer_that_is_too_large_together_is_asked_for_in_halves() {
    let api = Scripted::by(|request| {
        let ids: Vec<_> =
            calls(request).into_iter().map(|(_, target)| message_of(&target).to_owned()).collect();
        if ids.contains(&"huge".to_owned()) || ids.len() > 2 {
            assert_eq!(request.max_bytes, if ids.len() > 1 { 32 << 20 } else { 89_544_024 });
            let error = Error::new(ErrorKind::LimitExceeded, "net.call", "the answer is too large");
            return Err(error.into());
        }
        answer_batch(request, |target| (200, message(message_of(target), b"x", &[])))
    });
    let wanted = ["a", "b", "huge", "c", "d"].map(wanted);
    let fetched = source(&api).fetch(&wanted).await;
    for (wanted, fetched) in wanted.iter().zip(fetched) {
        match wanted.id.as_str() {
            "huge" => assert_eq!(fetched.unwrap_err().kind(), ErrorKind::LimitExceeded),
            _ => assert_eq!(raw_of(&fetched.unwrap()), b"x"),
        }
    }
}

#[tokio::test]
async fn a_message_over_the_limit_is_a_typed_error() {
    let options = GmailOptions { max_message_bytes: 4, ..options() };
    let api = Scripted::by(|request| {
        answer_batch(request, |target| match message_of(target) {
            "estimated" => (200, json!({"sizeEstimate": "5", "raw": "eA"})),
            "real" => (200, message("real", b"12345", &[])).into_size(1),
            _ => (200, message("fine", b"1234", &[])),
        })
    });
    let fetched = source_with(&api, options).fetch(&["estimated", "real", "fine"].map(wanted)).await;
    let kinds: Vec<_> = fetched.iter().map(|fetched| fetched.as_ref().map_err(Error::kind).err()).collect();
    assert_eq!(kinds, [Some(ErrorKind::LimitExceeded), Some(ErrorKind::LimitExceeded), None]);
}

trait Sized {
    fn into_size(self, size: u64) -> Self;
}

impl Sized for (u16, serde_json::Value) {
    fn into_size(mut self, size: u64) -> Self {
        self.1["sizeEstimate"] = json!(size);
        self
    }
}

#[tokio::test]
async fn what_is_left_out_is_gone() {
    let options = GmailOptions {
        since: Some(Timestamp::from_seconds(1_770_000_000)),
        leave_out: vec!["L".into()],
        ..options()
    };
    let api = Scripted::by(|request| {
        answer_batch(request, |target| match message_of(target) {
            "spam" => (200, message("spam", b"x", &["SPAM"])),
            "trash" => (200, message("trash", b"x", &["INBOX", "TRASH"])),
            "left" => (200, message("left", b"x", &["L"])),
            "old" => {
                let mut old = message("old", b"x", &["INBOX"]);
                old["internalDate"] = json!("1769999999999");
                (200, old)
            }
            id => (200, message(id, b"x", &["INBOX"])),
        })
    });
    let wanted = ["spam", "trash", "left", "old", "new"].map(wanted);
    let fetched = source_with(&api, options).fetch(&wanted).await;
    let gone: Vec<_> = fetched.into_iter().map(|fetched| fetched.unwrap() == Fetched::Gone).collect();
    assert_eq!(gone, [true, true, true, true, false]);
}

#[tokio::test]
async fn an_id_cannot_break_out_of_its_call() {
    let api = Scripted::by(|request| answer_batch(request, |_| fault(400, "invalidArgument")));
    let fetched = source(&api).fetch(&[wanted("a b\r\n\r\n--=_besunny_batch--?x=/../")]).await;
    assert!(fetched.into_iter().all(|fetched| fetched.is_err()));
    let calls = calls(&api.asked()[0]);
    assert_eq!(calls.len(), 1);
    assert!(calls[0].1.starts_with("/gmail/v1/users/me/messages/a%20b%0D%0A%0D%0A%2D%2D"), "{}", calls[0].1);
}

#[tokio::test]
async fn a_message_that_makes_no_sense_is_an_error_of_its_own() {
    let api = Scripted::by(|request| {
        answer_batch(request, |target| match message_of(target) {
            "no-json" => (200, json!("text")),
            "no-raw" => (200, json!({"id": "x"})),
            _ => (200, json!({"raw": "?"})),
        })
    });
    for fetched in source(&api).fetch(&["no-json", "no-raw", "no-base64"].map(wanted)).await {
        assert_eq!(fetched.unwrap_err().kind(), ErrorKind::Upstream);
    }
}
