//! Events and subscriptions, end to end from Rust.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use besunny::{
    CancelToken, ChangeKind, Error, ErrorKind, HandleOptions, NewDocument, OnFailure, ProjectFields, Start,
    SubscribeOptions, UserHandle, Workspace,
};
use besunny_tests::lexical_workspace;

/// Generous: it only ends a test that would otherwise hang.
const LIMIT: Duration = Duration::from_secs(60);

async fn user(workspace: &Workspace, name: &str) -> UserHandle {
    workspace.users().create(name, None).await.unwrap();
    workspace.user(name).await.unwrap()
}

async fn note(me: &UserHandle, text: &str) {
    let document = NewDocument { content: text.as_bytes().to_vec(), ..NewDocument::default() };
    me.documents().ingest(document).await.unwrap();
}

/// Options that end the iteration as soon as nothing is left.
fn what_is_there() -> SubscribeOptions {
    let mut options = SubscribeOptions::default();
    options.timeout = Some(Duration::ZERO);
    options
}

async fn positions(me: &UserHandle, name: &str, options: SubscribeOptions) -> Vec<u64> {
    let mut events = me.events().subscribe(name, options).await.unwrap();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await.unwrap() {
        seen.push(event.position);
    }
    seen
}

#[tokio::test]
async fn events_say_what_happened_in_order() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    let shoot = ana.projects().create(ProjectFields::named("Lisbon shoot")).await.unwrap();
    let permit = NewDocument { content: b"permit".to_vec(), ..NewDocument::default() };
    let id = ana.documents().ingest(permit).await.unwrap().document.id;
    ana.documents().assign(id, Some(shoot.id)).await.unwrap();
    ana.documents().delete(id).await.unwrap();
    let events = ana.events().read(0, &[], 100).await.unwrap();
    let seen: Vec<_> =
        events.iter().map(|event| (event.kind.as_str(), event.document_id, event.project_id)).collect();
    assert_eq!(
        seen,
        [
            ("project.created", None, Some(shoot.id)),
            ("document.stored", Some(id), None),
            ("document.assigned", Some(id), Some(shoot.id)),
            ("document.corrected", Some(id), Some(shoot.id)),
            ("document.deleted", Some(id), None),
        ]
    );
    assert!(events.iter().all(|event| event.version == 1));
    let corrected = ana.events().read(events[1].position, &[ChangeKind::DocumentCorrected], 1).await.unwrap();
    assert_eq!(corrected, [events[3].clone()]);
    assert!(ana.events().read(u64::MAX, &[], 1).await.unwrap().is_empty());
    for limit in [0, 1001] {
        let refused = ana.events().read(0, &[], limit).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    }
}

#[tokio::test]
async fn a_subscriber_goes_on_where_it_stopped() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    for text in ["one", "two", "three"] {
        note(&ana, text).await;
    }
    let all = positions(&ana, "first", what_is_there()).await;
    assert_eq!(all.len(), 3);
    assert!(positions(&ana, "first", what_is_there()).await.is_empty(), "all were moved past");

    // Dropped on the second: nothing was acknowledged but by asking for more.
    let mut dropped = ana.events().subscribe("second", what_is_there()).await.unwrap();
    dropped.next().await.unwrap();
    dropped.next().await.unwrap();
    drop(dropped);
    assert_eq!(positions(&ana, "second", what_is_there()).await, all);

    // Closed on the second: the first was moved past.
    let mut closed = ana.events().subscribe("third", what_is_there()).await.unwrap();
    closed.next().await.unwrap();
    closed.next().await.unwrap();
    closed.close().await.unwrap();
    assert_eq!(positions(&ana, "third", what_is_there()).await, all[1..]);
}

#[tokio::test]
async fn without_auto_ack_only_what_was_acknowledged_is_done() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    for text in ["one", "two", "three"] {
        note(&ana, text).await;
    }
    let mut options = what_is_there();
    options.auto_ack = false;
    let mut events = ana.events().subscribe("mailer", options.clone()).await.unwrap();
    let batch = events.next_batch().await.unwrap();
    assert_eq!(batch.len(), 3);
    assert!(events.next_batch().await.unwrap().is_empty());
    events.ack(batch[1].position).await.unwrap();
    let beyond = events.ack(batch[2].position + 1).await.unwrap_err();
    assert_eq!(beyond.kind(), ErrorKind::InvalidInput);
    events.close().await.unwrap();
    assert_eq!(positions(&ana, "mailer", options).await, [batch[2].position]);
    assert_eq!(ana.events().cursors().await.unwrap()[0].lag, 1);
}

#[tokio::test]
async fn a_cursor_from_now_begins_with_the_subscription() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    note(&ana, "before").await;
    let mut options = what_is_there();
    options.start = Start::Now;
    drop(ana.events().subscribe("mailer", options.clone()).await.unwrap());
    note(&ana, "after").await;
    assert_eq!(positions(&ana, "mailer", options.clone()).await.len(), 1, "although it had stopped");
    assert!(ana.events().delete_cursor("mailer").await.unwrap());
    assert!(!ana.events().delete_cursor("mailer").await.unwrap());
    assert!(positions(&ana, "mailer", options).await.is_empty());
}

#[tokio::test]
async fn two_subscribers_of_a_name_leave_no_event_out() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    for number in 0..20 {
        note(&ana, &format!("note {number}")).await;
    }
    let mut options = what_is_there();
    options.batch = 3;
    let mut one = ana.events().subscribe("mailer", options.clone()).await.unwrap();
    let mut two = ana.events().subscribe("mailer", options).await.unwrap();
    let mut seen = Vec::new();
    seen.push(two.next().await.unwrap().expect("there are twenty").position);
    for events in [&mut one, &mut two] {
        while let Some(event) = events.next().await.unwrap() {
            seen.push(event.position);
        }
    }
    assert_eq!(seen.len(), 23, "the batch that both had read, and no other, came twice");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 20);
}

#[tokio::test]
async fn the_next_event_is_waited_for_and_ends_come_through() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    let mut live = ana.events().live(SubscribeOptions::default()).await.unwrap();
    let (event, ()) = tokio::join!(live.next(), note(&ana, "fresh"));
    assert_eq!(event.unwrap().unwrap().kind, ChangeKind::DocumentStored);
    assert_eq!(live.ack(1).await.unwrap_err().kind(), ErrorKind::InvalidInput);

    let stopper = live.stopper();
    let (event, ()) = tokio::join!(live.next(), async { stopper.stop() });
    assert!(event.unwrap().is_none() && live.is_ended());

    let mut waiting = ana.events().live(SubscribeOptions::default()).await.unwrap();
    let task = tokio::spawn(async move { (waiting.next().await, waiting.next().await) });
    tokio::task::yield_now().await;
    workspace.close().await.unwrap();
    let (first, again) = tokio::time::timeout(LIMIT, task).await.expect("ends").unwrap();
    assert!(first.unwrap().is_none() && again.unwrap().is_none());
    let refused = ana.events().live(SubscribeOptions::default()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_timeout_ends_the_iteration_but_not_the_subscription() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    let mut options = SubscribeOptions::default();
    options.timeout = Some(Duration::from_millis(20));
    let mut events = ana.events().subscribe("mailer", options).await.unwrap();
    assert!(events.next().await.unwrap().is_none() && !events.is_ended());
    note(&ana, "late").await;
    assert!(events.next().await.unwrap().is_some());
}

#[tokio::test]
async fn subscribers_see_their_kinds_and_their_own_events_only() {
    let (_folder, workspace) = lexical_workspace().await;
    let (ana, joao) = (user(&workspace, "ana").await, user(&workspace, "joao").await);
    note(&ana, "hers").await;
    note(&joao, "his").await;
    let project = joao.projects().create(ProjectFields::named("Lisbon shoot")).await.unwrap();
    let mut options = what_is_there();
    options.kinds = vec![ChangeKind::ProjectCreated];
    let mut events = joao.events().subscribe("mailer", options).await.unwrap();
    let batch = events.next_batch().await.unwrap();
    assert_eq!(batch.iter().map(|event| event.project_id).collect::<Vec<_>>(), [Some(project.id)]);
    assert!(ana.events().cursors().await.unwrap().is_empty());
    assert_eq!(positions(&ana, "mailer", what_is_there()).await.len(), 1);
}

#[tokio::test]
async fn a_slow_subscriber_holds_up_nobody() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    note(&ana, "first").await;
    // More of them than the store has connections, each in the middle of a batch.
    let mut slow = Vec::new();
    for number in 0..20 {
        let mut events = ana.events().subscribe(&format!("slow {number}"), what_is_there()).await.unwrap();
        assert!(events.next().await.unwrap().is_some());
        slow.push(events);
    }
    note(&ana, "second").await;
    assert_eq!(positions(&ana, "quick", what_is_there()).await.len(), 2);
    assert!(slow.iter().all(|events| !events.is_ended()));
}

#[tokio::test]
async fn a_handler_is_retried_and_then_stops_or_skips() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    for text in ["one", "two"] {
        note(&ana, text).await;
    }
    let mut options = HandleOptions::default();
    options.subscribe = what_is_there();
    options.attempts = 3;
    options.backoff = Duration::from_millis(1);
    let first = ana.events().read(0, &[], 1).await.unwrap()[0].position;
    let calls = AtomicU32::new(0);
    let refuse_first = async |event: besunny::Event| {
        calls.fetch_add(1, Ordering::Relaxed);
        match event.position == first {
            true => Err(Error::new(ErrorKind::Io, "mailer.send", "the line is down")),
            false => Ok(()),
        }
    };
    let stopped = ana.events().handle("mailer", options.clone(), refuse_first).await.unwrap_err();
    assert_eq!((stopped.kind(), calls.swap(0, Ordering::Relaxed)), (ErrorKind::Io, 3));

    options.on_failure = OnFailure::Skip;
    let report = ana.events().handle("mailer", options.clone(), refuse_first).await.unwrap();
    assert_eq!((report.handled, report.skipped, calls.load(Ordering::Relaxed)), (1, 1, 4));
    assert_eq!(report.failures[0].event.position, first);
    assert_eq!(report.failures[0].error.operation(), "mailer.send");
    let report = ana.events().handle("mailer", options, refuse_first).await.unwrap();
    assert_eq!((report.handled, report.skipped), (0, 0), "everything is acknowledged");
}

#[tokio::test]
async fn a_handler_is_stopped_between_two_events_and_while_it_waits() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    for text in ["one", "two"] {
        note(&ana, text).await;
    }
    let mut options = HandleOptions::default();
    let stop = options.stop.clone();
    let raise = async |_: besunny::Event| {
        stop.cancel();
        Ok(())
    };
    let report = ana.events().handle("mailer", options.clone(), raise).await.unwrap();
    assert_eq!(report.handled, 1);
    let report = ana.events().handle("mailer", options.clone(), raise).await.unwrap();
    assert_eq!(report.handled, 0, "what was stopped before does not begin");

    options.stop = CancelToken::new();
    options.subscribe.kinds = vec![ChangeKind::ProjectCreated];
    let events = ana.events();
    let (waiting, ()) = tokio::join!(events.handle("mailer", options.clone(), raise), async {
        tokio::task::yield_now().await;
        options.stop.cancel();
    });
    assert_eq!(waiting.unwrap().handled, 0);
}

#[tokio::test]
async fn closing_ends_a_handler_that_never_returns() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    note(&ana, "one").await;
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let events = ana.events();
    let handling = events.handle("mailer", HandleOptions::default(), |_| {
        begun.send(()).expect("somebody listens");
        std::future::pending()
    });
    let (report, ()) = tokio::join!(handling, async {
        has_begun.recv().await.expect("it begins");
        workspace.close().await.expect("closes");
    });
    assert_eq!(report.unwrap().handled, 0);
}

#[tokio::test]
async fn cursors_move_forward_within_the_log() {
    let (_folder, workspace) = lexical_workspace().await;
    let ana = user(&workspace, "ana").await;
    for text in ["one", "two"] {
        note(&ana, text).await;
    }
    let last = ana.events().read(0, &[], 10).await.unwrap()[1].position;
    assert_eq!(ana.events().ack("mailer", last).await.unwrap(), last);
    assert_eq!(ana.events().ack("mailer", 1).await.unwrap(), last);
    for (name, position) in [("mailer", last + 1), ("", last), ("a\nb", last)] {
        let refused = ana.events().ack(name, position).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{name:?} {position}");
    }
}
