//! What comes back from the consent screen: a code, and what it is worth.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::consent::{Asked, Consents, Purpose, belongs_to};
use super::identity::{Claims, truth};
use super::token_endpoint::{TokenFailure, Tokens, about_the_client, plain};
use crate::base::{Error, ErrorKind, Result, Scope, Secret, TenantId};
use crate::domain::{Access, Account};
use crate::net::HttpRequest;
use crate::security::{hash, same};

pub(super) const OPERATION: &str = "google.callback";

/// What Google sent the user's browser back with.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Callback {
    /// Which question it answers.
    pub state: Secret,
    /// What tokens are given for.
    pub code: Option<Secret>,
    /// Why there is no code: `access_denied`.
    pub error: Option<String>,
    /// The value that the browser was given when it was sent there.
    pub session: Option<Secret>,
}

/// What became of a consent.
pub(crate) enum Finished {
    Linked(Granted),
    SignedIn(SignIn),
}

/// An account that was linked.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) account: Account,
    /// What was asked for and not granted: users may untick.
    pub(crate) missing: Vec<String>,
    pub(crate) return_to: Option<String>,
}

/// Somebody who signed in.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub(crate) identity: Identity,
    /// Accounts by which users signed in before: found by Google's stable name, never by an
    /// address, which can change hands.
    pub(crate) known: Vec<Account>,
    pub(crate) return_to: Option<String>,
}

/// Who somebody is, according to Google.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// Google's stable name.
    pub subject: String,
    /// Their address.
    pub email: String,
    /// Whether the address was proved to be theirs. Nobody is found by one that was not.
    pub email_verified: bool,
    /// Their name.
    pub name: Option<String>,
    /// The address of their picture.
    pub picture: Option<String>,
    /// The Workspace domain they belong to.
    pub hosted_domain: Option<String>,
}

impl Identity {
    /// Somebody by Google's stable name and address, of whom nothing else is known; set what is.
    #[must_use]
    pub fn new(subject: impl Into<String>, email: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            email: email.into(),
            email_verified: false,
            name: None,
            picture: None,
            hosted_domain: None,
        }
    }
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(default)]
    email: String,
    #[serde(default, deserialize_with = "truth")]
    email_verified: bool,
    name: Option<String>,
    picture: Option<String>,
    hd: Option<String>,
}

impl Callback {
    /// Reads the query of the address that the browser came back to, or the address; decoded
    /// once, for codes contain what is encoded.
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        let query = match query.split_once('?') {
            Some((address, query)) if !address.contains('=') => query,
            _ => query,
        };
        let mut callback = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "state" => callback.state = Secret::from(&*value),
                "code" => callback.code = Some(Secret::from(&*value)),
                "error" => callback.error = Some(value.into_owned()),
                _ => {}
            }
        }
        callback
    }
}

impl Consents {
    /// Takes up what came back. `who` is the tenant whose browser it came from, as the
    /// application knows; nobody for a login.
    ///
    /// # Errors
    /// `unauthenticated` when the answer is to no question of ours, comes a second time, too
    /// late, or from another browser, or when Google does not prove who it is about;
    /// `forbidden` when somebody else asked, and when the user said no; `needs_reauth` when
    /// Google gave nothing that lasts; `not_configured` when it refuses the client.
    pub(crate) async fn finish(&self, callback: Callback, who: Option<TenantId>) -> Result<Finished> {
        let asked = self.taken(&callback).await?;
        if asked.purpose == Purpose::Link && who != Some(asked.tenant) {
            let message = "this consent was asked for by somebody else";
            return Err(Error::new(ErrorKind::Forbidden, OPERATION, message));
        }
        let code = match (&callback.code, &callback.error) {
            (Some(code), None) if !code.is_empty() => code,
            (_, error) => {
                let error = plain(error.as_deref().unwrap_or("no code"), 40);
                let message = "the user or their administrator did not consent";
                return Err(Error::new(ErrorKind::Forbidden, OPERATION, message).with("google", error));
            }
        };
        let tokens = self.exchanged(&asked, code).await?;
        let identity = self.identity(&asked, &tokens).await?;
        match asked.purpose {
            Purpose::Login => self.signed_in(identity, asked).await.map(Finished::SignedIn),
            Purpose::Link => self.linked(&identity, asked, &tokens).await.map(Finished::Linked),
        }
    }

    /// The question that this is the answer to. It is taken out whatever comes of it: a state
    /// is good for one answer.
    async fn taken(&self, callback: &Callback) -> Result<Asked> {
        let refused = |message| Error::new(ErrorKind::Unauthenticated, OPERATION, message);
        let state_hash = hash(callback.state.expose().as_bytes());
        let now = self.clock.now();
        let mut write = self.store.begin(&Scope::service(), Access::Work).await?;
        let consent = write.take_consent(&state_hash, now).await?;
        write.commit().await?;
        let consent = consent.filter(|consent| now < consent.expires_at);
        let consent = consent.ok_or_else(|| {
            refused(
                "this consent was not asked for here, was answered already, or took longer than ten minutes",
            )
        })?;
        let text = self.configured.keys.open(&consent.sealed, &belongs_to(&state_hash))?;
        let asked: Asked = serde_json::from_slice(&text).map_err(|_| {
            Error::new(ErrorKind::Malformed, OPERATION, "a stored consent does not read back")
        })?;
        if let Some(expected) = &asked.session_hash {
            let given = callback.session.as_ref().map(|session| hash(session.expose().as_bytes()));
            if !given.is_some_and(|given| same(&given, expected)) {
                return Err(refused("this consent was asked for in another browser"));
            }
        }
        Ok(asked)
    }

    async fn exchanged(&self, asked: &Asked, code: &Secret) -> Result<Tokens> {
        let options = &self.configured.options;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("client_id", options.client_id.as_str()),
            ("client_secret", options.client_secret.expose()),
            ("redirect_uri", asked.redirect_uri.as_str()),
            ("code_verifier", asked.verifier.as_str()),
        ];
        // Once: a code that comes twice counts as stolen, and what was given for it ends.
        self.endpoint.ask("google.exchange", &fields, 1).await.map_err(|failure| match failure {
            TokenFailure::Refused(refusal) if refusal.error == "invalid_grant" => {
                let message = "the code was used already or has expired; ask for consent again";
                refusal.as_error(ErrorKind::Unauthenticated, OPERATION, message)
            }
            TokenFailure::Refused(refusal) => about_the_client(&refusal, OPERATION),
            TokenFailure::Other(error) => error,
        })
    }

    async fn identity(&self, asked: &Asked, tokens: &Tokens) -> Result<Identity> {
        let options = &self.configured.options;
        let identity = match &tokens.id_token {
            Some(token) => {
                let claims = self.keys.verify(token.expose(), &options.client_id).await?;
                let nonce = claims.nonce.clone().unwrap_or_default();
                if !same(nonce.as_bytes(), asked.nonce.as_bytes()) {
                    let message = "the answer is to another question than ours";
                    return Err(Error::new(ErrorKind::Unauthenticated, OPERATION, message));
                }
                Identity::from(claims)
            }
            None => self.user_info(&tokens.access).await?,
        };
        let domain = identity.hosted_domain.as_deref().unwrap_or_default();
        if options.hosted_domain.as_ref().is_some_and(|wanted| !wanted.eq_ignore_ascii_case(domain)) {
            let message = "only accounts of another domain are accepted";
            return Err(Error::new(ErrorKind::Forbidden, OPERATION, message).with("domain", domain));
        }
        Ok(identity)
    }

    async fn user_info(&self, access: &Secret) -> Result<Identity> {
        let operation = "google.userinfo";
        let options = &self.configured.options;
        let mut request =
            HttpRequest::new(operation, Method::GET, &format!("{}/v1/userinfo", options.endpoints.openid))?
                .header("authorization", format!("Bearer {}", access.expose()));
        request.timeout = options.request_timeout;
        let answer = self.http.send(request).await?;
        let info: Option<UserInfo> =
            serde_json::from_slice(&answer.body).ok().filter(|_| answer.status == 200);
        info.map(Identity::from).ok_or_else(|| {
            Error::new(ErrorKind::Upstream, operation, "Google does not say whose account this is")
                .with("status", answer.status)
        })
    }

    async fn signed_in(&self, identity: Identity, asked: Asked) -> Result<SignIn> {
        let mut read = self.store.begin(&Scope::service(), Access::Read).await?;
        let mut known = read.accounts_with_subject(&identity.subject).await?;
        known.retain(|account| account.login);
        Ok(SignIn { identity, known, return_to: asked.return_to })
    }
}

impl From<Claims> for Identity {
    fn from(claims: Claims) -> Self {
        let Claims { sub, email, email_verified, hd, name, picture, .. } = claims;
        let email = email.unwrap_or_default();
        Self { subject: sub, email, email_verified, name, picture, hosted_domain: hd }
    }
}

impl From<UserInfo> for Identity {
    fn from(info: UserInfo) -> Self {
        let UserInfo { sub, email, email_verified, name, picture, hd } = info;
        Self { subject: sub, email, email_verified, name, picture, hosted_domain: hd }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_query_or_the_address_that_it_is_of() {
        let query = "state=a%2Bb&code=4%2F0A%3Fx&scope=email+openid";
        for given in [
            query.to_owned(),
            format!("?{query}"),
            format!("/callback?{query}"),
            format!("https://app.example/callback?{query}"),
        ] {
            let callback = Callback::from_query(&given);
            assert_eq!(callback.state.expose(), "a+b", "{given}");
            assert_eq!(callback.code.map(|code| code.expose().to_owned()).as_deref(), Some("4/0A?x"));
        }
        let refused = Callback::from_query("error=access_denied&state=what?");
        assert_eq!((refused.error.as_deref(), refused.state.expose()), (Some("access_denied"), "what?"));
    }
}
