//! Asking for consent: the address that a user is sent to, and what is remembered until they
//! come back.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use super::identity::GoogleKeys;
use super::keeper::TokenKeeper;
use super::scopes::{IDENTITY, scope_of};
use super::token_endpoint::TokenEndpoint;
use crate::base::{Clock, Error, ErrorKind, IdGenerator, Result, Scope, Secret, TenantId, Timestamp, UserId};
use crate::domain::{Access, PendingConsent, Service, Store};
use crate::google::options::Configured;
use crate::net::Http;
use crate::security::{base64url, hash, unguessable};

/// How long a user may take.
const LIFE: Duration = Duration::from_secs(600);
/// The longest place to return to.
const MAX_RETURN: usize = 2_048;

/// Asks for consents, and takes up what comes of them.
pub(crate) struct Consents {
    pub(in crate::google) store: Arc<dyn Store>,
    pub(in crate::google) clock: Arc<dyn Clock>,
    pub(in crate::google) ids: Arc<dyn IdGenerator>,
    pub(in crate::google) http: Arc<Http>,
    pub(in crate::google) configured: Arc<Configured>,
    pub(in crate::google) endpoint: Arc<TokenEndpoint>,
    pub(in crate::google) keys: Arc<GoogleKeys>,
    pub(in crate::google) tokens: Arc<TokenKeeper>,
}

/// What a consent is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// To know who somebody is.
    Login,
    /// To use their account.
    Link,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct ConsentRequest {
    pub(crate) purpose: Purpose,
    /// Who asks; [`TenantId::SYSTEM`] for a login, and for an account of the workspace's own.
    pub(crate) tenant: TenantId,
    /// What the account is to be used for. Ask for one when it is needed: what was granted
    /// before stays.
    pub(crate) services: Vec<Service>,
    /// The address of the account, where it is known.
    pub(crate) login_hint: Option<String>,
    /// Where the application goes on afterwards: a path of its own.
    pub(crate) return_to: Option<String>,
    /// A value that only the browser has that asks (a cookie). It has to come back with the
    /// answer; without it, a login can be begun in one browser and finished in another.
    pub(crate) session: Option<Secret>,
}

/// Where to send the user.
#[derive(Clone)]
pub(crate) struct ConsentUrl {
    /// It contains the state, so it is for this user's browser only.
    pub(crate) url: String,
    /// Until when the answer counts.
    pub(crate) expires_at: Timestamp,
}

/// What is remembered of a question, sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) purpose: Purpose,
    pub(super) tenant: TenantId,
    pub(super) verifier: String,
    pub(super) nonce: String,
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    pub(super) return_to: Option<String>,
    pub(super) session_hash: Option<[u8; 32]>,
}

/// What a question is sealed for: the one state that opens it.
pub(super) fn belongs_to(state_hash: &[u8]) -> Vec<u8> {
    [b"consent:", state_hash].concat()
}

/// The scope in which a tenant's own rows are written.
pub(super) fn scope_for(tenant: TenantId) -> Scope {
    if tenant == TenantId::SYSTEM {
        return Scope::service();
    }
    Scope::user(UserId::from_bytes(*tenant.as_bytes()))
}

impl Consents {
    /// Begins: the address to send the user to.
    ///
    /// # Errors
    /// `not_configured` without an OAuth client; `invalid_input` for a place to return to that
    /// is not the application's own.
    pub(crate) async fn ask(&self, request: ConsentRequest) -> Result<ConsentUrl> {
        let operation = "google.consent";
        let options = &self.configured.options;
        if options.client_id.is_empty() {
            let message = "there is no OAuth client; set client_id, client_secret and redirect_uri";
            return Err(Error::new(ErrorKind::NotConfigured, operation, message));
        }
        if let Some(path) = &request.return_to {
            check_path(path)?;
        }
        if request.purpose == Purpose::Link && request.services.is_empty() {
            let message = "say what the account is to be used for: gmail, drive or calendar";
            return Err(Error::new(ErrorKind::InvalidInput, operation, message));
        }
        let state = base64url(&unguessable::<32>()?);
        let asked = Asked {
            purpose: request.purpose,
            tenant: request.tenant,
            verifier: base64url(&unguessable::<32>()?),
            nonce: base64url(&unguessable::<16>()?),
            redirect_uri: match (&options.login_redirect_uri, request.purpose) {
                (Some(uri), Purpose::Login) => uri.clone(),
                _ => options.redirect_uri.clone(),
            },
            scopes: self.scopes(&request),
            return_to: request.return_to,
            session_hash: request.session.map(|session| hash(session.expose().as_bytes())),
        };
        let url = self.url(&asked, &state, request.login_hint.as_deref())?;
        let now = self.clock.now();
        let state_hash = hash(state.as_bytes());
        let unsaid = |_| Error::new(ErrorKind::Internal, operation, "a consent has no JSON form");
        let text = Zeroizing::new(serde_json::to_vec(&asked).map_err(unsaid)?);
        let consent = PendingConsent {
            state_hash: state_hash.to_vec(),
            tenant: asked.tenant,
            sealed: self.configured.keys.seal(&text, &belongs_to(&state_hash))?,
            expires_at: now.after(LIFE),
        };
        let mut write = self.store.begin(&Scope::service(), Access::Work).await?;
        write.put_consent(&consent, now).await?;
        write.commit().await?;
        Ok(ConsentUrl { url, expires_at: consent.expires_at })
    }

    fn scopes(&self, request: &ConsentRequest) -> Vec<String> {
        let wanted = match request.purpose {
            Purpose::Login => &[][..],
            Purpose::Link => request.services.as_slice(),
        };
        let read_only = self.configured.options.read_only;
        let wanted = Service::ALL.iter().filter(|service| wanted.contains(service));
        let wanted = wanted.map(|service| scope_of(*service, read_only));
        IDENTITY.into_iter().chain(wanted).map(str::to_owned).collect()
    }

    fn url(&self, asked: &Asked, state: &str, login_hint: Option<&str>) -> Result<String> {
        let options = &self.configured.options;
        let base = format!("{}/o/oauth2/v2/auth", options.endpoints.accounts);
        let mut url = Url::parse(&base).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "google.consent", "the endpoint for consents is no address")
        })?;
        let challenge = base64url(&hash(asked.verifier.as_bytes()));
        let scopes = asked.scopes.join(" ");
        url.query_pairs_mut()
            .append_pair("client_id", &options.client_id)
            .append_pair("redirect_uri", &asked.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", &scopes)
            .append_pair("state", state)
            .append_pair("nonce", &asked.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        match asked.purpose {
            Purpose::Login => url.query_pairs_mut().append_pair("prompt", "select_account"),
            // Without `consent`, whoever consented before gives no refresh token again.
            Purpose::Link => url
                .query_pairs_mut()
                .append_pair("access_type", "offline")
                .append_pair("include_granted_scopes", "true")
                .append_pair("prompt", "consent"),
        };
        if let Some(hint) = login_hint {
            url.query_pairs_mut().append_pair("login_hint", hint);
        }
        if let Some(domain) = &options.hosted_domain {
            url.query_pairs_mut().append_pair("hd", domain);
        }
        Ok(url.into())
    }
}

/// A path of the application's own, so that nobody is sent elsewhere.
fn check_path(path: &str) -> Result<()> {
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
        && path.len() <= MAX_RETURN;
    if is_own {
        return Ok(());
    }
    let message = "the place to return to is a path of the application: /settings";
    Err(Error::new(ErrorKind::InvalidInput, "google.consent", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_to_the_application_only() {
        for path in ["/", "/settings?tab=google", "/a//b"] {
            assert!(check_path(path).is_ok(), "{path}");
        }
        for path in ["", "settings", "//evil.example", "/\\evil.example", "https://evil.example", "/a\nb"] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }
}
