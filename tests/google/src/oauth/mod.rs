//! OAuth 2.0 and OpenID Connect as Google does them: clients, consent, tokens, service
//! accounts, keys.

pub(crate) mod authorize;
mod der;
pub(crate) mod endpoints;
pub(crate) mod exchange;
pub(crate) mod grants;
pub(crate) mod keys;
pub(crate) mod scopes;
pub(crate) mod service_accounts;

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use self::grants::{Access, Code, Grant, Refresh};
use self::keys::KeyRing;
pub use self::service_accounts::ServiceAccount;
use crate::error::{ApiError, Result};
use crate::http::{Answer, Request};
use crate::rng::Rng;
use crate::world::Shared;

/// An OAuth client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `...apps.googleusercontent.com`
    pub client_id: String,
    /// What goes with it.
    pub client_secret: String,
    /// The project whose client it is, in names of topics too.
    pub project: String,
    /// Where codes may go, compared to the letter. An address of this machine without a port
    /// (`http://127.0.0.1`) allows any port and path, as for installed programs.
    pub redirect_uris: Vec<String>,
    /// Whether the project is in testing, where refresh tokens die after seven days.
    #[serde(default)]
    pub is_testing: bool,
}

impl Client {
    /// The client that each fake has from the start: project `fake-project`, redirects to
    /// anywhere on this machine.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            client_id: "100000000001-fake.apps.googleusercontent.com".to_owned(),
            client_secret: "GOCSPX-fake-client-secret".to_owned(),
            project: "fake-project".to_owned(),
            redirect_uris: vec!["http://127.0.0.1".to_owned(), "http://localhost".to_owned()],
            is_testing: false,
        }
    }
}

/// What the user does at the consent screen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Consent {
    /// Who is signed in; otherwise whom `login_hint` names, or the only account.
    pub account: Option<String>,
    /// The scopes that are ticked, of those asked for; otherwise all.
    pub scopes: Option<Vec<String>>,
    /// Whether the user presses "Cancel".
    pub is_denied: bool,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) project: String,
    pub(crate) scopes: Vec<String>,
}

/// How often the token endpoint was asked, by grant type and outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCalls {
    /// Codes for tokens.
    pub exchanges: u64,
    /// Refresh tokens for access tokens.
    pub refreshes: u64,
    /// Assertions of service accounts.
    pub assertions: u64,
    /// Those of them that were refused or failed.
    pub failures: u64,
    /// Refreshes by account.
    pub refreshes_of: BTreeMap<String, u64>,
}

#[derive(Debug)]
pub(crate) struct OAuth {
    pub(crate) clients: BTreeMap<String, Client>,
    pub(crate) service_accounts: BTreeMap<String, ServiceAccount>,
    /// By project and account.
    pub(crate) grants: HashMap<(String, String), Grant>,
    pub(crate) refresh: HashMap<String, Refresh>,
    pub(crate) access: HashMap<String, Access>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) consents: VecDeque<Consent>,
    pub(crate) keys: KeyRing,
    pub(crate) calls: TokenCalls,
    /// How often the keys were fetched.
    pub(crate) certs_fetched: u64,
    /// Seconds that the keys may be cached.
    pub(crate) certs_max_age: u64,
    pub(crate) seed: u64,
    rng: Rng,
}

impl OAuth {
    pub(crate) fn new(seed: u64) -> Self {
        let standard = Client::standard();
        Self {
            clients: BTreeMap::from([(standard.client_id.clone(), standard)]),
            service_accounts: BTreeMap::new(),
            grants: HashMap::new(),
            refresh: HashMap::new(),
            access: HashMap::new(),
            codes: HashMap::new(),
            consents: VecDeque::new(),
            keys: KeyRing::new(seed),
            calls: TokenCalls::default(),
            certs_fetched: 0,
            certs_max_age: 19_800,
            seed,
            rng: Rng::new(seed, "tokens"),
        }
    }

    /// Whose token it is.
    pub(crate) fn caller(&self, token: Option<&str>, now: i64) -> Result<Caller> {
        let access = token.and_then(|token| self.access.get(token)).filter(|access| access.expires > now);
        let access = access.ok_or_else(ApiError::credentials)?;
        Ok(Caller {
            account: access.account.clone(),
            project: access.project.clone(),
            scopes: access.scopes.clone(),
        })
    }
}

/// Answers what is about OAuth.
pub(crate) fn answer(shared: &Shared, request: &Request) -> Option<Answer> {
    endpoints::answer(&mut shared.lock(), request)
}
