//! Tokens in the store: sealed, sealed anew, and gone.

use crate::base::ErrorKind;
use crate::domain::{AccountStatus, Sealed};
use crate::google::oauth::{Resealed, Revocation};
use crate::google::testing::{ANA, Fixture, key};

#[tokio::test]
async fn tokens_are_sealed_each_for_its_account_and_purpose() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let account = fixture.linked(&google).await;
    let token = google.tokens.access(&account).await.expect("a token");
    let stored = fixture.tokens(&account).await;
    let (access, refresh) = (stored.access.expect("stored"), stored.refresh.expect("stored"));
    for sealed in [&access, &refresh] {
        let has = |text: &[u8]| sealed.0.windows(text.len()).any(|part| part == text);
        assert!(!has(token.secret.expose().as_bytes()) && !has(b"ya29.") && !has(b"1//"));
    }
    // A refresh token in the place of the access token is not sent anywhere.
    fixture.overwrite_access(&account, refresh).await;
    assert_eq!(
        fixture.google().tokens.access(&account).await.expect_err("malformed").kind(),
        ErrorKind::Malformed
    );
    fixture.overwrite_access(&account, Sealed(b"damaged".to_vec())).await;
    assert_eq!(
        fixture.google().tokens.access(&account).await.expect_err("malformed").kind(),
        ErrorKind::Malformed
    );
}

#[tokio::test]
async fn keys_rotate_without_anybody_consenting_again() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let bo = fixture.user(2, "bob").await;
    fixture.fake.add_account("bo@lumen.example", "Bo");
    let accounts = [fixture.linked(&google).await, fixture.link(&google, bo).await.account];
    fixture.change(|options| options.token_keys = vec![key("k2"), key("k1")]);
    let both = fixture.google();
    assert_eq!(both.tokens.reseal_all().await.expect("resealed"), Resealed { accounts: 2, resealed: 2 });
    assert_eq!(both.tokens.reseal_all().await.expect("resealed"), Resealed { accounts: 2, resealed: 0 });
    fixture.change(|options| options.token_keys = vec![key("k2")]);
    let new = fixture.google();
    for account in &accounts {
        assert!(new.tokens.access(account).await.is_ok());
    }
    fixture.advance(3_600);
    assert!(new.tokens.access(&accounts[0]).await.is_ok());
    fixture.change(|options| options.token_keys = vec![key("k1")]);
    let error = fixture.google().tokens.access(&accounts[0]).await.expect_err("the key is gone");
    assert_eq!(error.kind(), ErrorKind::NotConfigured);
    assert!(error.to_string().contains("k2"), "{error}");
}

#[tokio::test]
async fn disconnecting_revokes_the_grant_and_forgets_the_tokens() {
    let fixture = Fixture::new().await;
    let (google, other) = (fixture.google(), fixture.google());
    let account = fixture.linked(&google).await;
    assert_eq!(google.tokens.disconnect(&account).await.expect("disconnected"), Revocation::Revoked);
    let stored = fixture.tokens(&account).await;
    assert_eq!((stored.access, stored.refresh), (None, None));
    assert_eq!(fixture.account(&account).await.status, AccountStatus::Revoked);
    for process in [&google, &other] {
        assert_eq!(process.tokens.access(&account).await.expect_err("gone").kind(), ErrorKind::NeedsReauth);
    }
    assert_eq!(fixture.fake.token_calls().refreshes, 0);
    // Again: there is nothing left to revoke.
    assert_eq!(google.tokens.disconnect(&account).await.expect("disconnected"), Revocation::Nothing);
    let account = fixture.linked(&google).await;
    fixture.fake.revoke(ANA);
    // Somebody revoked it before: as good as done.
    assert_eq!(google.tokens.disconnect(&account).await.expect("disconnected"), Revocation::Revoked);
}

#[tokio::test]
async fn a_grant_that_another_user_needs_is_not_revoked() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let bo = fixture.user(2, "bob").await;
    let (anas, bos) = (fixture.linked(&google).await, fixture.link(&google, bo).await.account);
    assert_eq!(anas.subject, bos.subject);
    assert_eq!(google.tokens.disconnect(&anas).await.expect("disconnected"), Revocation::Shared);
    fixture.advance(3_600);
    assert!(google.tokens.access(&bos).await.is_ok());
    assert_eq!(google.tokens.disconnect(&bos).await.expect("disconnected"), Revocation::Revoked);
}
