//! Google, end to end: from what happens there to what is found here.

use std::time::Duration;

use besunny::{
    Disconnect, ErrorKind, Health, MeetingFilter, NewDocument, PageRequest, ProjectFields, Service,
};
use besunny_fake_google::NewFile;
use besunny_tests::google::{Beside, email, mail};
use serde_json::json;

const ANA: &str = "ana@lumen.example";

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_is_announced_is_in_its_project_and_found() {
    let beside = Beside::new().await;
    let me = beside.user("ana").await;
    let shoot = ProjectFields {
        keywords: vec!["Alfama".into(), "drone permit".into()],
        ..ProjectFields::named("Lisbon shoot")
    };
    let shoot = me.projects().create(shoot).await.expect("creates");
    beside.fake.deliver(ANA, &mail("old", "Before", "this was there before"), &["INBOX"]);
    let linked = beside.link(&me, &[Service::Gmail]).await;
    assert_eq!((linked.account.email.as_str(), linked.missing.len()), (ANA, 0));
    beside.settle().await;
    assert!(beside.finds(&me, "this was there before").await);

    beside.fake.deliver(ANA, &mail("new", "Drone permit", "The drone permit for Alfama is here"), &["INBOX"]);
    assert_eq!(beside.notify().await, [200]);
    beside.work().await;
    let hits = me.search(besunny::SearchRequest::new("drone permit Alfama")).await.expect("searches");
    assert_eq!(hits[0].document.project_id(), Some(shoot.id));

    let health = me.google().health().await.expect("tells");
    assert_eq!((health.len(), health[0].health), (1, Health::Green), "{health:?}");
    assert!(health[0].streams[0].watch_expires_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_14_the_same_notification_twenty_times_at_once_has_one_effect() {
    let beside = Beside::new().await;
    let me = beside.user("ana").await;
    beside.link(&me, &[Service::Gmail]).await;
    beside.settle().await;
    beside.fake.deliver(ANA, &mail("a", "a", "apricots"), &["INBOX"]);
    let pushes = beside.fake.take_pushes(10);
    assert_eq!(pushes.len(), 1);
    let fetched = beside.fake.calls("gmail.users.messages.get");
    let hooks = beside.workspace.google().gmail();
    let posts: Vec<_> = (0..20)
        .map(|_| {
            let (hooks, push) = (hooks.clone(), pushes[0].clone());
            tokio::spawn(async move { hooks.notify(push.headers, push.body.as_bytes()).await })
        })
        .collect();
    for post in posts {
        assert_eq!(post.await.expect("runs").expect("an answer").status, 200);
    }
    beside.work().await;
    assert_eq!(beside.documents(&me, "email").await.len(), 1);
    assert_eq!(beside.fake.calls("gmail.users.messages.get") - fetched, 1);
    // And once more, an hour later: a replay.
    beside.pass(Duration::from_mins(50)).await;
    assert_eq!(beside.hand(&pushes[0]).await.status, 200);
    beside.work().await;
    assert_eq!(beside.documents(&me, "email").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn trashed_spam_and_deleted_mail_disappears_and_comes_back() {
    let beside = Beside::new().await;
    let me = beside.user("ana").await;
    let keep =
        |id: &str, words: &str| beside.fake.deliver(ANA, &mail(id, id, words), &["INBOX"]).expect("delivers");
    let (a, b) = (keep("a", "apricots"), keep("b", "blueberries"));
    beside.link(&me, &[Service::Gmail]).await;
    beside.settle().await;
    assert!(beside.finds(&me, "apricots").await && beside.finds(&me, "blueberries").await);
    beside.fake.trash_mail(ANA, &a);
    beside.fake.delete_mail(ANA, &b);
    beside.settle().await;
    assert!(!beside.finds(&me, "apricots").await && !beside.finds(&me, "blueberries").await);
    beside.fake.untrash_mail(ANA, &a);
    beside.settle().await;
    assert!(beside.finds(&me, "apricots").await);
    beside.fake.relabel(ANA, &a, &["SPAM"], &["INBOX"]);
    beside.settle().await;
    assert!(beside.documents(&me, "email").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_follow_their_edits_names_folders_and_trash() {
    let beside = Beside::new().await;
    let me = beside.user("ana").await;
    let folder = beside.fake.add_folder(ANA, "Shoot", None).expect("a folder");
    let note = NewFile::new("call sheet.txt", "text/plain", b"Crew call at six on the quay").within(&folder);
    let note = beside.fake.add_file(ANA, note).expect("a file");
    let film = NewFile::new("rushes.mov", "video/quicktime", b"\0\0\0\x14ftypqt");
    let film = beside.fake.add_file(ANA, film).expect("a file");
    beside.link(&me, &[Service::Drive]).await;
    beside.settle().await;
    let documents = beside.documents(&me, "drive").await;
    assert_eq!(documents.get(&note).map(String::as_str), Some("call sheet.txt"));
    assert_eq!(documents.get(&film).map(String::as_str), Some("rushes.mov"), "known by its name");
    assert_eq!(documents.len(), 2, "folders are no documents: {documents:?}");
    assert!(beside.finds(&me, "crew call quay").await);

    beside.fake.edit_file(&note, b"Crew call at seven at the lighthouse");
    beside.fake.rename_file(&film, "rushes day one.mov");
    beside.settle().await;
    assert!(beside.finds(&me, "lighthouse").await && !beside.finds(&me, "quay").await);
    assert_eq!(
        beside.documents(&me, "drive").await.get(&film).map(String::as_str),
        Some("rushes day one.mov")
    );

    // What is in a folder goes to the trash with it, and comes back with it.
    beside.fake.trash_file(&folder);
    beside.settle().await;
    assert!(!beside.finds(&me, "lighthouse").await);
    beside.fake.untrash_file(&folder);
    beside.settle().await;
    assert!(beside.finds(&me, "lighthouse").await);
    beside.fake.remove_file(&note);
    beside.settle().await;
    assert!(!beside.finds(&me, "lighthouse").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn meetings_follow_the_calendar() {
    let beside = Beside::new().await;
    let me = beside.user("ana").await;
    let event = |title: &str, start: &str, end: &str| {
        json!({
            "summary": title, "location": "https://meet.google.com/abc-defg-hij",
            "start": {"dateTime": start, "timeZone": "Europe/Lisbon"},
            "end": {"dateTime": end, "timeZone": "Europe/Lisbon"},
        })
    };
    let one = beside
        .fake
        .add_event(ANA, &event("Kick-off", "2026-07-02T10:00:00+01:00", "2026-07-02T11:00:00+01:00"))
        .expect("an event");
    let mut weekly = event("Weekly", "2026-07-03T09:00:00+01:00", "2026-07-03T09:30:00+01:00");
    weekly["recurrence"] = json!(["RRULE:FREQ=WEEKLY;COUNT=3"]);
    beside.fake.add_event(ANA, &weekly).expect("a series");
    beside.link(&me, &[Service::Calendar]).await;
    beside.settle().await;
    let meetings: Vec<String> = beside.meetings(&me).await.into_iter().collect();
    let expected = [
        "2026-07-02T09:00:00Z Kick-off",
        "2026-07-03T08:00:00Z Weekly",
        "2026-07-10T08:00:00Z Weekly",
        "2026-07-17T08:00:00Z Weekly",
    ];
    assert_eq!(meetings, expected);

    let moved = json!({
        "start": {"dateTime": "2026-07-02T15:00:00+01:00"}, "end": {"dateTime": "2026-07-02T16:00:00+01:00"},
    });
    beside.fake.edit_event(ANA, &one, &moved).expect("moves");
    beside.settle().await;
    assert!(beside.meetings(&me).await.contains("2026-07-02T14:00:00Z Kick-off"));
    beside.fake.cancel_event(ANA, &one);
    beside.settle().await;
    assert_eq!(beside.meetings(&me).await.len(), 3);

    // Deleted while the token was worthless: the listing has no sign of it but its absence.
    let page = me.meetings().list(MeetingFilter::default(), PageRequest::default()).await.expect("lists");
    let series = page.items[0].series_id.clone().expect("a series");
    beside.fake.cancel_event(ANA, &series);
    beside.fake.expire_sync_tokens(ANA);
    beside.settle().await;
    beside.pass(Duration::from_hours(2)).await;
    assert!(beside.meetings(&me).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_notifications_polls_find_everything() {
    let beside = Beside::with(Default::default(), |options| {
        if let Some(google) = &mut options.google {
            google.push = None;
            google.webhook_address = None;
        }
    })
    .await;
    let me = beside.user("ana").await;
    beside.link(&me, &[Service::Gmail, Service::Drive]).await;
    beside.work().await;
    beside.fake.deliver(ANA, &mail("a", "a", "apricots"), &["INBOX"]);
    beside.fake.add_file(ANA, NewFile::new("b.txt", "text/plain", b"blueberries"));
    beside.pass(Duration::from_mins(66)).await;
    assert!(beside.finds(&me, "apricots").await && beside.finds(&me, "blueberries").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn disconnecting_takes_out_what_came_from_the_account_and_nothing_else() {
    let beside = Beside::new().await;
    let (me, bob) = (beside.user("ana").await, beside.user("bob").await);
    let own = NewDocument { content: b"My own notes on apricots".to_vec(), ..NewDocument::default() };
    me.documents().ingest(own).await.expect("stores");
    me.mail().ingest(mail("mine", "Mine", "blueberries I had before")).await.expect("stores");
    for name in ["ana", "bob"] {
        beside.fake.deliver(&email(name), &mail("mine", "Mine", "blueberries I had before"), &["INBOX"]);
        beside.fake.deliver(&email(name), &mail("theirs", "Theirs", "cherries from the mailbox"), &["INBOX"]);
    }
    let linked = beside.link(&me, &[Service::Gmail]).await;
    beside.link(&bob, &[Service::Gmail]).await;
    beside.settle().await;
    assert!(beside.finds(&me, "cherries").await);

    let id = linked.account.id;
    let error = bob.google().disconnect(id, Disconnect::Erase).await.expect_err("is another's");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let done = me.google().disconnect(id, Disconnect::Erase).await.expect("disconnects");
    assert!(done.revoked);
    assert!(!beside.finds(&me, "cherries").await);
    assert!(beside.finds(&me, "apricots").await && beside.finds(&me, "blueberries").await);
    assert!(beside.finds(&bob, "cherries").await);
    assert!(me.google().accounts().await.expect("lists").is_empty());
    assert!(beside.fake.mail_watches(ANA).is_empty(), "Google notifies of it no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_account_stops_says_so_and_goes_on_after_a_new_consent() {
    let beside = Beside::new().await;
    let me = beside.user("ana").await;
    beside.link(&me, &[Service::Gmail]).await;
    beside.settle().await;
    beside.fake.revoke(ANA);
    beside.pass(Duration::from_hours(3)).await;
    let health = me.google().health().await.expect("tells");
    assert_eq!((health[0].health, health[0].account.status.as_str()), (Health::Red, "needs_reauth"));
    let calls = beside.fake.token_calls();
    beside.pass(Duration::from_hours(6)).await;
    assert_eq!(beside.fake.token_calls(), calls, "it is left alone");

    beside.fake.deliver(ANA, &mail("a", "a", "apricots"), &["INBOX"]);
    beside.link(&me, &[Service::Gmail]).await;
    beside.settle().await;
    assert!(beside.finds(&me, "apricots").await);
    assert_eq!(me.google().health().await.expect("tells")[0].health, Health::Green);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_of_a_shared_mailbox_finds_its_owners() {
    let beside = Beside::new().await;
    let me = beside.user("ana").await;
    beside.fake.add_account("ai@lumen.example", "Sunny");
    let mut options = besunny::ConsentOptions::default();
    options.login_hint = Some("ai@lumen.example".into());
    let consent = beside.workspace.google().consent(options).await.expect("asks");
    let callback = besunny_tests::google::browse(&consent.url).await;
    beside.workspace.google().finish(callback).await.expect("finishes");
    beside.settle().await;
    let raw = String::from_utf8(mail("v", "For Ana", "apricots for the crew")).expect("text");
    let raw = raw.replace("To: ana@lumen.example", "To: ai+ana@besunny.ai");
    beside.fake.deliver("ai@lumen.example", raw.as_bytes(), &["INBOX"]);
    beside.settle().await;
    assert!(beside.finds(&me, "apricots crew").await);
}
