//! Google as a whole: what all accounts of a workspace share.

use std::sync::Arc;

use super::account_api::AccountApi;
use super::api::Api;
use super::oauth::{Consents, GoogleKeys, TokenEndpoint, TokenKeeper};
use super::options::Configured;
use super::push::PushReceiver;
use super::usage::Usage;
use crate::base::{Clock, IdGenerator};
use crate::domain::{Account, Service, Store};
use crate::net::{Breaker, Budget, Http, HttpOptions};

/// What we call ourselves. Google compresses its answers for those who say `gzip` here.
const USER_AGENT: &str = concat!("besunny/", env!("CARGO_PKG_VERSION"), " (gzip)");

/// Whose quota is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum PaceKey {
    /// A user's, by Google's name of the account: several users here may have linked it.
    User(Service, String),
    /// The whole project's.
    Project(Service),
}

/// Google, for one workspace.
pub(crate) struct Google {
    pub(super) configured: Arc<Configured>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    pub(super) http: Arc<Http>,
    pub(super) budget: Budget<PaceKey>,
    pub(super) breaker: Breaker,
    /// Access tokens.
    pub(crate) tokens: Arc<TokenKeeper>,
    /// Consents of users.
    pub(crate) consents: Consents,
    /// Notifications.
    pub(crate) push: PushReceiver,
    /// What was asked so far.
    pub(crate) usage: Usage,
}

impl Google {
    /// Nothing is opened and nobody asked before the first call.
    pub(crate) fn new(
        configured: Configured,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Arc<Self> {
        let configured = Arc::new(configured);
        let options =
            HttpOptions { user_agent: USER_AGENT.to_owned(), proxy: configured.options.proxy.clone() };
        let http = Arc::new(Http::new(options));
        let keys = Arc::new(GoogleKeys::new(
            Arc::clone(&http),
            &configured.options.endpoints.www,
            Arc::clone(&clock),
        ));
        let endpoint = Arc::new(TokenEndpoint {
            http: Arc::clone(&http),
            configured: Arc::clone(&configured),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
        });
        let tokens = Arc::new(TokenKeeper::new(
            Arc::clone(&store),
            Arc::clone(&clock),
            Arc::clone(&ids),
            Arc::clone(&configured),
            Arc::clone(&endpoint),
        ));
        let consents = Consents {
            store,
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            http: Arc::clone(&http),
            configured: Arc::clone(&configured),
            endpoint,
            keys: Arc::clone(&keys),
            tokens: Arc::clone(&tokens),
        };
        Arc::new(Self {
            push: PushReceiver::new(configured.options.push.clone(), keys),
            budget: Budget::new(Arc::clone(&clock)),
            breaker: Breaker::new(Arc::clone(&clock)),
            usage: Usage::default(),
            configured,
            clock,
            ids,
            http,
            tokens,
            consents,
        })
    }

    /// The APIs for an account.
    pub(crate) fn api(self: &Arc<Self>, account: Account) -> Arc<dyn Api> {
        Arc::new(AccountApi::new(Arc::clone(self), account))
    }
}
