//! Which source a stream has.

use std::sync::Arc;

use async_trait::async_trait;

use super::options::SyncOptions;
use crate::base::{Clock, Result, Scope};
use crate::domain::{Access, Account, Service, Source, Store, StreamKey};
use crate::google::Google;
use crate::google::calendar::CalendarSource;
use crate::google::drive::{DriveCosts, DriveOptions, DriveSource};
use crate::google::gmail::{GmailCosts, GmailOptions, GmailSource};
use crate::security::{base64url, hash, unguessable};
use crate::sync::Sources;

/// Opens the sources of streams.
pub(super) struct GoogleSources {
    pub(super) store: Arc<dyn Store>,
    pub(super) client: Arc<Google>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sync: SyncOptions,
}

impl GoogleSources {
    /// Shared drives of the account that are followed by themselves.
    async fn shared_drives(&self, account: &Account) -> Result<Vec<String>> {
        let mut read = self.store.begin(&Scope::of(account.tenant), Access::Read).await?;
        let streams = read.streams_of(account.id).await?;
        let drives = streams.iter().filter_map(|stream| match stream.key.parts() {
            Ok((Service::Drive, part)) => part.map(str::to_owned),
            _ => None,
        });
        Ok(drives.collect())
    }

    /// Where a service notifies, where it can.
    fn address(&self, service: Service) -> Option<String> {
        let base = self.client.options().webhook_address.as_deref()?;
        Some(format!("{}/{service}/notify", base.trim_end_matches('/')))
    }
}

#[async_trait]
impl Sources for GoogleSources {
    async fn open(&self, account: &Account, key: &StreamKey) -> Result<Arc<dyn Source>> {
        let (service, part) = key.parts()?;
        let api = self.client.api(account.clone());
        let options = self.client.options();
        Ok(match service {
            Service::Gmail => Arc::new(GmailSource::new(
                api,
                GmailOptions {
                    since: self.sync.mail_since,
                    max_messages: self.sync.max_messages,
                    topic: options.push.as_ref().map(|push| push.topic.clone()),
                    costs: GmailCosts::of(options.quota.table),
                    ..GmailOptions::default()
                },
            )),
            Service::Drive => Arc::new(DriveSource::new(
                api,
                Arc::clone(&self.clock),
                DriveOptions {
                    drive: part.map(str::to_owned),
                    separate: self.shared_drives(account).await?,
                    address: self.address(service),
                    costs: DriveCosts::of(options.quota.table),
                    ..DriveOptions::default()
                },
            )),
            Service::Calendar => {
                let calendar = part.unwrap_or("primary").to_owned();
                Arc::new(CalendarSource::new(api, Arc::clone(&self.clock), calendar, self.address(service)))
            }
        })
    }

    fn can_notify(&self, key: &StreamKey) -> bool {
        match key.parts() {
            Ok((Service::Gmail, _)) => self.client.options().push.is_some(),
            Ok((service, _)) => self.address(service).is_some(),
            Err(_) => false,
        }
    }

    fn channel_token(&self) -> Result<(String, Vec<u8>)> {
        let token = base64url(&unguessable::<32>()?);
        let hashed = hash(token.as_bytes()).to_vec();
        Ok((token, hashed))
    }
}
