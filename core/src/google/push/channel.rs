//! Drive's and Calendar's notifications: headers, and nothing else.

use crate::base::{Secret, Timestamp};
use crate::domain::{Channel, ChannelState, Service};
use crate::security::{hash, same};

use super::outcome::{WebhookOutcome, WebhookVerdict};
use super::pubsub::header;

/// The longest header that is believed.
const MAX_HEADER: usize = 2_048;

/// What a channel tells.
#[derive(Clone, Debug)]
pub(crate) struct ChannelNotice {
    /// Our name of the channel.
    pub(crate) channel: String,
    /// Grows, with gaps.
    pub(crate) number: Option<u64>,
    /// The source's name of what is watched.
    pub(crate) resource: Option<String>,
    pub(crate) state: ResourceState,
    /// What of a file changed: `content`, `properties`, `parents`, `children`, `permissions`.
    pub(crate) changed: Vec<String>,
    pub(crate) expires_at: Option<Timestamp>,
    /// Proves that it is the source who speaks.
    token: Option<Secret>,
}

/// What is said of the thing that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceState {
    /// Nothing: the channel begins.
    Sync,
    /// A file appeared, or was shared.
    Add,
    /// A file is gone, or no longer shared.
    Remove,
    /// A file changed.
    Update,
    Trash,
    Untrash,
    /// Something in a store of files or a calendar changed.
    Change,
    /// What is watched is gone altogether.
    NotExists,
    /// Something that was not known when this was written.
    Other,
}

/// What an authentic notification means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The channel lives.
    Greeting,
    /// There may be something new.
    Change,
}

impl ChannelNotice {
    /// Reads headers; names may have any case.
    pub(crate) fn read(service: Service, headers: &[(String, String)]) -> Result<Self, WebhookOutcome> {
        let goog = |name: &str| {
            let value = header(headers, &format!("x-goog-{name}"));
            value.filter(|value| !value.is_empty() && value.len() <= MAX_HEADER)
        };
        let malformed = || {
            let message = "the notification names no channel and no state";
            WebhookOutcome::new(service, WebhookVerdict::Malformed, message)
        };
        let changed = goog("changed").unwrap_or_default();
        Ok(Self {
            channel: goog("channel-id").ok_or_else(malformed)?.to_owned(),
            number: goog("message-number").and_then(|number| number.parse().ok()),
            resource: goog("resource-id").map(str::to_owned),
            state: ResourceState::read(goog("resource-state").ok_or_else(malformed)?),
            changed: changed
                .split(',')
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty())
                .collect(),
            // An HTTP date here, though milliseconds everywhere else.
            expires_at: goog("channel-expiration").and_then(http_date),
            token: goog("channel-token").map(Secret::from),
        })
    }

    /// What it means, given the channel that it names; or what to answer where there is
    /// nothing to be done.
    ///
    /// # Errors
    /// Success for a channel that is not known: it may be older than a change of servers, and
    /// cannot be stopped from here. `unauthenticated` when its token is missing or wrong.
    pub(crate) fn weigh(&self, service: Service, channel: Option<&Channel>) -> Result<Told, WebhookOutcome> {
        let Some(channel) = channel else {
            return Err(WebhookOutcome::new(service, WebhookVerdict::Ignored, "Unknown channel"));
        };
        let given = self.token.as_ref().map(|token| hash(token.expose().as_bytes()));
        if !given.is_some_and(|given| same(&given, &channel.token_hash)) {
            let message = "the notification does not carry the channel's token";
            return Err(WebhookOutcome::new(service, WebhookVerdict::Unauthenticated, message));
        }
        match (self.state, channel.state) {
            (_, ChannelState::Stopping) => {
                Err(WebhookOutcome::new(service, WebhookVerdict::Ignored, "The channel is being stopped"))
            }
            (ResourceState::Sync, _) => Ok(Told::Greeting),
            _ => Ok(Told::Change),
        }
    }
}

impl ResourceState {
    fn read(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "sync" => Self::Sync,
            "add" => Self::Add,
            "remove" => Self::Remove,
            "update" => Self::Update,
            "trash" => Self::Trash,
            "untrash" => Self::Untrash,
            "change" | "exists" => Self::Change,
            "not_exists" => Self::NotExists,
            _ => Self::Other,
        }
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text).ok()?;
    let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::{AccountId, TenantId};
    use crate::domain::StreamKey;

    fn headers(more: &[(&str, &str)]) -> Vec<(String, String)> {
        let usual = [
            ("X-GOOG-CHANNEL-ID", "c1"),
            ("x-goog-message-number", "10"),
            ("X-Goog-Resource-ID", "r1"),
            ("X-Goog-Resource-State", "update"),
            ("X-Goog-Changed", "content, properties"),
            ("X-Goog-Channel-Expiration", "Thu, 19 Nov 2026 01:13:52 GMT"),
        ];
        let all = more
            .iter()
            .chain(usual.iter().filter(|(name, _)| !more.iter().any(|(m, _)| m.eq_ignore_ascii_case(name))));
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn channel(state: ChannelState) -> Channel {
        let now = Timestamp::from_seconds(0);
        Channel {
            id: "c1".into(),
            tenant: TenantId::SYSTEM,
            stream: StreamKey::new(AccountId::from_bytes([1; 16]), Service::Drive, None),
            file: None,
            resource: Some("r1".into()),
            token_hash: hash(b"token").to_vec(),
            state,
            expires_at: now,
            created_at: now,
            heard_at: None,
        }
    }

    fn weighed(more: &[(&str, &str)], channel: Option<&Channel>) -> Result<Told, (u16, WebhookVerdict)> {
        let notice = ChannelNotice::read(Service::Drive, &headers(more)).expect("a notice");
        notice.weigh(Service::Drive, channel).map_err(|outcome| (outcome.status, outcome.verdict))
    }

    #[test]
    fn reads_headers_in_any_case() {
        let notice = ChannelNotice::read(Service::Drive, &headers(&[])).expect("a notice");
        assert_eq!(
            (notice.channel.as_str(), notice.number, notice.resource.as_deref()),
            ("c1", Some(10), Some("r1"))
        );
        assert_eq!(
            (notice.state, notice.changed),
            (ResourceState::Update, vec!["content".to_owned(), "properties".into()])
        );
        assert_eq!(notice.expires_at.map(|at| at.to_string()).as_deref(), Some("2026-11-19T01:13:52Z"));
        for (text, state) in [
            ("sync", ResourceState::Sync),
            ("trash", ResourceState::Trash),
            ("exists", ResourceState::Change),
            ("new", ResourceState::Other),
        ] {
            let notice = ChannelNotice::read(Service::Drive, &headers(&[("x-goog-resource-state", text)]));
            assert_eq!(notice.expect("a notice").state, state);
        }
        for missing in ["x-goog-channel-id", "x-goog-resource-state"] {
            let outcome =
                ChannelNotice::read(Service::Drive, &headers(&[(missing, "")])).expect_err("malformed");
            assert_eq!((outcome.status, outcome.verdict), (400, WebhookVerdict::Malformed));
        }
    }

    #[test]
    fn trap_8_the_token_of_the_channel_is_all_there_is() {
        let own = channel(ChannelState::Active);
        let unauthenticated = Err((401, WebhookVerdict::Unauthenticated));
        assert_eq!(weighed(&[("x-goog-channel-token", "token")], Some(&own)), Ok(Told::Change));
        assert_eq!(weighed(&[("x-goog-channel-token", "tokem")], Some(&own)), unauthenticated);
        assert_eq!(weighed(&[("x-goog-channel-token", "")], Some(&own)), unauthenticated);
        assert_eq!(weighed(&[], Some(&own)), unauthenticated);
    }

    #[test]
    fn trap_7_unknown_and_stopped_channels_cause_nothing_but_success() {
        let token = ("x-goog-channel-token", "token");
        assert_eq!(weighed(&[token], None), Err((200, WebhookVerdict::Ignored)));
        assert_eq!(
            weighed(&[token], Some(&channel(ChannelState::Stopping))),
            Err((200, WebhookVerdict::Ignored))
        );
    }

    #[test]
    fn the_hello_may_come_before_the_channel_is_granted() {
        let sync = [("x-goog-channel-token", "token"), ("x-goog-resource-state", "sync")];
        assert_eq!(weighed(&sync, Some(&channel(ChannelState::Pending))), Ok(Told::Greeting));
    }

    proptest! {
        #[test]
        fn no_headers_make_it_panic(values in proptest::collection::vec(("(x-goog-)?[a-z-]{0,20}", ".{0,40}"), 0..8)) {
            if let Ok(notice) = ChannelNotice::read(Service::Calendar, &values) {
                let _ = notice.weigh(Service::Calendar, Some(&channel(ChannelState::Active)));
            }
        }
    }
}
