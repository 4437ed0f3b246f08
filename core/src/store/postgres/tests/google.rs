//! What the front end is shown of accounts, and what an earlier system left of their tokens.

use std::time::Duration;

use besunny_test_postgres::Database;
use sqlx::{Connection, PgConnection, Row};

use super::super::PostgresStore;
use super::existing::{ANA, as_user, migrated, scope};
use crate::base::{AccountId, Scope, UserId};
use crate::domain::{Access, Account, AccountStatus, Sealed, SealedTokens, Store};
use crate::store::behaviour::fixtures::{NOW, user, write};
use crate::store::behaviour::sync_fixtures::{account, link};

/// What the front end shows, without the times of its making.
async fn shown(database: &Database) -> Vec<String> {
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let rows = sqlx::query(
        "SELECT concat_ws(' ', google_user_id, google_email, google_name, scope, expires_at, login_provider,
             access_token, refresh_token) FROM google_credentials ORDER BY user_id",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn put(store: &dyn Store, scope: &Scope, account: &Account) {
    let mut write = write(store, scope).await;
    write.put_account(account).await.unwrap();
    write.commit().await.unwrap();
}

fn tokens(version: u64) -> SealedTokens {
    SealedTokens {
        access: Some(Sealed(vec![1, 2])),
        access_expires_at: Some(NOW),
        refresh: Some(Sealed(vec![3])),
        version,
    }
}

async fn put_tokens(store: &dyn Store, scope: &Scope, id: AccountId, version: u64) {
    let mut work = store.begin(scope, Access::Work).await.unwrap();
    assert!(work.put_tokens(id, &tokens(version), NOW).await.unwrap());
    work.commit().await.unwrap();
}

#[tokio::test]
async fn the_front_end_is_shown_the_account_and_no_token() {
    let database = super::migrated().await;
    for (url, row_level_security) in [(database.url(), false), (database.url_as("authenticator"), true)] {
        let store = PostgresStore::open(&url, row_level_security).await.unwrap();
        let ana = match row_level_security {
            false => user(&store, 1).await,
            true => Scope::user(UserId::from_bytes([1; 16])),
        };
        let mut first = account(1, &ana);
        first.name = Some("Ana".into());
        first.scopes = vec!["email".into(), "openid".into()];
        put(&store, &ana, &first).await;
        assert_eq!(shown(&database).await, ["subject 1 Account1@Example.org Ana email openid f"]);
        put_tokens(&store, &ana, first.id, 0).await;
        let full = "subject 1 Account1@Example.org Ana email openid 2026-02-02 02:40:00 f";
        assert_eq!(shown(&database).await, [full]);

        let mut login = account(2, &ana);
        login.login = true;
        put(&store, &ana, &login).await;
        assert_eq!(
            shown(&database).await,
            ["subject 2 Account2@Example.org  t"],
            "the one they sign in with"
        );
        let mut write = write(&store, &ana).await;
        assert!(write.set_account_status(login.id, AccountStatus::Revoked, None, NOW).await.unwrap());
        write.commit().await.unwrap();
        assert_eq!(shown(&database).await, [full]);
        let mut work = store.begin(&Scope::service(), Access::Work).await.unwrap();
        work.drop_tokens(first.id, NOW).await.unwrap();
        assert!(work.delete_account(login.id, NOW).await.unwrap());
        work.commit().await.unwrap();
        assert_eq!(shown(&database).await, ["subject 1 Account1@Example.org Ana email openid f"]);
        let mut last = store.begin(&ana, Access::Write).await.unwrap();
        assert!(last.delete_account(first.id, NOW).await.unwrap());
        last.commit().await.unwrap();
        assert!(shown(&database).await.is_empty());
        link(&store, &Scope::service(), 3).await;
        assert!(shown(&database).await.is_empty(), "the workspace's own is nobody's");
        let mut service = store.begin(&Scope::service(), Access::Write).await.unwrap();
        assert!(service.delete_account(AccountId::from_bytes([3; 16]), NOW).await.unwrap());
        service.commit().await.unwrap();
    }
}

#[tokio::test]
async fn plain_tokens_are_taken_over_and_blanked_with_the_same_commit() {
    let (database, _connection, store) = migrated().await;
    super::around(
        &database,
        "ALTER TABLE google_credentials ADD COLUMN client_secret text;
         UPDATE google_credentials SET refresh_token = 'r', google_user_id = 'subject 1', google_email = 'a@example.org',
             scope = 'email openid', login_provider = true, client_secret = 'c'",
    )
    .await;
    let service = Scope::service();
    let ana = scope(ANA);
    // Another account of theirs is linked first: the old tokens would seem to be its.
    put(&store, &ana, &account(2, &ana)).await;
    assert_eq!(shown(&database).await, ["subject 1 a@example.org email openid 2025-05-09 10:00:00 t x r"]);

    let mut take = write(&store, &service).await;
    let found = take.plaintext_credentials(9).await.unwrap();
    assert_eq!(found.len(), 1);
    let plain = &found[0];
    assert_eq!(plain.user, ANA.parse().unwrap());
    assert_eq!((plain.access.as_deref(), plain.refresh.as_deref()), (Some("x"), Some("r")));
    assert_eq!((plain.subject.as_deref(), plain.scope.as_deref()), (Some("subject 1"), Some("email openid")));
    assert_eq!(plain.access_expires_at, Some("2025-05-09T10:00:00Z".parse().unwrap()));
    assert!(plain.login);
    let mut taken = account(1, &ana);
    taken.login = true;
    take.put_account(&taken).await.unwrap();
    assert!(take.put_tokens(taken.id, &tokens(0), NOW).await.unwrap());
    assert!(take.plaintext_credentials(9).await.unwrap().is_empty());
    take.clear_plaintext(plain.user).await.unwrap();
    take.commit().await.unwrap();
    assert_eq!(shown(&database).await, ["subject 1 Account1@Example.org  2026-02-02 02:40:00 t"]);
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let secrets = "SELECT count(client_secret) FROM google_credentials";
    assert_eq!(sqlx::query(secrets).fetch_one(&mut connection).await.unwrap().get::<i64, _>(0), 0);
}

#[tokio::test]
async fn tokens_of_nobody_knows_whose_account_are_blanked() {
    let (database, _connection, store) = migrated().await;
    let ana = scope(ANA);
    put(&store, &ana, &account(2, &ana)).await;
    put_tokens(&store, &ana, account(2, &ana).id, 0).await;
    assert_eq!(shown(&database).await, ["2025-05-09 10:00:00 f x"]);
    let mut clear = write(&store, &Scope::service()).await;
    clear.clear_plaintext(ANA.parse().unwrap()).await.unwrap();
    clear.commit().await.unwrap();
    assert_eq!(shown(&database).await, ["subject 2 Account2@Example.org  2026-02-02 02:40:00 f"]);
}

#[tokio::test]
async fn who_disconnects_keeps_their_subscription() {
    let (_database, mut connection, store) = migrated().await;
    let ana = scope(ANA);
    let mut clear = write(&store, &Scope::service()).await;
    clear.clear_plaintext(ANA.parse().unwrap()).await.unwrap();
    clear.commit().await.unwrap();
    put(&store, &ana, &account(2, &ana)).await;
    let mut unlink = write(&store, &ana).await;
    assert!(unlink.delete_account(account(2, &ana).id, NOW).await.unwrap());
    unlink.commit().await.unwrap();
    let left = "SELECT (SELECT count(*) FROM google_credentials)::text || ' ' || count(*) FROM subscriptions";
    assert_eq!(as_user(&mut connection, ANA, left).await.unwrap(), ["0 1"]);
}

#[tokio::test]
async fn browsers_read_their_own_row_and_write_none() {
    let (_database, mut connection, _store) = migrated().await;
    let own = "SELECT access_token FROM google_credentials";
    assert_eq!(as_user(&mut connection, ANA, own).await.unwrap(), ["x"]);
    assert!(as_user(&mut connection, super::existing::BRUNO, own).await.unwrap().is_empty());
    for refused in ["SELECT * FROM besunny.secrets", "SELECT * FROM besunny.google_consents"] {
        assert!(as_user(&mut connection, ANA, refused).await.is_err(), "{refused}");
    }
    let foreign = format!("SELECT besunny.show_account('{ANA}', 's', true)");
    assert!(as_user(&mut connection, super::existing::BRUNO, &foreign).await.is_err());
    let clear = format!("SELECT besunny.clear_plaintext('{ANA}')");
    assert!(as_user(&mut connection, ANA, &clear).await.is_err());
}

#[tokio::test]
async fn what_the_service_says_of_an_account_waits_for_its_owners_turn() {
    let database = super::migrated().await;
    let store = std::sync::Arc::new(PostgresStore::open(&database.url(), false).await.unwrap());
    let ana = user(&*store, 1).await;
    let linked = link(&*store, &ana, 1).await;
    let held = write(&*store, &ana).await;
    let (other, id) = (std::sync::Arc::clone(&store), linked.id);
    let waiting = tokio::spawn(async move {
        let mut work = other.begin(&Scope::service(), Access::Work).await.unwrap();
        let news = work.set_account_status(id, AccountStatus::NeedsReauth, None, NOW).await.unwrap();
        work.commit().await.unwrap();
        news
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    held.commit().await.unwrap();
    assert!(waiting.await.unwrap());
}
