//! Runs: what they read, what moves the cursor, what fails, and when the next is due.

use std::time::Duration;

use super::fixture::{Fixture, START};
use crate::base::{AccountId, Clock, ErrorKind};
use crate::domain::{Access, AccountStatus, ChannelState};
use crate::sync::engine::Trigger;
use crate::sync::notes::Notes;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_lists_everything_and_later_ones_only_what_changed() {
    let fixture = Fixture::new().await;
    for number in 0..10 {
        fixture.source.deliver(&format!("m{number}"), &["INBOX"]);
    }
    let report = fixture.run(Trigger::Poll).await;
    assert!(report.snapshot && report.error.is_none(), "{report:?}");
    assert_eq!((report.stored, fixture.objects().await.len()), (10, 10));

    fixture.source.relabel("m3", &["STARRED"], &["INBOX"]);
    fixture.source.delete("m4");
    fixture.source.deliver("m99", &[]);
    let snapshots = fixture.source.calls("snapshot");
    let report = fixture.run(Trigger::Hint).await;
    assert_eq!((report.stored, report.removed, report.snapshot), (1, 1, false));
    assert_eq!(fixture.source.calls("snapshot"), snapshots);
    assert_eq!(fixture.objects().await, fixture.source.world().objects);
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_02_what_becomes_visible_late_is_read_from_the_stored_cursor() {
    let fixture = Fixture::new().await;
    fixture.run(Trigger::Poll).await;
    fixture.source.world().late = Duration::from_millis(500);
    fixture.source.deliver("m1", &[]);
    fixture.source.deliver("m2", &[]);
    // Two notifications come before either is visible, and the source names a cursor beyond both.
    for _ in 0..2 {
        fixture.hint().await;
        fixture.run(Trigger::Hint).await;
    }
    assert!(fixture.objects().await.is_empty());
    fixture.pass(Duration::from_secs(1));
    fixture.run(Trigger::Poll).await;
    assert_eq!(fixture.objects().await.len(), 2);
    assert_eq!(fixture.source.calls("fetch"), 1, "each is fetched once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_taken_over_when_it_is_old_enough() {
    let fixture = Fixture::new().await;
    fixture.run(Trigger::Poll).await;
    let first = fixture.stream().await.cursor;
    fixture.source.deliver("m1", &[]);
    fixture.run(Trigger::Poll).await;
    assert_eq!(fixture.stream().await.cursor, first);
    fixture.pass(Duration::from_secs(61));
    fixture.run(Trigger::Poll).await;
    assert_ne!(fixture.stream().await.cursor, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_04_an_expired_cursor_leads_to_one_listing_and_nothing_twice() {
    let fixture = Fixture::new().await;
    for number in 0..7 {
        fixture.source.deliver(&format!("m{number}"), &["INBOX"]);
    }
    fixture.run(Trigger::Poll).await;
    fixture.source.delete("m2");
    fixture.source.relabel("m3", &[], &["INBOX"]);
    fixture.source.deliver("m8", &[]);
    fixture.source.world().refusing = 1;
    let report = fixture.run(Trigger::Hint).await;
    assert!(report.snapshot && report.error.is_none(), "{report:?}");
    assert_eq!(fixture.objects().await, fixture.source.world().objects);
    // 7 known ones are looked at for their labels, 1 new: no more than 2 calls of 4.
    assert_eq!(fixture.source.calls("fetch"), 2 + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_11_a_source_that_refuses_its_own_cursors_is_left_alone_and_reported() {
    let fixture = Fixture::new().await;
    fixture.run(Trigger::Poll).await;
    fixture.source.world().refusing = u32::MAX;
    for _ in 0..20 {
        fixture.pass(Duration::from_mins(5));
        let report = fixture.run(Trigger::Poll).await;
        assert_eq!(report.error.map(|error| error.kind()), Some(ErrorKind::Upstream));
    }
    assert!(fixture.source.calls("snapshot") <= 4, "{}", fixture.source.calls("snapshot"));
    assert_eq!(fixture.health().await.health, crate::sync::Health::Red);
    fixture.source.world().refusing = 0;
    fixture.source.deliver("m1", &[]);
    fixture.pass(Duration::from_hours(25));
    fixture.run(Trigger::Poll).await;
    assert_eq!(fixture.objects().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_fails_stops_no_other_and_is_set_aside_with_the_reason() {
    let fixture = Fixture::new().await;
    for number in 0..6 {
        fixture.source.deliver(&format!("m{number}"), &[]);
    }
    fixture.source.world().poison.insert("m2".into(), u32::MAX);
    fixture.run(Trigger::Poll).await;
    assert_eq!(fixture.objects().await.len(), 5);
    for _ in 0..6 {
        fixture.pass(Duration::from_hours(1));
        fixture.run(Trigger::Poll).await;
    }
    let aside = fixture.aside().await;
    assert_eq!(aside.len(), 1);
    assert_eq!((aside[0].id.as_str(), aside[0].error_code.as_deref()), ("m2", Some("upstream")));
    let tries = fixture.source.calls("fetch");
    fixture.pass(Duration::from_hours(1));
    fixture.run(Trigger::Poll).await;
    assert_eq!(fixture.source.calls("fetch"), tries, "it is not tried each time");

    fixture.source.world().poison.clear();
    fixture.pass(Duration::from_hours(25));
    fixture.run(Trigger::Poll).await;
    assert_eq!((fixture.objects().await.len(), fixture.aside().await.len()), (6, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_during_a_run_is_looked_at_before_it_ends() {
    let fixture = Fixture::new().await;
    fixture.run(Trigger::Poll).await;
    fixture.hint().await;
    fixture.hint().await;
    let before = fixture.source.calls("changes");
    fixture.run(Trigger::Hint).await;
    assert_eq!(fixture.source.calls("changes"), before + 1, "both were heard before it began");
    let notes = Notes::read(&fixture.stream().await.state);
    assert_eq!(notes.hints_seen, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_used_is_not_asked() {
    let fixture = Fixture::new().await;
    fixture.run(Trigger::Poll).await;
    let mut write = fixture.store.begin(&fixture.scope, Access::Write).await.expect("begins");
    let status = AccountStatus::NeedsReauth;
    write.set_account_status(fixture.key.account, status, Some("revoked"), START).await.expect("sets");
    write.commit().await.expect("commits");
    let calls = fixture.source.calls("changes");
    fixture.run(Trigger::Hint).await;
    assert_eq!(fixture.source.calls("changes"), calls);
    assert_eq!(fixture.stream().await.next_at, None);
    assert_eq!(fixture.health().await.health, crate::sync::Health::Red);
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_06_a_channel_is_renewed_under_a_new_name_before_it_ends() {
    let fixture = Fixture::new().await;
    fixture.run(Trigger::Poll).await;
    let first = fixture.channels().await;
    assert_eq!((first.len(), first[0].state), (1, ChannelState::Active));
    for half_day in 1..=26 {
        fixture.pass(Duration::from_hours(12));
        fixture.run(Trigger::Poll).await;
        let now = fixture.clock.now();
        let active = fixture.channels().await;
        let lives =
            active.iter().any(|channel| channel.state == ChannelState::Active && channel.expires_at > now);
        assert!(lives, "half day {half_day}");
    }
    let asked = fixture.source.world().watches.clone();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert_eq!(fixture.source.world().stopped, asked[..2], "each was stopped by the name of its resource");
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_05_a_channel_that_cannot_be_renewed_turns_red_before_it_ends_and_polls_go_on() {
    let fixture = Fixture::new().await;
    fixture.run(Trigger::Poll).await;
    fixture.source.world().watch_refused = true;
    let ends = fixture.channels().await[0].expires_at;
    let mut red_before_end = false;
    while fixture.clock.now() < ends.after(Duration::from_hours(3)) {
        fixture.pass(Duration::from_hours(1));
        fixture.run(Trigger::Poll).await;
        let health = fixture.health().await.health;
        if fixture.clock.now() < ends && health == crate::sync::Health::Red {
            red_before_end = true;
        }
    }
    assert!(red_before_end);
    fixture.source.deliver("m1", &[]);
    fixture.run(Trigger::Poll).await;
    assert_eq!(fixture.objects().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_no_channel_announced_makes_it_suspect_and_renews_it() {
    let fixture = Fixture::new().await;
    fixture.run(Trigger::Poll).await;
    fixture.pass(Duration::from_hours(2));
    fixture.source.deliver("m1", &[]);
    fixture.run(Trigger::Poll).await;
    assert_eq!(fixture.source.world().watches.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_there_is_an_error() {
    let fixture = Fixture::new().await;
    let mut key = fixture.key.clone();
    key.account = AccountId::from_bytes([9; 16]);
    let options = crate::sync::RunOptions {
        trigger: Trigger::Poll,
        cancel: crate::base::CancelToken::new(),
        progress: None,
    };
    let error = fixture.engine.run(&fixture.scope, &key, &options).await.expect_err("is not there");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
