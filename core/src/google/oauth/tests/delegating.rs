//! Service accounts.

use std::sync::Arc;

use crate::base::{AccountId, Clock, ErrorKind, Secret, TenantId, Timestamp};
use crate::domain::Service;
use crate::domain::{Access, Account, AccountKind, AccountStatus};
use crate::google::oauth::scope_of;
use crate::google::testing::{ANA, Fixture};

const GMAIL: &str = scope_of(Service::Gmail, true);

async fn delegated(fixture: &Fixture, number: u8, email: &str, scopes: &[&str]) -> Account {
    let id = AccountId::from_bytes([number; 16]);
    let now = fixture.clock.now();
    let mut account =
        Account::new(id, TenantId::SYSTEM, AccountKind::Delegated, format!("d{number}"), email.into(), now);
    account.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let mut write = fixture.store.begin(&crate::base::Scope::service(), Access::Write).await.expect("begins");
    let account = write.put_account(&account).await.expect("writes");
    write.commit().await.expect("commits");
    account
}

fn with_robot(fixture: &Fixture, delegated: &[&str]) {
    let key = fixture.fake.add_service_account("robot", "fake-project", delegated);
    fixture.change(|options| options.service_account = Some(Secret::from(key.to_string())));
}

#[tokio::test]
async fn one_token_for_each_user_and_set_of_scopes() {
    let fixture = Fixture::new().await;
    with_robot(&fixture, &[GMAIL]);
    fixture.fake.add_account("bo@lumen.example", "Bo");
    let google = fixture.google();
    let (ana, bo) = (
        delegated(&fixture, 1, ANA, &[GMAIL]).await,
        delegated(&fixture, 2, "bo@lumen.example", &[GMAIL]).await,
    );
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (google, ana) = (Arc::clone(&google), ana.clone());
            tokio::spawn(async move {
                google.tokens.access(&ana).await.map(|token| token.secret.expose().to_owned())
            })
        })
        .collect();
    for task in tasks {
        assert!(task.await.expect("a task").is_ok());
    }
    assert_eq!(fixture.fake.token_calls().assertions, 1);
    let (of_ana, of_bo) = (
        google.tokens.access(&ana).await.expect("a token"),
        google.tokens.access(&bo).await.expect("a token"),
    );
    assert_ne!(of_ana.secret.expose(), of_bo.secret.expose());
    assert_eq!(fixture.fake.token_calls().assertions, 2);
    google.tokens.refresh_now(&ana, &of_ana).await.expect("another");
    fixture.advance(3_600);
    google.tokens.access(&bo).await.expect("another");
    assert_eq!(fixture.fake.token_calls().assertions, 4);
    // Nothing of them is stored.
    assert_eq!(fixture.tokens(&ana).await.access, None);
}

#[tokio::test]
async fn what_is_not_delegated_is_explained_and_no_accounts_fault() {
    let fixture = Fixture::new().await;
    with_robot(&fixture, &[GMAIL]);
    let google = fixture.google();
    let ana = delegated(&fixture, 1, ANA, &[GMAIL, scope_of(Service::Drive, true)]).await;
    let error = google.tokens.access(&ana).await.expect_err("not delegated");
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(
        error.to_string().contains("drive.readonly") && error.to_string().contains("client_id: 1"),
        "{error}"
    );
    assert_eq!(fixture.account(&ana).await.status, AccountStatus::Active);
}

#[tokio::test]
async fn a_user_who_is_not_there_is_not_asked_for_again() {
    let fixture = Fixture::new().await;
    with_robot(&fixture, &[GMAIL]);
    let google = fixture.google();
    let nobody = delegated(&fixture, 1, "nobody@lumen.example", &[GMAIL]).await;
    for _ in 0..2 {
        assert_eq!(google.tokens.access(&nobody).await.expect_err("nobody").kind(), ErrorKind::NeedsReauth);
    }
    assert_eq!(fixture.fake.token_calls().assertions, 1);
    assert_eq!(fixture.account(&nobody).await.status, AccountStatus::NeedsReauth);
}

#[tokio::test]
async fn a_wrong_clock_and_a_missing_key_are_named() {
    let fixture = Fixture::new().await;
    let ana = delegated(&fixture, 1, ANA, &[GMAIL]).await;
    let error = fixture.google().tokens.access(&ana).await.expect_err("no key");
    assert_eq!(error.kind(), ErrorKind::NotConfigured);
    with_robot(&fixture, &[GMAIL]);
    let late = Timestamp::from_micros((fixture.fake.now() + 7_200_000) * 1_000);
    fixture.clock.set(late);
    let error = fixture.google().tokens.access(&ana).await.expect_err("late");
    assert_eq!(error.kind(), ErrorKind::NotConfigured);
    assert!(error.to_string().contains("clock"), "{error}");
}
