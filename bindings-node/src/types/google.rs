//! Accounts at Google, how level they are, and what notifications are answered.

use std::time::Duration;

use napi_derive::napi;

use super::json::Json;
use super::time::{Instant, Millis};
use super::user::User;
use super::{list, number};

/// An account at Google that is linked to a user, or to the workspace itself.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Account {
    /// Names the account here.
    pub id: String,
    /// Whose it is: the id of a user; all zeros for the workspace itself.
    pub tenant: String,
    /// How access was given.
    #[napi(ts_type = "AccountKind")]
    pub kind: String,
    /// Google's stable name of the account; addresses change.
    pub subject: String,
    /// Its address.
    pub email: String,
    /// Its owner's name.
    pub name: Option<String>,
    /// The address of its owner's picture.
    pub picture: Option<String>,
    /// What may be done with it, in Google's own words, sorted.
    pub scopes: Vec<String>,
    /// Whether it can be used.
    #[napi(ts_type = "AccountStatus")]
    pub status: String,
    /// Why it cannot, in Google's words.
    pub status_reason: Option<String>,
    /// Whether its owner signs in with it.
    pub login: bool,
    /// When the present access token ends.
    #[napi(ts_type = "Date")]
    pub access_expires_at: Option<Instant>,
    /// When it was first linked.
    #[napi(ts_type = "Date")]
    pub linked_at: Instant,
    /// When anything about it last changed.
    #[napi(ts_type = "Date")]
    pub updated_at: Instant,
}

/// Where to send a user.
#[napi(object, object_from_js = false)]
pub struct Consent {
    /// The address of Google's page. It is for this user's browser only.
    pub url: String,
    /// Until when the answer counts.
    #[napi(ts_type = "Date")]
    pub expires_at: Instant,
}

/// An account that was linked.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Linked {
    /// The account.
    pub account: Account,
    /// Scopes that were asked for and not granted; users may untick some.
    pub missing: Vec<String>,
    /// Where your application wanted to go on.
    pub return_to: Option<String>,
}

/// Who somebody is, according to Google.
#[napi(object, use_nullable = true)]
pub struct GoogleIdentity {
    /// Google's stable name.
    pub subject: String,
    /// Their address.
    pub email: String,
    /// Whether the address was proved to be theirs.
    pub email_verified: bool,
    /// Their name.
    pub name: Option<String>,
    /// The address of their picture.
    pub picture: Option<String>,
    /// The Workspace domain they belong to.
    pub hosted_domain: Option<String>,
}

/// Somebody who signed in.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct SignedIn {
    /// Who they are, according to Google.
    pub identity: GoogleIdentity,
    /// Who they are here; `null` for somebody new: make a user and call `keepLogin` of their
    /// `google`.
    pub user: Option<User>,
    /// Where your application wanted to go on.
    pub return_to: Option<String>,
}

/// How well an account is kept level.
#[napi(object, object_from_js = false)]
pub struct AccountHealth {
    /// The account.
    pub account: Account,
    /// As the worst of its streams.
    #[napi(ts_type = "Health")]
    pub health: String,
    /// Each of its streams.
    pub streams: Vec<StreamHealth>,
}

/// How a stream is: one thing of an account that is kept level.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct StreamHealth {
    /// `gmail`, `drive`, `drive:{shared drive}` or `calendar:{calendar}`.
    pub stream: String,
    /// How well it is.
    #[napi(ts_type = "Health")]
    pub health: String,
    /// Why it is not green, in words.
    pub reasons: Vec<String>,
    /// When everything that was known of was last stored.
    #[napi(ts_type = "Date")]
    pub succeeded_at: Option<Instant>,
    /// How many milliseconds what waits has waited; 0 when nothing waits.
    #[napi(ts_type = "number")]
    pub lag: Millis,
    /// When the channel that notifies ends; `null` without one.
    #[napi(ts_type = "Date")]
    pub watch_expires_at: Option<Instant>,
    /// When a channel last notified.
    #[napi(ts_type = "Date")]
    pub heard_at: Option<Instant>,
    /// When it is looked at next.
    #[napi(ts_type = "Date")]
    pub next_at: Option<Instant>,
    /// Objects that wait.
    pub waiting: i64,
    /// Objects that were set aside because they failed too often.
    pub aside: i64,
    /// Objects that are known.
    pub objects: i64,
}

/// What bringing accounts level did.
#[napi(object, object_from_js = false)]
pub struct SyncSummary {
    /// Each stream that was asked for.
    pub streams: Vec<StreamSummary>,
}

/// What bringing one stream level did.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct StreamSummary {
    /// `gmail`, `drive`, `drive:{shared drive}` or `calendar:{calendar}`.
    pub stream: String,
    /// Objects that Google had news about.
    pub told: i64,
    /// Objects stored or changed here.
    pub stored: i64,
    /// Objects taken out.
    pub removed: i64,
    /// Objects that failed; they are tried again by themselves.
    pub failed: i64,
    /// Whether everything was listed anew.
    pub snapshot: bool,
    /// The code of what ended it early; it goes on by itself.
    #[napi(ts_type = "ErrorCode")]
    pub error_code: Option<String>,
    /// The same in words.
    pub error_message: Option<String>,
}

/// What disconnecting did.
#[napi(object, object_from_js = false)]
pub struct Disconnected {
    /// The account as it was.
    pub account: Account,
    /// Whether Google has taken back the consent. If not, its owner can do so at
    /// <https://myaccount.google.com/permissions>; the tokens are gone here either way.
    pub revoked: bool,
    /// How many objects were taken out.
    pub erased: i64,
}

/// What a notification is answered, whatever web framework does it.
#[napi(object, object_from_js = false)]
pub struct WebhookOutcome {
    /// The HTTP status.
    pub status: u32,
    /// The body: JSON, or a text that is sent as it is.
    #[napi(ts_type = "unknown")]
    pub body: Json,
    /// What became of the notification.
    #[napi(ts_type = "WebhookVerdict")]
    pub verdict: String,
    /// The body as it is sent.
    pub text: String,
    /// What `text` is, for the header `Content-Type`.
    pub content_type: String,
}

impl From<besunny::Account> for Account {
    fn from(account: besunny::Account) -> Self {
        Self {
            id: account.id.to_string(),
            tenant: account.tenant.to_string(),
            kind: account.kind.to_string(),
            subject: account.subject,
            email: account.email,
            name: account.name,
            picture: account.picture,
            scopes: account.scopes,
            status: account.status.to_string(),
            status_reason: account.status_reason,
            login: account.login,
            access_expires_at: account.access_expires_at.map(Instant::from),
            linked_at: account.linked_at.into(),
            updated_at: account.updated_at.into(),
        }
    }
}

impl From<besunny::Consent> for Consent {
    fn from(consent: besunny::Consent) -> Self {
        Self { url: consent.url, expires_at: consent.expires_at.into() }
    }
}

impl From<besunny::Linked> for Linked {
    fn from(linked: besunny::Linked) -> Self {
        Self { account: linked.account.into(), missing: linked.missing, return_to: linked.return_to }
    }
}

impl From<besunny::GoogleIdentity> for GoogleIdentity {
    fn from(identity: besunny::GoogleIdentity) -> Self {
        Self {
            subject: identity.subject,
            email: identity.email,
            email_verified: identity.email_verified,
            name: identity.name,
            picture: identity.picture,
            hosted_domain: identity.hosted_domain,
        }
    }
}

impl From<GoogleIdentity> for besunny::GoogleIdentity {
    fn from(given: GoogleIdentity) -> Self {
        let mut identity = Self::new(given.subject, given.email);
        identity.email_verified = given.email_verified;
        identity.name = given.name;
        identity.picture = given.picture;
        identity.hosted_domain = given.hosted_domain;
        identity
    }
}

impl From<besunny::SignedIn> for SignedIn {
    fn from(signed_in: besunny::SignedIn) -> Self {
        Self {
            identity: signed_in.identity.into(),
            user: signed_in.user.map(User::from),
            return_to: signed_in.return_to,
        }
    }
}

impl From<besunny::AccountHealth> for AccountHealth {
    fn from(health: besunny::AccountHealth) -> Self {
        Self {
            account: health.account.into(),
            health: health.health.to_string(),
            streams: list(health.streams),
        }
    }
}

impl From<besunny::StreamHealth> for StreamHealth {
    fn from(health: besunny::StreamHealth) -> Self {
        Self {
            stream: health.stream,
            health: health.health.to_string(),
            reasons: health.reasons,
            succeeded_at: health.succeeded_at.map(Instant::from),
            lag: Millis(Duration::from_secs(health.lag)),
            watch_expires_at: health.watch_expires_at.map(Instant::from),
            heard_at: health.heard_at.map(Instant::from),
            next_at: health.next_at.map(Instant::from),
            waiting: number(health.waiting),
            aside: number(health.aside),
            objects: number(health.objects),
        }
    }
}

impl From<besunny::SyncSummary> for SyncSummary {
    fn from(summary: besunny::SyncSummary) -> Self {
        Self { streams: list(summary.streams) }
    }
}

impl From<besunny::StreamSummary> for StreamSummary {
    fn from(summary: besunny::StreamSummary) -> Self {
        Self {
            stream: summary.stream,
            told: number(summary.told),
            stored: number(summary.stored),
            removed: number(summary.removed),
            failed: number(summary.failed),
            snapshot: summary.snapshot,
            error_code: summary.error_code,
            error_message: summary.error_message,
        }
    }
}

impl From<besunny::Disconnected> for Disconnected {
    fn from(gone: besunny::Disconnected) -> Self {
        Self { account: gone.account.into(), revoked: gone.revoked, erased: number(gone.erased) }
    }
}

impl From<besunny::WebhookOutcome> for WebhookOutcome {
    fn from(outcome: besunny::WebhookOutcome) -> Self {
        Self {
            status: outcome.status.into(),
            text: outcome.text(),
            content_type: outcome.content_type().to_owned(),
            verdict: outcome.verdict.to_string(),
            body: Json(outcome.body),
        }
    }
}
