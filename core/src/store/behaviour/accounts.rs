use super::fixtures::{NOW, commit, document, put, read, user, write};
use super::job_fixtures::seconds;
use super::meetings::meeting;
use super::sync_fixtures::{account, account_of, channel, follow, link, new_work, object, put_objects, work};
use crate::base::{AccountId, ErrorKind, Scope, TenantId};
use crate::domain::{
    Account, AccountKind, AccountStatus, Change, ChangeKind, MeetingFilter, PageRequest, Store,
};

/// What happened to accounts and meetings in a tenant's log.
pub(super) async fn log(store: &dyn Store, scope: &Scope) -> Vec<Change> {
    read(store, scope).await.changes_after(0, 1000).await.expect("reads")
}

fn ids(accounts: &[Account]) -> Vec<u8> {
    accounts.iter().map(|account| account.id.as_bytes()[0]).collect()
}

pub(crate) async fn accounts_come_back_as_linked_in_order(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut full = account(9, &ana);
    full.name = Some("Ana".into());
    full.picture = Some("https://example.org/ana.png".into());
    full.scopes = vec!["email".into(), "openid".into()];
    full.status_reason = Some("none".into());
    full.login = true;
    full.access_expires_at = Some(seconds(3600));
    let mut shared = account(3, &ana);
    shared.kind = AccountKind::Delegated;
    shared.status = AccountStatus::NeedsReauth;
    for account in [&full, &shared] {
        let stored = commit(store, &ana, async |write| write.put_account(account).await.unwrap()).await;
        assert_eq!(&stored, account);
    }
    let mut read = read(store, &ana).await;
    assert_eq!(read.accounts().await.unwrap(), [full.clone(), shared]);
    assert_eq!(read.account(full.id).await.unwrap(), Some(full));
    assert_eq!(read.account(AccountId::from_bytes([77; 16])).await.unwrap(), None);
    let log = log(store, &ana).await;
    assert!(log.iter().all(|change| change.kind == ChangeKind::AccountLinked), "{log:?}");
    assert_eq!(log[1].subject_id, Some(AccountId::from_bytes([3; 16]).into()));
    assert_eq!((log.len(), log[0].at), (2, NOW));
}

pub(crate) async fn linking_anew_keeps_id_birth_and_the_end_of_the_token(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut first = account(1, &ana);
    first.status = AccountStatus::NeedsReauth;
    first.access_expires_at = Some(seconds(60));
    commit(store, &ana, async |write| write.put_account(&first).await.unwrap()).await;
    let mut again = account(2, &ana);
    again.subject.clone_from(&first.subject);
    again.scopes = vec!["drive".into()];
    again.linked_at = seconds(100);
    again.updated_at = seconds(100);
    let stored = commit(store, &ana, async |write| write.put_account(&again).await.unwrap()).await;
    let mut expected = again.clone();
    (expected.id, expected.linked_at) = (first.id, first.linked_at);
    expected.access_expires_at = first.access_expires_at;
    assert_eq!(stored, expected);
    assert_eq!(read(store, &ana).await.accounts().await.unwrap(), [expected]);
    let log = log(store, &ana).await;
    assert_eq!((log.len(), log[1].subject_id, log[1].at), (2, Some(first.id.into()), seconds(100)));
}

pub(crate) async fn accounts_are_found_by_address_in_any_case_and_by_name(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    link(store, &ana, 1).await;
    let mut twin = account(2, &joao);
    (twin.subject, twin.email) = ("subject 1".into(), "ACCOUNT1@example.ORG".into());
    commit(store, &joao, async |write| write.put_account(&twin).await.unwrap()).await;
    link(store, &joao, 3).await;
    for (scope, expected) in [(&ana, vec![1]), (&joao, vec![2]), (&Scope::service(), vec![1, 2])] {
        let mut read = read(store, scope).await;
        let found = read.accounts_with_email("account1@EXAMPLE.org").await.unwrap();
        assert_eq!(ids(&found), expected);
        assert_eq!(ids(&read.accounts_with_subject("subject 1").await.unwrap()), expected);
        assert!(read.accounts_with_subject("SUBJECT 1").await.unwrap().is_empty());
        assert!(read.accounts_with_email("account_@example.org").await.unwrap().is_empty());
    }
}

pub(crate) async fn accounts_of_others_do_not_exist(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let hers = link(store, &ana, 1).await;
    let mut theirs = write(store, &joao).await;
    assert!(theirs.accounts().await.unwrap().is_empty());
    assert_eq!(theirs.account(hers.id).await.unwrap(), None);
    let revoked = theirs.set_account_status(hers.id, AccountStatus::Revoked, None, NOW).await;
    assert!(!revoked.unwrap());
    assert!(!theirs.delete_account(hers.id, NOW).await.unwrap());
    assert_eq!(theirs.put_account(&hers).await.unwrap_err().kind(), ErrorKind::Forbidden);
    drop(theirs);
    assert_eq!(read(store, &ana).await.account(hers.id).await.unwrap(), Some(hers));
    assert!(log(store, &joao).await.is_empty());
}

pub(crate) async fn an_id_is_given_to_one_account(store: &dyn Store) {
    let ana = user(store, 1).await;
    link(store, &ana, 1).await;
    let mut other = account(1, &ana);
    other.subject = "another".into();
    let refused = write(store, &ana).await.put_account(&other).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::AlreadyExists);
}

pub(crate) async fn the_service_keeps_the_accounts_of_all_and_each_log_its_own(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let service = Scope::service();
    let (hers, own) = (account(1, &ana), account_of(2, TenantId::SYSTEM));
    commit(store, &service, async |write| {
        write.put_account(&own).await.unwrap();
        write.put_account(&hers).await.unwrap();
    })
    .await;
    link(store, &joao, 3).await;
    assert_eq!(ids(&read(store, &service).await.accounts().await.unwrap()), [2, 1, 3]);
    assert_eq!(read(store, &ana).await.accounts().await.unwrap(), std::slice::from_ref(&hers));
    // Beside the writers of other tenants, where the database lets them.
    let held = match store.writes_side_by_side() {
        true => Some(write(store, &joao).await),
        false => None,
    };
    work(store, &service, async |write| {
        let status = AccountStatus::NeedsReauth;
        assert!(write.set_account_status(hers.id, status, Some("invalid_grant"), seconds(1)).await.unwrap());
    })
    .await;
    drop(held);
    commit(store, &service, async |write| {
        assert!(write.delete_account(hers.id, seconds(2)).await.unwrap());
        assert!(!write.delete_account(hers.id, seconds(2)).await.unwrap());
    })
    .await;
    let kinds: Vec<_> =
        log(store, &ana).await.iter().map(|change| (change.kind, change.subject_id)).collect();
    let subject = Some(hers.id.into());
    assert_eq!(
        kinds,
        [
            (ChangeKind::AccountLinked, subject),
            (ChangeKind::AccountChanged, subject),
            (ChangeKind::AccountUnlinked, subject)
        ]
    );
    assert_eq!((log(store, &service).await.len(), log(store, &joao).await.len()), (1, 1));
}

pub(crate) async fn a_status_is_news_once(store: &dyn Store) {
    let ana = user(store, 1).await;
    let linked = link(store, &ana, 1).await;
    for (at, status, reason, is_news) in [
        (1, AccountStatus::NeedsReauth, Some("invalid_grant"), true),
        (2, AccountStatus::NeedsReauth, Some("invalid_grant"), false),
        (3, AccountStatus::NeedsReauth, Some("expired"), false),
        (4, AccountStatus::Active, None, true),
    ] {
        let said = commit(store, &ana, async |write| {
            write.set_account_status(linked.id, status, reason, seconds(at)).await.unwrap()
        });
        assert_eq!(said.await, is_news, "{at}");
        let stored = read(store, &ana).await.account(linked.id).await.unwrap().unwrap();
        assert_eq!((stored.status, stored.status_reason.as_deref()), (status, reason));
        assert_eq!(stored.updated_at, seconds(if at == 2 { 1 } else { at }));
    }
    let changed = log(store, &ana).await;
    assert_eq!(changed.iter().filter(|change| change.kind == ChangeKind::AccountChanged).count(), 2);
    let unknown = AccountId::from_bytes([77; 16]);
    let mut write = write(store, &ana).await;
    assert!(!write.set_account_status(unknown, AccountStatus::Revoked, None, NOW).await.unwrap());
}

pub(crate) async fn a_deleted_account_takes_its_own_and_nothing_else(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (gone, stays) = (follow(store, &ana, 1).await, follow(store, &ana, 2).await);
    let kept = put(store, &ana, &document(40, "kept")).await;
    commit(store, &ana, async |write| write.put_meeting(&meeting(5, "event")).await.unwrap()).await;
    for (key, name) in [(&gone, "one"), (&stays, "two")] {
        put_objects(store, &ana, key, &[object("a", 1)]).await;
        work(store, &ana, async |write| {
            write.add_work(key, &new_work(&["a"]), NOW).await.unwrap();
            write.put_channel(&channel(name, ana.tenant(), key)).await.unwrap();
        })
        .await;
    }
    assert!(commit(store, &ana, async |write| write.delete_account(gone.account, NOW).await.unwrap()).await);
    let mut read = read(store, &ana).await;
    for (key, name, is_there) in [(&gone, "one", false), (&stays, "two", true)] {
        assert_eq!(read.stream(key).await.unwrap().is_some(), is_there);
        assert_eq!(read.count_objects(key).await.unwrap(), u64::from(is_there));
        assert_eq!(read.work_counts(key).await.unwrap().waiting, u64::from(is_there));
        assert_eq!(read.channel(name).await.unwrap().is_some(), is_there);
        assert_eq!(read.tokens(key.account).await.unwrap().is_some(), is_there);
    }
    assert!(read.document(kept).await.unwrap().is_some());
    let meetings = read.meetings(&MeetingFilter::default(), &PageRequest::default()).await.unwrap();
    assert_eq!(meetings.items.len(), 1);
}
