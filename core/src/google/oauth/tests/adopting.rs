//! What an earlier system left in plain text, on Postgres.

use std::sync::Arc;

use besunny_test_postgres::server;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::base::{Clock, Scope, UserId};
use crate::domain::Service;
use crate::domain::{Access, Store, User};
use crate::google::oauth::{can_read, scope_of};
use crate::google::testing::{ANA, Fixture};
use crate::store::postgres::PostgresStore;

#[tokio::test]
async fn plain_tokens_become_accounts_and_are_gone() {
    let fixture = Fixture::new().await;
    let database = server().database(None);
    let store: Arc<dyn Store> = Arc::new(PostgresStore::open(&database.url(), false).await.expect("opens"));
    let users = [UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16])];
    let mut write = store.begin(&Scope::service(), Access::Write).await.expect("begins");
    for (id, name) in users.iter().zip(["ana", "bruno"]) {
        let user = User::new(*id, name.parse().expect("a name"), None, fixture.clock.now());
        write.insert_user(&user).await.expect("inserts");
    }
    write.commit().await.expect("commits");
    let scope = scope_of(Service::Gmail, false);
    let (sub, refresh) =
        (fixture.fake.sub(ANA).expect("a name"), fixture.fake.tokens(ANA, &[scope]).refresh_token);
    let plain = format!(
        "INSERT INTO google_credentials
             (user_id, access_token, refresh_token, scope, google_user_id, google_email, login_provider)
         VALUES ('{}', 'ya29.old', '{refresh}', 'email {scope}', '{sub}', '{ANA}', true),
             ('{}', 'ya29.lost', NULL, 'email', NULL, NULL, false)",
        users[0], users[1]
    );
    let mut connection = PgConnection::connect(&database.url()).await.expect("connects");
    sqlx::raw_sql(AssertSqlSafe(plain)).execute(&mut connection).await.expect("inserts");

    let google = fixture.google_on(Arc::clone(&store));
    assert_eq!(google.consents.adopt().await.expect("adopted"), 1);
    assert_eq!(google.consents.adopt().await.expect("adopted"), 0);
    let left = "SELECT count(access_token) + count(refresh_token) FROM google_credentials";
    assert_eq!(sqlx::query(left).fetch_one(&mut connection).await.expect("counts").get::<i64, _>(0), 0);
    let mut read = store.begin(&Scope::service(), Access::Read).await.expect("begins");
    let accounts = read.accounts().await.expect("reads");
    drop(read);
    assert_eq!(accounts.len(), 1);
    assert!(accounts[0].login && can_read(&accounts[0], Service::Gmail));
    assert!(google.tokens.access(&accounts[0]).await.is_ok());
    store.close().await;
}
