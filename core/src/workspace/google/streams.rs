//! Which streams an account has, and bringing them level by hand.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::GoogleParts;
use crate::base::{CancelToken, Error, Result, Scope, TenantId, Timestamp};
use crate::domain::{Access, Account, Service, Stream, StreamKey, Transaction};
use crate::google::can_read;
use crate::sync::{Notes, RunOptions, RunReport, Trigger};

/// Who is active finds what changed until then.
const ACTIVE_WITHIN: Duration = Duration::from_mins(1);
/// The calendar that everybody has.
const PRIMARY: &str = "primary";

/// What bringing an account level did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SyncSummary {
    /// Each stream of the account that was asked for.
    pub streams: Vec<StreamSummary>,
}

/// What bringing one stream level did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StreamSummary {
    /// The stream: `gmail`, `drive`, `calendar:primary`, ...
    pub stream: String,
    /// Objects that Google had news about.
    pub told: u64,
    /// Objects stored or changed here.
    pub stored: u64,
    /// Objects taken out.
    pub removed: u64,
    /// Objects that failed; they are tried again by themselves.
    pub failed: u64,
    /// Whether everything was listed anew.
    pub snapshot: bool,
    /// The code of what ended it early; it goes on by itself.
    pub error_code: Option<String>,
    /// The same in words.
    pub error_message: Option<String>,
}

impl StreamSummary {
    fn of(key: &StreamKey, report: &RunReport) -> Self {
        Self {
            stream: key.name.clone(),
            told: report.told,
            stored: report.stored,
            removed: report.removed,
            failed: report.failed,
            snapshot: report.snapshot,
            error_code: report.error.as_ref().map(|error| error.kind().code().to_owned()),
            error_message: report.error.as_ref().map(Error::to_string),
        }
    }
}

/// The streams that an account is to have, by what it may be used for.
pub(super) fn wanted(account: &Account) -> Vec<StreamKey> {
    let of = |service, part| StreamKey::new(account.id, service, part);
    let mut keys = Vec::new();
    if can_read(account, Service::Gmail) {
        keys.push(of(Service::Gmail, None));
    }
    // Files and events belong to somebody; the workspace itself has a mailbox only.
    if account.tenant != TenantId::SYSTEM {
        if can_read(account, Service::Drive) {
            keys.push(of(Service::Drive, None));
        }
        if can_read(account, Service::Calendar) {
            keys.push(of(Service::Calendar, Some(PRIMARY)));
        }
    }
    keys
}

/// Makes the streams that an account is to have, due at once, and wakes those it has.
pub(super) async fn make(transaction: &mut dyn Transaction, account: &Account, now: Timestamp) -> Result<()> {
    for key in wanted(account) {
        let stream = match transaction.stream(&key).await? {
            Some(known) => Stream { next_at: Some(now), ..known },
            None => Stream {
                tenant: account.tenant,
                key,
                cursor: None,
                snapshot: None,
                next_at: Some(now),
                hints: 0,
                state: String::new(),
                created_at: now,
            },
        };
        transaction.put_stream(&stream).await?;
    }
    Ok(())
}

impl GoogleParts {
    /// Notes that a user is active, and brings polls forward that would come later than that
    /// calls for.
    pub(super) async fn active(&self, scope: &Scope) -> Result<()> {
        let now = self.clock.now();
        let mut write = self.store.begin(scope, Access::Work).await?;
        for account in write.accounts().await?.into_iter().filter(|account| account.tenant == scope.tenant())
        {
            for mut stream in write.streams_of(account.id).await? {
                let mut notes = Notes::read(&stream.state);
                notes.active_at = Some(now);
                stream.state = notes.written();
                stream.next_at = stream.next_at.map(|at| at.min(now.after(ACTIVE_WITHIN)));
                write.put_stream(&stream).await?;
            }
        }
        write.commit().await
    }

    /// Brings the tenant's streams level, of one service or of all, here and now.
    pub(super) async fn sync(
        &self,
        tenant: TenantId,
        service: Option<Service>,
        cancel: &CancelToken,
    ) -> Result<SyncSummary> {
        let scope = Scope::of(tenant);
        let mut keys = Vec::new();
        let mut read = self.store.begin(&scope, Access::Read).await?;
        for account in read.accounts().await?.into_iter().filter(|account| account.tenant == tenant) {
            for stream in read.streams_of(account.id).await? {
                if service.is_none_or(|service| stream.key.parts().is_ok_and(|(of, _)| of == service)) {
                    keys.push(stream.key);
                }
            }
        }
        drop(read);
        let options = RunOptions { trigger: Trigger::Hint, cancel: cancel.clone(), progress: None };
        let mut summary = SyncSummary::default();
        for key in keys {
            cancel.check("google.sync")?;
            let report = self.run(&scope, &key, &options).await?;
            summary.streams.push(StreamSummary::of(&key, &report));
        }
        Ok(summary)
    }
}
