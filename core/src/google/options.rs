//! What has to be known to work with Google.

use std::fmt;
use std::time::Duration;

use url::{Host, Url};

use super::endpoints::GoogleEndpoints;
use super::oauth::ServiceAccount;
use super::quota::GoogleQuota;
use crate::base::{Error, ErrorKind, Result, Secret};
use crate::security::{KeyRing, parse_key};

const OPERATION: &str = "google.options";
/// Bounds of what a call may take.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(600);

/// A key that tokens are encrypted with where they are stored.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenKey {
    /// Its name, stored with what it encrypts: 1 to 16 letters, digits, `-` or `_`.
    pub id: String,
    /// 32 random bytes as base64 or hex (`openssl rand -base64 32`).
    pub key: Secret,
}

impl TokenKey {
    /// A key under a name.
    #[must_use]
    pub fn new(id: impl Into<String>, key: impl Into<Secret>) -> Self {
        Self { id: id.into(), key: key.into() }
    }
}

/// How Gmail notifies: over a topic of Pub/Sub, whose subscription posts to us and signs what
/// it posts with an OpenID token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushOptions {
    /// `projects/{project}/topics/{topic}`, of the project that the client belongs to.
    pub topic: String,
    /// `projects/{project}/subscriptions/{subscription}`; messages of others are refused.
    pub subscription: String,
    /// The audience that the subscription was made with; without one, the address it posts to.
    pub audience: String,
    /// The address of the service account that the subscription signs as.
    pub service_account: String,
}

/// What has to be known to work with Google. Start from the default and set what applies;
/// it is checked when it is used.
#[derive(Clone)]
#[non_exhaustive]
pub struct GoogleOptions {
    /// The OAuth client's id. May be empty where there is only a service account.
    pub client_id: String,
    /// The OAuth client's secret.
    pub client_secret: Secret,
    /// Where Google sends users back who linked an account, exactly as registered.
    pub redirect_uri: String,
    /// Where it sends those back who signed in; `None` for the same place.
    pub login_redirect_uri: Option<String>,
    /// The keys that tokens are encrypted with; the first one encrypts, all of them decrypt.
    pub token_keys: Vec<TokenKey>,
    /// Whether accounts are asked for reading only. Nothing in this library writes to them.
    pub read_only: bool,
    /// Only accounts of this Workspace domain are accepted.
    pub hosted_domain: Option<String>,
    /// A service account's key: its JSON, or the path of a file with it.
    pub service_account: Option<Secret>,
    /// Where Google is.
    pub endpoints: GoogleEndpoints,
    /// How Gmail notifies; `None` to poll only.
    pub push: Option<PushOptions>,
    /// The base address, `https://...`, below which Drive and Calendar notify; `None` to poll only.
    pub webhook_address: Option<String>,
    /// What may be used.
    pub quota: GoogleQuota,
    /// How long one try of a call may take.
    pub request_timeout: Duration,
    /// How long a call may take with all its tries and waits.
    pub total_timeout: Duration,
    /// The address of a proxy for all calls, `http://host:port`.
    pub proxy: Option<String>,
}

impl Default for GoogleOptions {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            client_secret: Secret::default(),
            redirect_uri: String::new(),
            login_redirect_uri: None,
            token_keys: Vec::new(),
            read_only: true,
            hosted_domain: None,
            service_account: None,
            endpoints: GoogleEndpoints::default(),
            push: None,
            webhook_address: None,
            quota: GoogleQuota::default(),
            request_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(120),
            proxy: None,
        }
    }
}

impl fmt::Debug for GoogleOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleOptions")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("login_redirect_uri", &self.login_redirect_uri)
            .field("token_keys", &self.token_keys.iter().map(|key| &key.id).collect::<Vec<_>>())
            .field("read_only", &self.read_only)
            .field("hosted_domain", &self.hosted_domain)
            .field("has_service_account", &self.service_account.is_some())
            .field("endpoints", &self.endpoints)
            .field("push", &self.push)
            .field("webhook_address", &self.webhook_address)
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}

/// Options that were checked, and what they mean.
pub(crate) struct Configured {
    pub(crate) options: GoogleOptions,
    pub(crate) keys: KeyRing,
    pub(crate) service_account: Option<ServiceAccount>,
}

impl GoogleOptions {
    /// Checks everything that can be checked without asking Google.
    pub(crate) fn checked(self) -> Result<Configured> {
        let parsed = self.token_keys.iter().map(|key| {
            parse_key(key.key.expose())
                .map(|bytes| (key.id.clone(), bytes))
                .map_err(|error| error.with("key", &key.id))
        });
        let keys = KeyRing::new(parsed.collect::<Result<_>>()?)?;
        let service_account = self.service_account.as_ref().map(ServiceAccount::read).transpose()?;
        if self.client_id.is_empty() && service_account.is_none() {
            return Err(bad("client_id", "an OAuth client's id or a service account's key is needed"));
        }
        if !self.client_id.is_empty() {
            if self.client_secret.is_empty() {
                return Err(bad("client_secret", "the OAuth client's secret is missing"));
            }
            check_address("redirect_uri", &self.redirect_uri)?;
            if let Some(address) = &self.login_redirect_uri {
                check_address("login_redirect_uri", address)?;
            }
        }
        let GoogleEndpoints { accounts, oauth2, openid, gmail, www } = &self.endpoints;
        for base in [accounts, oauth2, openid, gmail, www] {
            let url = check_address("endpoints", base)?;
            if url.query().is_some() || base.ends_with('/') {
                return Err(bad(
                    "endpoints",
                    "an endpoint is a base address without a slash or query at its end",
                ));
            }
        }
        if let Some(address) = &self.webhook_address {
            check_address("webhook_address", address)?;
        }
        if let Some(push) = &self.push {
            push.check()?;
        }
        if self
            .hosted_domain
            .as_ref()
            .is_some_and(|domain| !domain.contains('.') || domain.contains(['@', ' ']))
        {
            return Err(bad("hosted_domain", "this is a domain, such as example.org"));
        }
        for quota in [self.quota.gmail, self.quota.drive, self.quota.calendar] {
            if quota.per_user == 0 || quota.per_project == 0 {
                return Err(bad("quota", "with no units at all nothing can be asked"));
            }
        }
        let bounds = Duration::from_millis(1)..=LONGEST_TIMEOUT;
        if !bounds.contains(&self.request_timeout) || !bounds.contains(&self.total_timeout) {
            return Err(bad("timeout", "a time limit is between a millisecond and ten minutes"));
        }
        Ok(Configured { options: self, keys, service_account })
    }
}

impl PushOptions {
    fn check(&self) -> Result<()> {
        let is_name = |name: &str, kind: &str| {
            let parts: Vec<&str> = name.split('/').collect();
            matches!(parts[..], ["projects", project, found, own] if found == kind && !project.is_empty() && !own.is_empty())
        };
        if !is_name(&self.topic, "topics") {
            return Err(bad("push.topic", "a topic is projects/{project}/topics/{topic}"));
        }
        if !is_name(&self.subscription, "subscriptions") {
            return Err(bad(
                "push.subscription",
                "a subscription is projects/{project}/subscriptions/{name}",
            ));
        }
        if self.audience.is_empty() {
            let message = "set the audience that the subscription was made with, or the address it posts to";
            return Err(bad("push.audience", message));
        }
        // Without it, anybody with an account at Google could sign for this audience.
        if !self.service_account.contains('@') {
            let message = "set the address of the service account that the subscription signs as";
            return Err(bad("push.service_account", message));
        }
        Ok(())
    }
}

/// `https`, or `http` on this machine: what is sent there is secret.
fn check_address(field: &'static str, address: &str) -> Result<Url> {
    let url = Url::parse(address).map_err(|_| bad(field, "this is not an address (https://...)"))?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
        return Err(bad(field, "an address begins with https://; http:// is for this machine only"));
    }
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(bad(field, "an address has neither a fragment nor a user"));
    }
    Ok(url)
}

fn bad(field: &'static str, message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, OPERATION, message).with("option", field)
}

#[cfg(test)]
pub(in crate::google) mod tests {
    use super::*;

    /// Options that pass, for a server that answers for all of Google.
    pub(crate) fn options(base: &str) -> GoogleOptions {
        GoogleOptions {
            client_id: "client.apps.googleusercontent.com".into(),
            client_secret: "hush".into(),
            redirect_uri: "https://app.example/callback".into(),
            token_keys: vec![TokenKey::new("k1", "ab".repeat(32))],
            endpoints: GoogleEndpoints::at(base),
            push: Some(PushOptions {
                topic: "projects/p/topics/t".into(),
                subscription: "projects/p/subscriptions/s".into(),
                audience: "https://app.example/push".into(),
                service_account: "push@p.iam.gserviceaccount.com".into(),
            }),
            ..GoogleOptions::default()
        }
    }

    fn option(change: impl FnOnce(&mut GoogleOptions)) -> Option<String> {
        let mut options = options("https://google.example");
        change(&mut options);
        let error = options.checked().err()?;
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let context = error.context().iter().find(|(key, _)| *key == "option" || *key == "key");
        Some(context.map(|(_, value)| value.clone()).unwrap_or_default())
    }

    #[test]
    fn says_which_option_is_wrong() {
        assert_eq!(option(|_| {}), None);
        assert_eq!(option(|o| o.token_keys.clear()).as_deref(), Some(""));
        assert_eq!(option(|o| o.token_keys[0].key = "passphrase".into()).as_deref(), Some("k1"));
        assert_eq!(option(|o| o.client_id.clear()).as_deref(), Some("client_id"));
        assert_eq!(option(|o| o.client_secret = Secret::default()).as_deref(), Some("client_secret"));
        for address in
            ["", "app.example", "http://app.example/", "https://app.example/#x", "https://u@app.example/"]
        {
            assert_eq!(
                option(|o| o.redirect_uri = address.into()).as_deref(),
                Some("redirect_uri"),
                "{address}"
            );
        }
        assert_eq!(option(|o| o.redirect_uri = "http://localhost:3000/cb".into()), None);
        assert_eq!(option(|o| o.redirect_uri = "http://[::1]:3000/cb".into()), None);
        assert_eq!(option(|o| o.endpoints.www = "http://evil.example".into()).as_deref(), Some("endpoints"));
        assert_eq!(option(|o| o.endpoints.www = "https://a.example/".into()).as_deref(), Some("endpoints"));
        assert_eq!(
            option(|o| o.webhook_address = Some("http://a.example".into())).as_deref(),
            Some("webhook_address")
        );
        let push = |change: fn(&mut PushOptions)| option(|o| o.push.as_mut().map_or((), change));
        assert_eq!(push(|p| p.topic = "t".into()).as_deref(), Some("push.topic"));
        assert_eq!(
            push(|p| p.subscription = "projects//subscriptions/s".into()).as_deref(),
            Some("push.subscription")
        );
        assert_eq!(push(|p| p.audience.clear()).as_deref(), Some("push.audience"));
        assert_eq!(push(|p| p.service_account.clear()).as_deref(), Some("push.service_account"));
        assert_eq!(option(|o| o.hosted_domain = Some("ana@x".into())).as_deref(), Some("hosted_domain"));
        assert_eq!(option(|o| o.quota.gmail.per_user = 0).as_deref(), Some("quota"));
        assert_eq!(option(|o| o.total_timeout = Duration::ZERO).as_deref(), Some("timeout"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut options = options("https://google.example");
        options.service_account = Some("hush".into());
        let shown = format!("{options:?} {:?}", options.token_keys);
        assert!(!shown.contains("hush") && !shown.contains("abab") && shown.contains("k1"), "{shown}");
    }
}
