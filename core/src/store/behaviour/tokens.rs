use super::fixtures::{NOW, all, commit, read, user, write};
use super::job_fixtures::seconds;
use super::sync_fixtures::{link, work};
use crate::base::{AccountId, ErrorKind, LeaseId, Scope, TenantId, UserId};
use crate::domain::{PendingConsent, RefreshTurn, Sealed, SealedTokens, Store};

fn sealed(text: &str) -> Sealed {
    Sealed(text.as_bytes().to_vec())
}

fn tokens(access: &str, refresh: Option<&str>, version: u64) -> SealedTokens {
    SealedTokens {
        access: Some(sealed(access)),
        access_expires_at: Some(seconds(3600)),
        refresh: refresh.map(sealed),
        version,
    }
}

async fn put(store: &dyn Store, scope: &Scope, id: AccountId, tokens: &SealedTokens) -> bool {
    work(store, scope, async |write| write.put_tokens(id, tokens, seconds(1)).await.unwrap()).await
}

pub(crate) async fn tokens_come_back_and_their_version_grows(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = link(store, &ana, 1).await.id;
    assert_eq!(read(store, &ana).await.tokens(id).await.unwrap(), Some(SealedTokens::default()));
    assert!(put(store, &ana, id, &tokens("access", Some("refresh"), 0)).await);
    let stored = read(store, &ana).await.tokens(id).await.unwrap();
    assert_eq!(stored, Some(tokens("access", Some("refresh"), 1)));
    let account = read(store, &ana).await.account(id).await.unwrap().unwrap();
    assert_eq!((account.access_expires_at, account.updated_at), (Some(seconds(3600)), seconds(1)));
    assert_eq!(read(store, &ana).await.tokens(AccountId::from_bytes([77; 16])).await.unwrap(), None);
}

pub(crate) async fn who_read_an_older_version_writes_nothing(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = link(store, &ana, 1).await.id;
    assert!(put(store, &ana, id, &tokens("first", Some("refresh"), 0)).await);
    assert!(!put(store, &ana, id, &tokens("late", Some("late"), 0)).await);
    assert!(!put(store, &ana, id, &tokens("early", Some("early"), 2)).await);
    let stored = read(store, &ana).await.tokens(id).await.unwrap();
    assert_eq!(stored, Some(tokens("first", Some("refresh"), 1)));
}

pub(crate) async fn without_a_new_refresh_token_the_old_one_stays(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = link(store, &ana, 1).await.id;
    assert!(put(store, &ana, id, &tokens("first", Some("refresh"), 0)).await);
    assert!(put(store, &ana, id, &tokens("second", None, 1)).await);
    let mut no_access = SealedTokens { version: 2, ..SealedTokens::default() };
    assert!(put(store, &ana, id, &no_access).await);
    (no_access.refresh, no_access.version) = (Some(sealed("refresh")), 3);
    assert_eq!(read(store, &ana).await.tokens(id).await.unwrap(), Some(no_access));
}

pub(crate) async fn dropped_tokens_are_gone_and_nobody_writes_them_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = link(store, &ana, 1).await.id;
    assert!(put(store, &ana, id, &tokens("access", Some("refresh"), 0)).await);
    work(store, &ana, async |write| write.drop_tokens(id, NOW).await.unwrap()).await;
    assert!(!put(store, &ana, id, &tokens("late", None, 1)).await);
    let stored = read(store, &ana).await.tokens(id).await.unwrap();
    assert_eq!(stored, Some(SealedTokens { version: 2, ..SealedTokens::default() }));
    let account = read(store, &ana).await.account(id).await.unwrap().unwrap();
    assert_eq!(account.access_expires_at, None);
}

pub(crate) async fn tokens_of_others_do_not_exist_but_for_the_service(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let id = link(store, &ana, 1).await.id;
    let mut theirs = write(store, &joao).await;
    assert_eq!(theirs.tokens(id).await.unwrap(), None);
    assert!(!theirs.put_tokens(id, &tokens("theirs", None, 0), NOW).await.unwrap());
    theirs.drop_tokens(id, NOW).await.unwrap();
    let lease = LeaseId::from_bytes([1; 16]);
    let turn = theirs.take_refresh_turn(id, lease, seconds(60), NOW).await;
    assert_eq!(turn.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(theirs.sealed_accounts(None, 9).await.unwrap().is_empty());
    drop(theirs);
    assert!(put(store, &Scope::service(), id, &tokens("service", None, 0)).await);
    let stored = read(store, &Scope::service()).await.tokens(id).await.unwrap();
    assert_eq!(stored, Some(tokens("service", None, 1)));
}

pub(crate) async fn a_turn_to_refresh_is_one_callers_until_it_ends(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = link(store, &ana, 1).await.id;
    let (one, other) = (LeaseId::from_bytes([1; 16]), LeaseId::from_bytes([2; 16]));
    let take = async |holder, until, now| {
        work(store, &ana, async |write| {
            write.take_refresh_turn(id, holder, seconds(until), seconds(now)).await.unwrap()
        })
        .await
    };
    let end = async |holder| {
        work(store, &ana, async |write| write.end_refresh_turn(id, holder).await.unwrap()).await;
    };
    assert_eq!(take(one, 60, 0).await, RefreshTurn::Ours);
    assert_eq!(take(other, 70, 10).await, RefreshTurn::Theirs(seconds(60)));
    assert_eq!(take(one, 80, 20).await, RefreshTurn::Ours);
    end(other).await;
    assert_eq!(take(other, 90, 79).await, RefreshTurn::Theirs(seconds(80)));
    assert_eq!(take(other, 140, 80).await, RefreshTurn::Ours);
    end(one).await;
    assert_eq!(take(one, 150, 90).await, RefreshTurn::Theirs(seconds(140)));
    end(other).await;
    assert_eq!(take(one, 150, 90).await, RefreshTurn::Ours);
}

pub(crate) async fn of_many_at_once_one_refreshes(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = link(store, &ana, 1).await.id;
    let turns = all((1..=8).map(|number| {
        let ana = &ana;
        async move {
            work(store, ana, async |write| {
                let holder = LeaseId::from_bytes([number; 16]);
                write.take_refresh_turn(id, holder, seconds(60), NOW).await.unwrap()
            })
            .await
        }
    }))
    .await;
    assert_eq!(turns.iter().filter(|turn| **turn == RefreshTurn::Ours).count(), 1, "{turns:?}");
    assert_eq!(turns.iter().filter(|turn| **turn == RefreshTurn::Theirs(seconds(60))).count(), 7);
}

pub(crate) async fn accounts_with_tokens_are_listed_by_id(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    for (scope, number) in [(&ana, 3), (&joao, 1), (&ana, 2), (&ana, 4)] {
        let id = link(store, scope, number).await.id;
        if number != 4 {
            let only_refresh = SealedTokens { access: None, ..tokens("", Some("refresh"), 0) };
            assert!(put(store, scope, id, &only_refresh).await);
        }
    }
    let mut service = read(store, &Scope::service()).await;
    let id = |number: u8| AccountId::from_bytes([number; 16]);
    assert_eq!(service.sealed_accounts(None, 2).await.unwrap(), [id(1), id(2)]);
    assert_eq!(service.sealed_accounts(Some(id(2)), 2).await.unwrap(), [id(3)]);
    assert!(service.sealed_accounts(Some(id(3)), 2).await.unwrap().is_empty());
    assert_eq!(read(store, &ana).await.sealed_accounts(None, 9).await.unwrap(), [id(2), id(3)]);
}

fn consent(number: u8, tenant: TenantId, until: u64) -> PendingConsent {
    PendingConsent {
        state_hash: vec![number; 32],
        tenant,
        sealed: sealed("verifier"),
        expires_at: seconds(until),
    }
}

pub(crate) async fn a_consent_is_taken_once_and_in_time(store: &dyn Store) {
    let ana = user(store, 1).await;
    let service = Scope::service();
    let (hers, login) = (consent(1, ana.tenant(), 60), consent(2, TenantId::SYSTEM, 60));
    for consent in [&hers, &login] {
        commit(store, &service, async |write| write.put_consent(consent, NOW).await.unwrap()).await;
    }
    let take = async |hash: &[u8], now| {
        commit(store, &service, async |write| write.take_consent(hash, seconds(now)).await.unwrap()).await
    };
    assert_eq!(take(&[9; 32], 1).await, None);
    assert_eq!(take(&hers.state_hash, 1).await, Some(hers.clone()));
    assert_eq!(take(&hers.state_hash, 1).await, None);
    assert_eq!(take(&login.state_hash, 60).await, None, "it came too late");
    assert_eq!(take(&login.state_hash, 59).await, Some(login));
}

pub(crate) async fn a_state_is_asked_for_once_and_forgotten_when_it_expires(store: &dyn Store) {
    let service = Scope::service();
    let asked = consent(1, TenantId::SYSTEM, 60);
    commit(store, &service, async |write| write.put_consent(&asked, NOW).await.unwrap()).await;
    let twice = write(store, &service).await.put_consent(&asked, seconds(59)).await;
    assert_eq!(twice.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let again = consent(1, TenantId::SYSTEM, 200);
    commit(store, &service, async |write| write.put_consent(&again, seconds(60)).await.unwrap()).await;
    let taken =
        commit(store, &service, async |write| write.take_consent(&[1; 32], seconds(61)).await.unwrap()).await;
    assert_eq!(taken, Some(again));
}

pub(crate) async fn of_many_at_once_one_takes_a_consent(store: &dyn Store) {
    let service = Scope::service();
    let asked = consent(1, TenantId::SYSTEM, 60);
    commit(store, &service, async |write| write.put_consent(&asked, NOW).await.unwrap()).await;
    let taken = all((0..6).map(|_| async {
        let take = async |write: &mut dyn crate::domain::Transaction| write.take_consent(&[1; 32], NOW).await;
        work(store, &Scope::service(), take).await.unwrap()
    }))
    .await;
    assert_eq!(taken.into_iter().flatten().collect::<Vec<_>>(), [asked]);
}

pub(crate) async fn the_first_secret_of_a_name_stays(store: &dyn Store) {
    let service = Scope::service();
    let keep = async |name: &str, value: &str| {
        commit(store, &service, async |write| write.keep_secret(name, &sealed(value)).await.unwrap()).await
    };
    assert_eq!(keep("channels", "one").await, sealed("one"));
    assert_eq!(keep("channels", "two").await, sealed("one"));
    assert_eq!(keep("Channels", "three").await, sealed("three"));
    let kept = all((0..4).map(|number| {
        let value = sealed(&format!("value {number}"));
        async move {
            let keep =
                async |write: &mut dyn crate::domain::Transaction| write.keep_secret("raced", &value).await;
            work(store, &Scope::service(), keep).await.unwrap()
        }
    }))
    .await;
    assert!(kept.iter().all(|value| *value == kept[0]));
}

pub(crate) async fn consents_and_secrets_are_the_workspaces(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut own = write(store, &ana).await;
    let refused = [
        own.put_consent(&consent(1, ana.tenant(), 60), NOW).await.err(),
        own.take_consent(&[1; 32], NOW).await.err(),
        own.keep_secret("channels", &sealed("mine")).await.err(),
        own.plaintext_credentials(9).await.err(),
        own.clear_plaintext(UserId::from_bytes([1; 16])).await.err(),
    ];
    assert!(
        refused.iter().all(|error| error.as_ref().unwrap().kind() == ErrorKind::Forbidden),
        "{refused:?}"
    );
    drop(own);
    let mut service = write(store, &Scope::service()).await;
    assert!(service.plaintext_credentials(9).await.unwrap().is_empty());
    service.clear_plaintext(UserId::from_bytes([1; 16])).await.unwrap();
}
