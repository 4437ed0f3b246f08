//! Where notifications come in: plain functions of headers and body, for any web server, edge
//! function or queue worker.

use super::GoogleParts;
use crate::base::{ErrorKind, Result, Scope, TenantId};
use crate::domain::{Access, Service, StreamKey};
use crate::google::{ChannelNotice, Told, WebhookOutcome, WebhookVerdict};
use crate::workspace::Workspace;

/// Where one service's notifications come in. A notification is taken when what it tells is
/// written down; bringing the stream level is a job's business.
#[derive(Clone, Debug)]
pub struct Webhooks {
    workspace: Workspace,
    service: Service,
}

impl Webhooks {
    pub(super) fn new(workspace: Workspace, service: Service) -> Self {
        Self { workspace, service }
    }

    /// Takes a notification: its HTTP headers, with names in any case, and its body. Answer the
    /// sender with the status and body of the outcome, whatever it is; the function fails only
    /// where no answer makes sense.
    ///
    /// Forged, expired and misdirected ones are refused; the same one again does no harm. Where it
    /// could not be written down the status is 503, and the sender tries again.
    ///
    /// # Errors
    /// `closed`, `not_configured`.
    pub async fn notify<N, V>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
    ) -> Result<WebhookOutcome>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let parts = self.workspace.google_parts("google.notify")?;
        let headers: Vec<(String, String)> =
            headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let taken = match self.service {
            Service::Gmail => parts.mailbox_notice(&headers, body).await,
            service => parts.channel_notice(service, &headers).await,
        };
        Ok(taken.unwrap_or_else(|error| {
            if error.kind() != ErrorKind::Closed {
                tracing::error!(service = %self.service, %error, "a notification could not be written down");
            }
            let message = "the notification could not be taken now; please send it again";
            WebhookOutcome::new(self.service, WebhookVerdict::Unavailable, message)
        }))
    }
}

impl GoogleParts {
    async fn mailbox_notice(&self, headers: &[(String, String)], body: &[u8]) -> Result<WebhookOutcome> {
        let notice = match self.client.push.mailbox(headers, body).await {
            Ok(notice) => notice,
            Err(outcome) => return Ok(outcome),
        };
        let accounts = self
            .store
            .begin(&Scope::service(), Access::Read)
            .await?
            .accounts_with_email(&notice.email)
            .await?;
        if accounts.is_empty() {
            // Its watch ends by itself; there is nothing that sending it again would help.
            return Ok(WebhookOutcome::new(
                Service::Gmail,
                WebhookVerdict::Ignored,
                "No such mailbox is linked",
            ));
        }
        for account in accounts {
            let key = StreamKey::new(account.id, Service::Gmail, None);
            self.heard(account.tenant, &key).await?;
        }
        Ok(WebhookOutcome::accepted(Service::Gmail))
    }

    async fn channel_notice(&self, service: Service, headers: &[(String, String)]) -> Result<WebhookOutcome> {
        let notice = match ChannelNotice::read(service, headers) {
            Ok(notice) => notice,
            Err(outcome) => return Ok(outcome),
        };
        tracing::debug!(
            channel = notice.channel,
            number = notice.number,
            resource = notice.resource,
            state = ?notice.state,
            changed = ?notice.changed,
            expires_at = ?notice.expires_at,
            "a channel notified"
        );
        let channel =
            self.store.begin(&Scope::service(), Access::Read).await?.channel(&notice.channel).await?;
        let channel = channel.filter(|channel| channel.stream.parts().is_ok_and(|(of, _)| of == service));
        let told = match notice.weigh(service, channel.as_ref()) {
            Ok(told) => told,
            Err(outcome) => return Ok(outcome),
        };
        let Some(channel) = channel else { return Ok(WebhookOutcome::accepted(service)) };
        let mut write = self.store.begin(&Scope::of(channel.tenant), Access::Work).await?;
        write.heard(&channel.id, self.clock.now()).await?;
        write.commit().await?;
        match told {
            Told::Greeting => Ok(WebhookOutcome::greeted(service)),
            Told::Change => {
                self.hint(channel.tenant, std::slice::from_ref(&channel.stream)).await?;
                Ok(WebhookOutcome::accepted(service))
            }
        }
    }

    /// A mailbox has no channel of its own name: whatever is told of it is heard on all it has.
    async fn heard(&self, tenant: TenantId, key: &StreamKey) -> Result<()> {
        let now = self.clock.now();
        let mut write = self.store.begin(&Scope::of(tenant), Access::Work).await?;
        for channel in write.channels_of(key).await? {
            write.heard(&channel.id, now).await?;
        }
        write.commit().await?;
        self.hint(tenant, std::slice::from_ref(key)).await
    }
}
