//! A mailbox as a source.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::history::{compare_history_ids, is_history_id, news};
use super::options::GmailOptions;
use super::wire::{HistoryList, MessageList, Profile, WatchAnswer};
use super::{batch, fetch};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::{
    Channel, Fetched, News, NextPage, Source, SourceFailure, SourcePage, Told, Wanted, Watch, WatchRequest,
};
use crate::google::api::{Api, ApiFailure, ApiRequest};

/// The most that Gmail gives on a page.
const PAGE: u64 = 500;

/// The mailbox of an account.
pub(crate) struct GmailSource {
    pub(super) api: Arc<dyn Api>,
    pub(super) options: GmailOptions,
}

impl GmailSource {
    pub(crate) fn new(api: Arc<dyn Api>, options: GmailOptions) -> Self {
        Self { api, options }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/gmail/v1/users/me/{path}", self.api.endpoints().gmail)
    }

    /// Where the mailbox is.
    async fn present(&self) -> Result<String, ApiFailure> {
        let operation = "gmail.profile";
        let request = ApiRequest::get(operation, self.url("profile"), self.options.costs.profile);
        let profile: Profile = self.api.call(request).await?.json(operation)?;
        let message = "Gmail answered a profile without a history id";
        profile.history_id.ok_or_else(|| Error::new(ErrorKind::Upstream, operation, message).into())
    }

    /// What it means that Gmail does not know a cursor any more. It can say so of the newest one
    /// there is, when nothing happened for weeks: then there is nothing to tell.
    async fn expired(&self, cursor: &str) -> Result<SourcePage, SourceFailure> {
        let present = self.present().await.map_err(Error::from)?;
        if compare_history_ids(&present, cursor).is_eq() {
            return Ok(SourcePage { told: Vec::new(), next: NextPage::Done(Some(cursor.to_owned())) });
        }
        Err(SourceFailure::CursorExpired)
    }
}

/// Whether Gmail refuses a call because of its page.
fn is_page_refused(failure: &ApiFailure, page: Option<&str>) -> bool {
    // Other preconditions (`Mail service not enabled`) are about the account.
    matches!(failure, ApiFailure::Refused(refusal)
        if page.is_some() && refusal.status == 400 && refusal.reason != "failedPrecondition")
}

fn is_not_found(failure: &ApiFailure) -> bool {
    matches!(failure, ApiFailure::Refused(refusal) if refusal.status == 404)
}

#[async_trait]
impl Source for GmailSource {
    fn fingerprint(&self) -> String {
        self.options.fingerprint()
    }

    fn can_watch(&self) -> bool {
        self.options.topic.is_some()
    }

    /// The cursor is asked for before the listing, so that it covers nothing that the listing
    /// does not show.
    async fn start(&self) -> Result<Option<String>> {
        Ok(Some(self.present().await?))
    }

    /// Lists without spam and trash. A page is named by how many messages were told before it,
    /// and Gmail's token.
    async fn snapshot(&self, page: Option<&str>) -> Result<SourcePage, SourceFailure> {
        let operation = "gmail.list";
        let (told, token) = match page {
            Some(page) => {
                let (told, token) = page.split_once(':').ok_or(SourceFailure::PageExpired)?;
                (told.parse::<u64>().map_err(|_| SourceFailure::PageExpired)?, Some(token))
            }
            None => (0, None),
        };
        let left = self.options.max_messages.map_or(PAGE, |most| most.saturating_sub(told).min(PAGE));
        if left == 0 {
            return Ok(SourcePage { told: Vec::new(), next: NextPage::Done(None) });
        }
        let request = ApiRequest::get(operation, self.url("messages"), self.options.costs.list)
            .query("maxResults", left.to_string())
            .query("includeSpamTrash", "false")
            .maybe("pageToken", token);
        let request = match self.options.since {
            // In whole seconds, and whether that second is included is not documented: a second
            // earlier, and what is too old is left out when it is fetched.
            Some(since) => {
                let seconds = since.as_micros().div_euclid(1_000_000).saturating_sub(1).max(0);
                request.query("q", format!("after:{seconds}"))
            }
            None => request,
        };
        let list: MessageList = match self.api.call(request).await.and_then(|answer| answer.json(operation)) {
            Ok(list) => list,
            Err(failure) if is_page_refused(&failure, page) => return Err(SourceFailure::PageExpired),
            Err(failure) => return Err(Error::from(failure).into()),
        };
        let names = list.messages.into_iter().filter(|message| !message.id.is_empty());
        let mut news: Vec<Told> = names.map(|message| Told { id: message.id, what: News::Changed }).collect();
        news.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        let told = told.saturating_add(news.len() as u64);
        let next = match list.next_page_token {
            Some(token) if self.options.max_messages.is_none_or(|most| told < most) => {
                NextPage::Page(format!("{told}:{token}"))
            }
            _ => NextPage::Done(None),
        };
        Ok(SourcePage { told: news, next })
    }

    async fn changes(&self, cursor: &str, page: Option<&str>) -> Result<SourcePage, SourceFailure> {
        let operation = "gmail.history";
        if !is_history_id(cursor) {
            return Err(SourceFailure::CursorExpired);
        }
        let mut request = ApiRequest::get(operation, self.url("history"), self.options.costs.history)
            .query("startHistoryId", cursor)
            .query("maxResults", PAGE.to_string());
        for kind in ["messageAdded", "messageDeleted", "labelAdded", "labelRemoved"] {
            request = request.query("historyTypes", kind);
        }
        let request = request.maybe("pageToken", page);
        let list: HistoryList = match self.api.call(request).await.and_then(|answer| answer.json(operation)) {
            Ok(list) => list,
            Err(failure) if is_not_found(&failure) => return self.expired(cursor).await,
            Err(failure) if is_page_refused(&failure, page) => return Err(SourceFailure::PageExpired),
            Err(failure) => return Err(Error::from(failure).into()),
        };
        let next = match list.next_page_token {
            // Also from a page without records.
            Some(token) => NextPage::Page(token),
            None => {
                let next = list.history_id.filter(|next| compare_history_ids(next, cursor).is_gt());
                NextPage::Done(Some(next.unwrap_or_else(|| cursor.to_owned())))
            }
        };
        Ok(SourcePage { told: news(list.history, &self.options), next })
    }

    async fn fetch(&self, wanted: &[Wanted]) -> Vec<Result<Fetched>> {
        fetch::fetch(self, wanted).await
    }

    fn batch(&self) -> usize {
        batch::MOST
    }

    /// Asks for notifications to the topic. A mailbox has one watch at most: asking again
    /// prolongs it, and nothing has to be stopped for that.
    async fn watch(&self, _request: &WatchRequest) -> Result<Watch> {
        let operation = "gmail.watch";
        let Some(topic) = &self.options.topic else {
            let message = "mailboxes notify through Pub/Sub; configure a topic";
            return Err(Error::new(ErrorKind::NotConfigured, operation, message));
        };
        let mut body = json!({ "topicName": topic });
        if !self.options.leave_out.is_empty() {
            // Spam and trash stay in: a message that moves there has to go here.
            body["labelIds"] = json!(self.options.leave_out);
            body["labelFilterBehavior"] = json!("exclude");
        }
        let request = ApiRequest::post(operation, self.url("watch"), body, self.options.costs.watch);
        let answer: WatchAnswer = self.api.call(request).await?.json(operation)?;
        let message = "Gmail granted a watch without saying until when";
        let expires_at =
            answer.expiration.ok_or_else(|| Error::new(ErrorKind::Upstream, operation, message))?;
        Ok(Watch { resource: String::new(), expires_at })
    }

    /// Ends all notifications of the mailbox, whichever channel they were asked for by. Right
    /// when it is not to be watched any more, and wrong after a watch was prolonged.
    async fn unwatch(&self, _channel: &Channel) -> Result<()> {
        let request = ApiRequest::post("gmail.stop", self.url("stop"), json!({}), self.options.costs.stop);
        match self.api.call(request).await {
            Ok(_) => Ok(()),
            Err(failure) if is_not_found(&failure) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }
}
