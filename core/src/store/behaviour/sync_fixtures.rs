//! Accounts, and what is kept level with them, to test with.

use super::fixtures::{NOW, commit};
use crate::base::{AccountId, DocumentId, Scope, TenantId};
use crate::domain::{
    Access, Account, AccountKind, Channel, ChannelState, MirrorObject, NewWork, Service, Store, Stream,
    StreamKey, Transaction,
};

/// An account of the scope's tenant, with nothing but what each has.
pub(in crate::store) fn account(number: u8, scope: &Scope) -> Account {
    account_of(number, scope.tenant())
}

pub(in crate::store) fn account_of(number: u8, tenant: TenantId) -> Account {
    let (subject, email) = (format!("subject {number}"), format!("Account{number}@Example.org"));
    Account::new(AccountId::from_bytes([number; 16]), tenant, AccountKind::Consented, subject, email, NOW)
}

/// Links an account in a transaction of its own.
pub(in crate::store) async fn link(store: &dyn Store, scope: &Scope, number: u8) -> Account {
    let account = account(number, scope);
    commit(store, scope, async |write| write.put_account(&account).await.expect("links")).await
}

pub(super) fn key(account: &Account) -> StreamKey {
    StreamKey::new(account.id, Service::Gmail, None)
}

pub(super) fn stream(account: &Account, key: &StreamKey) -> Stream {
    Stream {
        tenant: account.tenant,
        key: key.clone(),
        cursor: None,
        snapshot: None,
        next_at: Some(NOW),
        hints: 0,
        state: "{}".into(),
        created_at: NOW,
    }
}

/// Does something that is in no change log, beside the tenant's writers.
pub(super) async fn work<T>(
    store: &dyn Store,
    scope: &Scope,
    work: impl AsyncFnOnce(&mut dyn Transaction) -> T,
) -> T {
    let mut write = store.begin(scope, Access::Work).await.expect("begins");
    let done = work(&mut *write).await;
    write.commit().await.expect("commits");
    done
}

/// The key of a new stream of a new account.
pub(in crate::store) async fn follow(store: &dyn Store, scope: &Scope, number: u8) -> StreamKey {
    let account = link(store, scope, number).await;
    let key = key(&account);
    let stream = stream(&account, &key);
    work(store, scope, async |write| write.put_stream(&stream).await.expect("puts")).await;
    key
}

pub(in crate::store) fn object(id: &str, seen: u64) -> MirrorObject {
    MirrorObject { id: id.into(), parent: None, version: None, data: "{}".into(), document: None, seen }
}

pub(super) fn of_document(id: &str, document: DocumentId) -> MirrorObject {
    MirrorObject { document: Some(document), ..object(id, 1) }
}

pub(super) async fn put_objects(store: &dyn Store, scope: &Scope, key: &StreamKey, objects: &[MirrorObject]) {
    work(store, scope, async |write| write.put_objects(key, objects).await.expect("puts")).await;
}

pub(in crate::store) fn new_work(ids: &[&str]) -> Vec<NewWork> {
    ids.iter().map(|id| NewWork { id: (*id).into(), note: None }).collect()
}

pub(in crate::store) fn channel(id: &str, tenant: TenantId, key: &StreamKey) -> Channel {
    Channel {
        id: id.into(),
        tenant,
        stream: key.clone(),
        file: None,
        resource: None,
        token_hash: vec![7; 32],
        state: ChannelState::Pending,
        expires_at: NOW,
        created_at: NOW,
        heard_at: None,
    }
}

/// The ids of a list, in a row.
pub(super) fn ids(objects: &[MirrorObject]) -> String {
    objects.iter().map(|object| object.id.as_str()).collect::<Vec<_>>().join(" ")
}
