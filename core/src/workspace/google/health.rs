//! How well the accounts are.

use serde::{Deserialize, Serialize};

use super::GoogleParts;
use crate::base::{Result, Scope, TenantId};
use crate::domain::{Access, Account, AccountStatus};
use crate::sync::{Facts, Health, Sources, StreamHealth, judge};

/// How well an account is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountHealth {
    /// The account.
    pub account: Account,
    /// As the worst of its streams.
    pub health: Health,
    /// What it has spent of its quota today (UTC), in Google's units, as this process knows.
    pub units_today: u64,
    /// Each of its streams.
    pub streams: Vec<StreamHealth>,
}

impl GoogleParts {
    /// How well the tenant's accounts are; of `None`, everybody's.
    pub(super) async fn health(&self, tenant: Option<TenantId>) -> Result<Vec<AccountHealth>> {
        let scope = tenant.map_or_else(Scope::service, Scope::of);
        let accounts = self.store.begin(&scope, Access::Read).await?.accounts().await?;
        let mut all = Vec::new();
        for account in accounts {
            if tenant.is_some_and(|tenant| tenant != account.tenant) {
                continue;
            }
            all.push(self.account_health(account).await?);
        }
        Ok(all)
    }

    async fn account_health(&self, account: Account) -> Result<AccountHealth> {
        let mut read = self.store.begin(&Scope::of(account.tenant), Access::Read).await?;
        let now = self.clock.now();
        let mut streams = Vec::new();
        for stream in read.streams_of(account.id).await? {
            let counts = read.work_counts(&stream.key).await?;
            let objects = read.count_objects(&stream.key).await?;
            let channels = read.channels_of(&stream.key).await?;
            let notified = self.sources.can_notify(&stream.key);
            let facts = Facts {
                account: &account,
                stream: &stream,
                counts,
                objects,
                channels: &channels,
                notified,
                now,
            };
            streams.push(judge(&facts));
        }
        let own = if account.status == AccountStatus::Active { Health::Green } else { Health::Red };
        let health = streams.iter().map(|stream| stream.health).fold(own, Health::max);
        let units_today = self.client.usage.units(account.id, now);
        Ok(AccountHealth { account, health, units_today, streams })
    }
}
