//! Which streams an account has, and bringing them level by hand.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::GoogleParts;
use crate::base::{AccountId, CancelToken, Error, ErrorKind, Result, Scope, TenantId, Timestamp};
use crate::domain::{Access, Account, Service, SourceFailure, Stream, StreamKey, Transaction};
use crate::google::calendar::{CalendarEntry, calendars};
use crate::google::can_read;
use crate::sync::{Notes, RunOptions, RunReport, Trigger};

/// Who is active finds what changed until then.
const ACTIVE_WITHIN: Duration = Duration::from_mins(1);
/// The longest id of a calendar or shared drive.
const MAX_PART: usize = 1_000;
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

fn new_stream(tenant: TenantId, key: StreamKey, now: Timestamp) -> Stream {
    Stream {
        tenant,
        key,
        cursor: None,
        snapshot: None,
        next_at: Some(now),
        hints: 0,
        state: String::new(),
        created_at: now,
    }
}

/// Makes the streams that an account is to have, due at once, and wakes those it has.
pub(super) async fn make(transaction: &mut dyn Transaction, account: &Account, now: Timestamp) -> Result<()> {
    for key in wanted(account) {
        let stream = match transaction.stream(&key).await? {
            Some(known) => Stream { next_at: Some(now), ..known },
            None => new_stream(account.tenant, key, now),
        };
        transaction.put_stream(&stream).await?;
    }
    Ok(())
}

impl GoogleParts {
    /// The calendars in an account's list whose events can be read.
    pub(super) async fn calendars(&self, tenant: TenantId, id: AccountId) -> Result<Vec<CalendarEntry>> {
        let account = self.own(tenant, id, "google.calendars").await?;
        let api = self.client.api(account);
        let list = calendars(&*api, None).await.map_err(|failure| match failure {
            SourceFailure::Other(error) => error,
            SourceFailure::CursorExpired | SourceFailure::PageExpired => {
                let message = "Google refuses a page of the list of calendars that it has just named";
                Error::new(ErrorKind::Upstream, "google.calendars", message)
            }
        })?;
        Ok(list.calendars.into_iter().filter(CalendarEntry::shows_events).collect())
    }

    /// Keeps another calendar or shared drive level, or no longer; whether that was news. What
    /// came from one that is no longer followed is taken out.
    pub(super) async fn follow(
        &self,
        tenant: TenantId,
        id: AccountId,
        (service, part): (Service, &str),
        follows: bool,
    ) -> Result<bool> {
        let operation = "google.follow";
        let account = self.own(tenant, id, operation).await?;
        let is_fit = !part.trim().is_empty() && part.len() <= MAX_PART && service != Service::Gmail;
        if !is_fit {
            let message = "name a calendar or a shared drive by its id";
            return Err(Error::new(ErrorKind::InvalidInput, operation, message));
        }
        let key = StreamKey::new(id, service, Some(part));
        let scope = Scope::of(tenant);
        let turn = self.turn(id);
        let _turn = turn.lock().await;
        let mut write = self.store.begin(&scope, Access::Work).await?;
        let known = write.stream(&key).await?;
        match (known, follows) {
            (Some(_), true) | (None, false) => Ok(false),
            (None, true) => {
                write.put_stream(&new_stream(tenant, key, self.clock.now())).await?;
                write.commit().await?;
                Ok(true)
            }
            (Some(stream), false) => {
                drop(write);
                self.stop_channels(&account, &stream).await?;
                self.erase(&scope, &stream).await?;
                let mut write = self.store.begin(&scope, Access::Work).await?;
                write.delete_stream(&key).await?;
                write.commit().await?;
                Ok(true)
            }
        }
    }

    async fn own(&self, tenant: TenantId, id: AccountId, operation: &'static str) -> Result<Account> {
        let account = self.store.begin(&Scope::of(tenant), Access::Read).await?.account(id).await?;
        let own = account.filter(|account| account.tenant == tenant);
        own.ok_or_else(|| super::accounts::missing(operation, id))
    }

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
