//! Refreshing: once, whoever asks, and never in vain twice.

use std::sync::Arc;
use std::time::Duration;

use besunny_fake_google::{Client, Fault, FaultKind, When};
use tokio::time::timeout;

use crate::base::{ErrorKind, Secret};
use crate::domain::AccountStatus;
use crate::google::oauth::AccessToken;
use crate::google::testing::{ANA, Fixture, REDIRECT};

fn fault(fixture: &Fixture, kind: FaultKind, when: When) {
    fixture.fake.fault(Fault::new(kind, "oauth.token", when));
}

fn invalid_grant() -> FaultKind {
    FaultKind::InvalidGrant { description: Some("Token has been expired or revoked.".into()), subtype: None }
}

#[tokio::test]
async fn a_token_is_used_as_long_as_it_is_good() {
    let fixture = Fixture::new().await;
    let (google, other) = (fixture.google(), fixture.google());
    let account = fixture.linked(&google).await;
    let first = google.tokens.access(&account).await.expect("a token");
    assert_eq!(other.tokens.access(&account).await.expect("a token").secret.expose(), first.secret.expose());
    assert_eq!(fixture.fake.token_calls().refreshes, 0);
    // 225 seconds before its end at the latest, and up to a minute earlier.
    fixture.advance(3_600 - 300);
    assert_eq!(google.tokens.access(&account).await.expect("a token").secret.expose(), first.secret.expose());
    fixture.advance(80);
    assert_ne!(google.tokens.access(&account).await.expect("a token").secret.expose(), first.secret.expose());
    assert_eq!(fixture.fake.token_calls().refreshes, 1);
    assert!(fixture.account(&account).await.access_expires_at > account.access_expires_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_20_a_stampede_of_two_processes_makes_one_call() {
    let fixture = Fixture::new().await;
    let processes = [fixture.google(), fixture.google()];
    let account = fixture.linked(&processes[0]).await;
    fixture.advance(3_600);
    fault(&fixture, FaultKind::Delay { millis: 400 }, When::Always);
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let (google, account) = (Arc::clone(&processes[number % 2]), account.clone());
            tokio::spawn(
                async move { google.tokens.access(&account).await.map(|t| t.secret.expose().to_owned()) },
            )
        })
        .collect();
    let mut tokens = Vec::new();
    for task in tasks {
        tokens.push(task.await.expect("a task").expect("a token"));
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(fixture.fake.token_calls().refreshes, 1);
}

#[tokio::test]
async fn trap_20_a_failed_refresh_is_tried_thrice_and_frees_the_slot() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let account = fixture.linked(&google).await;
    fixture.advance(3_600);
    fault(&fixture, FaultKind::Unavailable { status: 503, html: true }, When::Next(3));
    let error = google.tokens.access(&account).await.expect_err("it is down");
    assert_eq!(error.kind(), ErrorKind::Upstream);
    assert_eq!(fixture.fake.token_calls().refreshes, 3);
    // In the same process, and in another: nobody waits for a turn that was not given back.
    assert!(fixture.google().tokens.access(&account).await.is_ok());
    assert!(google.tokens.access(&account).await.is_ok());
    assert_eq!(fixture.account(&account).await.status, AccountStatus::Active);
}

#[tokio::test]
async fn an_old_token_is_used_up_while_there_is_no_new_one() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let account = fixture.linked(&google).await;
    let first = google.tokens.access(&account).await.expect("a token");
    fixture.advance(3_600 - 60);
    fault(&fixture, FaultKind::Reset, When::Next(3));
    assert_eq!(
        google.tokens.access(&account).await.expect("the old one").secret.expose(),
        first.secret.expose()
    );
}

#[tokio::test]
async fn trap_20_who_gives_up_frees_the_turn() {
    let fixture = Fixture::new().await;
    let (google, other) = (fixture.google(), fixture.google());
    let account = fixture.linked(&google).await;
    fixture.advance(3_600);
    fault(&fixture, FaultKind::Delay { millis: 600 }, When::Next(1));
    assert!(timeout(Duration::from_millis(150), google.tokens.access(&account)).await.is_err());
    assert!(other.tokens.access(&account).await.is_ok());
    assert!(google.tokens.access(&account).await.is_ok());
}

#[tokio::test]
async fn trap_21_a_dead_grant_is_asked_for_once_and_then_left_alone() {
    let fixture = Fixture::new().await;
    let testing = Client {
        client_id: "testing".into(),
        client_secret: "s".into(),
        project: "p".into(),
        redirect_uris: vec![REDIRECT.into()],
        is_testing: true,
    };
    fixture.fake.add_client(testing);
    fixture.change(|options| {
        options.client_id = "testing".into();
        options.client_secret = "s".into();
    });
    let (google, other) = (fixture.google(), fixture.google());
    let account = fixture.linked(&google).await;
    fixture.advance(7 * 24 * 3_600);
    for _ in 0..3 {
        let error = google.tokens.access(&account).await.expect_err("dead");
        assert_eq!(error.kind(), ErrorKind::NeedsReauth);
        assert!(error.to_string().contains("expired or revoked"), "{error}");
        assert_eq!(other.tokens.access(&account).await.expect_err("dead").kind(), ErrorKind::NeedsReauth);
    }
    assert_eq!(fixture.fake.token_calls().refreshes, 1);
    let stored = fixture.account(&account).await;
    assert_eq!(stored.status, AccountStatus::NeedsReauth);
    assert_eq!(stored.status_reason.as_deref(), Some("invalid_grant: Token has been expired or revoked."));
    // Its owner consents again, and all is well.
    fixture.linked(&google).await;
    assert!(google.tokens.access(&account).await.is_ok() && other.tokens.access(&account).await.is_ok());
    let stored = fixture.account(&account).await;
    assert_eq!((stored.status, stored.status_reason), (AccountStatus::Active, None));
}

#[tokio::test]
async fn a_demand_to_sign_in_again_is_told_in_googles_words() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let account = fixture.linked(&google).await;
    fixture.advance(3_600);
    let kind = FaultKind::InvalidGrant {
        description: Some("Bad Request".into()),
        subtype: Some("invalid_rapt".into()),
    };
    fault(&fixture, kind, When::Next(1));
    let error = google.tokens.access(&account).await.expect_err("dead");
    assert!(error.to_string().contains("invalid_grant: Bad Request (invalid_rapt)"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_20_invalid_grant_of_an_old_token_does_not_kill_an_account_that_was_linked_anew() {
    let fixture = Fixture::new().await;
    let (google, other) = (fixture.google(), fixture.google());
    let account = fixture.linked(&google).await;
    fixture.advance(3_600);
    fixture.fake.fault(Fault::new(FaultKind::Delay { millis: 500 }, "oauth.token", When::Next(1)).of(ANA));
    fixture.fake.fault(Fault::new(invalid_grant(), "oauth.token", When::Next(1)).of(ANA));
    let refreshing = {
        let (google, account) = (Arc::clone(&google), account.clone());
        tokio::spawn(async move { google.tokens.access(&account).await })
    };
    tokio::time::sleep(Duration::from_millis(150)).await;
    fixture.linked(&other).await;
    let token = refreshing.await.expect("a task").expect("the new token");
    assert_eq!(token.secret.expose(), other.tokens.access(&account).await.expect("a token").secret.expose());
    assert_eq!(fixture.account(&account).await.status, AccountStatus::Active);
}

#[tokio::test]
async fn a_wrong_client_is_nobodys_fault() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let account = fixture.linked(&google).await;
    fixture.advance(3_600);
    fault(&fixture, FaultKind::InvalidClient, When::Next(1));
    assert_eq!(google.tokens.access(&account).await.expect_err("refused").kind(), ErrorKind::NotConfigured);
    assert_eq!(fixture.account(&account).await.status, AccountStatus::Active);
    assert_eq!(fixture.fake.token_calls().refreshes, 1);
    assert!(google.tokens.access(&account).await.is_ok());
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_by_whoever_comes_first() {
    let fixture = Fixture::new().await;
    let (google, other) = (fixture.google(), fixture.google());
    let account = fixture.linked(&google).await;
    let stale = google.tokens.access(&account).await.expect("a token");
    let fresh = google.tokens.refresh_now(&account, &stale).await.expect("another");
    assert_ne!(fresh.secret.expose(), stale.secret.expose());
    // Somebody else had the same stale token, and finds the new one.
    assert_eq!(
        other.tokens.refresh_now(&account, &stale).await.expect("it").secret.expose(),
        fresh.secret.expose()
    );
    assert_eq!(
        google.tokens.refresh_now(&account, &stale).await.expect("it").secret.expose(),
        fresh.secret.expose()
    );
    assert_eq!(fixture.fake.token_calls().refreshes, 1);
    let nonsense = AccessToken { secret: Secret::from("x"), expires_at: fresh.expires_at };
    assert_eq!(
        other.tokens.refresh_now(&account, &nonsense).await.expect("it").secret.expose(),
        fresh.secret.expose()
    );
}
