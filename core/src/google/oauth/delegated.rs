//! Service accounts: an assertion in a user's name, for an access token (RFC 7523).

use std::time::Duration;

use serde_json::json;

use super::flights::AccessToken;
use super::keeper::{TokenKeeper, needs_reauth};
use super::service_account::ServiceAccount;
use super::token_endpoint::{TRIES, TokenFailure, TokenRefusal};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::Account;

const OPERATION: &str = "google.delegated";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long an assertion is good for; Google takes an hour at most.
const LIFE: Duration = Duration::from_secs(3_600);

/// A fresh token for an account that was delegated.
pub(super) async fn mint(keeper: &TokenKeeper, account: &Account) -> Result<AccessToken> {
    let service = keeper.configured.service_account.as_ref().ok_or_else(|| {
        let message = "the account was delegated to a service account, and none is configured";
        Error::new(ErrorKind::NotConfigured, OPERATION, message).with("account", account.id)
    })?;
    if account.scopes.is_empty() {
        let message = "the account has no scopes to ask for";
        return Err(Error::new(ErrorKind::InvalidInput, OPERATION, message).with("account", account.id));
    }
    let issued = keeper.now().as_micros().div_euclid(1_000_000);
    let claims = json!({
        "iss": service.email,
        "sub": account.email,
        "scope": account.scopes.join(" "),
        "aud": format!("{}/token", keeper.configured.options.endpoints.oauth2),
        "iat": issued,
        "exp": issued + i64::try_from(LIFE.as_secs()).unwrap_or(0),
    });
    let assertion = service.key.sign(service.key_id.as_deref(), &claims)?;
    let fields = [("grant_type", GRANT), ("assertion", assertion.as_str())];
    match keeper.endpoint.ask(OPERATION, &fields, TRIES).await {
        Ok(tokens) => Ok(AccessToken { secret: tokens.access, expires_at: tokens.access_expires_at }),
        Err(TokenFailure::Other(error)) => Err(error),
        Err(TokenFailure::Refused(refusal)) => {
            if is_about_the_user(&refusal) {
                keeper.give_up(account, &refusal.reason()).await?;
                return Err(needs_reauth(account.id, &refusal.reason()));
            }
            Err(explained(&refusal, service, account))
        }
    }
}

/// Whether it is this one user who cannot be impersonated.
fn is_about_the_user(refusal: &TokenRefusal) -> bool {
    refusal.error == "invalid_grant" && refusal.description.contains("Invalid email or User ID")
}

/// What Google's words mean, and what to do about it.
fn explained(refusal: &TokenRefusal, service: &ServiceAccount, account: &Account) -> Error {
    let said = refusal.description.as_str();
    let (kind, message) = match refusal.error.as_str() {
        "unauthorized_client" => (
            ErrorKind::Forbidden,
            "the domain's administrator has not delegated these scopes to the service account, each to the letter; \
             a change can take hours",
        ),
        "invalid_grant" if said.contains("short-lived") || said.contains("timeframe") => {
            (ErrorKind::NotConfigured, "this machine's clock is wrong")
        }
        "invalid_grant" if said.contains("Signature") => {
            (ErrorKind::NotConfigured, "the key of the service account was deleted or is another's")
        }
        "invalid_grant" if said.contains("account not found") => {
            (ErrorKind::NotConfigured, "the service account does not exist any more")
        }
        "invalid_scope" => (ErrorKind::InvalidInput, "one of the scopes does not exist"),
        _ => (ErrorKind::NotConfigured, "Google refuses the service account"),
    };
    refusal
        .as_error(kind, OPERATION, message)
        .with("account", account.id)
        .with("client_id", &service.client_id)
        .with("scopes", account.scopes.join(" "))
}
