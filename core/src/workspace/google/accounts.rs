//! Disconnecting accounts.

use serde::{Deserialize, Serialize};

use super::GoogleParts;
use crate::base::{AccountId, Error, ErrorKind, Result, Scope, TenantId};
use crate::domain::{Access, Account, AccountStatus, Stream, WorkItem};
use crate::google::Revocation;
use crate::sync::{Departure, Kept, Sink, Sources};

/// How many objects are taken out in one transaction.
const ERASED_AT_ONCE: u32 = 100;

/// What becomes of what came from an account that is disconnected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disconnect {
    /// It stays.
    #[default]
    Keep,
    /// Documents and meetings that only this account brought are deleted; a meeting from
    /// which a project, a bot or a transcript hangs stays, as declined.
    Erase,
}

/// What disconnecting did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Disconnected {
    /// The account as it was.
    pub account: Account,
    /// Whether Google has taken back the consent. If not, its owner can do so at
    /// <https://myaccount.google.com/permissions>; the tokens are gone here either way.
    pub revoked: bool,
    /// How many objects were taken out.
    pub erased: u64,
}

pub(super) fn missing(operation: &'static str, id: AccountId) -> Error {
    Error::new(ErrorKind::NotFound, operation, "no such account").with("account", id)
}

impl GoogleParts {
    /// Ends everything about an account: its channels, its tokens at Google and here, and, on
    /// request, what came from it.
    pub(super) async fn disconnect(
        &self,
        tenant: TenantId,
        id: AccountId,
        how: Disconnect,
    ) -> Result<Disconnected> {
        let operation = "google.disconnect";
        let scope = Scope::of(tenant);
        // After a run that is under way, and before any other.
        let turn = self.turn(id);
        let _turn = turn.lock().await;
        let mut write = self.store.begin(&scope, Access::Write).await?;
        let account = write.account(id).await?.filter(|account| account.tenant == tenant);
        let account = account.ok_or_else(|| missing(operation, id))?;
        let streams = write.streams_of(id).await?;
        drop(write);
        for stream in &streams {
            self.stop_channels(&account, stream).await?;
        }
        // From here on no other process begins a run.
        let revocation = self.client.tokens.disconnect(&account).await?;
        let mut erased = 0;
        if how == Disconnect::Erase {
            for stream in &streams {
                erased += self.erase(&scope, stream).await?;
            }
        }
        let mut write = self.store.begin(&scope, Access::Write).await?;
        write.delete_account(id, self.clock.now()).await?;
        write.commit().await?;
        Ok(Disconnected { account, revoked: revocation == Revocation::Revoked, erased })
    }

    /// As well as it goes: a channel that cannot be stopped ends by itself.
    pub(super) async fn stop_channels(&self, account: &Account, stream: &Stream) -> Result<()> {
        let scope = Scope::of(stream.tenant);
        let channels = self.store.begin(&scope, Access::Read).await?.channels_of(&stream.key).await?;
        if channels.is_empty() || account.status != AccountStatus::Active {
            return Ok(());
        }
        let source = self.sources.open(account, &stream.key).await?;
        for channel in channels {
            if let Err(error) = source.unwatch(&channel).await {
                tracing::info!(stream = %stream.key, %error, "a channel could not be stopped");
            }
        }
        Ok(())
    }

    /// Takes out what came from a stream.
    pub(super) async fn erase(&self, scope: &Scope, stream: &Stream) -> Result<u64> {
        let mut erased = 0;
        loop {
            let now = self.clock.now();
            let mut write = self.store.begin(scope, Access::Write).await?;
            let objects = write.objects_after(&stream.key, None, ERASED_AT_ONCE).await?;
            if objects.is_empty() {
                return Ok(erased);
            }
            let departures = objects
                .into_iter()
                .map(|object| {
                    let kept = Kept::read_from(&object)?;
                    let item = WorkItem {
                        id: object.id.clone(),
                        generation: 0,
                        note: None,
                        attempts: 0,
                        due_at: now,
                        aside: false,
                        error_code: None,
                        error_message: None,
                        since: now,
                    };
                    Ok(Departure { item, known: Some((object, kept)) })
                })
                .collect::<Result<Vec<_>>>()?;
            self.sink.remove(&mut *write, stream, &departures, now).await?;
            let ids: Vec<&str> = departures.iter().map(|departure| departure.item.id.as_str()).collect();
            write.delete_objects(&stream.key, &ids).await?;
            write.commit().await?;
            erased += departures.len() as u64;
        }
    }
}
